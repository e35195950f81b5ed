"""What an instance certifies, against what is seen of it: before it is run, and where runs led."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from convergence.claims.fields import constants_of
from convergence.claims.rounding import gap
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.keys import claim_key
from convergence.laws import certificates
from convergence.laws.along import contradicted, louder, muted, valueless, walked
from convergence.laws.asked import oracle_faults, rare_answers, unlooked
from convergence.laws.certificates import content
from convergence.laws.faults import Fault
from convergence.laws.look import DENSE, affine
from convergence.laws.noises import noise_faults, rare_faults, strayed_faults
from convergence.laws.origin import ours
from convergence.laws.parts import part_faults
from convergence.laws.tails import drawn_alone
from convergence.noise.agents import Levels
from convergence.oracles.base import Oracle
from convergence.oracles.bilevel import BilevelOracle
from convergence.precision import precision
from convergence.problems.base import start_shape, started
from convergence.runner.checks import check_step
from convergence.runner.record import Record
from convergence.statistics import Judgement, Verdict
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import AbstractAbout, Kind

# Of smaller and of larger numbers the variance of a square loses digits, or leaves the floats.
SMALL, LARGE = 1e-70, 1e70
OF_A_DRAW = "q", "top", "batch", "corner", "corner_rank", "covariance", "gaussian", "two_point"
OF_ANSWERS = "sigma", "sigma_p", "p", "additive"  # of a noise, what is asked of an oracle's answers
SIZES = "L", "grad0", "R", "sigma", "sigma_p", "corner", "G", "zeta"
# What a rate that names no constant holds fixed, but for what its method is made of.
FIXED = "L", "Delta", "sigma", "sigma_p", "p", "G", "R", "mu", "d", "agents", "zeta"
MORE = 8  # times the draws of the runs that refute
PLACES = 7  # of a run, at even ratios of their times
RUNS = 2  # of a horizon that are followed at either end of what was measured


def credentials(theorem: Any, oracle: Any, problem: Any, noise: Any, c: Constants) -> Checked:
    """Whether what an instance certifies agrees with what is seen of it; of an oracle that is not
    the package's, whether it answers as its noise certifies, for a theorem of the package."""
    if odd := unheld(c):
        return Checked("certificates", False, None, odd)
    try:
        asked = oracle(problem, noise)
    except InvalidInput as error:
        return Checked("certificates", False, None, str(error))
    false = certificates(problem, noise, _lower(asked, noise))
    if not false:
        with precision("float64"):
            false = list(part_faults(theorem, problem))
    if not false and ours(theorem):
        false = [*_other(asked, problem, noise), *unlooked(asked)]
    if _foreign(theorem, asked) and not false:
        false = oracle_faults(asked, problem, c)
    found = told("certificates", false)
    trusted = "" if false else drawn_alone(noise, start_shape(problem), c)
    return found._replace(detail=f"{found.detail}; {trusted}") if trusted else found


def _lower(oracle: Any, noise: Any) -> tuple[int, ...] | None:
    """The shape for which an oracle of two levels draws a user's noise besides, where it is one."""
    if not isinstance(oracle, BilevelOracle) or ours(noise) or isinstance(noise, Levels):
        return None
    shape = tuple(np.shape(oracle.problem.b))
    return None if shape == start_shape(oracle.problem) else shape


def _answers_draws(kind: Any) -> bool:
    """Whether gradients are answered by a class of the package."""
    return kind.grad.__module__.startswith("convergence.")


def answered(claim: Any, problem: Any, noise: Any, T: int) -> Constants:
    """What an instance certifies. Where an oracle of a user's own answers gradients in its own way
    they are no draws of the noise: of that law, moments alone are certified of them. Where one of
    the package's answers a mean of draws, nothing is of the law of one."""
    c = constants_of(problem, noise, T)
    try:
        asked: object = claim.oracle(problem, noise)
    except Exception:  # it is asked again where that is told
        return c
    kind: Any = type(asked)
    if kind.grad is Oracle.grad or not ours(claim.theorem):
        return c
    law = set(OF_A_DRAW)
    if not _answers_draws(kind):
        law = set(noise.constants(start_shape(problem))) - set(OF_ANSWERS)
    return Constants(**{name: c[name] for name in c if name not in law})


def _other(oracle: Any, problem: Any, noise: Any) -> Iterator[Fault]:
    """An oracle asks the instance that is certified."""
    for name, part in (("problem", problem), ("noise", noise)):
        asked = getattr(oracle, name, part)
        if asked is not part and content(asked) != content(part):
            given = type(part).__name__, type(asked).__name__
            yield Fault(name, *given, f"that which {type(oracle).__name__} asks")


def unheld(c: Constants) -> str:
    """Which size of an instance has a fourth power that float64 does not hold, so that nothing
    measured says anything."""
    for name, value in c.only(*SIZES).items():
        size = np.abs(np.asarray(value, float))
        if np.any((size > 0) & (size < SMALL) | (size > LARGE) & (size < math.inf)):
            return (
                f"{name} = {np.max(size):.3g}, whose fourth power float64 does not hold: rescale it"
            )
    return ""


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


