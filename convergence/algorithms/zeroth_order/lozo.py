"""LOZO and LOZO-M: zeroth-order descent along random low-rank directions (arXiv 2410.07698)."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from convergence.algorithms import coins
from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import require
from convergence.linalg import haar, lift
from convergence.oracles.base import AbstractOracle
from convergence.oracles.zeroth import SLOPES
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, Scalar, Whole, real, whole

LAWS = ("stiefel", "gaussian", "coordinates")


class LOZOState(AbstractState):
    """X and the lazy factor V (n × r)."""

    x: Iterate
    V: Array


class AbstractLOZO(AbstractAlgorithm):
    """What LOZO and LOZO-M share: the factor V, the slope along U Vᵀ, the rate."""

    alpha: Reals = eqx.field(converter=real)
    nu: Whole = eqx.field(converter=whole)
    r: int = eqx.field(static=True)
    eps: Reals = eqx.field(converter=real, default=1e-3)
    law: str = eqx.field(static=True, default="stiefel")
    slope: str = eqx.field(static=True, default="central")
    divide: bool = eqx.field(static=True, default=True)
    semantics: str = eqx.field(static=True, default="paper")

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """A period of ν steps projects on the columns of V, and every step takes a Gaussian
        direction there: f⁺ ≤ f(1 − 2αbz² + α²nm bz²), b the share that V sees times n/r."""
        alpha, nu, share = float(self.alpha) * c.L, min(int(self.nu), T), self.r / c.n
        if self.law != "stiefel" or not self.divide:
            return math.inf, 0.0
        seen = coins.haar(c.n, self.r)
        a = 1 - math.exp(-2 * alpha * nu / share)
        period, _ = coins.projected(a, share, seen)
        step = coins.directional(alpha * (1 + seen / share**2) ** 0.5, c.m * c.n)
        return step + period / nu, 2 * float(self.alpha) * float(c.get("mu", 0.0))

    def __check_init__(self) -> None:
        known = ("paper", "code")
        require(self.semantics in known, f"semantics {self.semantics!r}", f"one of {known}", "pick")
        require(self.r >= 1, f"rank r = {self.r}", "r ≥ 1", "give at least one column")
        require(int(self.nu) >= 1, f"nu = {int(self.nu)}", "ν ≥ 1 steps", "use 1 for a fresh V")
        require(float(self.eps) > 0, f"eps = {float(self.eps):g}", "eps > 0", "widen it")
        require(self.law in LAWS, f"law {self.law!r}", f"one of {LAWS}", "choose one")
        require(
            self.slope in SLOPES, f"slope {self.slope!r}", f"one of {sorted(SLOPES)}", "choose one"
        )

    def factor(self, x: Matrix, key: Key) -> Array:
        """V, drawn for iterates like x."""
        n = x.shape[1]
        require(self.r <= n, f"r = {self.r} for n = {n} columns", "r ≤ n", "lower the rank")
        if self.law == "gaussian":
            return normal(key, (n, self.r), x.dtype)
        if self.law == "coordinates":
            return n**0.5 * jnp.eye(n, self.r, dtype=x.dtype)
        return n**0.5 * haar(key, n, self.r, x.dtype)

    def estimate(
        self, x: Matrix, V: Array, oracle: AbstractOracle, key: Key
    ) -> tuple[Scalar, Array]:
        """(c, U) for one sample."""
        sample, direction = jax.random.split(key)
        U = normal(direction, (x.shape[0], self.r), x.dtype)
        return SLOPES[self.slope](oracle, x, lift(U, V.T), sample, self.eps), U

    def applied(self, t: Count, U: Array, V: Array) -> Array:
        """The U of the step, given the one that was measured."""
        if self.semantics == "paper":
            return U
        return jnp.where(t % self.nu == 0, jnp.concatenate([V, U])[: len(U)], U)

    def rate(self) -> Any:
        """α/r."""
        return self.alpha / self.r if self.divide else self.alpha


class LOZO(AbstractLOZO):
    """X_{t+1} = X_t − α c_t U_t Vᵀ/r, c_t a slope of F(·; ξ_t) along U_t Vᵀ of width eps.

    U_t ~ N(0,1)^{m×r} is fresh every step; V (n × r) is redrawn when ν divides t. law: "stiefel"
    (V = √n Haar, the assumption VᵀV = nI of the analysis), "gaussian" (i.i.d. N(0,1), what the
    public code draws) or "coordinates" (always √n [I_r 0]ᵀ, a fault: E VVᵀ ≠ rI).

    semantics "code": at a redraw, t = 0 included, the step is −α c_t U′Vᵀ/r, where U′ holds the
    first m rows of V over U_t. The public update restarts the generator and draws U alone, but the
    perturbation had drawn V before it. U′Vᵀ was never measured: with ν = 1 and m ≤ n every step
    has mean zero.

    Differs from the public code in: 1. the step divides by r (there lr = α/r); `divide=False`
    omits it. 2. vectors are not treated separately. 3. by default, the semantics and the law.
    """

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Any:
        return LOZOState(x0, self.factor(x0, key))

    def step(self, t: Count, state: Any, oracle: AbstractOracle, key: Key) -> Any:
        redraw, estimate = jax.random.split(key)
        V = jax.lax.cond(
            (t % self.nu == 0) & (t > 0), lambda: self.factor(state.x, redraw), lambda: state.V
        )
        c, U = self.estimate(state.x, V, oracle, estimate)
        return LOZOState(state.x - self.rate() * c * lift(self.applied(t, U, V), V.T), V)


class LOZOMState(AbstractState):
    """X, V and the momentum N (m × r) in the coordinates of V."""

    x: Iterate
    V: Array
    N: Array


class LOZOM(AbstractLOZO):
    """N_t = β N_{t−1} + (1 − β) c_t U_t;  X_{t+1} = X_t − α N_t Vᵀ/r;  N ← N V_oldᵀ V_new/n.

    semantics "paper": N_{−1} = 0 and N is carried over at every redraw. "code": U′ for U at redraws
    as in LOZO, N_0 = c_0 U′, and with ν = 1 the old factor is never stored, so that N_t = c_t U′
    and the method is LOZO.
    """

    beta: Reals = eqx.field(converter=real, default=0.9)

    def __check_init__(self) -> None:
        require(
            0 <= float(self.beta) < 1, f"beta = {float(self.beta):g}", "0 ≤ beta < 1", "lower it"
        )

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Any:
        V = self.factor(x0, key)
        return LOZOMState(x0, V, jnp.zeros((x0.shape[0], self.r), x0.dtype))

    def step(self, t: Count, state: Any, oracle: AbstractOracle, key: Key) -> Any:
        redraw, estimate = jax.random.split(key)

        def renew() -> tuple[Array, Array]:
            V = self.factor(state.x, redraw)
            return V, state.N @ (state.V.T @ V) / state.x.shape[1]

        V, N = jax.lax.cond((t % self.nu == 0) & (t > 0), renew, lambda: (state.V, state.N))
        c, U = self.estimate(state.x, V, oracle, estimate)
        U = self.applied(t, U, V)
        averaged = self.beta * N + (1 - self.beta) * c * U
        if self.semantics == "code":
            averaged = jnp.where((t == 0) | (self.nu == 1), c * U, averaged)
        return LOZOMState(state.x - self.rate() * lift(averaged, V.T), V, averaged)
