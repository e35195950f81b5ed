"""A walk of random states on a problem of known functions, over which metrics are folded."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.problems.base import AbstractProblem

T, N = 7, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(T + 1, N, 2))  # matrices, or stacks of agents
M = RNG.normal(size=(T + 1, N, 2))
C = np.array([[0.3, -0.2], [0.5, 0.1], [-0.4, 0.7]])
STAR = np.array([[0.2, 0.4], [0.1, -0.3], [0.6, 0.2]])


def f(x: Any) -> Any:
    return ((x - C) ** 4).sum() / 4 + 0.7


def slope(x: Any) -> Any:
    return (x - C) ** 3


def square(v: Any) -> float:
    return float((np.asarray(v) ** 2).sum())


def goal(x: Any) -> Any:
    """J of a mean: ½‖x − (1, 2)‖⁴."""
    return ((x - jnp.array([1.0, 2.0])) ** 2).sum() ** 2 / 2


class Plain(AbstractProblem):
    """Nothing but what is given."""

    def value(self, x: Any) -> Any:
        raise NotImplementedError

    def start(self) -> Any:
        raise NotImplementedError

    def constants(self) -> Constants:
        raise NotImplementedError


def made(**functions: Any) -> Any:
    """A problem of these functions."""
    return type("Made", (Plain,), {k: staticmethod(f) for k, f in functions.items()})()


class Walked(AbstractProblem):
    """Functions that no two metrics could confuse."""

    W = np.diag([0.5, 0.4, 0.3]) + 0.05

    def value(self, x: Any) -> Any:
        return f(x)

    def grad(self, x: Any) -> Any:
        return slope(x)

    def start(self) -> Any:
        return jnp.asarray(X[0])

    def constants(self) -> Constants:
        return Constants()


FUNCTIONS: dict[str, Any] = dict(
    f_star=lambda: 0.7, excess=goal, x_star=lambda: jnp.asarray(STAR), gap=lambda z: z.sum() ** 2,
    progress=lambda x: x[0, 0] * 10, grads=lambda x: jnp.stack([x**2, x**3, 2 * x]),
    log_gap=lambda x: (x**2).sum() / 3, slopes=lambda x: ((x - C) ** 3, 1 + x**2),
    deviations=lambda x: (x**2).sum(axis=1), gross=lambda: 4.0, aligned=lambda x: 2 * x,
    goal_grad=lambda m: m**3,
    quotients=lambda x: x**2, energy=lambda x: 1 + (x**2).sum(), energy_grad=lambda x: 2 * x,
)  # fmt: skip
for name, function in FUNCTIONS.items():
    setattr(Walked, name, staticmethod(function))


@functools.cache
def walk() -> tuple[Walked, list[Any]]:
    """The problem and the states, as doubles."""
    return Walked(), [
        SimpleNamespace(
            x=jnp.asarray(X[t]), m=jnp.asarray(M[t]), calls=jnp.asarray(3 * t), excess=0.1 * t,
            total=jnp.asarray(X[: t + 1].sum(axis=0)), successes=jnp.asarray(2 * t),
            s=jnp.asarray(M[t, 0]), left=jnp.asarray(X[t].T @ X[t]),
            right=jnp.asarray(M[t].T @ M[t]),
        )
        for t in range(T + 1)
    ]  # fmt: skip


def fold(metric: Any, steps: int = T) -> Any:
    problem, states = walk()
    acc = metric.init(problem, states[0])
    for t in range(steps):
        acc = metric.update(jnp.asarray(t), acc, problem, states[t], states[t + 1])
    return np.asarray(metric.read(jnp.asarray(steps), acc, problem, states[steps]))
