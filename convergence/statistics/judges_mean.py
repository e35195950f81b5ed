"""E M_T <= B_T and E M_T >= eps_T: one-sided statements about a mean, at every horizon.

REFUTED needs evidence at some horizon (e-values merged over horizons), CONSISTENT a confidence
limit on the right side at every horizon (each at alpha: an intersection-union test). A true
statement is refuted, and a false one confirmed, with probability at most alpha.
"""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.eprocess import edge, log_e_above, log_e_below
from convergence.statistics.intervals import loosened
from convergence.statistics.limits import Limit, exceeds, lower_limit, upper_limit
from convergence.statistics.multiple import capped, check_alpha, merge_log_e, share
from convergence.statistics.samples import (
    ROUNDING,
    check_samples,
    counted,
    inverse,
    measured,
    missing,
    needed,
    overstatement,
    ratio,
    row,
    said,
    undecided,
    unmeasured,
)
from convergence.statistics.verdict import Floats, Grade, Judgement, Sample, Verdict, weakest


def judge_expectation(
    samples: Sequence[Sample], alpha: float, *, rounding: float = ROUNDING
) -> Judgement:
    """E M_T <= B_T at every horizon, M >= 0.

    REFUTED by betting: the mean over horizons of W = mean_lambda prod (1 + lambda (M_i/B - 1))
    reaches 1/alpha; no moment is assumed, a run that diverged counts as +inf, and seeds may be
    added and looked at again. CONSISTENT by upper limits <= B at every horizon, certified ones
    where they suffice (see `limits`). A bound of +inf is kept by anything and confirms nothing;
    a run whose metric is NaN is evidence for neither side. Power: the smallest c for which B/c is
    refuted by these very data.
    """
    check_samples(samples)
    check_alpha(alpha)
    threshold = math.log(1.0 / alpha)
    data = [measured(sample) for sample in samples]
    low_data = [counted(values, 0.0) for values in data]
    bounds = [sample.number + rounding * abs(sample.number) for sample in samples]
    log_e = [float(log_e_above(v, b)) for v, b in zip(low_data, bounds, strict=True)]
    highs = [upper_limit(sample, alpha) for sample in samples]
    lows = [
        lower_limit(sample, share(alpha, len(samples)), values)
        for sample, values in zip(samples, low_data, strict=True)
    ]
    rows = [
        row(sample, values, low, high, e, sample.vacuous or math.isinf(sample.number))
        for sample, values, low, high, e in zip(samples, data, lows, highs, log_e, strict=True)
    ]
    estimates = [row.estimate for row in rows]
    slack = min(ratio(s.number, m) for s, m in zip(samples, estimates, strict=True))

    def refuted(scale: float) -> bool:
        pairs = zip(low_data, bounds, strict=True)
        return merge_log_e([float(log_e_above(v, b * scale)) for v, b in pairs]) >= threshold

    power = inverse(edge(refuted))
    merged = merge_log_e(log_e)
    if merged >= threshold:
        k = int(np.argmax(log_e))
        reason = (
            f"at T={samples[k].T} the mean of {samples[k].seeds} runs is {estimates[k]:.6g} "
            f"against the bound {bounds[k]:.6g}: e-value {capped(merged):.3g} >= 1/alpha"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power, Grade.CERTIFIED)
    if math.inf in bounds:
        reason = "the bound is infinite: vacuous, and kept by anything"
        return undecided(reason, rows, slack, power)
    grades = [high.side(b) for high, b in zip(highs, bounds, strict=True)]
    found = [grade for grade in grades if grade is not None]
    if len(found) == len(rows):
        grade = weakest(found)
        reason = (
            f"{said(grade)}upper limits at level {alpha:.1e} stay below the bound at all "
            f"{len(rows)} horizons, with slack {slack:.3g} and {overstatement(power)}"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power, grade)
    why, needs = unmeasured(samples), None
    if not why and any(math.isinf(high.value) for high in highs):
        why, needs = missing(samples, highs, "upper"), needed(highs)
    if not why:
        needs, k = 0, int(np.argmax([h.value - b for h, b in zip(highs, bounds, strict=True)]))
        why = (
            f"at T={samples[k].T} the mean {estimates[k]:.6g} has upper limit "
            f"{highs[k].value:.6g} above the bound {bounds[k]:.6g}"
        )
    tails = next((row.note for row in rows if "infinite mean" in row.note), "")
    reason = f"{why}; {overstatement(power)}" + (f"; {tails}" if tails else "")
    return undecided(reason, rows, slack, power, needs)


