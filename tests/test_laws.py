"""The laws hold for everything that the registry uses, unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import problems
from convergence.claims.base import Claim
from convergence.constants import Constants
from convergence.laws import algorithm_laws, noise_laws, oracle_laws, problem_laws
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.counterexample import Counterexample
from convergence.problems.quadratic import Isotropic, Quadratic, rotation
from convergence.registry import registry
from convergence.theorems.base import Kind


def signature(module: Any) -> Any:
    """A module's structure: its classes, static fields and shapes, not its numbers."""
    arrays, rest = eqx.partition(module, eqx.is_array)
    shapes = tuple((np.shape(a), np.asarray(a).dtype) for a in jax.tree.leaves(arrays))
    return str(jax.tree.structure(rest)), str(shapes)


def simulated() -> list[Claim]:
    return [c for c in registry() if isinstance(c, Claim)]


def instances(which: str) -> list[Any]:
    """One parameter a distinct structure, named after the first claim that has it."""
    seen, found = set(), []
    with jax.enable_x64(True):
        for claim in simulated():
            T = claim.horizons[0]
            problem, noise, c = claim.instance(T)
            part: Any = {"problem": problem, "noise": noise}.get(which)
            if which == "algorithm":
                part = claim.theorem.prescribe(c, T)
            mark = signature(part)
            if mark not in seen:
                seen.add(mark)
                found.append(pytest.param(claim, id=f"{type(part).__name__}:{claim.slug}"))
    return found


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("claim", instances("problem"))
def test_problem(claim: Claim) -> None:
    assert not problem_laws(claim.instance(claim.horizons[0])[0])


DATA = Path(problems.__path__[0]) / "data/golore_figure1_D.csv"
SPARE = (  # offered to users, and in no claim
    Quadratic([1.0, -2.0, 3.0], [0.1, 1.0, 2.0]),
    Quadratic([1.0, -2.0, 3.0], [0.1, 1.0, 2.0], rotation(3), [0.5, 0.0, -1.0]),
    Counterexample.from_csv(DATA, r=3),
)


@pytest.mark.parametrize("problem", SPARE, ids=lambda p: type(p).__name__)
def test_spare_problem(problem: Any) -> None:
    assert not problem_laws(problem)


@pytest.mark.parametrize("claim", instances("noise"))
def test_noise(claim: Claim, test_seed: int) -> None:
    problem, noise, _ = claim.instance(claim.horizons[0])
    assert not noise_laws(noise, problem.start(), seed=test_seed)


@pytest.mark.parametrize("claim", instances("algorithm"))
def test_algorithm(claim: Claim) -> None:
    problem, noise, c = claim.instance(claim.horizons[0])
    algorithm = claim.theorem.prescribe(c, claim.horizons[0])
    assert not algorithm_laws(algorithm, problem, claim.oracle(problem, noise))


@pytest.mark.parametrize("claim", simulated(), ids=lambda c: c.slug)
def test_statement_is_complete(claim: Claim) -> None:
    """Every theorem states itself, and its bound is a number or an ordered pair."""
    theorem = claim.theorem
    assert theorem.statement
    assert theorem.__doc__
    _, _, c = claim.instance(claim.horizons[-1])
    bound = theorem.bound(c, claim.horizons[-1])
    low, high = bound if isinstance(bound, tuple) else (bound, bound)
    assert theorem.kind is Kind.PATHWISE or not isinstance(bound, tuple)
    assert low <= high


class WrongL(Isotropic):
    """A problem that understates its L."""

    def constants(self) -> Constants:
        return super().constants().but(L=0.5)


class WrongGradient(Isotropic):
    """A problem whose gradient is not that of its value."""

    def grad(self, x: Any) -> Any:
        return 1.01 * super().grad(x)


class WrongSigma(Gaussian):
    """A noise that understates its variance by 20 %."""

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape).but(sigma=0.9 * float(self.sigma))


class Forgetful(Oracle):
    """An oracle that draws another sample for the value than for the gradient."""

    def value(self, x: Any, key: Any) -> Any:
        return super().value(x, jax.random.fold_in(key, 1))


class Uneven(Oracle):
    """Means of the means of unequal groups: of three gradients the last counts as much as two."""

    def grad(self, x: Any, key: Any) -> Any:
        slopes = jnp.asarray([0.5, 1.0, 1.5])  # with mean 1
        first, last = slopes[:2].mean(), slopes[2:].mean()
        return super().grad(x, key) + (0.5 * (first + last) - 1.0) * self.problem.grad(x)

    def value(self, x: Any, key: Any) -> Any:
        return super().value(x, key) + 0.125 * self.problem.value(x)


class WrongMinimizer(Isotropic):
    """A problem that names another point, or another value, as its minimum."""

    what: str = eqx.field(static=True, default="x_star")

    def constants(self) -> Constants:
        return super().constants().but(**{self.what: 0.01})


def test_oracles_are_unbiased_and_minimizers_are_minimal(test_seed: int) -> None:
    problem = Quadratic([1.0, -2.0, 3.0], [0.1, 1.0, 2.0])
    for noise in (Noiseless(), Gaussian(1.0)):
        assert not oracle_laws(Oracle(problem, noise), problem.start(), seed=test_seed)
        found = oracle_laws(Uneven(problem, noise), problem.start(), seed=test_seed)
        (said,) = {sentence.split(" by ")[0] for sentence in found}
        assert said == "Uneven: E ∇F(x; ξ) is off ∇f(x)"
    for what, words in (("x_star", "‖∇f‖ there = "), ("f_star", "but f(x_star) = 0")):
        assert any(words in s for s in problem_laws(WrongMinimizer([1.0, 2.0], what=what)))


def test_the_laws_bite(test_seed: int) -> None:
    problem = Isotropic(np.ones((3, 2)))
    assert problem_laws(WrongL(np.ones(3)))
    assert problem_laws(WrongGradient(np.ones(3)))
    assert noise_laws(WrongSigma(1.0), jnp.ones((3, 2)), seed=test_seed)
    assert oracle_laws(Forgetful(problem, Gaussian(1.0)), problem.start())
    assert not oracle_laws(Oracle(problem, Gaussian(1.0)), problem.start())
