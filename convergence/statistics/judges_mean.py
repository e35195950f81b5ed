"""E M_T <= B_T and E M_T >= eps_T: one-sided statements about a mean, at every horizon.

REFUTED needs evidence at some horizon (e-values merged over horizons), CONSISTENT a confidence
limit on the right side at every horizon (each at alpha: an intersection-union test). A true
statement is refuted, and a false one confirmed, with probability at most alpha.
"""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.eprocess import edge, log_e_above, log_e_below
from convergence.statistics.intervals import (
    betting_lower,
    loosened,
    lower_limit,
    student_upper,
    upper_limit,
)
from convergence.statistics.judges import check_samples
from convergence.statistics.multiple import capped, check_alpha, merge_log_e, share
from convergence.statistics.robust import tail_note
from convergence.statistics.verdict import Floats, Judgement, Row, Sample, Verdict

# Relative round-off granted to a bound that is attained: float64 sums over 1e6 steps lose about
# 1e-10, and no constant of a theorem is questioned at the ninth digit. float32 runs pass more.
ROUNDING = 1e-9


def measured(sample: Sample) -> Floats:
    """One value per seed, nonnegative or not finite; anything else breaks the contract."""
    if sample.values.ndim != 1:
        raise ValueError(
            f"values at T={sample.T} have shape {sample.values.shape}: a mean needs (seeds,)"
        )
    values = sample.values
    if np.any(values < 0):
        raise ValueError(
            f"the metric is {np.nanmin(values)} at T={sample.T}: a mean is judged for nonnegative "
            "metrics only; test its square or norm, or the statement pathwise"
        )
    return values


def notes(sample: Sample, values: Floats, vacuous: bool) -> str:
    """What a reader of the row has to know."""
    said: list[str] = []
    lost = int((~np.isfinite(values)).sum())
    if lost:
        said.append(f"{lost} of {values.size} runs are not finite")
    if exceeds(sample):
        said.append(f"a run exceeds the certified ceiling {sample.ceiling:.6g}")
    if vacuous:
        said.append("vacuous: the bound says no more than what holds without running")
    tail = tail_note(values) if sample.ceiling is None and not lost else ""
    return "; ".join([*said, tail] if tail else said)


def exceeds(sample: Sample) -> bool:
    """Is the certificate of the ceiling contradicted by a finite value?"""
    if sample.ceiling is None:
        return False
    values = sample.values[np.isfinite(sample.values)]
    return bool(np.any(values > loosened(sample.ceiling)))


def average(values: Floats) -> float:
    """The mean, +inf where a run is not finite."""
    if not np.all(np.isfinite(values)):
        return math.inf
    with np.errstate(over="ignore"):
        return float(values.mean())


def ratio(top: float, bottom: float) -> float:
    """top / bottom, +inf where the bottom is 0."""
    return top / bottom if bottom != 0 else math.inf


def missing(samples: Sequence[Sample], finite_variance: bool, side: str) -> str:
    """Why some horizon has no certified limit."""
    broken = [sample for sample in samples if exceeds(sample)]
    if broken:
        return f"a run at T={broken[0].T} exceeds its certified ceiling {broken[0].ceiling:.6g}"
    if finite_variance:
        return f"one seed has no {side} confidence limit: run at least two"
    return (
        f"no certified {side} confidence limit: mean not finite, for all that is certified (no "
        "ceiling, no finite variance)"
    )


def overstatement(power: float | None) -> str:
    """How much of an overstatement these data could have exposed."""
    if power is None or not math.isfinite(power):
        return "no overstatement could have been detected"
    return f"an overstatement by a factor {power:.3g} would have been refuted"


def judge_expectation(
    samples: Sequence[Sample],
    alpha: float,
    *,
    finite_variance: bool = False,
    rounding: float = ROUNDING,
) -> Judgement:
    """E M_T <= B_T at every horizon, M >= 0.

    REFUTED by betting: the mean over horizons of W = mean_lambda prod (1 + lambda (M_i/B - 1))
    reaches 1/alpha; no moment is assumed, a run that is not finite counts as +inf, and seeds may
    be added and looked at again. CONSISTENT by certified upper limits <= B at every horizon:
    betting under a ceiling, Student-t where `finite_variance` is certified and honest at this
    number of seeds (no rare spikes), both at alpha/2 where both are. Power: the smallest c for
    which B/c is refuted by these very data.
    """
    check_samples(samples)
    check_alpha(alpha)
    threshold = math.log(1.0 / alpha)
    data = [measured(sample) for sample in samples]
    bounds = [sample.number + rounding * abs(sample.number) for sample in samples]
    log_e = [float(log_e_above(v, b)) for v, b in zip(data, bounds, strict=True)]
    uppers: list[float] = []
    rows: list[Row] = []
    for sample, values, e in zip(samples, data, log_e, strict=True):
        upper = upper_limit(values, alpha, ceiling=sample.ceiling, finite_variance=finite_variance)
        lower = betting_lower(values, share(alpha, len(samples)))
        uppers.append(upper)
        rows.append(_row(sample, values, (lower, upper), e, sample.vacuous))
    estimates = [row.estimate for row in rows]
    slack = min(ratio(s.number, m) for s, m in zip(samples, estimates, strict=True))

    def refuted(scale: float) -> bool:
        pairs = zip(data, bounds, strict=True)
        return merge_log_e([float(log_e_above(v, b * scale)) for v, b in pairs]) >= threshold

    power = _power(edge(refuted))
    merged = merge_log_e(log_e)
    k = int(np.argmax(log_e))
    tails = next((row.note for row in rows if "infinite mean" in row.note), "")
    tails = f"; {tails}" if tails else ""
    if merged >= threshold:
        reason = (
            f"at T={samples[k].T} the mean of {samples[k].seeds} runs is {estimates[k]:.6g} "
            f"against the bound {bounds[k]:.6g}: e-value {capped(merged):.3g} >= 1/alpha"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power)
    gaps = [u - b for u, b in zip(uppers, bounds, strict=True)]
    if all(u <= b for u, b in zip(uppers, bounds, strict=True)):
        reason = (
            f"upper limits at level {alpha:.1e} stay below the bound at all {len(rows)} horizons, "
            f"with slack {slack:.3g} and {overstatement(power)}"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power)
    if math.inf in uppers:
        why = missing(samples, finite_variance, "upper")
    else:
        k = int(np.argmax(gaps))
        why = (
            f"at T={samples[k].T} the mean {estimates[k]:.6g} has upper limit {uppers[k]:.6g} "
            f"above the bound {bounds[k]:.6g}: more seeds are needed"
        )
    reason = f"{why}; {overstatement(power)}{tails}"
    return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power)


