"""pFedGate (Chen et al. 2023): what the minimizer of the average means to clients with masks."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source

SOURCE = Source("chen2023", "the objective of masked clients; these statements are ours")
FOLKLORE = Source("chen2023", "a folklore reading of masks")
# Curvatures 1, 0.1, 0.5; the first client does not hold θ_2, the last one not θ_1.
H = np.repeat([[1.0], [0.1], [0.5]], 2, axis=1)
B = np.array([[0.0, 1.0], [2.0, -1.0], [5.0, 3.0]])
MASKS = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
SOFT = np.array([[1.0, 0.3], [0.5, 0.9], [0.2, 0.7]])


def minimizer(h: np.ndarray, b: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """argmin of J(θ) = (1/2n) Σ_ik h_ik (m_ik θ_k − b_ik)², by least squares on all residuals."""
    n, d = b.shape
    rows = (np.sqrt(h) * gates)[:, :, None] * np.eye(d)
    found = np.linalg.lstsq(rows.reshape(n * d, d), (np.sqrt(h) * b).reshape(-1), rcond=None)
    return found[0]


def slopes(theta: np.ndarray, h: np.ndarray, b: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """(n, d) ∇F_i(θ), F_i(θ) = f_i(M_iθ)."""
    return gates * h * (gates * theta - b)


class MaskedMinimizer(AbstractIdentity):
    """f_i(x) = ½ Σ_k h_ik (x_k − b_ik)², J(θ) = (1/n) Σ f_i(M_iθ): θ*_k = Σ_i h_ik m_ik b_ik /
    Σ_i h_ik m_ik², and J(θ*) exceeds the mean of the clients' own minima over their gates by
    (1/2n) Σ_ik h_ik m_ik² (θ*_k − b_ik/m_ik)², which is 0 if and only if all that hold a coordinate
    agree on it.

    Proof. J is a sum of one parabola a coordinate; a client's own minimum has M_iθ = b_i where its
    gates are open, and what is behind closed ones is the same constant on both sides. ∎
    """

    source = SOURCE
    provenance = Provenance.DERIVED
    statement = (
        "θ*_k = Σ h_ik m_ik b_ik/Σ h_ik m_ik²; the clients' own minima are met iff they agree"
    )
    tolerance = 1e-12  # least squares of six rows

    masked: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for name, gates in (("masks", MASKS), ("soft gates", SOFT)):
            m = gates if self.masked else np.ones_like(gates)
            star = minimizer(H, B, gates)
            stated = np.sum(H * m * B, axis=0) / np.sum(H * m**2, axis=0)
            found[f"{name}: θ*"] = float(np.max(np.abs(star - stated)))
            held = gates > 0
            own = np.where(held, B / np.where(held, gates, 1.0), 0.0)
            at, alone = (0.5 * H * (gates * x - B) ** 2 for x in (star, own))
            price = 0.5 * H * gates**2 * (star - own) ** 2
            found[f"{name}: excess"] = abs(float(np.sum(at - alone - price))) / len(B)
            agreed = gates * np.array([1.0, -2.0])
            there = slopes(minimizer(H, agreed, gates), H, agreed, gates)
            found[f"{name}: where clients agree"] = float(np.max(np.abs(there)))
        return found


class EveryClientIsServed(AbstractIdentity):
    """FALSE AS TOLD: "M_iθ* minimizes f_i over the mask of client i".

    At θ* = (2/11, 7/3) the first client, whose own minimizer is 0, has the slope 2/11, the second
    one −2/11 and 1/3. Their mean is 0, they are not.
    """

    source = FOLKLORE
    provenance = Provenance.DERIVED
    statement = "folklore: M_iθ* minimizes f_i over the mask of client i, for every i"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        steep = np.abs(slopes(minimizer(H, B, MASKS), H, B, MASKS)).max(axis=1)
        return {f"client {i + 1}": float(slope) for i, slope in enumerate(steep)}


class MasksDoNotMatter(AbstractIdentity):
    """FALSE AS TOLD: "the minimizer of J does not depend on the masks".

    With the masks of three clients it is (2/11, 7/3), with all gates open (27/16, 3/2).
    """

    source = FOLKLORE
    provenance = Provenance.DERIVED
    statement = "folklore: argmin (1/n) Σ f_i(M_iθ) is the same for all masks"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        apart = np.abs(minimizer(H, B, MASKS) - minimizer(H, B, np.ones_like(MASKS)))
        return {f"θ*_{k + 1}": float(off) for k, off in enumerate(apart)}
