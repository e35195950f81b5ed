"""Matrix methods on a linear function: Shampoo's exponent, Muon's approximate polar factor."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.adaptive.matrices import SOAP, Shampoo
from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.metrics.pointwise import Value
from convergence.metrics.preconditioned import PreconditionedRegret
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, Matrix, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import FromZero, Within
from convergence.theorems.domains import number


def nuclear(c: Constants) -> float:
    """‖G‖_* of the constant gradient."""
    return float(np.sum(np.linalg.svd(np.asarray(c.g), compute_uv=False)))


class AbstractMatrixWalk(AbstractTheorem):
    """f(X_T) on f(X) = ⟨G, X⟩ from 0."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.01)

    @varies
    def assumes(self) -> Any:
        """A matrix, full rank, from 0."""
        return (
            NoNoise(),
            Has("L", 0.0, 0.0),
            Matrix(1),
            Within("σ_min/‖G‖_F", self, "least", 0.01),
            FromZero(),
        )

    def least(self, c: Constants, T: int) -> float:
        """The least singular value of G over its Frobenius norm."""
        s = np.linalg.svd(np.asarray(c.g), compute_uv=False)
        return float(s[-1] / np.linalg.norm(s))

    def metric(self, c: Constants, T: int) -> Value:
        return Value()


class ShampooLinear(AbstractMatrixWalk):
    """f(X_T) = −η‖G‖_* Σ_{t≤T} t^{−1/2} on f(X) = ⟨G, X⟩, for Shampoo with the exponents −¼ of a
    matrix, singular values of G at least .01 of its norm.

    Proof. L_t = tUΣ²Uᵀ and R_t = tVΣ²Vᵀ, so the step is t^{−1/2} UVᵀ. ∎ With the exponents −½ it
    would be (1/t) UΣ^{−1}Vᵀ: smaller where the slope is larger.
    """

    source = Source("gupta2018", "Algorithm 1; derived")
    statement = "f(X_T) = −η‖G‖_* Σ_{t≤T} t^{−1/2},  Shampoo on f(X) = ⟨G, X⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Shampoo(self.eta)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        exact = -float(self.eta) * nuclear(c) * float(np.sum(np.arange(1, T + 1) ** -0.5))
        return exact, exact


