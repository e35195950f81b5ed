"""Randomized subspace optimization (arXiv 2502.07222): a sequence of small subproblems."""

from __future__ import annotations

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
from convergence.linalg import lift
from convergence.oracles.base import AbstractOracle
from convergence.oracles.zeroth import central
from convergence.parts.projectors import AbstractProjector, Haar
from convergence.parts.solvers import AbstractDescent, AbstractSolver, Subproblem
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, Scalar, real

WIDTH = 1e-2  # of a subproblem's differences of values


class GaussianFrame(AbstractProjector):
    """√(r/m) times entries N(0, 1/r), so that √(m/r) P has entries N(0, 1/r): what is drawn in
    practice. E[PPᵀ] = (r/m) I holds, PᵀP = I does not."""

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Array:
        return normal(key, (G.shape[0], r), G.dtype) / G.shape[0] ** 0.5


class RSOState(AbstractState):
    """W, the last solution B, the oracle calls made so far, and Σ(ε_k − ε)₊, ε_k the accuracy
    ‖∇g_k(B_k)‖²/(2L̂) of a subproblem and ε that which its solver was asked for."""

    x: Iterate
    B: Matrix
    calls: Any
    excess: Scalar


class RSO(AbstractAlgorithm):
    """B_k ≈ argmin_B f(W_k + P_k B) + ‖B‖²/(2η);  W_{k+1} = W_k + P_k B_k,  P_k = √(m/r) frame.

    With Haar frames PᵀP = (m/r) I and E PPᵀ = I. eta is the step of the proximal term and L̂ = lam
    the strong convexity that the solver may count on (L̂ = 1/(2η) in the theory).

    One step is one subproblem; `calls` counts gradients or slopes.
    """

    eta: Reals = eqx.field(converter=real)
    r: int = eqx.field(static=True)
    solver: AbstractSolver
    frame: AbstractProjector = Haar()

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """The proximal step shrinks what the frame sees by at least 1/(1 + ηL m/r) in the norm of
        the Hessian, whatever the frame's law."""
        share = self.r / c.m
        kept = 1 / (1 + float(self.eta) * c.L / share) ** 2
        variance = coins.haar(c.m, self.r)
        return coins.projected(1 - kept, share, variance)

    def __check_init__(self) -> None:
        require(self.r >= 1, f"rank r = {self.r}", "r ≥ 1", "give at least one column")
        require(float(self.eta) > 0, f"eta = {float(self.eta):g}", "eta > 0", "raise it")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> RSOState:
        m, n = x0.shape
        require(self.r <= m, f"r = {self.r} for m = {m} rows", "r ≤ m", "lower the rank")
        zero = jnp.zeros((), x0.dtype)
        return RSOState(x0, jnp.zeros((self.r, n), x0.dtype), jnp.zeros((), jnp.int32), zero)

    def step(self, t: Count, state: RSOState, oracle: AbstractOracle, key: Key) -> RSOState:
        draw, inner, sample = jax.random.split(key, 3)
        W, m = state.x, state.x.shape[0]
        # GaLore's data-dependent frame sees one stochastic gradient; the others ignore it.
        P = (m / self.r) ** 0.5 * self.frame.frame(t, oracle.grad(W, sample), draw, self.r)

        def grad(B: Matrix, key: Key) -> Matrix:
            return P.T @ oracle.grad(W + lift(P, B), key) + B / self.eta

        def slope(B: Matrix, U: Matrix, key: Key) -> Any:
            along = central(oracle, W + lift(P, B), lift(P, U), key, jnp.asarray(WIDTH))
            return along + jnp.sum(B * U) / self.eta

        g = Subproblem(grad, slope, 1 / (2 * self.eta))
        B, calls = self.solver.solve(g, jnp.zeros_like(state.B), inner)
        missed = state.excess
        if isinstance(self.solver, AbstractDescent):
            accuracy = jnp.sum(grad(B, inner) ** 2) / (2 * g.lam)
            missed = missed + jnp.where(self.solver.eps > 0, accuracy - self.solver.eps, 0).clip(0)
        return RSOState(W + lift(P, B), B, state.calls + calls, missed)
