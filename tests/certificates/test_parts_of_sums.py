"""Where f is a mean of functions, what is said of each is not what is said of f."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.claims.base import Claim, verify
from convergence.constants import Constants
from convergence.laws.certificates import certificates
from convergence.noise.base import Noiseless
from convergence.oracles.finite_workers import Workers
from convergence.problems.base import AbstractProblem
from convergence.problems.workers import WorkerQuadratics, different_workers
from convergence.registry import named
from convergence.shapes import Reals, real
from convergence.statistics import Verdict
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.classical.finite_sums import StochasticPolyakLaw, StochasticPolyakRate
from convergence.theorems.classical.vaswani2019 import ArmijoRound


class Waves(AbstractProblem):
    """½x² is the mean of ½x² ± (1 − cos x), which are convex, with one minimizer, and no
    quadratics: Polyak's step of c near ¼ overshoots along them."""

    x0: Reals = eqx.field(converter=real)
    said: bool = eqx.field(static=True, default=False)
    more: float = eqx.field(static=True, default=0.0)
    n = 2

    def grads(self, x: Any) -> Any:
        return jnp.stack([x + jnp.sin(x), x - jnp.sin(x)])

    def leads(self, x: Any) -> Any:
        half, wave = jnp.sum(x**2) / 2, jnp.sum(1 - jnp.cos(x))
        return jnp.stack([half + wave, half - wave]) + self.more

    def value(self, x: Any) -> Any:
        return jnp.sum(x**2) / 2

    def x_star(self) -> Any:
        return jnp.zeros(1)

    def f_star(self) -> Any:
        return 0.0

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        R = abs(float(self.x0[0]))
        flags: dict[str, Any] = dict.fromkeys(("convex", "all_convex", "quadratic"), True)
        return Constants(
            L=1.0, mu=1.0, L_max=2.0, agents=2, d=1, x_star=np.zeros(1), Delta=R**2 / 2, f_star=0.0,
            R=R, grad0=R, zeta=0.0, **flags, **({"all_quadratic": True} if self.said else {}),
        )  # fmt: skip


class Loose(WorkerQuadratics):
    """f_i = ½‖x‖², with bounds for curvatures that are twice them."""

    def constants(self) -> Constants:
        return super().constants().but(L_max=2.0, L_tilde=2.0)


class Dented(WorkerQuadratics):
    """With other functions than those of the Hessians that it has in its field."""

    def grads(self, x: Any) -> Any:
        return super().grads(x) * jnp.array([1.0, 0.1])

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.sum(x**2 * jnp.array([1.0, 0.1]))

    def leads(self, x: Any) -> Any:
        return jnp.stack([self.value(x)] * 2)

    def constants(self) -> Constants:
        x, h = np.asarray(self.x0), np.array([1.0, 0.1])
        found: dict[str, Any] = dict(mu=0.1, unit=False, Delta=float(h @ x**2 / 2))
        return super().constants().but(**found, grad0=float(np.linalg.norm(h * x)))


POLYAK = StochasticPolyakRate(0.26)
ROUND = np.stack([np.eye(2)] * 2)
CASES: list[tuple[AbstractTheorem, Any, str]] = [
    (POLYAK, Waves([4.08]), "all_quadratic"),
    (POLYAK, Waves([4.08], said=True), "certificates"),
    (POLYAK, Waves([4.08], more=0.5), "certificates"),
    (StochasticPolyakLaw(), Loose([1.0, 2.0], ROUND, np.zeros((2, 2))), "a tight frame"),
    (ArmijoRound(), Dented([1.0, 1.0], ROUND, np.zeros((2, 2))), "round functions"),
]


@pytest.mark.parametrize(("theorem", "problem", "failed"), CASES)
def test_a_law_of_each_function_is_not_judged_by_their_mean(
    theorem: AbstractTheorem, problem: Any, failed: str
) -> None:
    claim = Claim("c", theorem, problem, horizons=(1,), seeds=64, oracle=Workers)
    report = verify(claim)
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert [a.name for a in report.assumptions if not a.holds] == [failed]


def test_what_a_function_leads_by_is_named() -> None:
    for more in (0.5, -1e-3):
        found = certificates(Waves([4.08], more=more), Noiseless())
        assert [fault.name for fault in found] == ["leads"]


@pytest.mark.parametrize("spread", [1.0, 1e4, 1e6])
def test_slopes_that_cancel_are_no_curvature(spread: float) -> None:
    found = certificates(different_workers(spread), Noiseless())
    assert "all_convex" not in [fault.name for fault in found], [str(fault) for fault in found]


def test_functions_round_away_from_the_origin_are_seen_to_be() -> None:
    H = np.stack([1.5 * np.eye(2), 2.0 * np.eye(2)])
    far = WorkerQuadratics([1.0, 2.0], H, H @ np.array([1e5, -3.0]))
    claim = Claim("c", ArmijoRound(), far, horizons=(1,), seeds=4, oracle=Workers)
    assert "round functions" not in [a.name for a in claim.check(1) if not a.holds]


def of_two(problem: Any) -> Any:
    """The same problem as a mean of two that are alike."""

    def grads(self: Any, x: Any) -> Any:
        return jnp.stack([self.grad(x)] * 2)

    kind = type(problem)
    twice = type(f"Two{kind.__name__}", (kind,), {"grads": grads, "n": 2})
    found = object.__new__(twice)
    for field in dataclasses.fields(problem):
        object.__setattr__(found, field.name, getattr(problem, field.name))
    return found


@pytest.mark.parametrize("slug", ["sign-seeks-median", "sign-feedback-skewed", "galore-stalls"])
def test_the_law_of_a_draw_is_not_that_of_a_mean_of_two(slug: str) -> None:
    """E ξ̄ = 0 as well, but ½(ξ₁ + ξ₂) has other signs and another median; also of a matrix."""
    claim: Any = named(slug)
    meant = dataclasses.replace(claim, problem=of_two(claim.problem), oracle=Workers)
    report = verify(meant)
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    one = dataclasses.replace(claim, problem=of_two(claim.problem))
    assert all(a.holds for a in one.failing(one.horizons[:1]))
