"""What every judge of a mean asks of its samples, and the words it finds for them."""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.limits import Limit, belied, exceeds
from convergence.statistics.multiple import capped
from convergence.statistics.robust import tail_note
from convergence.statistics.verdict import Floats, Grade, Judgement, Row, Sample, Verdict

# Relative round-off granted to a bound that is attained: float64 sums over 1e6 steps lose about
# 1e-10, and no constant of a theorem is questioned at the ninth digit. float32 runs pass more.
ROUNDING = 1e-9


def check_samples(samples: Sequence[Sample]) -> None:
    """At least one horizon, each once."""
    if len(samples) == 0:
        raise ValueError("no samples were given: need at least one horizon")
    horizons = [sample.T for sample in samples]
    if len(set(horizons)) < len(horizons):
        raise ValueError(f"horizons {horizons} repeat: merge the seeds of equal horizons first")


def measured(sample: Sample) -> Floats:
    """One value per seed, nonnegative or not finite; anything else breaks the contract."""
    values = one_each(sample)
    if np.any(values < 0):
        raise ValueError(
            f"the metric is {np.nanmin(values)} at T={sample.T}: a mean is judged for nonnegative "
            "metrics only; test its square or norm, or the statement pathwise"
        )
    return values


def one_each(sample: Sample) -> Floats:
    """One value per seed."""
    if sample.values.ndim != 1:
        raise ValueError(
            f"values at T={sample.T} have shape {sample.values.shape}: a mean needs (seeds,)"
        )
    return sample.values


def counted(values: Floats, unknown: float) -> Floats:
    """The values with NaN, which is evidence for nothing, replaced by what helps nobody."""
    return np.where(np.isnan(values), unknown, values)


def average(values: Floats) -> float:
    """The mean of the measured runs, +inf where one diverged, NaN where none was measured."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return math.nan
    if not np.all(np.isfinite(known)):
        return math.inf
    with np.errstate(over="ignore"):
        return float(known.mean())


def ratio(top: float, bottom: float) -> float:
    """top / bottom, +inf where the bottom is 0."""
    return top / bottom if bottom != 0 else math.inf


def unmeasured(samples: Sequence[Sample]) -> str:
    """How many runs have a NaN for a metric, where some do."""
    for sample in samples:
        lost = int(np.isnan(sample.values).sum())
        if lost:
            return f"the metric of {lost} of {sample.values.size} runs is NaN at T={sample.T}"
    return ""


def notes(sample: Sample, values: Floats, vacuous: bool) -> str:
    """What a reader of the row has to know."""
    said: list[str] = []
    lost, unknown = int(np.isinf(values).sum()), int(np.isnan(values).sum())
    if lost:
        said.append(f"{lost} of {values.size} runs are not finite")
    if unknown:
        said.append(f"the metric of {unknown} of {values.size} runs is NaN")
    if exceeds(sample):
        said.append(f"a run exceeds the certified ceiling {sample.ceiling:.6g}")
    if vacuous:
        said.append("vacuous: the bound says no more than what holds without running")
    quiet = sample.ceiling is not None or lost or unknown
    tail = "" if quiet else tail_note(values)
    return "; ".join([*said, tail] if tail else said)


def missing(samples: Sequence[Sample], limits: Sequence[Limit], side: str) -> str:
    """Why some horizon has no limit on this side."""
    broken = [sample for sample in samples if exceeds(sample)]
    if broken:
        return f"a run at T={broken[0].T} exceeds its certified ceiling {broken[0].ceiling:.6g}"
    false = [sample for sample in samples if belied(sample)]
    if false:
        said = f"the certified second moment {false[0].second:.6g}"
        return f"the runs at T={false[0].T} contradict {said}"
    why = next((limit.refused.why for limit in limits if math.isinf(limit.value)), "")
    if any(sample.light for sample in samples):
        return f"no {side} confidence limit: {why}"
    return (
        f"no certified {side} confidence limit: the mean may not be finite, for all that is "
        "certified (no ceiling, no second moment, no tail)"
    )


def needed(limits: Sequence[Limit]) -> int | None:
    """How many runs the limits that are refused take; None if more runs are not what they lack."""
    lacking = [limit.refused.need for limit in limits if math.isinf(limit.value)]
    found = [need for need in lacking if need is not None]
    return max(found) if found and len(found) == len(lacking) else None


def overstatement(power: float | None) -> str:
    """How much of an overstatement these data could have exposed."""
    if power is None or not math.isfinite(power):
        return "no overstatement could have been detected"
    return f"an overstatement by a factor {power:.3g} would have been refuted"


def inverse(scale: float) -> float:
    """1 / scale, for the largest scale of the bound that is still refuted."""
    return math.inf if scale == 0 else 1.0 / scale


def said(grade: Grade | None) -> str:
    """`certified` or `asymptotic` before the word limits."""
    return "" if grade is None else f"{grade} "


def row(
    sample: Sample, values: Floats, low: Limit, high: Limit, log_e: float | None, vacuous: bool
) -> Row:
    """The row of a mean between two limits."""
    grades = [limit.grade for limit in (low, high) if limit.grade is not None]
    grade = Grade.ASYMPTOTIC if Grade.ASYMPTOTIC in grades else (grades or [None])[0]
    return Row(
        T=sample.T,
        seeds=sample.seeds,
        estimate=average(values),
        interval=(low.value, high.value),
        bound=sample.number,
        e_value=None if log_e is None else capped(log_e),
        vacuous=vacuous,
        note=notes(sample, values, vacuous),
        grade=grade,
    )


def undecided(
    reason: str,
    rows: Sequence[Row],
    slack: float | None,
    power: float | None,
    needs: int | None = None,
) -> Judgement:
    """INCONCLUSIVE, which rests on nothing."""
    return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power, needs=needs)
