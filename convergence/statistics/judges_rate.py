"""M_T = O(shape(T)): a one-sided statement about a trend; faster is consistent."""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.limits import Limit, lower_limit, upper_limit
from convergence.statistics.multiple import check_alpha, share
from convergence.statistics.rates import (
    JUMP,
    Curve,
    Regime,
    bent,
    curve,
    fall,
    halves,
    objection,
    regime,
    swing,
    trend,
)
from convergence.statistics.samples import (
    average,
    check_samples,
    measured,
    missing,
    needed,
    row,
    said,
    undecided,
    unmeasured,
)
from convergence.statistics.verdict import Grade, Judgement, Row, Sample, Verdict

# Lower-order terms move the slope of a true bound by 0.01 to 0.02 at T about 1e4 (for
# T^{-a} + T^{-2a} with a = 1/5: -0.212 against -0.200), and exponents worth telling apart differ
# by 0.1 and more. Half of that both forgives and still bites.
MARGIN = 0.05
HORIZONS, SPAN = 4, 16.0  # fewer or closer horizons show no rate
ROUNDOFF = 1e3 * float(np.finfo(np.float64).eps)  # a thousand units in the last place
Band = tuple[Limit, Limit]


def judge_rate(
    samples: Sequence[Sample],
    alpha: float,
    *,
    margin: float = MARGIN,
    roundoff: float | None = None,
) -> Judgement:
    """M_T = O(shape(T)), shape(T) = bound, judged by log(mean M_T / shape(T)) over log T.

    The data are finite, O() is not: both verdicts forgive an exponent of `margin`, for lower-order
    terms bend a slope that much without touching the O(). Limits of every mean, certified or
    asymptotic as the samples allow, make a band that holds all of them with probability 1 - alpha;
    a sample that allows none leaves no verdict.

    CONSISTENT: the band excludes every rise over all horizons, from any of them to the last, and
    between any two, beyond the margin (see `rates.objection`). What no ladder excludes, a change
    after the last horizon or a period that it steps over, is not claimed: the reason says which
    exponents are excluded, and where. REFUTED: the lower limit of the trend exceeds the margin and
    the last half of the horizons agrees, or a run diverged. Where the curve bends or jumps only
    the last half can refute; a refutation also has to survive a bend down that is smaller than the
    margin, and what slopes that fall without doubt lead to, anything where their bends do not
    shrink: slopes that fade are what lower-order terms look like. A transient longer than the
    ladder is no rate and looks like one. Otherwise, and below 4 horizons or a factor 16 in T,
    INCONCLUSIVE. Means below `roundoff` (default: 1e3 ulp of `trivial`, or of the largest mean; say
    what float32 leaves) are set aside.

    Slack is span^(-s) and power span^d, s the trend, span = T_max / T_min, d >= 0 the smallest
    improvement of the claimed exponent that these data refute: the factor by which the shape could
    be overstated from one end of the horizons to the other.
    """
    check_samples(samples)
    check_alpha(alpha)
    if not 0 < margin < 1:
        raise ValueError(f"the margin on an exponent is in (0, 1), got {margin}")
    samples = sorted(samples, key=lambda sample: sample.T)
    for sample in samples:
        if not 0 < sample.number < math.inf:
            raise ValueError(f"shape({sample.T}) = {sample.number}: need a positive finite number")
    data = [measured(sample) for sample in samples]
    level = share(alpha, len(samples)) / 2
    bands = [(lower_limit(s, level), upper_limit(s, level)) for s in samples]
    means = [average(v) for v in data]
    floor = _roundoff(samples, means) if roundoff is None else roundoff
    rows = _rows(samples, bands, floor)
    lost = [s.T for s, v in zip(samples, data, strict=True) if np.any(np.isinf(v))]
    if lost:
        reason = f"runs are not finite at T={lost[0]}: a diverging mean is no O(shape)"
        return Judgement(Verdict.REFUTED, reason, rows, None, None, Grade.CERTIFIED)
    why = unmeasured(samples)
    if why:
        return undecided(f"{why}: no trend without it", rows, None, None)
    if math.inf in means:
        return undecided("a mean exceeds the range of float64", rows, None, None)
    kept = [k for k, mean in enumerate(means) if mean > floor]
    dropped = len(samples) - len(kept)
    aside = f"; {dropped} horizons at the round-off floor {floor:.1e} set aside" * bool(dropped)
    span = samples[kept[-1]].T / samples[kept[0]].T if kept else 1.0
    if len(kept) < HORIZONS or span < SPAN:
        reason = (
            f"{len(kept)} horizons over a factor {span:g} in T show no rate: need {HORIZONS} over "
            f"a factor {SPAN:g}{aside}"
        )
        return undecided(reason, rows, None, None)
    chosen = [samples[k] for k in kept]
    used = [bands[k] for k in kept]
    line = curve([s.T for s in chosen], [means[k] for k in kept], used, [s.number for s in chosen])
    return _decide(line, chosen, used, rows, margin, aside)


