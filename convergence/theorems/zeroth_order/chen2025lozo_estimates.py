"""Exact statements on LOZO's estimator: several layers, and differences of a finite width.

Source of the estimator: Chen, Zhang, Cao, Yuan and Wen 2025 (arXiv 2410.07698); all derived.
"""

from __future__ import annotations

import itertools
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.oracles.zeroth import central, forward
from convergence.plainly import plainly
from convergence.problems.matrix_quadratic import Cosines
from convergence.theorems.base import AbstractIdentity, Provenance, Source

PAPER = "chen2025lozo"


class LayerMoments(AbstractIdentity):
    """E‖g_l‖² = D_l‖G_l‖² + (m_l n_l/r_l) Σ_{j≠l} r_j‖G_j‖², D_l = m_l n_l + 2n_l/r_l, E g_l = G_l,
    for g_l = c U_l V_lᵀ/r_l with ONE slope c = Σ_j ⟨G_j, U_j V_jᵀ⟩ for all layers.

    Proof. c = Σ⟨G_jV_j, U_j⟩ and ‖U_lV_lᵀ‖² = n_l‖U_l‖²; for Gaussian U, E⟨A_l, U_l⟩²‖U_l‖² =
    (m_l r_l + 2)‖A_l‖² and E⟨A_j, U_j⟩²‖U_l‖² = m_l r_l‖A_j‖²; E‖G_jV_j‖² = r_j‖G_j‖².

    No sampling: moments up to the fourth of a Gaussian are those of three points, and r columns of
    √n I, uniformly chosen, have VᵀV = nI and E VVᵀ = rI, which is all that was used of V.
    """

    source = Source(PAPER, "the estimator on several layers, derived")
    provenance = Provenance.DERIVED
    statement = "E‖g_l‖² = (m_ln_l + 2n_l/r_l)‖G_l‖² + (m_ln_l/r_l) Σ_{j≠l} r_j‖G_j‖², E g_l = G_l"
    tolerance = 1e-11  # sums of 2916 products of numbers up to 1e2, divided by their size

    shapes: tuple[tuple[int, int, int], ...] = eqx.field(
        static=True, default=((1, 2, 1), (1, 3, 2), (2, 2, 1))
    )
    alone: bool = eqx.field(static=True, default=False)  # a fault: a slope a layer

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(0)
        G = [rng.standard_normal((m, n)) for m, n, _ in self.shapes]
        p = [m * r for m, _, r in self.shapes]
        nodes = np.array(list(itertools.product((-(3**0.5), 0.0, 3**0.5), repeat=sum(p))))
        weights = np.prod(np.where(nodes == 0, 2 / 3, 1 / 6), axis=1)
        cuts = np.cumsum(p)[:-1]
        U = [u.reshape(-1, m, r) for u, (m, _, r) in zip(np.split(nodes, cuts, 1), self.shapes)]
        factors = [
            [n**0.5 * np.eye(n)[:, list(kept)] for kept in itertools.combinations(range(n), r)]
            for _, n, r in self.shapes
        ]
        choices = list(itertools.product(*factors))
        mean, square = [0.0 * g for g in G], [0.0 for _ in G]
        for V in choices:
            Z = [np.einsum("kir,jr->kij", u, v) for u, v in zip(U, V)]
            slopes = [np.einsum("ij,kij->k", g, z) for g, z in zip(G, Z)]
            for j, (_, _, r) in enumerate(self.shapes):
                c = slopes[j] if self.alone else np.sum(slopes, axis=0)
                g = c[:, None, None] * Z[j] / r
                mean[j] += np.einsum("k,kij->ij", weights, g) / len(choices)
                square[j] += float(weights @ np.sum(g**2, axis=(1, 2))) / len(choices)
        found = {}
        sizes = [float(np.sum(g**2)) for g in G]
        for j, (m, n, r) in enumerate(self.shapes):
            others = sum(
                s[2] * size for k, (s, size) in enumerate(zip(self.shapes, sizes)) if k != j
            )
            law = (m * n + 2 * n / r) * sizes[j] + m * n / r * others
            found[f"layer {j}: mean"] = float(np.max(np.abs(mean[j] - G[j])))
            found[f"layer {j}: square"] = abs(square[j] / law - 1)
        return found


