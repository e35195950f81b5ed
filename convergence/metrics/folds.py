"""Folds of a pointwise metric over the trajectory."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Scalar


class Average(AbstractMetric):
    """(1/T) Σ_{t<T} q(x_t): the uniform average that most nonconvex theorems bound."""

    of: AbstractPointwise

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros_like(self.of.at(problem, state))

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return acc + self.of.at(problem, before)

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return acc / jnp.maximum(T, 1)

    def label(self, at: str = "x_T") -> str:
        inner = self.of.label("x_t")
        return f"(1/T) Σ ({inner})" if " − " in inner or " Σ" in inner else f"(1/T) Σ {inner}"


class AverageAndLast(AbstractMetric):
    """(1/T) Σ_{t<T} q(x_t) + last(x_T): an average, and what a descent has left to gain."""

    average: Average
    last: AbstractPointwise

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return self.average.init(problem, state)

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return self.average.update(t, acc, problem, before, after)

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return self.average.read(T, acc, problem, state) + self.last.at(problem, state)

    def label(self, at: str = "x_T") -> str:
        return f"{self.average.label(at)} + {self.last.label(at)}"


class Extremes(AbstractMetric):
    """(min_{t≤T} q(x_t), max_{t≤T} q(x_t)): for statements about every iterate of every run.

    A NaN anywhere on the way makes both NaN, so that divergence is never overlooked.
    """

    of: AbstractPointwise

    def init(self, problem: AbstractProblem, state: Any) -> Array:
        q = self.of.at(problem, state)
        return jnp.stack([q, q])

    def update(
        self, t: Count, acc: Array, problem: AbstractProblem, before: Any, after: Any
    ) -> Array:
        q = self.of.at(problem, after)
        return jnp.stack([jnp.minimum(acc[0], q), jnp.maximum(acc[1], q)])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Array:
        return acc

    def label(self, at: str = "x_T") -> str:
        return f"{self.of.label('x_t')}, every t ≤ T"


class Largest(Extremes):
    """max_{t≤T} q(x_t)."""

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Array:
        return acc[1]

    def label(self, at: str = "x_T") -> str:
        return f"max {self.of.label('x_t')} over t ≤ T"


class Smallest(Extremes):
    """min_{t≤T} q(x_t)."""

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Array:
        return acc[0]

    def label(self, at: str = "x_T") -> str:
        return f"min {self.of.label('x_t')} over t ≤ T"


class AverageEvery(AbstractMetric):
    """(1/K) Σ_{k<K} q(x_{kτ}) with K = ⌈T/τ⌉: the average over block starts."""

    of: AbstractPointwise
    tau: Any  # a traced integer leaf

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros_like(self.of.at(problem, state))

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return acc + jnp.where(t % self.tau == 0, self.of.at(problem, before), 0.0)

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return acc / jnp.maximum(-(-T // self.tau), 1)

    def label(self, at: str = "x_T") -> str:
        return f"(1/K) Σ_k {self.of.label('x_{kτ}')}"