def judge_floor(
    samples: Sequence[Sample],
    alpha: float,
    *,
    finite_variance: bool = False,
    rounding: float = ROUNDING,
) -> Judgement:
    """E M_T >= eps_T at every horizon, M >= 0: the mirror image of an upper bound.

    CONSISTENT by lower limits >= eps at every horizon: betting, which for M >= 0 needs no moment,
    or Student-t where certified. REFUTED by betting under a ceiling or by Student-t; with neither
    ticket a floor can only be confirmed, for a rare huge value may have been missed. A run that
    is not finite counts against either verdict: as 0 when confirming, as the ceiling when
    refuting. A floor <= 0 is vacuous; `trivial` bounds from above and is not used. Slack is
    min estimate / eps; power the smallest c for which c eps is refuted by these data.
    """
    check_samples(samples)
    check_alpha(alpha)
    data = [measured(sample) for sample in samples]
    floors = [sample.number - rounding * abs(sample.number) for sample in samples]
    bets = all(s.ceiling is not None and not exceeds(s) for s in samples)
    level = alpha / max(1, bets + finite_variance)
    threshold = math.log(1.0 / level)
    tops = [_student_top(v, level / len(samples), finite_variance) for v in data]

    def evidence(scale: float) -> list[float]:
        return [
            float(log_e_below(v, f * scale, loosened(s.ceiling)))
            for s, v, f in zip(samples, data, floors, strict=True)
            if s.ceiling is not None
        ]

    def refuted(inverse: float) -> bool:
        scaled = [f / inverse for f in floors]
        by_t = any(u < f for u, f in zip(tops, scaled, strict=True))
        return by_t or (bets and merge_log_e(evidence(1.0 / inverse)) >= threshold)

    log_e = evidence(1.0) if bets else None
    lowers = [lower_limit(v, alpha, finite_variance=finite_variance) for v in data]
    rows: list[Row] = []
    for k, (sample, values) in enumerate(zip(samples, data, strict=True)):
        upper = upper_limit(values, alpha, ceiling=sample.ceiling, finite_variance=finite_variance)
        e = log_e[k] if log_e else None
        rows.append(_row(sample, values, (lowers[k], upper), e, sample.number <= 0.0))
    estimates = [row.estimate for row in rows]
    slack = min(ratio(m, s.number) for s, m in zip(samples, estimates, strict=True))
    ticket = bets or finite_variance
    power = _power(edge(refuted)) if ticket and min(floors) > 0 else None
    if refuted(1.0):
        gap = [ratio(m, f) for m, f in zip(estimates, floors, strict=True)]
        k = int(np.argmin(gap))
        reason = (
            f"at T={samples[k].T} the mean of {samples[k].seeds} runs is {estimates[k]:.6g}, "
            f"below the floor {floors[k]:.6g} at level {alpha:.1e}"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power)
    short = [f - low for f, low in zip(floors, lowers, strict=True)]
    if max(short) <= 0:
        reason = (
            f"lower limits at level {alpha:.1e} stay above the floor at all {len(rows)} horizons, "
            f"with slack {slack:.3g} and {overstatement(power)}"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power)
    k = int(np.argmax(short))
    why = "" if ticket else f"; {missing(samples, finite_variance, 'upper')}"
    reason = (
        f"at T={samples[k].T} the mean {estimates[k]:.6g} has lower limit {lowers[k]:.6g} below "
        f"the floor {floors[k]:.6g}{why}; {overstatement(power)}"
    )
    return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power)


def _student_top(values: Floats, delta: float, allowed: bool) -> float:
    if not allowed or not np.all(np.isfinite(values)):
        return math.inf
    return float(student_upper(values, delta))


def _power(scale: float) -> float:
    """1 / scale, for the largest scale of the bound that is still refuted."""
    return math.inf if scale == 0 else 1.0 / scale


def _row(
    sample: Sample,
    values: Floats,
    interval: tuple[float, float],
    log_e: float | None,
    vacuous: bool,
) -> Row:
    return Row(
        T=sample.T,
        seeds=sample.seeds,
        estimate=average(values),
        interval=interval,
        bound=sample.number,
        e_value=None if log_e is None else capped(log_e),
        vacuous=vacuous,
        note=notes(sample, values, vacuous),
    )
