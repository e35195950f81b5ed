"""Linear regression through a frozen layer W: the gradient is a product of two factors."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import rounding
from convergence.shapes import Iterate, Matrix, Reals, Scalar, real


class Regression(AbstractProblem):
    """f(θ) = ½‖θWᵀ − Y‖_F² for θ ∈ Rˢˣⁿ, W ∈ Rᵐˣⁿ of full column rank, Y ∈ Rˢˣᵐ.

    ∇f = RW = Σ_i R_i W_i with the residual R = θWᵀ − Y: its columns R_i and the rows W_i of the
    layer. Hessian I ⊗ WᵀW: L = ‖W‖₂², mu = σ_min(W)². f* = ½‖Y(I − WW⁺)‖². With in-dimension
    n = 1 and Y = 0 (`collinear`) the terms R_iW_i = θW_i² all point one way, shares = W_i²/Σ W²;
    with WᵀW = L·I and square W (`orthogonal`) their norms are those of orthogonal parts of ∇f.
    frob = ‖W‖_F², residual = R at θ*, parts = |R_i||W_i| at θ_0, `ones`:
    s = n = 1 and W = (1, …, 1)ᵀ.
    """

    W: Reals = eqx.field(converter=real)
    Y: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        if not isinstance(self.W, np.ndarray):
            return
        m, n = np.shape(self.W)
        s = np.shape(self.x0)[0]
        require(
            np.shape(self.x0) == (s, n) and np.shape(self.Y) == (s, m),
            f"W {(m, n)}, Y {np.shape(self.Y)}, x0 {np.shape(self.x0)}",
            "W (m, n), Y (s, m), x0 (s, n)",
            "give matching shapes",
        )
        rank = int(np.linalg.matrix_rank(self.W))
        require(rank == n, f"W of rank {rank}", f"full column rank {n}", "give θ a unique optimum")

    def factors(self, x: Iterate) -> tuple[Matrix, Matrix]:
        """(R, W) with ∇f = RW."""
        return x @ self.W.T - self.Y, jnp.asarray(self.W)

    def through(self, x: Iterate, product: Matrix) -> Iterate:
        """∇f from RW, or what stands for it: nothing lies below this layer."""
        return product

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * jnp.sum((x @ self.W.T - self.Y) ** 2)

    def grad(self, x: Iterate) -> Iterate:
        R, W = self.factors(x)
        return R @ W

    def x_star(self) -> Any:
        """θ* = Y W⁺ᵀ."""
        return jnp.linalg.lstsq(jnp.asarray(self.W), jnp.asarray(self.Y).T)[0].T

    def f_star(self) -> Any:
        return self.value(self.x_star())

    def excess(self, x: Iterate) -> Scalar:
        """f(θ) − f* = ½‖(θ − θ*)Wᵀ‖², without cancellation."""
        return 0.5 * jnp.sum(((x - self.x_star()) @ self.W.T) ** 2)

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        W, Y, x0 = (np.asarray(v, dtype=float) for v in (self.W, self.Y, self.x0))
        m, n = W.shape
        singular = np.linalg.svd(W, compute_uv=False)
        star = np.linalg.lstsq(W, Y.T, rcond=None)[0].T
        R = star @ W.T - Y
        low = 0.5 * float(np.sum(R**2))
        R0 = x0 @ W.T - Y
        square = W.T @ W
        off = float(np.max(np.abs(square - square[0, 0] * np.eye(n))))
        round_ = off <= rounding(max(m, n)) * float(singular[0] ** 2)
        return Constants(
            L=float(singular[0] ** 2), mu=float(singular[-1] ** 2), f_star=low,
            Delta=0.5 * float(np.sum(((x0 - star) @ W.T) ** 2)),
            grad0=float(np.linalg.norm(R0 @ W)), convex=True, x_star=star, rank=len(singular),
            R=float(np.linalg.norm(x0 - star)), d=x0.size, m=x0.shape[0], n=n, layer_rows=m,
            frob=float(np.sum(W**2)), layer=W, residual=R, quadratic=True,
            shares=np.sort(np.sum(W**2, axis=1))[::-1] / float(np.sum(W**2)),
            collinear=n == 1 and not np.any(Y), isotropic=round_, orthogonal=m == n and round_,
            parts=np.linalg.norm(R0, axis=0) * np.linalg.norm(W, axis=1),
            ones=x0.size == 1 and bool(np.all(W == 1)),
            three_rows=W.shape == (3, 1) and bool(np.all(W == 1)) and x0.tolist() == [[0.0]]
            and Y.tolist() == [[-1.0, -1.0, 1.0]],
        )  # fmt: skip


def three_rows(x0: float = 0.0) -> Regression:
    """W = (1, 1, 1)ᵀ, Y = (−1, −1, 1): f = ½Σ(θ − y_i)², θ* = −1/3, where ∇f = 3θ + 1."""
    return Regression(np.ones((3, 1)), [[-1.0, -1.0, 1.0]], [[x0]])


def power_law(m: int = 12, n: int = 6, s: int = 3, decay: float = 1.5, seed: int = 0) -> Regression:
    """A fixed draw with singular values j^{−decay} of W and Gaussian Y, from θ_0 = 0."""
    rng = np.random.default_rng(seed)
    U = np.linalg.qr(rng.standard_normal((m, n)))[0]
    V = np.linalg.qr(rng.standard_normal((n, n)))[0]
    W = U * np.arange(1, n + 1.0) ** -decay @ V.T
    return Regression(W, rng.standard_normal((s, m)), np.zeros((s, n)))
