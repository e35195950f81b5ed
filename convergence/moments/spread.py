"""E M² of a quadratic metric, or of its average, in closed form: runs that are Gaussian.

With S_t = m_t + Z_t, Z_t ~ N(0, Σ_t), and q(S) = base + slope·S + ½ Sᵀ C S,

    q(S_t) = E q(S_t) + b·Z_t + ½ (Z_tᵀ C Z_t − tr CΣ_t),   b = slope + C m_t,
    Var q(S_t) = bᵀΣ_t b + ½ tr(CΣ_t CΣ_t).

For A_t = Σ_{s<t} q(S_s) the covariances k = Cov(A, Z) and K = Cov(A, Z Zᵀ) travel with the run:
k⁺ = M (k + Σ b), K⁺ = M (K + Σ C Σ) Mᵀ, and Var A⁺ = Var A + 2 (b·k + ½ tr C K) + Var q (Isserlis).
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from convergence.metrics.folds import Average
from convergence.moments.affine import Moments
from convergence.moments.forms import Form
from convergence.noise.agents import PerAgent, PerEntry
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.gaussian import Gaussian

GAUSSIAN = (Gaussian, PerAgent, PerEntry, Noiseless)


def gaussian(oracle: Any) -> bool:
    """Whether every noise of an oracle is a linear function of independent normals."""

    def last(node: Any) -> bool:
        return isinstance(node, AbstractNoise) and not any(
            isinstance(child, AbstractNoise) for child in vars(node).values()
        )

    noises = [n for n in jax.tree.leaves(oracle, is_leaf=last) if isinstance(n, AbstractNoise)]
    # A subclass may draw otherwise.
    return all(type(noise) in GAUSSIAN for noise in noises)


def second_moment(found: Moments, metric: Any, T: int) -> float:
    """E M_T² for a quadratic metric or its `Average`, on a method with Gaussian noise."""
    if isinstance(metric, Average):
        return _of_average(found, found.form(metric.of), T)
    form = found.form(metric)
    A, a, Q = found._leap(T)
    m, S = A @ found.start + a, A @ found.N0 @ found.N0.T @ A.T + Q
    return (form.mean(m) + 0.5 * float(np.sum(form.curve * S))) ** 2 + _variance(form, m, S)


def _variance(form: Form, m: np.ndarray, S: np.ndarray) -> float:
    b, CS = form.slope + form.curve @ m, form.curve @ S
    return float(b @ S @ b) + 0.5 * float(np.sum(CS * CS.T))


def _of_average(found: Moments, form: Form, T: int) -> float:
    M, noise, C = found.M, found.N @ found.N.T, form.curve
    m, S = found.start, found.N0 @ found.N0.T
    mean, variance = 0.0, 0.0
    k, K = np.zeros_like(m), np.zeros_like(S)
    for _ in range(T):
        b, CS = form.slope + C @ m, C @ S
        mean += form.mean(m) + 0.5 * float(np.trace(CS))
        variance += 2 * float(b @ k) + float(np.sum(C * K))
        variance += float(b @ S @ b) + 0.5 * float(np.sum(CS * CS.T))
        k, K = M @ (k + S @ b), M @ (K + S @ CS) @ M.T
        m, S = M @ m + found.c, M @ S @ M.T + noise
    return (mean**2 + variance) / T**2