def _asked_along(
    claim: Any, experiment: Any, T: int, key: Any, run: int, end: np.ndarray
) -> list[Fault]:
    """What noise and oracle contradict of their certificates where a run ends and, of a user's own,
    at some places on its way."""
    problem, noise, c = claim.instance(T)
    own, other = ours(noise), _foreign(claim.theorem, experiment.oracle)
    free = getattr(noise, "of_iterate", True)
    moves, strays = free and not c.get("additive"), free and not own
    if not (moves or strays or other):
        return []
    times = np.unique(np.round(np.geomspace(1, T, PLACES)).astype(int))[:-1]
    for t in (T, *(() if own and not other else times[::-1])):
        x = end if t == T else walked(experiment, int(t), key, run)[1]
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


def _ran(claim: Any, records: list[Record]) -> list[tuple[Record, Any]]:
    """Records, each with what was run for it: the second of a horizon is the rival's."""
    found: list[tuple[Record, Any]] = []
    for k, record in enumerate(records):
        rival = any(before.T == record.T for before in records[:k])
        found.append((record, claim.experiment(record.T, rival)))
    return found


def broken(
    claim: Any, records: list[Record], judgement: Judgement, session: Any
) -> tuple[Checked, ...]:
    """A refutation stands only where the instance keeps its certificates along the runs that
    refute, a rival's too: L, mu, G, f_star, Delta and convexity at every step, the noise's where a
    run ends, and of a user's noise or oracle at places on its way; one that is `exhausted` has
    shown it. So does a confirmation: of an instance of the package, which proves its own, beyond
    the quick tier, of a user's own class, whose proof nobody has seen, in all."""
    if judgement.verdict not in (Verdict.REFUTED, Verdict.CONSISTENT):
        return ()
    for record, known in _ran(claim, records):
        problem, noise, c = claim.instance(record.T)
        proved = session.settings.tier == "quick" and ours(problem) and ours(noise)
        if not _foreign(claim.theorem, known.oracle) and (
            exhausted(problem, noise, c) or (judgement.verdict is Verdict.CONSISTENT and proved)
        ):
            continue
        if valueless(noise, c):
            try:
                mute = claim.oracle(problem, muted(noise))
                check_step(dataclasses.replace(known, oracle=mute))
            except InvalidInput as error:
                return (Checked("values of the noise", False, None, str(error)),)
        metric = gap(record.final().astype(float), (-math.inf, 0.0))
        order = np.argsort(np.where(np.isfinite(metric), metric, math.inf))
        runs = {int(k) for k in (*order[:RUNS], *order[-RUNS:])}
        for run in sorted(runs):
            key = claim_key(claim.slug, session.settings.seed, record.T, session.settings.rng)
            eps = float(np.finfo(session.settings.dtype).eps)
            way, end = walked(known, record.T, key, run, float(c.get("sigma", 0.0)))
            false = [*contradicted(way, c, eps)]
            false = false or _asked_along(claim, known, record.T, key, run, end)
            false = false or [*louder(way, c)]
            if false:
                return (told("certificates along the runs", false),)
        asked, many = known.oracle, MORE * record.seeds * record.T
        other = _foreign(claim.theorem, asked)
        if judgement.verdict is Verdict.REFUTED and (other or not ours(noise)):
            with precision("float64"):
                false = [] if ours(noise) else rare_faults(noise, started(problem), c, many)
                if other and not false:
                    false = rare_answers(asked, problem, c, many)
            if false:
                return (told("certificates of the noise", false),)
    return ()


def uniform(claim: Any, T: int, found: tuple[Checked, ...]) -> tuple[Checked, ...]:
    """The assumptions at T, and of a rate on instances that vary with T, judged by runs, whether
    they are of one class: a constant that its method is made of, or any if its shape names none, is
    in the shape or the same at every horizon."""
    first = claim.horizons[0]
    by_runs = claim.kind is Kind.RATE and not getattr(claim, "solves", False)
    if not by_runs or not claim.varies or first == T or not all(a.holds for a in found):
        return found
    c, before = claim.instance(T)[2], claim.instance(first)[2]
    shape, made = set[str](), set[str]()
    claim.theorem.bound(c.noting(shape), T)
    claim.theorem.prescribe(c.noting(made), T)
    if not shape and not isinstance(claim.theorem, AbstractAbout):
        made.update(FIXED)
    for name in sorted(made - shape):
        here, there = (np.asarray(v.get(name, np.nan)) for v in (c, before))
        if here.dtype.kind not in "fiub" or _alike(here, there):
            continue
        number = float(here) if here.ndim == 0 else None
        seen = f"{there:g} at T = {first} and {here:g}" if number is not None else "another one"
        detail = f"{name} is {seen} at T = {T}, and the rate does not name it"
        return (*found, Checked("one class of instances", False, number, detail))
    return found


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two values are one, rounded."""
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=0, equal_nan=True)
