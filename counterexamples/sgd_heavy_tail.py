"""Two half-truths about SGD under heavy tails: "σ is σ" and "without clipping it diverges".

Let the noise have E‖ξ‖^p ≤ σ_p^p for some p < 2 only. The textbook bound says that SGD with the
step √(2Δ/(Lσ²T)) brings the mean square gradient down like T^{−1/2}. May σ_p stand in for σ?

Take f(w) = w²/2 and rare spikes: ±s with chance 1/T, s chosen so that E|ξ|^p = 1. In a run of T
steps one spike comes on average. On a quadratic everything is exact: E‖∇f‖² obeys
u_{t+1} = (1−γ)²u_t + γ²σ², and σ² = E ξ² = T^{2/p−1}, which grows with T although E|ξ|^p = 1 does
not. The average is of the order T^{2/p−3/2}: for p = 1.2 it GROWS, at p = 4/3 it stands still, and
for p close to 2 the theft is hard to see (p = 1.8: not before T = 10⁶). The bound holds with the
true σ.

In the limit E|ξ|² = ∞, and E‖∇f(w^t)‖² = ∞ for every step size. Here a tool must keep silent: a
sample of squares always has a mean, and it means nothing.

Does SGD diverge, then? Not where the gradient of f is bounded. On log-cosh the very same noise
moves w far, but ‖∇f‖ ≤ G caps what is lost: T^{−(p−1)/p}, with explicit constants. "SGD diverges"
is refuted by running it.

    convergence verify counterexamples/sgd_heavy_tail.py
"""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.noise.heavy import Pareto
from convergence.problems.nonconvex import log_cosh
from convergence.registry.heavy_tailed.false import DIVERGENCE, INFINITE, SPIKES_P12, SPIKES_P15
from convergence.theorems.heavy_tailed.fatkhullin2025 import SGDHoelder
from convergence.theorems.heavy_tailed.laws import SpikeLaw

CLAIMS = (
    SPIKES_P12,
    SPIKES_P15,
    Identity("sgd-true-variance", SpikeLaw()),
    INFINITE,
    DIVERGENCE,
    Claim(
        "sgd-converges-on-log-cosh",
        SGDHoelder(),
        log_cosh([4.0, 4.0]),
        Pareto.of(1.5),
        horizons=(256, 1024),
        seeds=1024,
    ),
)
