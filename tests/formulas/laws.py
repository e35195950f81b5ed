"""Exact laws beside the methods that they are about, on instances that no claim has.

Every number of an instance and of a statement is moved as far as the assumptions allow. The law is
then the exact moment of the method's own code, where that is known, else within an interval around
the mean of many runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from convergence.claims.exact import AbstractExact, miss, read
from convergence.errors import InvalidInput, Unknown
from convergence.moments.affine import analyse
from convergence.moments.masks import exact_moments
from convergence.moments.tape import NotAffine
from convergence.runner.run import run
from convergence.statistics import Verdict
from convergence.theorems.base import Kind
from convergence.theorems.exact_moments import AbstractMoment
from tests.formulas.instances import chosen, constants_of, statements

REFUSED = (InvalidInput, Unknown, ArithmeticError, LookupError, ValueError)
EARLY = (1, 2, 3, 5)  # horizons at which a clock that is off by one is off by much
RUNS = 2**14
LIMIT = 1e-3  # a tolerance of so much is that of a law which holds as T grows
ROUNDED = 1e-7  # what float64 keeps of a run of 10^4 steps whose errors add up
# A law of another statement's name; one whose runs multiply what rounding leaves by thousands.
APART = {"Misreading", "AdamDiverges"}
NO_POWER = {"Crossover"}  # twice a law at every T
ALPHA = 1e-9  # of a false alarm, for each law, instance and horizon that is judged by runs


def holds(claim: Any, T: int) -> bool:
    """Whether the assumptions of a claim hold at T, as far as they can be asked."""
    try:
        return all(a.holds for a in claim.check(T))
    except REFUSED:
        return False


def refitted(theorem: Any, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """The real fields of a theorem, moved."""
    for field in dataclasses.fields(theorem):
        found = getattr(theorem, field.name)
        if isinstance(found, np.ndarray) and found.dtype.kind == "f":
            yield field.name, found * rng.uniform(0.8, 0.99, found.shape)


def moved(claim: Any, T: int, seed: int) -> Any:
    """A claim with every number of its instance at T and of its statement moved by up to a third,
    each entry, or else an array as a whole, or else not: as its assumptions allow."""
    rng = np.random.default_rng(seed)
    problem, noise, _ = claim.instance(T)
    claim = dataclasses.replace(claim, problem=problem, noise=noise)
    for name, value in refitted(claim.theorem, rng):
        with contextlib.suppress(InvalidInput):
            theorem = dataclasses.replace(claim.theorem, **{name: value})
            other = dataclasses.replace(claim, theorem=theorem)
            claim = other if holds(other, T) else claim
    for part in ("problem", "noise"):
        leaves, tree = jax.tree.flatten(getattr(claim, part))
        for k, leaf in enumerate(leaves):
            if np.asarray(leaf).dtype.kind != "f":
                continue
            # The second time by an order of magnitude, that no term hides another.
            whole = rng.uniform(0.75, 1.3) if seed == 1 else math.exp(rng.uniform(-3, 1))
            for by in (rng.uniform(0.75, 1.3, np.shape(leaf)), whole):
                leaves[k] = np.asarray(leaf) * by
                with contextlib.suppress(*REFUSED):
                    # by its constructor, which refuses what does not fit
                    made = dataclasses.replace(jax.tree.unflatten(tree, leaves))
                    other = dataclasses.replace(claim, **{part: made})
                    if holds(other, T):
                        claim = other
                        break
                leaves[k] = leaf
    return claim


def exact(claim: Any, T: int) -> float:
    """What the law is about, by exact moments; `NotAffine` where there are none."""
    if isinstance(claim, AbstractExact):
        return claim.exact(T)[0]
    problem, noise, _ = claim.instance(T)
    if noise.of_unit(jnp.zeros(np.shape(problem.start()))) is None:
        raise NotAffine("noise without a known covariance")  # before its patterns are listed
    experiment = claim.experiment(T)
    try:
        found: Any = analyse(experiment)
    except NotAffine:
        found = exact_moments(experiment)
    return read(found, claim.theorem.quantity, experiment.metric, T)


def interval(claim: Any, T: int, seed: int) -> tuple[float, float]:
    """Where the mean of the metric at T lies, by runs."""
    record = run(claim.experiment(T), T, jax.random.key(seed), seeds=range(RUNS), chunk=RUNS)
    values = record.final()
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    wide = -float(stats.norm.ppf(ALPHA / 2)) * spread / math.sqrt(RUNS)
    wide += 1e-9 * abs(mean)  # a sum of RUNS numbers in float64
    return mean - wide, mean + wide


def path(claim: Any, T: int) -> str:
    """How a law of every run differs from a run, empty where it does not."""
    low, high = claim.theorem.bound(claim.instance(T)[2], T)
    found = run(claim.experiment(T), T, jax.random.key(0), seeds=range(1), chunk=1).final()
    close = np.all((found >= low - ROUNDED * abs(low)) & (found <= high + ROUNDED * abs(high)))
    said = f"{type(claim.theorem).__name__} at T={T}: {low!r}"
    return "" if close else f"{said}, a run has {np.ravel(found).tolist()}"


def difference(claim: Any, T: int, seed: int) -> str:
    """How the law and the method differ at T, empty where they agree; by runs from `seed`, where
    no moments are exact."""
    if claim.kind is Kind.PATHWISE:
        return path(claim, T)
    theorem, c = claim.theorem, claim.instance(T)[2]
    bound, name = float(theorem.bound(c, T)), type(theorem).__name__
    try:
        value = exact(claim, T)
    except (NotAffine, InvalidInput):
        low, high = interval(claim, T, seed)
        inside = low <= bound <= high
        return "" if inside else f"{name} at T={T}: {bound!r}, by runs in [{low!r}, {high!r}]"
    scale = theorem.scale(c, T) if isinstance(theorem, AbstractMoment) else 0.0
    grain = claim.grain(T) if isinstance(claim, AbstractExact) else 0.0
    if miss(Kind.EXACT, value, bound, scale) <= theorem.tolerance or abs(value - bound) <= grain:
        return ""
    return f"{name} at T={T}: {bound!r}, by exact moments {value!r}"


def power(claim: Any) -> float:
    """The power of T in a law that holds as T grows, on one instance; ¼ where it is none."""
    T = claim.horizons[0]
    one, two, three = (float(claim.theorem.bound(claim.instance(T)[2], k * T)) for k in (1, 2, 3))
    if min(two / one, three / one) <= 0:
        return 0.25
    first, second = math.log2(two / one), math.log(three / one, 3)
    return first if abs(first - second) < 1e-9 else 0.25


def differences(claims: Any, seed: int) -> Iterator[str]:
    """Of claims of a law: moved at their first horizon, and early."""
    for claim in chosen(claims):
        first, name = claim.horizons[0], type(claim.theorem).__name__
        limit = claim.theorem.tolerance >= LIMIT and name not in NO_POWER
        if limit and not abs(2 * power(claim) - round(2 * power(claim))) < 1e-9:
            yield f"{name}: no power of T"
        for k in (1, 2):
            other = moved(claim, first, k)
            asked = {first, *EARLY} if k == 1 else {first}
            for T in sorted(asked):
                text = difference(other, T, seed) if holds(other, T) else ""
                if text:
                    yield text


def named(claim: Any) -> bool:
    """Whether a statement that holds names one finite number, for the mean or for every run."""
    bound = claim.theorem.bound(constants_of(claim), claim.horizons[0])
    kind = Kind.PATHWISE if isinstance(bound, tuple) else Kind.EXACT
    if claim.expect is not Verdict.CONSISTENT or claim.kind is not kind:
        return False
    low, high = bound if isinstance(bound, tuple) else (bound, bound)
    return math.isfinite(low) and abs(high - low) <= ROUNDED * abs(high)


def laws() -> dict[str, list[Any]]:
    """The claims of each law that holds."""
    found = {name: [c for c in claims if named(c)] for name, claims in statements().items()}
    return {name: claims for name, claims in found.items() if claims and name not in APART}
