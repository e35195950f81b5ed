"""A statement that its runs seem to break: rounding, or a proof."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import numpy as np

from convergence import statistics as st
from convergence.algorithms.torch_adapter import FromTorch
from convergence.claims.assemble import judge
from convergence.claims.certificates import computed
from convergence.claims.rounding import (
    blur,
    cheap,
    digits,
    ends,
    excess,
    faint,
    sensitivity,
    sizes,
    strayed,
)
from convergence.claims.settings import Session
from convergence.laws.origin import ours
from convergence.metrics.pointwise import Gap
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample, Verdict
from convergence.theorems.base import Kind

REPLAYS = 8  # runs of one horizon that are replayed before the rest is left open
FOREIGN = "certificates of a class that is not the package's are held to fewer digits"
COVERED = "no mean exceeds the bound with its constant, below which a trend is a transient's"
HELD, SLIP = 1e-5, 1e-6  # relative: slopes to values, constants to what is seen
OWED = "which may be a rounding of its terms, of what is certified, or torch's"
MOST = 0.5  # of a mean, from which on it is rounding's


def held(claim: Any, records: list[Record], samples: list[Sample], session: Session) -> Judgement:
    """A judgement by means; a refutation is left open where the last digits of the instance move a
    mean by what it misses its number by, or make most of it; a floor that is kept, where roundings
    of f and f* are all that keeps it."""
    kind, settings, margin = claim.kind, session.settings, claim.margin
    judgement = judge(kind, samples, settings, margin)
    if session.source is not None:  # a rehearsal made no runs
        return judgement
    if judgement.verdict is not Verdict.REFUTED:
        sunk = judgement.verdict is Verdict.CONSISTENT and any(
            drowned(claim, r, s) for r, s in zip(records, samples)
        )
        return left_open(judgement, 1.0) if sunk else judgement
    if covered(claim, samples, judgement):
        reason = f"{judgement.reason}; but {COVERED}"
        return dataclasses.replace(
            judgement, verdict=Verdict.INCONCLUSIVE, reason=reason, grade=None
        )
    if unseen(claim, records, samples, judgement, settings):
        return left_open(judgement, 1.0)
    if foreign(claim, records, samples, judgement, settings):
        reason = f"{judgement.reason}; {FOREIGN}"
        return dataclasses.replace(
            judgement, verdict=Verdict.INCONCLUSIVE, reason=reason, grade=None
        )
    # Rounding is worth the whole of a number at most: beyond, the mean itself is in question.
    rate = kind is Kind.RATE
    if not rate and judge(kind, samples, settings, margin, 1.0).verdict is not judgement.verdict:
        granted, most = max(blur(claim, r, s, session) for r, s in zip(records, samples)), math.inf
    else:
        granted, most = max(strayed(claim, record, session) for record in records), MOST
    again = judge(kind, samples, settings, margin, min(granted, most))
    if granted < most and again.verdict is judgement.verdict:
        return judgement
    return left_open(judgement, granted)


def covered(claim: Any, samples: list[Sample], judgement: Judgement) -> bool:
    """Whether a rate is refuted by a trend of means below the bound with its constant, which they
    only come nearer to: a transient."""
    if claim.kind is not Kind.RATE or judgement.verdict is not Verdict.REFUTED:
        return False
    most = [computed(claim.theorem.enough, claim.instance(s.T)[2], s.T) for s in samples]
    pairs = zip(samples, most)
    return all(b is not None and float(np.mean(s.values)) <= b for s, b in pairs)


def unseen(
    claim: Any, records: list[Record], samples: list[Sample], judgement: Judgement, settings: Any
) -> bool:
    """Whether a refutation hangs on horizons at which the squares of all there is are no floats, or
    roundings of f and f* drown what is missed; of rates they are set aside as rounding."""
    if claim.kind is Kind.RATE or judgement.verdict is not Verdict.REFUTED:
        return False
    clear = [
        s for r, s in zip(records, samples)
        if not faint(s.values, s.number, settings.dtype) and not drowned(claim, r, s)
    ]  # fmt: skip
    if len(clear) == len(samples):
        return False
    kept = judge(claim.kind, clear, settings, claim.margin) if clear else None
    return kept is None or kept.verdict is not judgement.verdict


def drowned(claim: Any, record: Record, sample: Sample) -> bool:
    """Whether a mean is off its number by no more than roundings, where f(x) − f* has gone to 0: of
    numbers as large as f*, or by which runs are below 0. Where runs are scattered, no twin tells.
    """
    metric = claim.experiment(record.T).metric
    while not isinstance(metric, Gap) and hasattr(metric, "of"):
        metric = metric.of
    level = abs(float(claim.instance(record.T)[2].get("f_star", 0.0)))
    granted = 1e3 * float(np.finfo(record.values.dtype).eps) * level * isinstance(metric, Gap)
    if claim.kind is not Kind.EXACT:
        granted = max(granted, -8 * float(np.min(record.final(), initial=0.0)))
    return abs(float(np.mean(sample.values)) - sample.number) <= granted


def foreign(
    claim: Any, records: list[Record], samples: list[Sample], judgement: Judgement, settings: Any
) -> bool:
    """Whether a refutation hangs on horizons at which means miss their numbers by no more than the
    digits to which the certificates of a class of the user's are held."""
    decided = judgement.verdict is Verdict.REFUTED and claim.kind is not Kind.RATE
    if not decided or ours(claim.instance(claim.horizons[-1])[:2]):
        return False
    clear = [
        s for r, s in zip(records, samples)
        if not abs(float(np.mean(s.values)) - s.number) <= owed(claim, r, s)
    ]  # fmt: skip
    if len(clear) == len(samples):
        return False
    kept = judge(claim.kind, clear, settings, claim.margin) if clear else None
    return kept is None or kept.verdict is not judgement.verdict


