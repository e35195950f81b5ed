"""What an instance certifies, against what is seen of it: before it is run, and where runs led."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from convergence.claims.rounding import gap
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.keys import claim_key
from convergence.laws import certificates
from convergence.laws.along import contradicted, muted, valueless, walked
from convergence.laws.asked import oracle_faults
from convergence.laws.faults import Fault
from convergence.laws.look import DENSE, affine
from convergence.laws.noises import noise_faults, rare_faults, strayed_faults
from convergence.laws.origin import ours
from convergence.laws.parts import part_faults
from convergence.laws.tails import drawn_alone
from convergence.precision import precision
from convergence.problems.base import start_shape, started
from convergence.runner.record import Record
from convergence.runner.run import check_step
from convergence.statistics import Judgement, Verdict
from convergence.theorems.assumptions import Checked

MORE = 8  # times the draws of the runs that refute
PLACES = 7  # of a run, at even ratios of their times
RUNS = 2  # of a horizon that are followed at either end of what was measured


def credentials(theorem: Any, oracle: Any, problem: Any, noise: Any, c: Constants) -> Checked:
    """Whether what an instance certifies agrees with what is seen of it; of an oracle that is not
    the package's, whether it answers as its noise certifies, for a theorem of the package."""
    try:
        asked = oracle(problem, noise)
    except InvalidInput as error:
        return Checked("certificates", False, None, str(error))
    false = certificates(problem, noise)
    if not false:
        with precision("float64"):
            false = list(part_faults(theorem, problem))
    if _foreign(theorem, asked) and not false:
        false = oracle_faults(asked, problem, c)
    found = told("certificates", false)
    trusted = "" if false else drawn_alone(noise, start_shape(problem), c)
    return found._replace(detail=f"{found.detail}; {trusted}") if trusted else found


def exhausted(problem: Any, noise: Any, c: Constants) -> bool:
    """Whether a look at an instance of the package leaves nothing for runs to show: one Hessian,
    all of which is seen, and noise that does not move."""
    small = math.prod(start_shape(problem)) <= DENSE
    return small and affine(c) and bool(c.get("additive")) and ours(problem) and ours(noise)


def told(name: str, false: list[Fault]) -> Checked:
    """An assumption that fails where a certificate is false."""
    said = "; ".join(str(fault) for fault in false[:3])
    return Checked(name, not false, None, said or "checked on the instance")


def _foreign(theorem: Any, oracle: Any) -> bool:
    """Whether a theorem of the package is asked of an oracle that is not."""
    return not type(oracle).__module__.startswith("convergence.") and ours(theorem)


def _asked_along(claim: Any, T: int, key: Any, run: int, end: np.ndarray) -> list[Fault]:
    """What noise and oracle contradict of their certificates where a run ends and, of a user's own,
    at some places on its way."""
    problem, noise, c = claim.instance(T)
    experiment = claim.experiment(T)
    own, other = ours(noise), _foreign(claim.theorem, experiment.oracle)
    free = getattr(noise, "of_iterate", True)
    moves, strays = free and not c.get("additive"), free and not own
    if not (moves or strays or other):
        return []
    times = np.unique(np.round(np.geomspace(1, T, PLACES)).astype(int))[:-1]
    for t in (T, *(() if own and not other else times[::-1])):
        x = end if t == T else walked(experiment, int(t), key, run, False)[1]
        if not np.all(np.isfinite(x)):
            continue
        with precision("float64"):
            false: list[Fault] = []
            if moves:
                false = noise_faults(noise, x)
            elif strays:
                false = strayed_faults(noise, started(problem), x)
            if other and not false:
                false = oracle_faults(experiment.oracle, problem, c, x)
        if false:
            return false
    return []


def broken(
    claim: Any, records: list[Record], judgement: Judgement, session: Any
) -> tuple[Checked, ...]:
    """A refutation stands only where the instance keeps its certificates along the runs that
    refute: L, mu, G, f_star, Delta and convexity at every step, the noise's where a run ends, and
    of a user's noise or oracle at places on its way; one that is `exhausted` has shown it. So does
    a confirmation: of an instance of the package, which proves its own, beyond the quick tier, of a
    user's own class, whose proof nobody has seen, in all."""
    if judgement.verdict not in (Verdict.REFUTED, Verdict.CONSISTENT):
        return ()
    for record in records:
        problem, noise, c = claim.instance(record.T)
        proved = session.settings.tier == "quick" and ours(problem) and ours(noise)
        if not _foreign(claim.theorem, claim.experiment(record.T).oracle) and (
            exhausted(problem, noise, c) or (judgement.verdict is Verdict.CONSISTENT and proved)
        ):
            continue
        if valueless(noise, c):
            try:
                mute = claim.oracle(problem, muted(noise))
                known = claim.experiment(record.T)
                check_step(dataclasses.replace(known, oracle=mute))
            except InvalidInput as error:
                return (Checked("values of the noise", False, None, str(error)),)
        metric = gap(record.final().astype(float), (-math.inf, 0.0))
        order = np.argsort(np.where(np.isfinite(metric), metric, math.inf))
        runs = {int(k) for k in (*order[:RUNS], *order[-RUNS:])}
        for run in sorted(runs):
            key = claim_key(claim.slug, session.settings.seed, record.T, session.settings.rng)
            eps = float(np.finfo(session.settings.dtype).eps)
            way, end = walked(claim.experiment(record.T), record.T, key, run, len(runs) == 1)
            false = [*contradicted(way, c, eps)] or _asked_along(claim, record.T, key, run, end)
            if false:
                return (told("certificates along the runs", false),)
        if judgement.verdict is Verdict.REFUTED and not ours(noise):
            with precision("float64"):
                false = rare_faults(noise, started(problem), c, MORE * record.seeds * record.T)
            if false:
                return (told("certificates of the noise", false),)
    return ()
