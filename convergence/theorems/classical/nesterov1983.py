"""Nesterov 1983: accelerated gradient descent on smooth convex functions."""

from __future__ import annotations

from convergence.algorithms.classical.accelerated import Nesterov
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class AcceleratedConvex(AbstractTheorem):
    """f(x_T) − f* ≤ 2LR²/(T + 1)² for convex L-smooth f, η = 1/L, R = ‖x_0 − x*‖.

    Proof. Let s_t = (t + 2)/2, so that the inertia of y_t is (s_{t−1} − 1)/s_t, and w_t =
    s_t y_t − (s_t − 1)x_t. With g = ∇f(y_t), descent at y_t and convexity give for every u
    f(x_{t+1}) ≤ f(u) + ⟨g, y_t − u⟩ − ‖g‖²/(2L). Weigh u = x_t by s_t(s_t − 1), u = x* by s_t:
    s_t²(f(x_{t+1}) − f*) ≤ s_t(s_t − 1)(f(x_t) − f*) + s_t⟨g, w_t − x*⟩ − s_t²‖g‖²/(2L). The last
    two terms are (L/2)(‖w_t − x*‖² − ‖w_{t+1} − x*‖²), for w_{t+1} = w_t − s_t g/L. Sum over t < T:
    s_t(s_t − 1) ≤ s_{t−1}², s_0 = 1, w_0 = x_0, and s_{T−1} = (T + 1)/2. ∎
    """

    kind = Kind.PATHWISE
    source = Source("nesterov1983", "the O(1/T²) theorem; this form and its constant derived")
    provenance = Provenance.DERIVED
    statement = "f(x_T) − f* ≤ 2LR²/(T + 1)²,  inertia (t−1)/(t+2), η = 1/L"
    assumes = (Smooth(), NoNoise(), Is("convex"))

    def prescribe(self, c: Constants, T: int) -> Nesterov:
        return Nesterov(1 / c.L)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return 2 * c.L * c.R**2 / (T + 1) ** 2

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta
