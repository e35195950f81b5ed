"""Proofs that weigh inequalities, by numbers: what is added up is what they say; and the statement
that is false without its last term."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.algorithms.classical.optimized import thetas
from convergence.constants import Constants
from convergence.problems.base import AbstractProblem
from convergence.theorems.parameter_free.pathwise import ScheduleFree


def interpolation(mu: float, L: float, x: Any, g: Any, y: Any, h: Any) -> float:
    """What f(x) − f(y) is at least, by the gradients g and h of f at x and y."""
    far, apart = x - y, g - h
    bent = apart @ apart + mu * L * far @ far - 2 * mu * apart @ far
    return float(h @ far + bent / (2 * (L - mu)))


def weighed(mu: float, L: float, eta: float, rho: float, way: Any, x: Any, g: Any, h: Any) -> float:
    """The right sides of the three inequalities, weighed as in the proofs."""
    zero, after = np.zeros(len(x)), x - eta * way
    return (
        rho * interpolation(mu, L, x, g, after, h)
        + rho * (1 - rho) * interpolation(mu, L, zero, zero, x, g)
        + (1 - rho) * interpolation(mu, L, zero, zero, after, h)
    )


@pytest.mark.parametrize("h", [0.3, 1.0, 1.5, 1.9])
@pytest.mark.parametrize("mu", [0.0, 0.1, 0.7])
def test_the_values_of_gradient_descent(h: float, mu: float, test_seed: int) -> None:
    rng, L = np.random.default_rng(test_seed), 1.3
    eta = h / L
    s, (x, g0, g1) = eta * (L + mu), rng.standard_normal((3, 4))
    if s <= 2:
        rho, a, b = 1 - eta * mu, g1 + (s - 1) * g0 - eta * L * mu * x, g0 - mu * x
        squares = a @ a + eta * L * (2 - s) * b @ b
    else:
        rho, a, b = eta * L - 1, g1 + g0 - L * (2 - eta * L) * x, g0 - L * x
        squares = a @ a + (2 - eta * L) * (s - 2) * b @ b
    # A few dozen roundings of numbers of size 10.
    found = 2 * (L - mu) * weighed(mu, L, eta, rho, g0, x, g0, g1)
    assert found == pytest.approx(squares, rel=1e-11)


@pytest.mark.parametrize("eps", [0.05, 0.4, 0.9])
def test_the_values_of_descent_along_gradients_that_err(eps: float, test_seed: int) -> None:
    rng, mu, L = np.random.default_rng(test_seed), 0.2, 1.3
    most, least = (1 + eps) * L, (1 - eps) * mu
    S, rho = most + least, (most - least) / (most + least)
    x, g0, g1, d = rng.standard_normal((4, 5))
    a = g1 - rho * g0 + 2 * L / S * (d - least * x)
    b = 2 * eps * L * mu * x - (most - least) * g0 + (L - mu) * d
    squares = a @ a / (2 * (L - mu)) + (1 - eps) / (eps * (L - mu) * S**2) * b @ b
    erred = (d - g0) @ (d - g0) - eps**2 * g0 @ g0
    found = weighed(mu, L, 2 / S, rho, d, x, g0, g1) + rho / (eps * S) * erred
    assert found == pytest.approx(squares, rel=1e-11)  # as above


@pytest.mark.parametrize("T", [1, 2, 5, 9])
def test_the_last_slope_of_the_optimized_gradient_method(T: int, test_seed: int) -> None:
    theta, g = thetas(T)[::-1], np.random.default_rng(test_seed).standard_normal((T + 1, 4))
    x = [np.zeros(4)]
    last = x[0]
    for t in range(T):
        y = x[t] - g[t]
        move = (theta[t] - 1) / theta[t] * (y - last) + y - x[t]
        x.append(y + move * (2 * theta[t + 1] - 1) / (2 * theta[t] - 1))
        last = y
    a = 1 / (2 * theta[1:] ** 2)
    b = np.diff(a, prepend=1 / theta[0] ** 2)
    assert b.min() >= 0
    found = sum(
        a[t] * interpolation(0.0, 1.0, x[t], g[t], x[t + 1], g[t + 1])
        + b[t] * interpolation(0.0, 1.0, x[T], g[T], x[t], g[t])
        for t in range(T)
    )
    # A hundred roundings of numbers of size 10.
    left = (1 - 1 / theta[0] ** 2) * g[T] @ g[T] / 2
    assert found == pytest.approx(left, rel=1e-11, abs=1e-11)


class Fan(AbstractProblem):
    """max{0, ⟨a, x⟩, ⟨b, x⟩} for unit a and b, with ¼ of each along x_0."""

    def rows(self) -> np.ndarray:
        wide = (15 / 16) ** 0.5
        return np.array([[0.0, 0.0], [0.25, wide], [0.25, -wide]])

    def value(self, x: Any) -> Any:
        return (self.rows() @ x).max()

    def grad(self, x: Any) -> Any:
        return jnp.asarray(self.rows())[jnp.argmax(self.rows() @ x)]

    def f_star(self) -> float:
        return 0.0

    def x_star(self) -> np.ndarray:
        return np.zeros(2)

    def start(self) -> Any:
        return jnp.array([1.0, 1e-9])

    def constants(self) -> Constants:
        x = np.asarray(self.start())
        top = float((self.rows() @ x).max())
        return Constants(
            G=1.0, convex=True, R=float(np.linalg.norm(x)), f_star=0.0, x_star=np.zeros(2),
            Delta=top, grad0=1.0, d=2, L=np.inf,
        )  # fmt: skip


class FromTheStart(ScheduleFree):
    """As if x_0 were in the average."""

    def bound(self, c: Constants, T: int) -> float:
        return float(c.G * c.R / T**0.5)


def test_an_average_without_the_start_exceeds_the_bound_of_one_with_it() -> None:
    """f(x_1) − f* = 9/8 for GR = 1."""
    wrong = verify(Claim("wrong", FromTheStart(), Fan(), horizons=(1,), seeds=1))
    right = verify(Claim("right", ScheduleFree(), Fan(), horizons=(1, 2, 8), seeds=1))
    assert wrong.verdict is Verdict.REFUTED, wrong.reason
    assert "1.12499" in wrong.reason
    assert right.verdict is Verdict.CONSISTENT, right.reason
