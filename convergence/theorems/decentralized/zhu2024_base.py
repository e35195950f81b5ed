"""What the statements on SPARKLE (Zhu et al. 2024) share."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized.sparkle import DSOBA, sparkle
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import Levels
from convergence.parts.graphs import check_mixing
from convergence.parts.strategies import CORRECTED
from convergence.plainly import plainly
from convergence.problems.bilevel import reference
from convergence.shapes import Reals, optional, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has
from convergence.theorems.base import Provenance, Source, varies
from convergence.theorems.domains import Domain, a, one_of
from convergence.theorems.exact_moments import AbstractMoment

MILD = (0.05, 0.1, 0.1, 0.3)
SOURCE = Source("zhu2024", "SPARKLE; the exact statements on bilevel quadratics are ours")


ALL = (*CORRECTED, "ATC", "consensus")
UNCORRECTED = ("ATC", "consensus")


def _four(steps: Any) -> bool:
    v = np.asarray(steps)
    return v.shape == (4,) and bool(np.all((v > 0) & np.isfinite(v)))


def _mixes(W: Any) -> bool:
    try:
        return W is None or check_mixing(W) is not None
    except InvalidInput:
        return False


ONE_GRAPH = Domain("one graph for both levels, None", lambda W: W is None)


class OneGraph(AbstractAssumption):
    """The graph of the lower level, where it is another, has the agents of the upper one."""

    W: Any = None

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        n = None if self.W is None else float(len(self.W))
        return Checked("one number of agents", n in (None, len(c.W)), n, "rows of W_lower")


class ReferenceAgents(AbstractAssumption):
    """The four agents of `reference`, on whatever graph."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        W = np.asarray(c.W)
        same = W.shape == (4, 4) and eqx.tree_equal(problem, reference(W)) is True
        return Checked("the agents of `reference`", same, None, "`reference(W)`")


@plainly
def _forces(problem: Any, n: int) -> Any:
    """The upper directions of n agents at the solution."""
    _, x, y, z = problem.solution()
    return problem.upper(*(jnp.broadcast_to(v, (n, len(v))) for v in (x, y, z)))


class OneSize(AbstractAssumption):
    """All three levels have isotropic noise of one standard deviation s an entry, which a noise
    that serves all of them has to certify for either shape."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        lower, shape = (c.agents, c.lower_d), (c.agents, c.upper_d)
        one = (noise, lower), (noise, lower), (noise, shape)
        if isinstance(noise, Levels):  # as an oracle draws them, whatever a subclass says of all
            one = (noise.y, lower), (noise.z, lower), (noise.u, shape)
        each = [part.constants(at) for part, at in one]
        even = all(bool(found.get("isotropic_noise")) for found in each)
        sizes = [found.get("s") for found in each]
        detail = f"s = {sizes} at y, z and u, isotropic at all of them"
        return Checked("one size of noise", even and set(sizes) == {c.s}, float(c.s), detail)


class UpperForces(AbstractAssumption):
    """The agents' upper directions differ at the solution, also after mixing: W u ≠ 0. Equal ones
    leave a bias of higher order, if any."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        size = float(np.linalg.norm(c.W @ np.asarray(_forces(problem, len(c.W)))))
        known = c.L * np.linalg.norm(c.x_star) + c.weight * np.linalg.norm(c.r_mean)
        seen = size > 1e-6 * c.zeta + 1e-12 * float(known)  # and no rounding of what cancels
        return Checked("heterogeneous upper level", seen, size, "‖W u‖ > 0")


class AbstractSparkle(AbstractMoment):
    """A statement about SPARKLE with the strategy `upper` for x and `lower` for y and z.

    steps: (α, β, γ, θ). W_lower: another graph for y and z. jacobi: all directions at the old
    point. "ATC" at both levels is D-SOBA in the order of Gauss and Seidel; upper = "D-SOBA" is
    D-SOBA as printed.
    """

    source = SOURCE
    provenance = Provenance.DERIVED
    domain = {
        "upper": one_of(*ALL, "D-SOBA"),
        "lower": one_of(*ALL),
        "steps": a(np.ndarray, jax.Array, such=_four, that="of four positive numbers"),
        "jacobi": one_of(True, False),
        "W_lower": Domain("None, or a symmetric doubly stochastic matrix with ρ < 1", _mixes),
    }

    upper: str = eqx.field(static=True, default="ED")
    lower: str = eqx.field(static=True, default="ED")
    steps: Reals = eqx.field(converter=real, default=MILD)
    W_lower: Reals | None = eqx.field(converter=optional(real), default=None)
    jacobi: bool = eqx.field(static=True, default=False)

    @varies
    def assumes(self) -> Any:
        return (Has("mu_g", 0.0), OneGraph(self.W_lower))

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        """(α, β, γ, θ) at T."""
        return tuple(float(v) for v in self.steps)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        steps = self.sizes(c, T)
        if self.upper == "D-SOBA":
            return DSOBA(c.W, *steps)
        return sparkle(self.upper, self.lower, c.W, steps, self.W_lower, self.jacobi)


def off_gap(c: Constants, T: int) -> float:
    """max |T(1 − λ) − 1| over the eigenvalues besides 1."""
    return float(np.max(np.abs(T * (1 - c.lam[1:]) - 1)))


def lower_solution(c: Constants) -> tuple[np.ndarray, np.ndarray]:
    """y*(x*) and z*(x*)."""
    y = np.linalg.solve(c.A_mean, c.B_mean @ c.x_star) + c.y_free
    return y, np.linalg.solve(c.A_mean, c.K_mean @ y - c.k_mean)


def louder(beta: float, gamma: float, c: Constants) -> float:
    """The variance over the sum of covariances, 1 at least, of what the lower levels make of white
    noise: y⁺ = ay + s in the modes a = 1 − βh, and z⁺ = bz + y, b = 1 − γh, at the ends of h."""
    first, second = ([1 - v * h for h in (c.mu_g, c.L_g)] for v in (beta, gamma))
    alone = {a: (1 - a) / (1 + a) for a in (*first, *second)}
    both = (alone[a] * alone[b] * (1 + a * b) / (1 - a * b) for a in first for b in second)
    return max(1.0, *alone.values(), *both)


def response(c: Constants) -> np.ndarray:
    """Cov(η) of `SmallUpperStep`."""
    inverse = np.linalg.inv(c.A_mean)
    G = c.B_mean.T @ inverse
    far = G @ c.K_mean @ inverse
    return c.s**2 * (np.eye(c.upper_d) + G @ G.T + far @ far.T)