def owed(claim: Any, record: Record, sample: Sample) -> float:
    """What a miss may be owed to beside the statement, in the metric's unit: the terms of the bound
    are rounded, each as large as the run may be; torch's steps to two fifths of their digits; and
    certificates of a class that is not the package's are held to `HELD` of their sizes, a
    contraction with them to `SLIP` a step."""
    _, whole = sizes(claim, record, sample)
    problem, noise, _ = claim.instance(record.T)
    least = 4 * float(np.finfo(np.float64).eps) * whole
    if of_torch(claim.experiment(record.T).algorithm):
        least = digits(record.values.dtype) * whole
    if ours((problem, noise)):
        return least
    known = max((abs(b) for b in sample.range if math.isfinite(b)), default=0.0)
    return max(least, HELD * whole + (HELD + SLIP * record.T) * known)


def of_torch(method: Any) -> bool:
    """Whether a method's steps are torch's, which no ball encloses: it rounds numbers of its own,
    such as 1 − βᵗ, which have few digits where β is near 1."""
    parts = jax.tree.leaves(method, is_leaf=lambda part: isinstance(part, FromTorch))
    return any(isinstance(part, FromTorch) for part in parts)


def left_open(judgement: Judgement, granted: float) -> Judgement:
    """What was decided by a mean that rounding may have made."""
    reason = (
        f"{judgement.reason}; the last digits of the instance, or squares too small for a float, "
        f"move a mean by {granted:.1g} of its size, and what it is off may be that: move the start"
    )
    return dataclasses.replace(judgement, verdict=Verdict.INCONCLUSIVE, reason=reason, grade=None)