def judge_floor(
    samples: Sequence[Sample], alpha: float, *, rounding: float = ROUNDING
) -> Judgement:
    """E M_T >= eps_T at every horizon, M >= 0: the mirror image of an upper bound.

    CONSISTENT by lower limits >= eps at every horizon: betting, which for M >= 0 needs no moment,
    or what else is allowed. REFUTED by betting under a ceiling or by upper limits; with no
    certificate a floor can only be confirmed, for a rare huge value may have been missed. A run
    that diverged or has no metric counts against either verdict: as 0 when confirming, as the
    ceiling when refuting. A floor <= 0 is vacuous. Slack is min estimate / eps; power the smallest
    c for which c eps is refuted by these data.
    """
    check_samples(samples)
    check_alpha(alpha)
    data = [measured(sample) for sample in samples]
    floors = [sample.number - rounding * abs(sample.number) for sample in samples]
    bets = all(s.ceiling is not None and not exceeds(s) for s in samples)
    others = any(s.second is not None or s.light or s.sure for s in samples)
    level = alpha / max(1, bets + others)
    threshold = math.log(1.0 / level)
    none = Limit(math.inf, math.inf)
    tops = [upper_limit(s, share(level, len(samples))) if others else none for s in samples]

    def evidence(scale: float) -> list[float]:
        return [
            float(log_e_below(counted(v, math.inf), f * scale, loosened(s.ceiling)))
            for s, v, f in zip(samples, data, floors, strict=True)
            if s.ceiling is not None
        ]

    def by_bets(scale: float) -> bool:
        return bets and merge_log_e(evidence(scale)) >= threshold

    def refuted(scale: float) -> Grade | None:
        """By what the floors times `scale` are refuted."""
        if by_bets(scale):
            return Grade.CERTIFIED
        found = [_below(top, f * scale) for top, f in zip(tops, floors, strict=True)]
        known = [grade for grade in found if grade is not None]
        return None if not known else min(known, key=lambda g: g is Grade.ASYMPTOTIC)

    log_e = evidence(1.0) if bets else [None] * len(samples)
    lows = [lower_limit(s, alpha, _least(s)) for s in samples]
    highs = [upper_limit(s, alpha) for s in samples]
    rows = [
        row(sample, values, low, high, e, sample.number <= 0.0)
        for sample, values, low, high, e in zip(samples, data, lows, highs, log_e, strict=True)
    ]
    estimates = [row.estimate for row in rows]
    slack = min(ratio(m, s.number) for s, m in zip(samples, estimates, strict=True))
    power = None
    if (bets or others) and min(floors) > 0:
        power = inverse(edge(lambda inverted: refuted(1.0 / inverted) is not None))
    against = refuted(1.0)
    if against is not None:
        gap = [ratio(m, f) for m, f in zip(estimates, floors, strict=True)]
        k = int(np.argmin(gap))
        reason = (
            f"at T={samples[k].T} the mean of {samples[k].seeds} runs is {estimates[k]:.6g}, "
            f"below the floor {floors[k]:.6g} by {said(against)}limits at level {alpha:.1e}"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power, against)
    if -math.inf in floors:
        return undecided("the floor is -inf: vacuous, and kept by anything", rows, slack, power)
    grades = [low.side(f) for low, f in zip(lows, floors, strict=True)]
    found = [grade for grade in grades if grade is not None]
    if len(found) == len(rows):
        grade = weakest(found)
        reason = (
            f"{said(grade)}lower limits at level {alpha:.1e} stay above the floor at all "
            f"{len(rows)} horizons, with slack {slack:.3g} and {overstatement(power)}"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power, grade)
    k = int(np.argmax([f - low.value for f, low in zip(floors, lows, strict=True)]))
    why = "" if bets or others else f"; {missing(samples, highs, 'upper')}"
    reason = (
        f"at T={samples[k].T} the mean {estimates[k]:.6g} has lower limit {lows[k].value:.6g} "
        f"below the floor {floors[k]:.6g}{why}; {overstatement(power)}"
    )
    above = all(m > f for m, f in zip(estimates, floors, strict=True))
    return undecided(reason, rows, slack, power, 0 if above else None)


def _least(sample: Sample) -> Floats:
    """The values with runs that diverged or have no metric at 0, the least they can be."""
    return np.where(np.isfinite(sample.values), sample.values, 0.0)


def _below(top: Limit, floor: float) -> Grade | None:
    """What shows that the mean lies strictly below a floor."""
    return top.side(math.nextafter(floor, -math.inf))
