"""SAGA as scikit-learn ships it: its step, and a table that is empty at first."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.variance_reduced import SeenSAGA
from convergence.constants import Constants
from convergence.metrics.points import DistanceSquare
from convergence.theorems.assumptions import Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.classical.defazio2014 import Separate
from convergence.theorems.conditions import Positive, Within


class SeenSAGALaw(AbstractTheorem):
    """E‖x_T − x*‖² = Σ_k [the recursion of the proof] for SAGA as scikit-learn ships it, η =
    1/(2L_max + min{2nμ, L_max}), on clients of one curvature h_k each: SAGA on the functions seen
    so far, which begins as gradient descent along the first of them.

    Proof. Let e = x − x*, c_i the client's minimizer less x*, a = ηh, u = 1 − a, Q the k functions
    seen, φ_i the points of their gradients less x*, Φ = Σ_Q φ_i, C = Σ_Q c_i. One of Q, with the
    chance k/n: e⁺ = ue + aφ_i − (a/k)(Φ − C), Φ⁺ = Φ − φ_i + e. Another, j: e⁺ = ue + ac_j −
    (a/(k + 1))(Φ − C), Φ⁺ = Φ + e, C⁺ = C + c_j. A new j is as likely to be any that is not in Q,
    so that it has the mean −C/(n − k), for Σ c_i = 0, and Q is a random set of its size: c_j² has
    the mean ζ²/h² whatever k. So A = E e², B = E eΦ, D = E Φ², S = E Σ_Q φ_i², X = E eC, Y = E ΦC
    and Z = E C² on the event of each k obey linear recursions. ∎
    """

    kind = Kind.EXACT
    provenance = Provenance.DERIVED
    source = Source("defazio2014", "SAGA as scikit-learn has it, on quadratics; derived")
    statement = "E‖x_T−x*‖² = Σ_k A_{k,T},  scikit-learn's SAGA: only functions seen have a say"

    @varies
    def assumes(self) -> Any:
        """Clients of one curvature, and their minimizer at 0, where the metric measures from."""
        return (NoNoise(), Positive("L_max"), Positive("mu"), Separate(), Is("common"),
                Within("x*", self, "off", 0.0, 0.0))  # fmt: skip

    def off(self, c: Constants, T: int) -> float:
        """max |x*_i|."""
        return float(np.max(np.abs(c.x_star)))

    def eta(self, c: Constants) -> float:
        """scikit-learn's step."""
        return float(1 / (2 * c.L_max + min(2 * c.agents * c.mu, c.L_max)))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SeenSAGA(self.eta(c))

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSquare()

    def bound(self, c: Constants, T: int) -> float:
        e0 = np.asarray(c.x0, float) - np.asarray(c.x_star, float)
        apart = np.asarray(c.client_x, float) - np.asarray(c.x_star, float)
        spread = (apart**2).mean(axis=0)
        steps = self.eta(c) * np.asarray(c.client_h, float)[0]
        each = zip(steps, e0**2, spread, strict=True)
        return float(sum(seen_law(a, first, zz, int(c.agents), T) for a, first, zz in each))

    def ceiling(self, c: Constants, T: int) -> float:
        """No coordinate grows by more than from m to (1 + a(1 − 2/n)₊)m + 2a max|c_i| a step: φ_i
        counts a(1 − 1/k) and each other one a/k, and e is cut by a."""
        e0 = np.abs(np.asarray(c.x0, float) - np.asarray(c.x_star, float))
        far = np.max(np.abs(np.asarray(c.client_x, float) - np.asarray(c.x_star, float)), axis=0)
        a = self.eta(c) * np.asarray(c.client_h, float)[0]
        more = 1 + a * max(0.0, 1 - 2 / c.agents)
        for _ in range(T):
            e0 = more * e0 + 2 * a * far
        return float(np.sum(e0**2))


def seen_law(a: float, first: float, spread: float, n: int, T: int) -> float:
    """E e² after T steps of a coordinate, from e² = first; spread the mean of c_i²."""
    u = 1 - a
    now = np.zeros((n + 1, 8))  # of each k: chance, A, B, D, S, X, Y, Z
    now[0, :2] = 1, first
    for _ in range(T):
        new = np.zeros_like(now)
        for k in range(n + 1):
            P, A, B, D, S, X, Y, Z = now[k]
            if k:
                b = a / k
                new[k] += k / n * np.array([
                    P,
                    u**2 * A + a**2 * S / k + b**2 * (D - 2 * Y + Z) + 2 * u * b * B
                    - 2 * u * b * (B - X) - 2 * b**2 * (D - Y),
                    u * (B - B / k + A) + b * (D - S + B) - b * (D - D / k + B - Y + Y / k - X),
                    D + (S - 2 * D) / k + A + 2 * B - 2 * B / k,
                    S - S / k + A,
                    u * X + b * Z,
                    Y - Y / k + X,
                    Z,
                ])  # fmt: skip
            if k < n:
                b, r = a / (k + 1), n - k
                new[k + 1] += r / n * np.array([
                    P,
                    u**2 * A + a**2 * spread * P + b**2 * (D - 2 * Y + Z) - 2 * u * a * X / r
                    - 2 * u * b * (B - X) + 2 * a * b * (Y - Z) / r,
                    u * (B + A) - a * (Y + X) / r - b * (D + B - Y - X),
                    D + 2 * B + A,
                    S + A,
                    (u * X - b * (Y - Z)) * (1 - 1 / r) - a * Z / r + a * spread * P,
                    (Y + X) * (1 - 1 / r),
                    Z - 2 * Z / r + spread * P,
                ])  # fmt: skip
        now = new
    return float(now[:, 1].sum())
