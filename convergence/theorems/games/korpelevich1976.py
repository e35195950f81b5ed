"""Descent–ascent and the extragradient method (Korpelevich 1976) on games, exactly and with
bounds."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.games.saddle import (
    AlternatingDescentAscent,
    DescentAscent,
    Extragradient,
)
from convergence.constants import Constants
from convergence.metrics.folds import Average, Extremes
from convergence.metrics.pointwise import DistanceSq, GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Moment, Provenance, Source
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number
from convergence.theorems.exact_moments import AbstractMoment
from convergence.theorems.shrinking import left, summed

MONOTONE = Has("mu_saddle", 0.0)


class AbstractBilinear(AbstractMoment):
    """A statement about a method on xᵀAy + ⟨b, x⟩ − ⟨c, y⟩ without noise, at η = al/L, L = ‖A‖₂."""

    source = Source("korpelevich1976", "the methods; these laws are ours")
    provenance = Provenance.DERIVED
    quantity = Moment.EXPECTED
    assumes = (Is("bilinear"), Smooth(), NoNoise())
    domain = {"al": number("(0, inf)")}

    al: Reals = eqx.field(converter=real, default=0.5)

    def eta(self, c: Constants) -> float:
        """η."""
        return float(self.al) / c.L

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSq()


class BilinearDescentAscent(AbstractBilinear):
    """‖z_T − z*‖² = Σ_i e_i (1 + η²σ_i²)^T + e_0 for descent–ascent on a bilinear game, σ_i the
    singular values of A and e_i the part of ‖z_0 − z*‖² in their planes: it diverges at every η >
    0.

    Proof. In the plane of σ, F(z) = σJ(z − z*) with J a quarter turn, so z⁺ − z* = (I − ησJ)(z −
    z*) and (I − ησJ)ᵀ(I − ησJ) = (1 + η²σ²) I. Outside the planes F = 0. ∎
    """

    statement = "‖z_T − z*‖² = Σ e_i (1 + η²σ_i²)^T + e_0, descent–ascent on a bilinear game"

    def factors(self, c: Constants) -> np.ndarray:
        """Of ‖z − z*‖² in each plane, a step."""
        return 1 + (self.eta(c) * c.couplings) ** 2

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DescentAscent(self.eta(c), c.split)

    def bound(self, c: Constants, T: int) -> float:
        with np.errstate(over="raise"):  # a number beyond float64 is none
            return float(c.energies @ self.factors(c) ** T + c.idle)


class BilinearExtragradient(BilinearDescentAscent):
    """‖z_T − z*‖² = Σ_i e_i (1 − η²σ_i² + η⁴σ_i⁴)^T + e_0 for the extragradient method on a
    bilinear game: it converges for 0 < η < 1/L.

    Proof. As for descent–ascent, z⁺ − z* = (I − ησJ + (ησJ)²)(z − z*) = ((1 − η²σ²) I − ησJ)(z −
    z*) in the plane of σ, and (1 − η²σ²)² + η²σ² = 1 − η²σ² + η⁴σ⁴. ∎
    """

    statement = (
        "‖z_T − z*‖² = Σ e_i (1 − η²σ_i² + η⁴σ_i⁴)^T + e_0, extragradient on a bilinear game"
    )

    def factors(self, c: Constants) -> np.ndarray:
        a2 = (self.eta(c) * c.couplings) ** 2
        return 1 - a2 + a2**2

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Extragradient(self.eta(c), c.split)


class AlternatingOrbit(AbstractBilinear):
    """R²/κ ≤ ‖z_t − z*‖² ≤ κR² for all t, κ = (2 + ηL)/(2 − ηL), for alternating descent–ascent on
    a bilinear game with ηL < 2: it neither converges nor diverges.

    Proof. With z* = 0: ‖y⁺‖² − ηx⁺ᵀAy⁺ = ‖y‖² + ηx⁺ᵀAy and ‖x⁺‖² + ηx⁺ᵀAy = ‖x‖² − ηxᵀAy, so that
    Q = ‖z‖² − ηxᵀAy is conserved, and |ηxᵀAy| ≤ (ηL/2)‖z‖². ∎
    """

    kind = Kind.PATHWISE
    statement = "R²/κ ≤ ‖z_t − z*‖² ≤ κR² for all t, κ = (2+ηL)/(2−ηL), alternating descent–ascent"
    domain = {"al": number("(0, 2)")}

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AlternatingDescentAscent(self.eta(c), c.split)

    def metric(self, c: Constants, T: int) -> Any:
        return Extremes(DistanceSq())

    def bound(self, c: Constants, T: int) -> Any:
        kappa = (2 + float(self.al)) / (2 - float(self.al))
        return c.R_saddle**2 / kappa, kappa * c.R_saddle**2


class ExtragradientMonotone(AbstractTheorem):
    """(1/T) Σ_{t<T} ‖F(z_t)‖² ≤ R²/(η²(1 − η²L²)T) for the extragradient method on a monotone
    L-Lipschitz F with a zero z*, ηL = al < 1, R = ‖z_0 − z*‖.

    Proof. w = z − ηF(z). ⟨F(w), w − z*⟩ ≥ 0, so ‖z⁺ − z*‖² ≤ ‖z − z*‖² − 2η⟨F(w), z − w⟩ +
    η²‖F(w)‖² = ‖z − z*‖² − η²‖F(z)‖² + η²‖F(w) − F(z)‖², and ‖F(w) − F(z)‖ ≤ ηL‖F(z)‖. Sum. ∎

    Attained in the limit of T by a bilinear game with one singular value.
    """

    kind = Kind.PATHWISE
    source = Source("korpelevich1976", "the descent of ‖z − z*‖²; the sum is ours")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ ‖F(z_t)‖² ≤ R²/(η²(1 − η²L²)T), extragradient, F monotone, ηL < 1"
    assumes = (MONOTONE, Smooth(), NoNoise())
    domain = {"al": number("(0, 1)")}

    al: Reals = eqx.field(converter=real, default=0.5)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Extragradient(float(self.al) / c.L, c.split)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        a = float(self.al)
        return 0.0, float((c.L * c.R_saddle / a) ** 2 / ((1 - a**2) * T))


class DescentAscentStrong(AbstractMoment):
    """E‖z_T − z*‖² ≤ q^T R² + η²σ²(1 − q^T)/(1 − q), q = 1 − 2ημ + η²L², for descent–ascent with
    η = share·μ/L², 0 < share < 2, F μ-strongly monotone and L-Lipschitz: linear to a floor.

    Proof. ‖z − z* − η(F(z) − F(z*))‖² ≤ q‖z − z*‖², the noise is centered given the past, and 0 < q
    < 1 for these η (q ≥ (1 − ηL)² ≥ 0 for μ ≤ L). ∎  Attained where F' stretches every z alike.
    """

    kind = Kind.EXPECTATION
    quantity = Moment.EXPECTED
    source = Source("korpelevich1976", "descent–ascent; this bound is ours")
    provenance = Provenance.DERIVED
    statement = "E‖z_T − z*‖² ≤ q^T R² + η²σ²(1 − q^T)/(1 − q),  q = 1 − 2ημ + η²L²"
    assumes = (Positive("mu_saddle"), Smooth(), FiniteVariance())
    domain = {"share": number("(0, 2)")}

    share: Reals = eqx.field(converter=real, default=1.0)

    def eta(self, c: Constants) -> float:
        """η."""
        return float(self.share) * c.mu_saddle / c.L**2

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DescentAscent(self.eta(c), c.split)

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSq()

    def bound(self, c: Constants, T: int) -> float:
        eta = self.eta(c)
        less = 2 * eta * c.mu_saddle - (eta * c.L) ** 2
        return float(left(less, T) * c.R_saddle**2 + (eta * c.sigma) ** 2 * summed(less, T))


class DescentAscentConverges(AbstractMoment):
    """FALSE AS TOLD: "descent–ascent converges on convex–concave games if the step is small".

    Strong monotonicity is missing; `BilinearDescentAscent` has what happens without it.
    """

    quantity = Moment.STABLE
    source = Source("korpelevich1976", "a folklore reading of descent–ascent")
    provenance = Provenance.DERIVED
    statement = "folklore: descent–ascent is stable on a convex–concave game for small η"
    assumes = (MONOTONE, Smooth())
    domain = {"al": number("(0, 1)")}

    al: Reals = eqx.field(converter=real, default=0.01)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DescentAscent(float(self.al) / c.L, c.split)

    def bound(self, c: Constants, T: int) -> float:
        return 1.0
