"""Zeroth-order SGD with Gaussian directions: MeZO (two-sided) and RSGF (one-sided)."""

from __future__ import annotations

import equinox as eqx
import jax

from convergence.algorithms import coins
from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.oracles.zeroth import SLOPES
from convergence.shapes import Count, Iterate, Key, Reals, real


class ZOSGD(AbstractAlgorithm):
    """x_{t+1} = x_t − η c_t u_t, u_t ~ N(0, I), c_t a slope of F(·; ξ_t) along u_t of width μ.

    slope: "central" (MeZO, arXiv 2305.17333), "forward" (RSGF, arXiv 1309.5549), "limit" (μ → 0),
    or "unshared" (two samples in one difference, a fault).
    """

    eta: Reals = eqx.field(converter=real)
    mu: Reals = eqx.field(converter=real, default=1e-3)
    slope: str = eqx.field(static=True, default="central")

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """One Gaussian direction a step."""
        eta = float(self.eta) * c.L
        return coins.directional(eta, c.d), 2 * float(self.eta) * float(c.get("mu", 0.0))

    def __check_init__(self) -> None:
        require(float(self.mu) > 0, f"mu = {float(self.mu):g}", "mu > 0", "widen the difference")
        require(
            self.slope in SLOPES, f"slope {self.slope!r}", f"one of {sorted(SLOPES)}", "choose one"
        )

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        sample, direction = jax.random.split(key)
        u = normal(direction, state.x.shape, state.x.dtype)
        c = SLOPES[self.slope](oracle, state.x, u, sample, self.mu)
        return State(state.x - self.eta * c * u)
