"""Gower et al. 2019: SGD along one of n functions whose gradients at the minimizer are not 0."""

from __future__ import annotations

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.reshuffling import SGDWithReplacement
from convergence.constants import Constants
from convergence.theorems.assumptions import Has, Is, NoNoise
from convergence.theorems.base import Kind, Source
from convergence.theorems.classical.defazio2014 import AbstractSum
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number
from convergence.theorems.shrinking import left, summed


class AbstractDrawnSum(AbstractSum):
    """SGD along one of n functions, drawn anew each step, σ*² = (1/n) Σ‖∇f_i(x*)‖²."""

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SGDWithReplacement(self.eta(c))


class DrawnSumLaw(AbstractDrawnSum):
    """E‖x_T − x*‖² = Σ_k M_{k,T} with M_{t+1} = αM_t − 2η²κm_t + η²s², m_{t+1} = qm_t from M_0 =
    m_0² = (x_0 − x*)_k²: q, α the means of 1 − ηh_ik and of its square, s² and κ those of g_ik² and
    of h_ik g_ik, g_i = −∇f_i(x*), for f_i = ½ Σ_k h_ik(x_k − b_ik)².

    Proof. e = x − x* obeys e⁺ = (1 − ηh_i)e + ηg_i, and Σ g_i = 0: E(1 − ηh_i)g_i = −ηκ. ∎ The
    floor is η²s²/(1 − α), of the order ησ*²/(2μ).
    """

    source = Source("gower2019", "Theorem 3.1, exactly on separate quadratics; derived")
    statement = "E‖x_T−x*‖² = Σ_k M_{k,T},  M⁺ = αM − 2η²κm + η²s², m⁺ = qm,  SGD with σ* > 0"

    def bound(self, c: Constants, T: int) -> float:
        h, eta = np.asarray(c.client_h, float), self.eta(c)
        g = h * (np.asarray(c.client_x, float) - np.asarray(c.x_star, float))
        q, alpha = (1 - eta * h).mean(axis=0), ((1 - eta * h) ** 2).mean(axis=0)
        s2, kappa = (g**2).mean(axis=0), (h * g).mean(axis=0)
        m = np.asarray(c.x0, float) - np.asarray(c.x_star, float)
        M = m**2
        for _ in range(T):
            M, m = alpha * M - 2 * eta**2 * kappa * m + eta**2 * s2, q * m
        return float(np.sum(M))


class ExpectedSmoothness(AbstractDrawnSum):
    """E‖x_T − x*‖² ≤ q^T R² + 2η²σ*²(1 − q^T)/(1 − q), q = 1 − 2ημ(1 − ηL_max), for SGD along one
    of n convex L_max-smooth f_i, η = a/L_max, a < 1, μ the strong convexity of their mean.

    Proof. ‖∇f_i(x) − ∇f_i(x*)‖² ≤ L_max⟨∇f_i(x) − ∇f_i(x*), x − x*⟩ gives E‖∇f_i(x)‖² ≤
    2L_max⟨∇f(x), x − x*⟩ + 2σ*². So E‖x⁺ − x*‖² ≤ ‖x − x*‖² − 2η(1 − ηL_max)⟨∇f(x), x − x*⟩ +
    2η²σ*², and the product is at least μ‖x − x*‖². ∎ No instance of slack near 1 is known where σ*
    rules: on quadratics ∇f_i(x) − ∇f_i(x*) and ∇f_i(x*) do not go together, and the factor 2 is
    lost. `DrawnSumLaw` is exact.
    """

    kind = Kind.EXPECTATION
    source = Source("gower2019", "Theorem 3.1 with expected smoothness L_max; constants derived")
    statement = "E‖x_T−x*‖² ≤ q^T R² + 2η²σ*²(1−q^T)/(1−q),  q = 1 − 2ημ(1−ηL_max),  SGD"
    domain = {"al": number("(0, 1)")}
    assumes = (NoNoise(), Is("all_convex"), Has("zeta"), Positive("L_max"), Positive("mu"))

    def bound(self, c: Constants, T: int) -> float:
        eta, a = self.eta(c), float(self.al)
        less = 2 * eta * c.mu * (1 - a)  # 1 − q
        return float(left(less, T) * c.R**2 + 2 * (eta * c.zeta) ** 2 * summed(less, T))

    def ceiling(self, c: Constants, T: int) -> float:
        """(R + ηT√n σ*)²: steps along a convex f_i bring no two points apart, and lead from x* by
        η‖∇f_i(x*)‖ ≤ η√n σ*."""
        return float((c.R + self.eta(c) * T * c.agents**0.5 * c.zeta) ** 2)
