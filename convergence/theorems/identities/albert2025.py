"""Albert et al. 2025 (arXiv 2502.00987): RandLoRA, and NOLA (arXiv 2310.02556): updates made of
frozen random bases, counted."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.domains import a, count


def rank(M: np.ndarray) -> int:
    """The number of singular values above 1e-9 of the largest."""
    s = np.linalg.svd(M, compute_uv=False)
    return int(np.sum(s > 1e-9 * s[0]))


def jacobian(m: int, n: int, r: int, N: int, shared: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(∂W, W) of W = Σ_{j≤N} B_j Λ_j A_j Γ_j in the diagonals Λ_j, Γ_j at a fixed draw."""
    rng = np.random.default_rng(100 * N + r)
    B, A = rng.standard_normal((N, m, r)), rng.standard_normal((N, r, n))
    L, G = rng.standard_normal((N, r)), rng.standard_normal((N, n))
    if shared:
        G[:] = G[0]
    by_L = [np.outer(B[j, :, i], A[j, i] * G[j]) for j in range(N) for i in range(r)]
    whole = np.stack([(B[j] * L[j]) @ A[j] for j in range(N)])
    parts = [whole.sum(axis=0)] if shared else list(whole)
    by_G = [M * np.eye(n)[i] for M in parts for i in range(n)]
    return np.stack([J.ravel() for J in by_L + by_G]), np.sum(whole * G[:, None, :], axis=0)


class RandLoRACounts(AbstractIdentity):
    """W = Σ_{j≤N} B_j Λ_j A_j Γ_j, m × n with inner rank r: at generic points the image has the
    dimension min(mn, N(r + n − 1)), and W the rank min(Nr, m, n).

    Proof. N scalings Λ → cΛ, Γ → Γ/c are lost: no more than that. That it is attained, and the
    rank, is a full-rank minor at one point: a polynomial that is not 0. ∎ The points are the draws
    here, m = 6, n = 5, r = 2, N = 1…6.
    """

    source = Source("albert2025", "random bases with trainable diagonals; counts derived")
    provenance = Provenance.DERIVED
    statement = "RandLoRA: dimension min(mn, N(r+n−1)), matrix rank min(Nr, m, n)"
    tolerance = 0.5  # whole numbers

    shared: bool = eqx.field(static=True, default=False)

    def discrepancies(self) -> dict[str, float]:
        m, n, r, found = 6, 5, 2, {}
        for N in range(1, 7):
            J, W = jacobian(m, n, r, N, self.shared)
            found[f"dimension, N = {N}"] = abs(rank(J) - min(m * n, N * (r + n - 1)))
            found[f"rank, N = {N}"] = abs(rank(W) - min(N * r, m, n))
        return {name: float(v) for name, v in found.items()}


class FullRankReachesAll(AbstractIdentity):
    """FALSE: where W has full matrix rank, every target near W is reached. N = 3 has rank 5 of 5,
    and an image of 18 dimensions in ℝ³⁰."""

    source = Source("albert2025", "full rank as expressiveness; instance derived")
    provenance = Provenance.DERIVED
    statement = "RandLoRA of full matrix rank reaches every target near it (false)"
    tolerance = 0.5

    def discrepancies(self) -> dict[str, float]:
        J, W = jacobian(6, 5, 2, 3)
        return {"directions out of reach, N = 3": float(30 - rank(J)) if rank(W) == 5 else 0.0}


def counted(cases: tuple[Any, ...]) -> bool:
    """Whether these are sizes (m, n, r, k, l), each a whole number ≥ 1."""
    return len(cases) > 0 and all(
        isinstance(case, tuple) and len(case) == 5 and all(map(count().admits, case))
        for case in cases
    )


def roomy(cases: tuple[Any, ...]) -> bool:
    """Whether there are no more bases than sizes have room for."""
    return counted(cases) and all(
        k * l <= m * n and k <= m * r and l <= r * n for m, n, r, k, l in cases
    )


class NOLACount(AbstractIdentity):
    """(Σ a_i A_i)(Σ c_j C_j) with k bases m × r and l bases r × n has an image of k + l − 1
    dimensions at generic points if kl ≤ mn, k ≤ mr and l ≤ rn.

    Proof. A scaling a → sa, c → c/s is lost: no more than that. That it is attained is a full-rank
    minor at one point: a polynomial that is not 0. ∎ The points are the draws here. Products need
    not be independent: the 15 A_iC_j of (m, n, r, k, l) = (5, 3, 2, 3, 5) have rank 14. Without the
    conditions it may be fewer: (1, 3, 1, 3, 2) has 2.
    """

    source = Source("albert2025", "NOLA as a relative; count derived")
    provenance = Provenance.DERIVED
    statement = "NOLA: dimension k + l − 1 if kl ≤ mn, k ≤ mr, l ≤ rn"
    tolerance = 0.5

    domain = {"cases": a(tuple, such=roomy, that="of sizes with kl ≤ mn, k ≤ mr, l ≤ rn")}

    cases: tuple[tuple[int, ...], ...] = eqx.field(
        static=True, default=((6, 5, 2, 2, 2), (6, 5, 2, 3, 4), (6, 5, 2, 1, 5), (4, 3, 3, 3, 4))
    )

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for case in self.cases:
            m, n, r, k, l = case
            rng = np.random.default_rng(sum(case))
            A, C = rng.standard_normal((k, m, r)), rng.standard_normal((l, r, n))
            a, c = rng.standard_normal(k), rng.standard_normal(l)
            left, right = np.tensordot(a, A, 1), np.tensordot(c, C, 1)
            J = [(M @ right).ravel() for M in A] + [(left @ M).ravel() for M in C]
            found[f"{case}"] = float(abs(rank(np.stack(J)) - (k + l - 1)))
        return found


class NOLACountAlways(NOLACount):
    """FALSE: the same without the conditions."""

    statement = "NOLA: dimension k + l − 1 for all sizes (false)"
    domain = {"cases": a(tuple, such=counted, that="of whole sizes (m, n, r, k, l)")}
    cases: tuple[tuple[int, ...], ...] = eqx.field(static=True, default=((1, 3, 1, 3, 2),))
