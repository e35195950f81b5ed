"""Oracles of a user's own: no louder than their noise, and still not what a law was proved for."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import convergence.oracles as package
from convergence import Claim, Verdict, verify
from convergence.laws import asked
from convergence.noise import Gaussian
from convergence.oracles import (
    AbstractOracle,
    BilevelOracle,
    Clients,
    Curvature,
    Layer,
    Oracle,
    Workers,
)
from convergence.precision import precision
from convergence.problems import Isotropic
from convergence.registry import named
from convergence.theorems import RSGF, SGDNonconvex


class Quiet(Oracle):
    """No noise at all."""

    def grad(self, x: Any, key: Any) -> Any:
        return self.problem.grad(x)

    def value(self, x: Any, key: Any) -> Any:
        return self.problem.value(x)


class Mean(Oracle):
    """The mean of two draws."""

    def grad(self, x: Any, key: Any) -> Any:
        one, two = (self.noise.draw(x, k) for k in jax.random.split(key))
        return self.problem.grad(x) + 0.5 * (one + two)

    def value(self, x: Any, key: Any) -> Any:
        one, two = (self.noise.potential(x, k) for k in jax.random.split(key))
        return self.problem.value(x) + 0.5 * (one + two)


class Together(Workers):
    """One draw for all workers."""

    def grads(self, x: Any, key: Any) -> Any:
        problem: Any = self.problem
        return problem.grads(x) + self.noise.draw(x, key)


class LoudClients(Clients):
    """Three times the noise, of which the mean over sixteen clients shows little."""

    def local(self, X: Any, key: Any) -> Any:
        problem: Any = self.problem
        true = problem.local(X)
        return true + 3 * (super().local(X, key) - true)


class HalfWay(Layer):
    """Half of what lies below the layer."""

    def through(self, x: Any, product: Any) -> Any:
        return 0.5 * super().through(x, product)


class Bent(Curvature):
    """A tenth of the Hessian."""

    def hess(self, x: Any) -> Any:
        return 0.1 * super().hess(x)


class Lower(BilevelOracle):
    """Half of the lower level's direction."""

    def lower(self, X: Any, Y: Any, key: Any) -> Any:
        return 0.5 * super().lower(X, Y, key)


def other(problem: Any, noise: Any) -> Oracle:
    """Another noise than the claim's."""
    return Oracle(problem, Gaussian(5.0))


def elsewhere(problem: Any, noise: Any) -> Oracle:
    """Another function than the claim's."""
    return Oracle(Isotropic(jnp.zeros_like(problem.start())), noise)


FALSE: dict[str, tuple[str, Any, str]] = {
    "a stall needs its sign": ("galore-stalls", Quiet, "batch"),
    "as shipped": ("optax-galore-stalls", Quiet, "batch"),
    "an odd batch that loops": ("galore-stalls-odd-batch", Mean, "batch"),
    "a corner of normals": ("galore-gaussian-noise-slow", Quiet, "gaussian"),
    "a plateau needs its atoms": ("clipping-plateau", Mean, "q"),
    "a median needs its law": ("sign-seeks-median", Quiet, ""),
    "a steady variance": ("agents-variance-ed", Quiet, "isotropic_noise"),
    "an excess risk": ("flat-excess-risk-centralized", Quiet, "known covariances"),
    "three atoms shared by all workers": ("ef21-ideal-three-atoms", Together, "sigma"),
    "loud clients": ("fed-floor-of-any-tau", LoudClients, "local = LoudClients"),
    "half a layer": ("celora-orthogonal", HalfWay, "through = HalfWay"),
    "another noise": ("sgd-batch-law", other, "noise = Gaussian"),
    "another problem": ("sgd-batch-law", elsewhere, "problem = "),
}  # fmt: skip


@pytest.mark.parametrize(("slug", "oracle", "said"), FALSE.values(), ids=FALSE)
def test_an_oracle_that_is_not_the_one_of_the_proof_decides_nothing(
    slug: str, oracle: Any, said: str
) -> None:
    claim: Any = named(slug)
    report = verify(dataclasses.replace(claim, slug="own", oracle=oracle))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert said in report.reason


def test_a_bound_by_moments_alone_is_judged() -> None:
    square = Isotropic([1.0, -2.0])
    claim = Claim("c", SGDNonconvex(), square, Gaussian(1.0), horizons=(16,), oracle=Mean)
    assert verify(claim).verdict is Verdict.CONSISTENT


class Turning(Oracle):
    """±0.3 along x/‖x‖, with the values of which that is the slope."""

    def sign(self, x: Any, key: Any) -> Any:
        return 0.3 * jax.random.rademacher(key, (), x.dtype)

    def value(self, x: Any, key: Any) -> Any:
        return self.problem.value(x) + self.sign(x, key) * jnp.linalg.norm(x)

    def grad(self, x: Any, key: Any) -> Any:
        return self.problem.grad(x) + self.sign(x, key) * x / jnp.linalg.norm(x)


def test_errors_that_move_are_not_those_of_an_additive_noise() -> None:
    square = Isotropic([1.0, -2.0])
    claim = Claim("c", RSGF(), square, Gaussian(0.3), horizons=(8,), seeds=64, oracle=Turning)
    report = verify(claim)
    assert report.verdict is Verdict.INAPPLICABLE
    assert "additive = True is certified" in report.reason


class Rarely(Oracle):
    """Three thousand times its noise, in a draw of a hundred thousand."""

    chance: float = eqx.field(static=True, default=1e-5)

    def value(self, x: Any, key: Any) -> Any:
        when, how = jax.random.split(key)
        return self.problem.value(x) + self.loud(when) * self.noise.potential(x, how)

    def grad(self, x: Any, key: Any) -> Any:
        when, how = jax.random.split(key)
        return self.problem.grad(x) + self.loud(when) * self.noise.draw(x, how)

    def loud(self, key: Any) -> Any:
        return jnp.where(jax.random.bernoulli(key, self.chance), 3000.0, 1.0)


def test_what_an_oracle_rarely_answers_is_seen_of_many() -> None:
    square, noise = Isotropic([1.0]), Gaussian(0.1)
    c = square.constants() | noise.constants((1,))
    with precision("float64"):
        assert asked.oracle_faults(Rarely(square, noise), square, c) == []
        (fault,) = asked.rare_answers(Rarely(square, noise), square, c, 2**22)
        assert fault.name == "sigma"
        assert asked.rare_answers(Rarely(square, noise, chance=0.0), square, c, 2**22) == []


def test_every_answer_of_a_package_oracle_is_looked_at_or_refused() -> None:
    room: Any = package
    offered = [getattr(room, name) for name in room.__all__]
    kinds = [k for k in offered if inspect.isclass(k) and issubclass(k, AbstractOracle)]
    answers = {name for k in kinds for name in vars(k) if not name.startswith("_")}
    fields = {f.name for k in kinds for f in dataclasses.fields(k)}
    assert len(kinds) > 10
    assert answers - fields - {"value", "grad", "grads"} == set(asked.BESIDES)
