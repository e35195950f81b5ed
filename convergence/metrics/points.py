"""Where a run is: distances, gaps above a level, average points, and what a method remembers."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class Distance(AbstractPointwise):
    """‖x − point‖."""

    point: Reals = eqx.field(converter=real)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sqrt(jnp.sum((state.x - self.point) ** 2))


class MeanIterateGradSq(AbstractPointwise):
    """‖∇f(total/T)‖² of a state that keeps the sum of T iterates."""

    T: Reals = eqx.field(converter=real)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sum(problem.grad(state.total / self.T) ** 2)


class Farthest(AbstractPointwise):
    """max_i |x_i − point_i|."""

    point: Reals = eqx.field(converter=real, default=0.0)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.max(jnp.abs(state.x - self.point))


class Above(AbstractPointwise):
    """f(x) − level."""

    level: Reals = eqx.field(converter=real)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return problem.value(state.x) - self.level


class GradSum(AbstractPointwise):
    """‖∇f(x)‖₁."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sum(jnp.abs(problem.grad(state.x)))


class LongestStep(AbstractMetric):
    """max_t max_i |x_{t+1,i} − x_{t,i}|."""

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros((), state.x.dtype)

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return jnp.maximum(acc, jnp.max(jnp.abs(after.x - before.x)))

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return acc


class Remembered(AbstractPointwise):
    """The number that a method keeps under a name in its state."""

    name: str = eqx.field(static=True)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        paths = jax.tree_util.tree_flatten_with_path(state)[0]
        found = [leaf for path, leaf in paths if jax.tree_util.keystr(path).endswith(self.name)]
        return found[0].astype(state.x.dtype)


class GradNuclear(AbstractPointwise):
    """‖∇f(X)‖_*, the sum of singular values."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sum(jnp.linalg.svd(problem.grad(state.x), compute_uv=False))


class DistanceSquare(AbstractPointwise):
    """‖x‖², for x* = 0."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sum(state.x**2)
