"""A low-rank adapter below a frozen layer: the gradient is a product, pulled back through it."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Matrix, Reals, Scalar, real


class TwoLayer(AbstractProblem):
    """f(B, A) = ½‖X(W + BA)ᵀVᵀ − Y‖_F² for an adapter B ∈ Rʰˣʳ, A ∈ Rʳˣⁿ of the first of two frozen
    layers W ∈ Rʰˣⁿ and V ∈ Rᵐˣʰ; X ∈ Rˢˣⁿ, Y ∈ Rˢˣᵐ. The iterate is z = (Bᵀ, A) ∈ Rʳˣ⁽ʰ⁺ⁿ⁾.

    What V hands down is RV with the residual R; ∇_B f = (RV)ᵀXAᵀ and ∇_A f = Bᵀ(RV)ᵀX. With
    s = ‖V‖₂‖X‖₂ (`stretch`) ‖∇²f(z)‖ ≤ s²‖z‖² + s√(2f(z)): along (δB, δA) the curvature is
    ‖V(δB A + B δA)Xᵀ‖² + 2⟨R, X(δB δA)ᵀVᵀ⟩. One hidden unit and Y = 0 make it `collinear`:
    R = X(W + BA)ᵀVᵀ has the columns v_i X(W + BA)ᵀ, so the terms of RV are v_i² of one vector, and
    few rows scale all of ∇f. f ≥ 0 is all that f_star says.
    """

    X: Reals = eqx.field(converter=real)
    W: Reals = eqx.field(converter=real)
    V: Reals = eqx.field(converter=real)
    Y: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        shapes = [np.shape(v) for v in (self.X, self.W, self.V, self.Y, self.x0)]
        require(
            all(len(shape) == 2 for shape in shapes),
            f"X, W, V, Y, x0 of shapes {shapes}",
            "matrices",
            "write a row as [[…]]",
        )
        (s, n), (h, _), (m, _), _, (r, _) = shapes
        fits = shapes[1:] == [(h, n), (m, h), (s, m), (r, h + n)]
        need = "X (s, n), W (h, n), V (m, h), Y (s, m), x0 (r, h + n)"
        require(fits, f"X, W, V, Y, x0 of shapes {shapes}", need, "give matching shapes")

    def parts(self, x: Iterate) -> tuple[Matrix, Matrix]:
        """(B, A)."""
        h = np.shape(self.W)[0]
        return x[:, :h].T, x[:, h:]

    def factors(self, x: Iterate) -> tuple[Matrix, Matrix]:
        """(R, V)."""
        B, A = self.parts(x)
        return self.X @ (self.W + B @ A).T @ self.V.T - self.Y, jnp.asarray(self.V)

    def through(self, x: Iterate, product: Matrix) -> Iterate:
        """∇f from RV, or what stands for it."""
        B, A = self.parts(x)
        inner = product.T @ self.X
        return jnp.concatenate([A @ inner.T, B.T @ inner], axis=1)

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * jnp.sum(self.factors(x)[0] ** 2)

    def grad(self, x: Iterate) -> Iterate:
        R, V = self.factors(x)
        return self.through(x, R @ V)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        X, W, V, Y, x0 = (np.asarray(v, float) for v in (self.X, self.W, self.V, self.Y, self.x0))
        m, h = V.shape
        B, A = x0[:, :h].T, x0[:, h:]
        R = X @ (W + B @ A).T @ V.T - Y
        inner = (R @ V).T @ X
        singular = np.linalg.svd(V, compute_uv=False)
        square = np.sum(V**2, axis=1)
        known: dict[str, Any] = {}
        if square.sum() > 0:
            known["shares"] = np.sort(square)[::-1] / float(square.sum())
        return Constants(
            f_star=0.0, Delta=0.5 * float(np.sum(R**2)), d=x0.size, m=x0.shape[0], n=x0.shape[1],
            grad0=float(np.linalg.norm(np.concatenate([A @ inner.T, B.T @ inner], axis=1))),
            x0=x0, layer_rows=m, rank=int(np.linalg.matrix_rank(V)),
            stretch=float(singular[0]) * float(np.linalg.norm(X, 2)),
            collinear=h == 1 and not np.any(Y), **known,
        )  # fmt: skip


def three_targets() -> TwoLayer:
    """f = ½Σ_i(BA − y_i)², y = (−1, −0.9, 1), from B = 1/80 and A = 20: no two rows ever tie."""
    return TwoLayer([[1.0]], [[0.0]], np.ones((3, 1)), [[-1.0, -0.9, 1.0]], [[0.0125, 20.0]])


def small_net(seed: int = 0) -> TwoLayer:
    """A fixed draw: rank 2 adapter from B = 0, three inputs, four hidden units, five outputs that
    an adapter of rank 1 fits."""
    rng = np.random.default_rng(seed)
    X = np.linalg.qr(rng.standard_normal((4, 3)))[0]
    W, V = rng.standard_normal((4, 3)), np.linalg.qr(rng.standard_normal((5, 4)))[0]
    away = np.outer(rng.standard_normal(4), rng.standard_normal(3))
    x0 = np.concatenate([np.zeros((2, 4)), rng.standard_normal((2, 3))], axis=1)
    return TwoLayer(X, W, V, X @ (W + away).T @ V.T, x0)
