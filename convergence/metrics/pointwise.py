"""Metrics of the current state alone."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Scalar


class AbstractPointwise(AbstractMetric):
    """A function of the state; read on its own it is the metric of the last iterate x_T."""

    @abstractmethod
    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        """The value at `state`."""

    def init(self, problem: AbstractProblem, state: Any) -> tuple[()]:
        return ()

    def update(
        self, t: Count, acc: tuple[()], problem: AbstractProblem, before: Any, after: Any
    ) -> tuple[()]:
        return ()

    def read(self, T: Count, acc: tuple[()], problem: AbstractProblem, state: Any) -> Array:
        return self.at(problem, state)


class GradNormSq(AbstractPointwise):
    """‖∇f(x)‖²."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sum(problem.grad(state.x) ** 2)


class GradNorm(AbstractPointwise):
    """‖∇f(x)‖."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sqrt(jnp.sum(problem.grad(state.x) ** 2))


class Value(AbstractPointwise):
    """f(x)."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return problem.value(state.x)


class Gap(AbstractPointwise):
    """f(x) − f*, with f* the problem's field or method `f_star`."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return problem.value(state.x) - problem.f_star()


class DistanceSq(AbstractPointwise):
    """‖x − x*‖², with x* the problem's `x_star`: a minimizer, or a saddle point."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum((state.x - problem.x_star()) ** 2)


class Iterates(AbstractPointwise):
    """x itself, where it is a short vector: for figures."""

    def at(self, problem: AbstractProblem, state: Any) -> Any:
        return state.x
