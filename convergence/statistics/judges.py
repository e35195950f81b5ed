"""Statements that hold on every run, or by enumeration: their worst violation decides.

No probability enters here, so no alpha: one violation beyond round-off refutes.
"""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.samples import check_samples
from convergence.statistics.verdict import Bound, Grade, Judgement, Row, Sample, Verdict, said


def judge_pathwise(samples: Sequence[Sample], *, rounding: Sequence[float]) -> Judgement:
    """low - r <= M <= high + r on every run, r = rounding_T * max(|bound|, |M|).

    A float bound is an upper one. A single violation refutes; a run that diverged is one unless
    its side of the range is infinite. What is infinite on both sides, or NaN, decides nothing.
    Slack and power are the least factor, over horizons and sides, that a bound could be drawn
    toward the values: at least 1 where it is kept, infinite where value and bound lie on different
    sides of 0; see `closeness`. Kept equalities have slack 1 and power 1 + max rounding. A row
    shows the value closest to its bound, or farthest beyond, and the range of all.
    """
    check_samples(samples)
    if len(rounding) != len(samples) or not all(math.isfinite(r) and r >= 0 for r in rounding):
        raise ValueError(
            f"rounding {rounding}: need a relative error, a finite number >= 0, for each horizon"
        )
    rows: list[Row] = []
    ratios: list[float] = []
    violated, unknown, runs = 0, 0, 0
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
            lost = ((values == math.inf) & (high < math.inf)) | (
                (values == -math.inf) & (low > -math.inf)
            )
            bad = np.where(finite, excess > granted * scale, lost)
        violated += int(bad.sum())
        unknown += int((~finite & ~lost).sum())
        note, shown = "", math.inf
        past = math.inf
        if finite.any():
            relative = np.where(finite, excess / np.where(scale > 0, scale, 1.0), -math.inf)
            at = int(np.argmax(relative))
            shown, past = float(values.flat[at]), float(relative.flat[at])
        if not finite.all():
            note = f"{int((~finite).sum())} values are not finite"
        if lost.any():
            worst = max(worst, (math.inf, f"{note} at T={sample.T}"))
        elif bad.any():
            note = f"worst value {shown:.6g}"
            words = f"at T={sample.T} a run has {apart(shown, sample.bound, past, granted)}"
            worst = max(worst, (past, words))
        top = float(values.max()) if finite.all() else math.inf
        bottom = float(values.min()) if finite.all() else -math.inf
        above, below = closeness(top, high), closeness(-bottom, -low)
        if not bad.any():
            shown = top if above <= below else bottom
        span = (bottom, top)
        rows.append(
            Row(
                sample.T,
                sample.seeds,
                shown,
                span,
                sample.bound,
                None,
                sample.vacuous,
                note,
                Grade.CERTIFIED,
            )
        )
        near = min(above, below) if finite.all() else 0.0
        ratios.append(1.0 if low == high and not bad.any() else near)
        equality = equality and low == high
    slack = min(ratios)
    power = 1.0 + max(rounding) if equality else slack
    if violated:
        reason = f"{violated} of {runs} values violate the bound: {worst[1]}"
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power, Grade.CERTIFIED)
    if unknown:
        reason = f"{unknown} of {runs} values are NaN or as infinite as their bound: no evidence"
        return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power)
    if all(sample.range == (-math.inf, math.inf) for sample in samples):
        reason = "the bound is infinite: vacuous, and kept by anything"
        return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power)
    reason = f"all {runs} values keep the bound up to a relative round-off of {max(rounding):.1e}"
    return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power, Grade.CERTIFIED)


def apart(value: float, bound: Bound, past: float, granted: float) -> str:
    """A value against its bound in as many digits as tell them apart; where these are many, by how
    much it is beyond, and what rounding is granted."""
    ends = bound if isinstance(bound, tuple) else (bound,)
    digits = next((d for d in range(6, 17) if f"{value:.{d}g}" not in
                   [f"{e:.{d}g}" for e in ends]), 17)  # fmt: skip
    close = f": {past:.2g} beyond it, {granted:.2g} granted" if digits > 6 else ""
    return f"{value:.{digits}g} against {said(bound, digits)}{close}"


def closeness(value: float, bound: float) -> float:
    """The factor by which an upper bound could be drawn toward the value: bound/value, of negative
    numbers value/bound. Below 1 where the bound is missed, 0 where that is across zero."""
    if value > 0 and bound > 0:
        return bound / value
    if value < 0 and bound < 0:
        return value / bound
    if value == bound:
        return 1.0
    return math.inf if value < bound else 0.0


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
        return Judgement(Verdict.CONSISTENT, reason, (), slack, None, Grade.CERTIFIED)
    reason = f"{said}, beyond the round-off tolerance {tolerance:.3g}"
    return Judgement(Verdict.REFUTED, reason, (), slack, None, Grade.CERTIFIED)