def _decide(
    line: Curve,
    samples: Sequence[Sample],
    bands: Sequence[Band],
    rows: tuple[Row, ...],
    margin: float,
    aside: str,
) -> Judgement:
    """The verdict that the band leaves, and what it excludes."""
    whole, found = trend(line), regime(line, margin)
    with np.errstate(over="ignore"):
        slack = float(np.exp(-whole.slope * line.span))
        power = float(np.exp(max(0.0, margin - whole.low) * line.span))
    power = power if math.isfinite(whole.low) else None
    told = (
        f"M/shape has slope {whole.slope:+.4f} in log T with limits [{whole.low:+.4f}, "
        f"{whole.high:+.4f}] against a margin of {margin:g}{aside}"
    )
    grade = _grade(bands)
    if _refuted(line, found, whole.low, margin):
        first, last = samples[0].T, samples[-1].T
        why = f"; {found.name}" if found.name else ""
        reason = f"{told}{why}; a transient longer than {first}…{last} is not excluded"
        return Judgement(Verdict.REFUTED, reason, rows, slack, power, grade)
    highs = [high for _, high in bands]  # a lower limit is finite where the upper one is
    if any(math.isinf(high.value) for high in highs):
        why = missing(samples, highs, "two-sided")
        return undecided(f"{why}; {told}", rows, slack, power, needed(highs))
    against = objection(line, margin)
    # A bend upwards from half to half, as lower-order terms die out, may happen once more.
    settled = found.last.slope + max(0.0, found.bend) <= margin
    if settled and not against and not found.irregular:
        excluded = " and ".join(
            f"{_exponent(part) - over.high:.2f} on {part[0].T}…{part[-1].T}"
            for part, over in ((samples, whole), (samples[halves(line)[1]], found.last))
        )
        reason = (
            f"{told}; {said(grade)}limits exclude exponents below {excluded}, and say nothing "
            f"beyond or between the horizons, nor of a slope that begins after T={samples[-2].T}"
        )
        return Judgement(Verdict.CONSISTENT, reason, rows, slack, power, grade)
    fading = "a fading trend (M/shape still settles)" if found.fade and whole.low > margin else ""
    why = found.name or fading or against
    return undecided(f"{why}; {told}", rows, slack, power)


def _exponent(part: Sequence[Sample]) -> float:
    """What the shape falls with from the first to the last of some horizons."""
    first, last = part[0], part[-1]
    return math.log(first.number / last.number) / math.log(last.T / first.T)


def _refuted(line: Curve, found: Regime, low: float, margin: float) -> bool:
    """The whole line if it is one, else the last half alone."""
    last, fades = found.last, found.fade < 0 or bent(line, -1)
    if last.slope + found.fade <= margin or (fades and fall(line) <= margin):
        return False
    if not found.bend and not found.irregular:
        return low > margin
    return last.low > margin and swing(line, halves(line)[1])[1] <= JUMP


def _grade(bands: Sequence[Band]) -> Grade:
    """The weakest of the limits of a band."""
    grades = [limit.grade for band in bands for limit in band]
    return Grade.ASYMPTOTIC if Grade.ASYMPTOTIC in grades else Grade.CERTIFIED


def _roundoff(samples: Sequence[Sample], means: Sequence[float]) -> float:
    known = [mean for mean in means if math.isfinite(mean)]
    return ROUNDOFF * max(
        [*known, *(s.trivial for s in samples if s.trivial is not None)], default=0.0
    )


def _rows(samples: Sequence[Sample], bands: Sequence[Band], floor: float) -> tuple[Row, ...]:
    """Means with their limits; without, at the round-off floor."""
    rows: list[Row] = []
    for sample, (low, high) in zip(samples, bands, strict=True):
        found = row(sample, sample.values, low, high, None, False)
        if found.estimate <= floor:
            found = Row(
                found.T, found.seeds, found.estimate, (-math.inf, math.inf), found.bound, None,
                False, "at the round-off floor",
            )  # fmt: skip
        rows.append(found)
    return tuple(rows)
