"""Assumptions are checked on the instance before anything runs; a failed one names itself.

Each check returns what it found. A check that can only probe says so in its detail; a check of a
moment asks the noise for what it certifies and never estimates it by Monte Carlo.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem


class Checked(NamedTuple):
    """The outcome of one check: the assumption's name, whether it holds, and the value found."""

    name: str
    holds: bool
    value: float | None
    detail: str


class AbstractAssumption(eqx.Module):
    """One hypothesis of a theorem."""

    @abstractmethod
    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        """Whether it holds on this instance; must not raise for a well-formed instance."""


@eqx.filter_jit
def _largest(problem: AbstractProblem, points: Any, directions: Any, rounds: int) -> Any:
    """max |λ(∇²f)| over the points; one compiled program for all problems of one structure."""

    def largest(x: Any, v: Any) -> Any:
        def multiply(v: Any) -> Any:
            return jax.jvp(problem.grad, (x,), (v,))[1]

        def body(_: Any, v: Any) -> Any:
            w = multiply(v)
            return w / jnp.maximum(jnp.linalg.norm(jnp.ravel(w)), 1e-300)

        v = jax.lax.fori_loop(0, rounds, body, v / jnp.linalg.norm(jnp.ravel(v)))
        return jnp.linalg.norm(jnp.ravel(multiply(v)))

    return jnp.max(jax.vmap(largest)(points, directions))


def curvature(problem: AbstractProblem, points: int = 4, rounds: int = 30) -> float:
    """max |λ(∇²f)| at x_0 and at random points near it, by power iteration: a lower bound of L."""
    x0 = problem.start()
    rng = np.random.default_rng(0)
    shifts = rng.standard_normal((points, *x0.shape)) * (np.arange(points) > 0).reshape(
        (points,) + (1,) * x0.ndim
    )
    directions = rng.standard_normal((points, *x0.shape))
    return float(
        _largest(
            problem,
            x0 + jnp.asarray(shifts, x0.dtype),
            jnp.asarray(directions, x0.dtype),
            rounds,
        )
    )


class Smooth(AbstractAssumption):
    """f is L-smooth: no curvature beyond the certified L is found by power iteration."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        found = curvature(problem)
        # Power iteration approaches |λ|max from below; 1e-6 covers float32 rounding of one product.
        holds = bool(found <= c.L * (1 + 1e-6))
        return Checked("smooth", holds, found, f"largest curvature found, against L = {c.L:.6g}")


class FiniteVariance(AbstractAssumption):
    """E‖ξ‖² ≤ σ² with σ certified by the noise."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        sigma = float(c["sigma"]) if "sigma" in c else float("inf")
        detail = "σ² certified by the noise" if np.isfinite(sigma) else "no finite σ² is certified"
        return Checked("finite variance", bool(np.isfinite(sigma)), sigma**2, detail)


class NoNoise(AbstractAssumption):
    """The oracle is exact."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        sigma = float(c["sigma"]) if "sigma" in c else float("inf")
        return Checked("exact gradients", sigma == 0.0, sigma, "σ must be 0")


class Has(AbstractAssumption):
    """The instance certifies a constant within [low, high]."""

    name: str = eqx.field(static=True)
    low: float = eqx.field(static=True, default=-float("inf"))
    high: float = eqx.field(static=True, default=float("inf"))

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if self.name not in c:
            return Checked(self.name, False, None, "not certified by the instance")
        value = float(c[self.name])
        detail = f"must lie in [{self.low:g}, {self.high:g}]"
        return Checked(self.name, bool(self.low <= value <= self.high), value, detail)
