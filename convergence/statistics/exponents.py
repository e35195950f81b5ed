"""value = O(shape), or Theta(shape), for values known exactly: no noise, every exponent counts."""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.rates import ALIKE, limit, settles
from convergence.statistics.samples import undecided
from convergence.statistics.verdict import Grade, Judgement, Row, Verdict

# An exponent read off exact values: what is left is the lower-order terms of the statement.
SLOPE = 0.05


def judge_exponents(rows: Sequence[Row], two_sided: bool = False) -> Judgement:
    """The local exponents of estimate/bound between neighbors in T, all of them.

    CONSISTENT if they settle: the last one is within `SLOPE` (from above, if one-sided), also
    where its bends lead (`rates.limit`); none beyond `SLOPE` is larger, by more than rounding, than
    the one before it; and those beyond it all have one sign. REFUTED if the last one is beyond and
    has not come at least a third closer since the first, nor falls by bends that lead below `SLOPE`
    or do not shrink (`rates.settles`), or a value is infinite; else INCONCLUSIVE, as where a value
    is not positive. At least three values.
    Slack is span^-(last exponent), power the improvement that would have been refuted.
    """
    rows = tuple(rows)
    lost = [row for row in rows if not (math.isfinite(row.estimate) and row.estimate > 0)]
    if lost and len(rows) >= 3:
        reason = f"an exponent needs positive finite values: at T={lost[0].T} there is none"
        if all(row.estimate < math.inf or math.isnan(row.estimate) for row in lost):
            return undecided(reason, rows, None, None)  # it has underflowed, or is beyond float64
        return Judgement(Verdict.REFUTED, reason, rows, None, None, Grade.CERTIFIED)
    if len(rows) < 3:
        return undecided("an exponent needs three horizons", rows, None, None)
    x = np.log(np.array([float(row.T) for row in rows]))
    y = np.array([math.log(row.estimate) - math.log(_number(row)) for row in rows])
    slopes = np.diff(y) / np.diff(x)
    off = np.abs(slopes) if two_sided else np.maximum(slopes, 0.0)
    span = x[-1] - x[0]
    with np.errstate(over="ignore"):
        slack = float(np.exp(-slopes[-1] * span))
        power = float(np.exp(max(0.0, SLOPE - slopes[-1]) * span))
    listed = ", ".join(f"{s:+.4f}" for s in slopes)
    said = f"local exponents of value/shape on {rows[0].T}…{rows[-1].T}: {listed}"
    ahead = float(off[-1] + max(0.0, off[-1] - off[-2]))
    if len(slopes) > 2:
        ups = [limit(list(slopes)), *([limit(list(-slopes))] if two_sided else [])]
        ahead = max(ahead, *ups)
    late = [k for k in range(1, len(off)) if off[k] > max(SLOPE, off[k - 1]) + ALIKE]
    both = bool(np.any(slopes > SLOPE) and np.any(slopes < -SLOPE))
    if ahead <= SLOPE and not late and not both:
        return Judgement(Verdict.CONSISTENT, said, rows, slack, power, Grade.CERTIFIED)
    stays = len(off) < 3 or settles(off[-3] - off[-2], off[-2] - off[-1], off[-1]) > SLOPE
    if off[-1] > SLOPE and off[-1] > off[0] * 2 / 3 and stays:
        return Judgement(Verdict.REFUTED, said, rows, slack, power, Grade.CERTIFIED)
    if both:
        why = "value/shape rises and falls: no power law"
    elif late:
        why = f"the exponent grows up to T={rows[late[-1] + 1].T}"
    else:
        why = "still approaching the shape"
        if off[-1] <= SLOPE:
            why += f", or leaving it: the bends lead to {ahead:.3g}"
    return undecided(f"{said}; {why}", rows, slack, power)


def _number(row: Row) -> float:
    if isinstance(row.bound, tuple):
        raise ValueError(f"the shape at T={row.T} is the range {row.bound}: need one number")
    return float(row.bound)