class ShampooRegret(AbstractTheorem):
    """Σ_{t<T} (f(X_t) − f*) ≤ (D²/(2η) + ηr) tr L_T^{¼} tr R_T^{¼} for convex f of m × n matrices,
    r = min(m, n), D = max_{t≤T} ‖X_t − X*‖_F, and Shampoo from L_0 = R_0 = 0. Judged as the sum of
    ⟨∇f(X_t), X_t − X*⟩ over the right side, ≤ 1.

    Proof. With H_t = L_t^{¼} ⊗ R_t^{¼}, which grows, a step is x − ηH_t⁻¹g on the range:
    2η⟨g_t, x_t − x*⟩ = ‖x_t − x*‖²_{H_t} − ‖x_{t+1} − x*‖²_{H_t} + η²⟨g_t, H_t⁻¹g_t⟩. By parts the
    squares add up to at most D² tr H_T. With K_t = (Σ_{s≤t} g_s g_sᵀ)^{½} the paper's Lemma 8 says
    K_t² ⪯ r L_t^{½} ⊗ R_t^{½}, so K_t ⪯ √r H_t, and Σ⟨g_t, H_t⁻¹g_t⟩ ≤ √r Σ⟨g_t, K_t⁻¹g_t⟩ ≤
    2√r tr K_T ≤ 2r tr H_T. ∎ No instance of slack below √2 is known: with one entry and T = 1 both
    terms count where one would do.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("gupta2018", "Theorem 7, without ε, for any η")
    statement = "Σ (f(X_t) − f*) ≤ (D²/(2η) + ηr) tr L_T^{¼} tr R_T^{¼},  Shampoo, convex f"
    assumes = (NoNoise(), Is("convex"), Matrix(1), Has("R"))
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.1)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Shampoo(self.eta)

    def metric(self, c: Constants, T: int) -> Any:
        return PreconditionedRegret(c.x_star, self.eta, float(min(c.m, c.n)))

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class ShampooRegretHalved(ShampooRegret):
    """FALSE. Half of the right side: at η = D/√2 one step of one entry takes 1/√2 of all of it."""

    source = Source("gupta2018", "Theorem 7 with half of its constant; control")
    statement = "Σ (f(X_t) − f*) ≤ ½(D²/(2η) + ηr) tr L_T^{¼} tr R_T^{¼},  Shampoo (false)"

    def bound(self, c: Constants, T: int) -> float:
        return 0.5


class ShampooHalfLinear(AbstractMatrixWalk):
    """f(X_T) = −ηr Σ_{t≤T} 1/t on f(X) = ⟨G, X⟩ of rank r, for Shampoo with the exponents −½ in
    place of −¼: the slope does not count, and the step dies out like 1/t.

    Proof. The step is (1/t) UΣ^{−1}Vᵀ, and ⟨G, UΣ^{−1}Vᵀ⟩ = r. ∎
    """

    source = Source("gupta2018", "Algorithm 1 with the exponents of one order more; derived")
    statement = "f(X_T) = −ηr Σ_{t≤T} 1/t,  Shampoo with exponents −½ on f(X) = ⟨G, X⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Shampoo(self.eta, 0.5)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        exact = -float(self.eta) * min(c.m, c.n) * float(np.sum(1 / np.arange(1.0, T + 1)))
        return exact, exact


class ShampooAnyExponent(ShampooLinear):
    """FALSE. The walk of exponents −¼ with −½, as one release has them; `ShampooHalfLinear`."""

    source = Source("gupta2018", "Algorithm 1, misread by one order; control")
    statement = "f(X_T) = −η‖G‖_* Σ_{t≤T} t^{−1/2},  Shampoo with exponents −½ (false)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Shampoo(self.eta, 0.5)


class SOAPLinear(AbstractMatrixWalk):
    """f(X_T) = −ηT Σ_i s_i²/(s_i + ε) on f(X) = ⟨G, X⟩, s_i the singular values of G, all distinct,
    for SOAP: the walk of the polar factor, in whatever bases G stands.

    Proof. Averages of GGᵀ and GᵀG have the singular vectors of G as eigenbases, in which the
    gradient has ±s_i at one place a row and 0 elsewhere: v/(1 − β₂^t) is its square and m/(1 −
    β₁^t) itself, so that Adam's step is ±s_i/(s_i + ε) there and 0 elsewhere. ∎ A rotation of G
    rotates the path: f(X_T) sees the s_i alone.
    """

    source = Source("vyas2025", "Algorithm 3 with a basis of every step; derived")
    statement = "f(X_T) = −ηT Σ_i s_i²/(s_i + ε),  SOAP on f(X) = ⟨G, X⟩, s_i distinct"

    eps: Reals = eqx.field(converter=real, default=1e-8)
    domain = {"eps": number("[1e-12, 1]")}

    @varies
    def assumes(self) -> Any:
        """Distinct singular values besides: eigenbases are unique."""
        return (*super().assumes, Within("gap of σ/‖G‖_F", self, "apart", 0.01))

    def apart(self, c: Constants, T: int) -> float:
        """The least difference of singular values over the Frobenius norm."""
        s = np.linalg.svd(np.asarray(c.g), compute_uv=False)
        return float(np.min(-np.diff(s), initial=np.inf) / np.linalg.norm(s))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SOAP(self.eta, eps=self.eps)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        s = np.linalg.svd(np.asarray(c.g), compute_uv=False)
        exact = -float(self.eta) * T * float(np.sum(s**2 / (s + float(self.eps))))
        return exact, exact


class SOAPLikeAdam(SOAPLinear):
    """FALSE. f(X_T) = −ηT Σ|G_ij|, the walk of Adam in the given bases: only of a G that has one
    entry a row and a column."""

    source = Source("vyas2025", "SOAP without its rotations; control")
    statement = "f(X_T) = −ηT Σ_ij |G_ij|,  SOAP on f(X) = ⟨G, X⟩ (false)"

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        exact = -float(self.eta) * T * float(np.sum(np.abs(c.g)))
        return exact, exact


class AbstractFactored(AbstractMatrixWalk):
    """Of a second moment that is factored: with a row or column of zeros it is 0/0, and of small
    ones what codes add to G² would show; so they are no smaller than singular values may be."""

    @varies
    def assumes(self) -> Any:
        """And no row or column of zeros."""
        return (*super().assumes, Within("least ‖row‖ or ‖column‖/‖G‖_F", self, "thinnest", 0.01))

    def thinnest(self, c: Constants, T: int) -> float:
        """The least norm of a row or column of G over its Frobenius norm."""
        square = np.asarray(c.g, float) ** 2
        lines = min(square.sum(axis=0).min(), square.sum(axis=1).min())
        return float(np.sqrt(lines / square.sum()))


class FactoredLinear(AbstractFactored):
    """f(X_T) = −ηT Σ_ij G_ij² √(s/(r_i c_j)) on f(X) = ⟨G, X⟩, for Adafactor's factored second
    moment: r_i and c_j the means of G² over the i-th row and the j-th column, s over all.

    Proof. Averages of equal G² are G² under any schedule of decays; its factors give r_i c_j/s. ∎
    That is G² itself if and only if |G| has rank one. In general it has the means of G² over rows
    and columns, which make Σ a log(a/b) − a + b, a = G², stationary among b = exp(u_i + v_j), of
    which it is a convex function.
    """

    source = Source("shazeer2018", "Algorithm 4, the factored moment; derived")
    statement = "f(X_T) = −ηT Σ_ij G_ij² √(s/(r_i c_j)),  Adafactor's moment on f(X) = ⟨G, X⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return FromOptax(factored, learning_rate=float(self.eta))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        square = np.asarray(c.g, float) ** 2
        r, column = square.mean(axis=1, keepdims=True), square.mean(axis=0, keepdims=True)
        exact = -float(self.eta) * T * float(np.sum(square * np.sqrt(r.mean() / (r * column))))
        return exact, exact


def factored(learning_rate: Any) -> Any:
    """optax's factored normalization, of matrices of any size, undamped."""
    import optax

    return optax.chain(
        optax.scale_by_factored_rms(min_dim_size_to_factor=1, epsilon=0.0),
        optax.scale_by_learning_rate(learning_rate),
    )