@plainly
def _slopes(oracle: Oracle, X: Any, Z: Any, key: Any, eps: Any) -> Any:
    return forward(oracle, X, Z, key, eps), central(oracle, X, Z, key, eps)


class FiniteWidth(AbstractIdentity):
    """|c − ⟨∇F, Z⟩| ≤ (Lε/2)‖Z‖² for forward, (ρε²/6)‖Z‖³ for central differences; the bias of c U
    is at most (Lnε/2)√(p(p+2)(p+4)); here F = Σ(1 − cos X_ij), L = ρ = 1.

    Proof. Taylor's formula with an L-Lipschitz gradient, or a ρ-Lipschitz Hessian whose even terms
    cancel in a central difference. ‖UVᵀ‖² = n‖U‖², so the bias is at most (Lnε/2)E‖U‖³ ≤
    (Lnε/2)√(E‖U‖⁶). Both slopes attain their bound as ε → 0 where the entry is at 0 or at π/2:
    1 − cos t ≥ (t²/2)(1 − t²/12) and t − sin t ≥ (t³/6)(1 − t²/20).
    """

    source = Source(PAPER, "finite differences, derived")
    provenance = Provenance.DERIVED
    statement = "|c − ⟨∇F, Z⟩| ≤ (Lε/2)‖Z‖², central (ρε²/6)‖Z‖³; bias ≤ (Lnε/2)√(p(p+2)(p+4))"
    tolerance = 1e-9  # differences of values of size 10, divided by ε ≥ 1e-2

    factor: float = eqx.field(static=True, default=1.0)  # a fault: L and ρ off by this factor

    def discrepancies(self) -> dict[str, float]:
        found, key = {}, jax.random.key(0)
        rng = np.random.default_rng(1)

        def errors(X: Any, Z: Any, eps: float) -> tuple[float, float]:
            oracle = Oracle(Cosines(X), Noiseless())
            exact = float(np.sum(np.sin(X) * Z))
            one, two = (abs(float(c) - exact) for c in _slopes(oracle, X, Z, key, np.asarray(eps)))
            return one, two

        for eps in (0.01, 0.3, 1.0):
            for draw in range(3):
                X, Z = rng.standard_normal((2, 3, 2))
                one, two = errors(X, Z, eps)
                size = float(np.linalg.norm(Z))
                case = f"ε={eps:g}, draw {draw}"
                found[f"{case}: forward"] = max(0.0, one - self.factor * eps / 2 * size**2)
                found[f"{case}: central"] = max(0.0, two - self.factor * eps**2 / 6 * size**3)
            one = errors(np.zeros((1, 1)), np.ones((1, 1)), eps)[0]
            two = errors(np.full((1, 1), np.pi / 2), np.ones((1, 1)), eps)[1]
            low = self.factor * eps / 2
            found[f"ε={eps:g}: forward attained"] = max(0.0, low * (1 - eps**2 / 12) - one)
            found[f"ε={eps:g}: forward bounded"] = max(0.0, one - low)
            low = self.factor * eps**2 / 6
            found[f"ε={eps:g}: central attained"] = max(0.0, low * (1 - eps**2 / 20) - two)
            found[f"ε={eps:g}: central bounded"] = max(0.0, two - low)
            found[f"ε={eps:g}: bias"] = self.bias(eps)
        return found

    def bias(self, eps: float) -> float:
        """The excess of the forward estimator's bias in R², by quadrature; m = n = 2, r = 1."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(40)
        weights = weights / weights.sum()
        X, V = np.array([[0.4, -1.0], [2.0, 0.1]]), np.array([1.0, 1.0])
        U = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
        moved = X + eps * U[:, :, None] * V
        c = np.sum(np.cos(X) - np.cos(moved), axis=(1, 2)) / eps
        mean = np.einsum("k,k,ki->i", np.outer(weights, weights).ravel(), c, U)
        off = float(np.linalg.norm(mean - np.sin(X) @ V))
        p = 2
        return max(0.0, off - self.factor * eps * (p * (p + 2) * (p + 4)) ** 0.5)
