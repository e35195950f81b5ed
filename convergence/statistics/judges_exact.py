"""E M_T = m_T: an exact law, by an equivalence test with a declared margin."""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.limits import Limit, lower_limit, upper_limit
from convergence.statistics.multiple import share
from convergence.statistics.samples import (
    ROUNDING,
    check_samples,
    measured,
    missing,
    needed,
    one_each,
    overstatement,
    ratio,
    row,
    said,
    undecided,
    unmeasured,
)
from convergence.statistics.verdict import Grade, Judgement, Sample, Verdict, weakest


def judge_exact(
    samples: Sequence[Sample], alpha: float, *, margin: float, rounding: float = ROUNDING
) -> Judgement:
    """E M_T = m_T at every horizon, up to a band of the relative width `margin` around m_T.

    Two-sided intervals at level alpha/K. One that excludes m_T REFUTES. CONSISTENT is an
    equivalence test: every interval holds m_T and lies within m (1 - margin/2), m (1 + margin/2),
    so that a law off by half the margin or more passes with probability alpha at most. Equal up to
    the margin, never "equal". A run that diverged refutes, for an m_T given as a number says that
    the mean exists; one without a metric decides nothing. Metrics without a ceiling may be signed.
    Power: the smallest c for which m/c would be refuted.
    """
    check_samples(samples)
    level = share(alpha, len(samples))
    if not 0 < margin < 1:
        raise ValueError(f"the margin of an equivalence test is in (0, 1), got {margin}")
    data = [one_each(s) if s.ceiling is None else measured(s) for s in samples]
    lows = [lower_limit(s, level / 2, nonnegative=s.ceiling is not None) for s in samples]
    highs = [upper_limit(s, level / 2) for s in samples]
    rows = [
        row(sample, values, low, high, None, sample.vacuous)
        for sample, values, low, high in zip(samples, data, lows, highs, strict=True)
    ]
    slack = min(ratio(s.number, row.estimate) for row, s in zip(rows, samples, strict=True))
    powers = [
        ratio(s.number, low.value) if low.value > 0 else math.inf
        for s, low in zip(samples, lows, strict=True)
        if s.number > 0 and math.isfinite(low.value)
    ]
    power = min(powers, default=None)
    within: list[Grade] = []
    loose: list[int] = []
    for k, (sample, low, high) in enumerate(zip(samples, lows, highs, strict=True)):
        against = _excluded(sample, low, high, rounding)
        if against is not None:
            found, endless = rows[k], int(np.sum(np.isinf(sample.values)))
            seen = (
                f"{endless} of {len(sample.values)} values are infinite, and the mean is stated as"
                if endless
                else f"the mean {found.estimate:.6g} has the interval "
                f"[{found.interval[0]:.6g}, {found.interval[1]:.6g}] without the stated"
            )
            reason = f"at T={found.T} {seen} {sample.number:.6g}"
            return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power, against)
        half = 0.5 * margin * abs(sample.number) if math.isfinite(sample.number) else -1.0
        grades = low.side(sample.number - half), high.side(sample.number + half)
        if half >= 0 and grades[0] is not None and grades[1] is not None:
            within += [grades[0], grades[1]]
        else:
            loose.append(k)
    if not loose:
        grade = weakest(within)
        reason = (
            f"{said(grade)}intervals at level {alpha:.1e} lie within a band of {margin:.1%} "
            f"(±{margin / 2:.2%}) around the stated mean at all {len(rows)} horizons"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power, grade)
    found = rows[loose[0]]
    why, needs = unmeasured(samples), None
    if not why and math.isinf(float(samples[loose[0]].number)):
        why = "the stated mean is infinite: vacuous, and kept by anything"
    if not why and any(math.isinf(v) for v in found.interval):
        why, needs = missing(samples, [*highs, *lows], "two-sided"), needed([*highs, *lows])
    if not why:
        needs = 0
        why = (
            f"at T={found.T} the interval [{found.interval[0]:.6g}, {found.interval[1]:.6g}] "
            f"leaves a band of {margin:.1%} around {samples[loose[0]].number:.6g}"
        )
    return undecided(f"{why}; {overstatement(power)}", rows, slack, power, needs)


def _excluded(sample: Sample, low: Limit, high: Limit, rounding: float) -> Grade | None:
    """What shows that the mean is not the stated one."""
    m = sample.number
    room = rounding * abs(m) if math.isfinite(m) else 0.0
    if np.any(np.isinf(sample.values)):
        return None if math.isinf(m) else Grade.CERTIFIED
    above = low.side(math.nextafter(m + room, math.inf))
    below = high.side(math.nextafter(m - room, -math.inf))
    found = [grade for grade in (above, below) if grade is not None]
    return None if not found else min(found, key=lambda grade: grade is Grade.ASYMPTOTIC)