class FactoredLikeFull(FactoredLinear):
    """FALSE. f(X_T) = −ηT Σ|G_ij|, what the moment itself would give: only where |G| has rank
    one."""

    source = Source("shazeer2018", "a folklore reading of the factored moment; control")
    statement = "f(X_T) = −ηT Σ_ij |G_ij|,  Adafactor's factored moment (false)"

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        exact = -float(self.eta) * T * float(np.sum(np.abs(c.g)))
        return exact, exact


class MuonLinear(AbstractMatrixWalk):
    """−1.134358 ηT‖G‖_* ≤ f(X_T) ≤ −.681830 ηT‖G‖_* on f(X) = ⟨G, X⟩ with G square, of singular
    values at least .01 of its norm, for Muon with five rounds of its quintic.

    Proof. Momentum leaves the direction of G, and a round maps each singular value s of G/‖G‖_F to
    p(s) = 3.4445s − 4.775s³ + 2.0315s⁵. Five rounds map [.01, 1] onto [.681831, 1.134357]: the
    extremes of a polynomial of one variable, computed on a grid of 2·10⁶ points. ∎ The lower end
    is attained by equal singular values 1/√n where p⁵ is near its largest.
    """

    source = Source("jordan2024", "the Newton–Schulz quintic; the interval computed")
    statement = "1.134358 ηT‖G‖_* ≥ −f(X_T) ≥ .681830 ηT‖G‖_*,  Muon on f(X) = ⟨G, X⟩, G square"

    @varies
    def assumes(self) -> Any:
        """Square besides: other shapes are scaled."""
        return (*super().assumes, Within("m/n", self, "aspect", 1.0, 1.0))

    def aspect(self, c: Constants, T: int) -> float:
        """m/n."""
        return c.m / c.n

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("muon", learning_rate=float(self.eta), eps=0.0)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        far = float(self.eta) * T * nuclear(c)
        return -1.134358 * far, -0.681830 * far
