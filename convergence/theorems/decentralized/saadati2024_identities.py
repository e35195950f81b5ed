"""Merging as a matrix: what consistent matching can and cannot change."""

from __future__ import annotations

import itertools

import numpy as np

from convergence.parts.graphs import ring
from convergence.parts.matching import permutations
from convergence.theorems.base import AbstractIdentity, Provenance, Source

SOURCE = Source("saadati2024", "DIMAT; these identities are ours")
FOLKLORE = Source("saadati2024", "a folklore reading of matching")


def operator(W: np.ndarray, P: np.ndarray) -> np.ndarray:
    """[w_ij P_ij] of permutations P (n, n, H), with P_ii = I."""
    n, H = len(W), P.shape[2]
    found = np.zeros((n, H, n, H))
    for i, j in itertools.product(range(n), repeat=2):
        order = np.arange(H) if i == j else P[i, j]
        found[i, np.arange(H), j, order] = W[i, j]
    return found.reshape(n * H, n * H)


def drawn(n: int, H: int, rng: np.random.Generator) -> np.ndarray:
    """(n, H) random orders."""
    return np.stack([rng.permutation(H) for _ in range(n)])


def consistent(orders: np.ndarray) -> np.ndarray:
    """P_ij = P_iᵀP_j (n, n, H)."""
    back = np.argsort(orders, axis=1)
    return np.stack([np.stack([back[j][orders[i]] for j in range(len(orders))])
                     for i in range(len(orders))])  # fmt: skip


class PlainMeanIsLost(AbstractIdentity):
    """A merge with w_ij > 0 doubly stochastic preserves the plain mean of every x if and only if
    all P_ij = I: of the 36 choices of two permutations of three units in a column one preserves it.

    Proof. Σ_i w_ij P_ij = I is needed: entries are 0 or 1, and a diagonal 1 needs all of them. ∎
    """

    source = SOURCE
    provenance = Provenance.DERIVED
    statement = "Σ_i w_ij P_ij = I for all j iff every P_ij = I, n = H = 3, all 6⁶ assignments"
    tolerance = 0.0

    def discrepancies(self) -> dict[str, float]:
        W = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])
        one, every = np.eye(3), [np.eye(3)[p] for p in permutations(3)]
        found = {}
        for j in range(3):
            a, b = (i for i in range(3) if i != j)
            kept = [
                (P, Q)
                for P, Q in itertools.product(every, repeat=2)
                if np.array_equal(W[j, j] * one + W[a, j] * P + W[b, j] * Q, one)
            ]
            found[f"column {j + 1}: how many but one preserve it"] = abs(len(kept) - 1.0)
            found[f"column {j + 1}: that one"] = float(
                max(np.abs(P - one).max() + np.abs(Q - one).max() for P, Q in kept)
            )
        return found


class SpectrumIsKept(AbstractIdentity):
    """The merge operator [w_ij P_iᵀP_j] of a consistent matching has the spectrum of W, each
    eigenvalue H times: matching cannot improve the spectral gap. Inconsistent: ‖[w_ij P_ij]‖₂ ≤ 1.

    Proof. It is D⁻¹(W ⊗ I)D with D = blkdiag(P_i). Otherwise Σ_i‖Σ_j w_ij P_ij x_j‖² ≤
    Σ_ij w_ij‖x_j‖² = ‖x‖² by convexity. ∎
    """

    source = SOURCE
    provenance = Provenance.DERIVED
    statement = "spec [w_ij P_iᵀP_j] = H × spec W, and ‖[w_ij P_ij]‖₂ ≤ 1 for all permutations"
    tolerance = 1e-12  # eigenvalues of symmetric matrices in float64

    def discrepancies(self) -> dict[str, float]:
        rng, found = np.random.default_rng(0), {}
        for n, H in ((3, 2), (5, 4), (8, 3)):
            W = ring(n)
            ours = np.linalg.eigvalsh(operator(W, consistent(drawn(n, H, rng))))
            theirs = np.sort(np.repeat(np.linalg.eigvalsh(W), H))
            found[f"n={n}, H={H}: spectrum"] = float(np.abs(ours - theirs).max())
            free = np.stack([drawn(n, H, rng) for _ in range(n)])
            norm = float(np.linalg.norm(operator(W, free), 2))
            found[f"n={n}, H={H}: norm"] = max(norm - 1, 0.0)
        return found


class AlignToFirst(AbstractIdentity):
    """FALSE AS TOLD: "aligning everybody to agent 1 never increases the spread Ξ₀".

    Each agent comes closer to the first one, not to the others: 6.4444 → 16.6667 for x_1 = (0, 3;
    0, 2), x_2 = (3, 2; −4, 3), x_3 = (3, 3; −4, 1), rows being units.
    """

    source = FOLKLORE
    provenance = Provenance.DERIVED
    statement = "folklore: (1/n) Σ‖P_i x_i − mean‖² ≤ (1/n) Σ‖x_i − mean‖², P_i aligned to agent 1"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        x = np.array([[[0.0, 3], [0, 2]], [[3.0, 2], [-4, 3]], [[3.0, 3], [-4, 1]]])
        y = [one[permutations(2)[np.argmax([np.sum(x[0] * one[p]) for p in permutations(2)])]]
             for one in x]  # fmt: skip
        return {"three agents, two units": max(spread(np.stack(y)) - spread(x), 0.0)}


def spread(x: np.ndarray) -> float:
    """(1/n) Σ‖x_i − x̄‖²."""
    return float(np.mean(np.sum((x - x.mean(axis=0)) ** 2, axis=(1, 2))))


class MatchingIsConsistent(AbstractIdentity):
    """FALSE AS TOLD: "pairwise optimal matchings are consistent, P_12 P_23 = P_13".

    Units ±δ with δ = (1, 0), (1, 3), (1, −3): P_12 = P_13 = I and P_23 is the swap, without ties.
    """

    source = FOLKLORE
    provenance = Provenance.DERIVED
    statement = "folklore: P_12 P_23 = P_13 for pairwise optimal matchings"
    tolerance = 0.0

    def discrepancies(self) -> dict[str, float]:
        delta = np.array([[1.0, 0.0], [1.0, 3.0], [1.0, -3.0]])
        x = np.stack([delta, -delta], axis=1)

        def best(i: int, j: int) -> np.ndarray:
            totals = [np.sum(x[i] * x[j][p]) for p in permutations(2)]
            return np.eye(2)[permutations(2)[int(np.argmax(totals))]]

        return {"three agents": float(np.abs(best(0, 1) @ best(1, 2) - best(0, 2)).max())}
