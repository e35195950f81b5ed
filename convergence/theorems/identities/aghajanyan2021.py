"""Aghajanyan et al. 2021 (arXiv 2012.13255): training in a random subspace of d dimensions."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source


class Transition(AbstractIdentity):
    """min_θ ‖A(Pθ) − b‖² = 0 if and only if d ≥ k, almost surely, for A (k, D) of rank k, a
    Gaussian P (D, d) and b ≠ 0 in general position.

    Proof. AP is k × d and Gaussian given A up to AAᵀ: of rank min(k, d) almost surely. For d < k
    its range has measure 0. ∎ Checked on 20 draws: 0 if the rank and the residual say so.
    """

    source = Source("aghajanyan2021", "intrinsic dimension; transition derived")
    provenance = Provenance.DERIVED
    statement = "min_θ ‖A(Pθ)−b‖² = 0 iff d ≥ k, A of rank k, P Gaussian, b ≠ 0"
    tolerance = 1e-12

    enough: int = eqx.field(static=True, default=0)
    aligned: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        k, D, found = 6, 20, {}
        rng = np.random.default_rng(0)
        for d in (2, 5, 6, 9):
            worst = 0.0
            for _ in range(20):
                A, P, b = (rng.standard_normal(s) for s in ((k, D), (D, d), (k,)))
                if not self.aligned:
                    P = P - np.linalg.pinv(A) @ (A @ P)
                U, s, _ = np.linalg.svd(A @ P, full_matrices=False)
                # Beside the factors, not beside itself: a product that is 0 has rounding for rank.
                U = U[:, s > 1e-10 * np.linalg.norm(A, 2) * np.linalg.norm(P, 2)]
                left = b - U @ (U.T @ b)
                zero = float(left @ left) <= 1e-12 * float(b @ b)
                worst = max(worst, float(zero != (d >= k - self.enough)))
            found[f"d = {d}"] = worst
        return found


class OneFewer(Transition):
    """FALSE: d = k − 1 suffices."""

    statement = "min_θ ‖A(Pθ)−b‖² = 0 iff d ≥ k − 1 (false)"
    enough: int = eqx.field(static=True, default=1)


class MeanResidual(AbstractIdentity):
    """E min_θ ‖A(Pθ) − b‖² = (1 − d/k)‖b‖² if AAᵀ = I and d < k.

    Proof. The range of AP is uniform among the d-dimensional subspaces of ℝᵏ: E Π = (d/k) I. ∎
    Checked at k = 2, d = 1 by the mean over angles, a trigonometric sum, which is exact. With A =
    diag(1, 3) and b = e_1 the mean is 3/4; with b ∝ (1, 1) it is ½ again.
    """

    source = Source("aghajanyan2021", "residual of random subspaces; derived")
    provenance = Provenance.DERIVED
    statement = "AAᵀ = I, d < k: E min_θ ‖A(Pθ)−b‖² = (1−d/k)‖b‖²"
    tolerance = 1e-12

    scales: tuple[float, float] = eqx.field(static=True, default=(1.0, 1.0))

    def discrepancies(self) -> dict[str, float]:
        t = 2 * np.pi * np.arange(512) / 512
        g = np.stack([self.scales[0] * np.cos(t), self.scales[1] * np.sin(t)])
        g = g / np.linalg.norm(g, axis=0)
        found = {}
        for name, b in (("b = e_1", np.array([1.0, 0])), ("b = (2, 1)", np.array([2.0, 1.0]))):
            mean = float(np.mean(b @ b - (b @ g) ** 2))
            found[name] = abs(mean - 0.5 * float(b @ b))
        return found


class AnyMatrix(MeanResidual):
    """FALSE: the same for A = diag(1, 3)."""

    statement = "E min_θ ‖A(Pθ)−b‖² = (1−d/k)‖b‖² for every A of rank k (false)"
    scales: tuple[float, float] = eqx.field(static=True, default=(1.0, 3.0))
