"""Statements that hold on every run, or by enumeration: their worst violation decides.

No probability enters here, so no alpha: one violation beyond round-off refutes.
"""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.verdict import Judgement, Row, Sample, Verdict


def check_samples(samples: Sequence[Sample]) -> None:
    """At least one horizon, each once."""
    if len(samples) == 0:
        raise ValueError("no samples were given: need at least one horizon")
    horizons = [sample.T for sample in samples]
    if len(set(horizons)) < len(horizons):
        raise ValueError(f"horizons {horizons} repeat: merge the seeds of equal horizons first")


def judge_pathwise(samples: Sequence[Sample], *, rounding: Sequence[float]) -> Judgement:
    """low - r <= M <= high + r on every run, r = rounding_T * max(|bound|, |M|).

    A float bound is an upper one. A single violation refutes, a non-finite value is one.
    Slack and power are min over horizons of bound / worst value: an upper bound overstated by
    more than that would have been caught. Where every range is an equality they are 1 and
    1 + max rounding; where no bound is from above, or the signs make a ratio meaningless, None.
    """
    check_samples(samples)
    if len(rounding) != len(samples) or not all(math.isfinite(r) and r >= 0 for r in rounding):
        raise ValueError(
            f"rounding {rounding}: need a relative error, a finite number >= 0, for each horizon"
        )
    rows: list[Row] = []
    ratios: list[float] = []
    violated = 0
    runs = 0
    worst: tuple[float, str] = (-math.inf, "")
    equality = True
    for sample, granted in zip(samples, rounding, strict=True):
        low, high = sample.range
        values = sample.values
        runs += values.size
        finite = np.isfinite(values)
        known = max((abs(b) for b in (low, high) if math.isfinite(b)), default=0.0)
        scale = np.maximum(known, np.where(finite, np.abs(values), 1.0))
        with np.errstate(invalid="ignore"):
            excess = np.maximum(values - high, low - values)
            bad = ~finite | (excess > granted * scale)
        violated += int(bad.sum())
        note = ""
        if not finite.all():
            note = f"{int((~finite).sum())} values are not finite"
            worst = max(worst, (math.inf, f"{note} at T={sample.T}"))
        elif bad.any():
            relative = excess / np.where(scale > 0, scale, 1.0)
            at = int(np.argmax(relative))
            value, past = float(values.flat[at]), float(relative.flat[at])
            note = f"worst value {value:.6g}"
            worst = max(
                worst, (past, f"at T={sample.T} a run has {value:.6g} against {sample.bound}")
            )
        top = float(values.max()) if finite.all() else math.inf
        bottom = float(values.min()) if finite.all() else -math.inf
        rows.append(
            Row(
                sample.T, sample.seeds, top, (bottom, top), sample.bound, None, sample.vacuous, note
            )
        )
        if low != high:
            equality = False
            if math.isfinite(high) and high > 0 and top >= 0:
                ratios.append(high / top if top > 0 else math.inf)
    slack = 1.0 if equality else min(ratios, default=None)
    power = 1.0 + max(rounding) if equality else slack
    if violated:
        reason = f"{violated} of {runs} values violate the bound: {worst[1]}"
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power)
    reason = f"all {runs} values keep the bound up to a relative round-off of {max(rounding):.1e}"
    return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power)


def judge_identity(discrepancies: dict[str, float], tolerance: float) -> Judgement:
    """max |discrepancy| <= tolerance: identities checked by exact enumeration.

    The tolerance is one of round-off; a discrepancy that is not finite refutes. Slack is
    tolerance / worst discrepancy; there is no constant to overstate, hence no power.
    """
    if not discrepancies:
        raise ValueError("no discrepancies were given: an enumeration covers at least one case")
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance {tolerance}: need a finite number >= 0")
    sizes = {
        name: abs(float(value)) if math.isfinite(value) else math.inf
        for name, value in discrepancies.items()
    }
    name = max(sizes, key=lambda key: sizes[key])
    worst = sizes[name]
    slack = tolerance / worst if worst > 0 else math.inf
    said = f"the largest of {len(sizes)} discrepancies is {worst:.3g} ({name})"
    if worst <= tolerance:
        reason = f"{said}, within the round-off tolerance {tolerance:.3g}"
        return Judgement(Verdict.CONSISTENT, reason, (), slack, None)
    reason = f"{said}, beyond the round-off tolerance {tolerance:.3g}"
    return Judgement(Verdict.REFUTED, reason, (), slack, None)
