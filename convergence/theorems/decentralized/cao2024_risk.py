"""Cao, Wu, Yuan and Sayed 2024: flatness against optimization in distributed learning.

Near a minimum with a common Hessian the excess risk of the three strategies is exact. With λ_m
and u_m the network's eigenpairs, h_j and e_j those of the Hessian, β̂_mj the mode of −∇J_k(w*),
s²_mj = Σ_k u²_mk e_jᵀ R_k e_j and ratio p = λ(1 − αh) (diffusion), λ − αh (consensus):

    ER = (1/2K) Σ_mj h_j [ g² α² s²_mj (1 − p^{2n})/(1 − p²) + (g α β̂_mj (1 − pⁿ)/(1 − p))² ],

with g = λ (diffusion) or 1 (consensus) after n steps from w*, and the powers gone for n → ∞; the
centralized strategy has λ₁ = 1 alone. Proof: each mode is a scalar AR(1) with drift; unequal noise
correlates modes with different m, which the sum of squares does not see. ∎
"""

from __future__ import annotations

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized import single_level as dec
from convergence.constants import Constants
from convergence.parts.graphs import complete


def strategy_of(name: str, c: Constants, alpha: float) -> AbstractAlgorithm:
    """Centralized, diffusion or consensus at the step α."""
    if name == "centralized":
        return dec.Diffusion(complete(c.agents), alpha)
    return {"diffusion": dec.Diffusion, "consensus": dec.ConsensusDescent}[name](c.W, alpha)


def excess_risk(name: str, c: Constants, alpha: float, n: int | None = None) -> float:
    """ER of a strategy at step α, after n steps from w* or in steady state (None)."""
    K, d = c.agents, len(c.h)
    if "covariances" in c:
        R = np.einsum("ji,kjl,li->ki", c.E, c.covariances, c.E)
    else:
        R = np.full((K, d), c.sigma**2 / (K * d))
    s2 = (c.U.T**2) @ R
    lam, h = np.meshgrid(c.lam, c.h, indexing="ij")
    if name == "centralized":
        lam = np.where(np.arange(K)[:, None] == 0, 1.0, 0.0)
    g = np.ones_like(lam) if name == "consensus" else lam
    p = lam - alpha * h if name == "consensus" else lam * (1 - alpha * h)
    grown, drawn = (1.0, 1.0) if n is None else (1 - p ** (2 * n), 1 - p**n)
    spread = g**2 * alpha**2 * s2 * grown / (1 - p**2)
    drift = (g * alpha * c.modes * drawn / (1 - p)) ** 2
    return float(np.sum(h * (spread + drift))) / (2 * K)