def settle(claim: Any, records: list[Record], samples: list[Sample], session: Session) -> Judgement:
    """REFUTED by a replay in ball arithmetic of a run that breaks its bound, and only so.

    Granted is a rounding a step, or what rounding the last digits of the instance is worth where
    that is more. A run that keeps the bound in exact arithmetic broke it by rounding; one that
    balls do not decide leaves the claim INCONCLUSIVE, and so does an instance whose last digits
    are worth more than two fifths of those there are: signs of what is 0 but for rounding.
    """
    for s in samples:
        if s.range[0] == math.inf or s.range[1] == -math.inf:
            reason = f"at T={s.T} the statement's number is beyond float64: shorten the horizon"
            return Judgement(Verdict.INCONCLUSIVE, reason, (), None, None)
    eps = float(np.finfo(np.float64).eps)  # of the bound's own formula, a few operations a step
    rooms = [
        max(8 * eps * s.T, sensitivity(claim, r, s, session)) for r, s in zip(records, samples)
    ]
    little = cheap(samples, session.settings)
    judgement = st.judge_pathwise(samples, rounding=[*map(max, rooms, little)])
    if judgement.verdict is Verdict.CONSISTENT:
        return kept(judgement, claim, records, samples, rooms, little, session.settings.dtype)
    if judgement.verdict is not Verdict.REFUTED:
        return judgement
    cleared, open_ = 0, ""
    for k in falling([float(np.max(past(s))) for s in samples]):
        beyond = past(samples[k])
        runs = [i for i in falling(beyond) if beyond[i] > rooms[k]]
        for run in runs[:REPLAYS]:
            proof, reason = replay(claim, records[k].T, run, rooms[k], session.settings)
            if proof is not None and proof.off <= owed(claim, records[k], samples[k]):
                reason = f"run {run} at T={proof.T} misses it by {proof.off:.2g}, {OWED}"
                proof = None
            if proof is not None:
                return dataclasses.replace(judgement, reason=proof.sentence, proof=proof)
            cleared, open_ = cleared + (not reason), open_ or reason
        if len(runs) > REPLAYS:
            open_ = (
                open_ or f"{len(runs) - REPLAYS} more runs at T={records[k].T} were not replayed"
            )
    if open_:
        reason = f"{judgement.reason}; replayed in ball arithmetic: {open_}"
        return dataclasses.replace(
            judgement, verdict=Verdict.INCONCLUSIVE, reason=reason, grade=None
        )
    reason = f"{cleared} values miss the bound by rounding alone: in ball arithmetic they keep it"
    judgement = dataclasses.replace(judgement, verdict=Verdict.CONSISTENT, reason=reason)
    return kept(judgement, claim, records, samples, rooms, little, session.settings.dtype)


def kept(
    judgement: Judgement, claim: Any, records: list[Record], samples: list[Sample],
    rooms: list[float], little: list[float], dtype: Any,
) -> Judgement:  # fmt: skip
    """The judgement that a bound is kept, unless what was granted for it is no rounding."""
    for r, s, room, least in zip(records, samples, rooms, little):
        if room <= digits(dtype) or np.max(past(s)) <= least:
            continue
        size, whole = sizes(claim, r, s)
        part = room * size / whole
        if part > digits(dtype):
            reason = (
                f"at T={s.T} the last digits of the instance move the run by {part:.1g} of its "
                "size, and what it misses the bound by may be that: move the start"
            )
            return dataclasses.replace(
                judgement, verdict=Verdict.INCONCLUSIVE, reason=reason, grade=None
            )
    return judgement


def falling(sizes: Any) -> list[int]:
    """Places from the largest on; those that are alike to six digits in their order, since what
    parts them may be another machine's rounding."""
    return sorted(range(len(sizes)), key=lambda k: -float(f"{sizes[k]:.6g}"))


def past(sample: Sample) -> np.ndarray:
    """(seeds,) the excess of each run, infinite where it is not finite."""
    finite = np.isfinite(sample.values).reshape(len(sample.values), -1).all(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(finite, excess(sample.values, sample.range), math.inf)


def replay(claim: Any, T: int, run: int, granted: float, settings: Any) -> tuple[Any, str]:
    """(the proof that a run breaks the bound, or None; why balls do not decide, or "")."""
    from convergence.proofs import proof as proofs  # flint is loaded where it is needed
    from convergence.proofs.enclose import program

    traced = program(claim.simulation(T), settings.seed, run, settings.rng)
    stated = ends(claim.kind, claim.bound(T))
    found = proofs.settle(traced, stated, granted)
    if not found.violated:
        return None, "" if found.kept else f"run {run} at T={T}: {found.reason}"
    return proofs.Proof(
        claim.slug, T, run, settings.seed, settings.dtype, found.metric, stated, granted,
        found.precision, found.rational, traced.digest(), found.draws,
    ), ""  # fmt: skip
