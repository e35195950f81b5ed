"""Steps that are best in the worst case: OGM, OGM-G, silver steps."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.optimized import OGM, OGMG, SilverGD, thetas
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap, GradNorm, GradNormSq
from convergence.theorems.assumptions import AbstractAssumption, Checked, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source

RHO = 1 + 2**0.5


class OneLessThanAPowerOfTwo(AbstractAssumption):
    """T = 2^k − 1."""

    def check(self, problem: object, noise: object, c: Constants) -> Checked:
        n = int(c.T) + 1
        return Checked("horizon", n & (n - 1) == 0, float(c.T), "T + 1 must be a power of two")


class AbstractOptimized(AbstractTheorem):
    """A statement about the last iterate of a method without noise on a smooth convex function."""

    kind = Kind.PATHWISE
    provenance = Provenance.RECALLED
    assumes = (Smooth(), NoNoise(), Is("convex"))


class OGMConvex(AbstractOptimized):
    """f(x_T) − f* ≤ LR²/(2θ_T²) for convex L-smooth f, optimized gradient method with η = 1/L.

    Proof, for L = 1 and δ = f − f*. With z_t = θ_t x_t − (θ_t − 1)y_t the method is z_{t+1} = z_t −
    2θ_t g_t and y_{t+1} = x_t − g_t. U_t = 2θ_t²(δ_t − ½‖g_t‖²) + ½‖z_{t+1} − x*‖² does not grow:
    2θ_{t−1}² = 2(θ_t² − θ_t) times δ_{t−1} − ½‖g_{t−1}‖² ≥ δ_t + ½‖g_t‖² + ⟨g_t, y_t − x_t⟩ and
    2θ_t times 0 ≥ δ_t + ½‖g_t‖² − ⟨g_t, x_t − x*⟩ leave −2θ_t⟨g_t, z_t − x*⟩. U_0 ≤ ½R² by the
    second. At last, where θ_T² − θ_T = 2θ_{T−1}², the same with θ_T for 2θ_T: U_{T−1} ≥ θ_T²(δ_T +
    ½‖g_T‖²) − θ_T⟨g_T, z_T − x*⟩ + ½‖z_T − x*‖² ≥ θ_T²δ_T. ∎

    No method that sees gradients alone has a smaller worst case (Drori 2017). Attained by (L/2)x²
    and by Huber's function of width R/(2S + 1), S the sum of its steps on a slope.
    """

    provenance = Provenance.DERIVED
    source = Source("kim2016", "Theorem 2, the last iterate")
    statement = "f(x_T) − f* ≤ LR²/(2θ_T²),  optimized gradient method, η = 1/L"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return OGM(1 / c.L, thetas(T))

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.L * c.R**2 / (2 * float(thetas(T)[-1]) ** 2)


class OGMGConvex(AbstractOptimized):
    """‖∇f(x_T)‖² ≤ 2L(f(x_0) − f*)/θ_T² for convex L-smooth f, OGM-G with η = 1/L, θ as for OGM.

    Proof, for L = 1 and θ in reverse: θ_T = 1, θ_t² − θ_t = θ_{t+1}², and twice that at t = 0. Let
    a_t = 1/(2θ_{t+1}²), a_{−1} = 1/θ_0² and b_t = a_t − a_{t−1} ≥ 0. Add a_t times f(x_t) ≥
    f(x_{t+1}) + ½‖g_t‖² + ½‖g_{t+1}‖² + ⟨g_{t+1}, y_{t+1} − x_{t+1}⟩ and b_t times f(x_T) ≥ f(x_t)
    + ½‖g_T‖² + ½‖g_t‖² + ⟨g_t, y_{T+1} − x_t⟩, t < T: (f(x_0) − f(x_T))/θ_0² on the left. The
    method is x_t − y_t = −(2θ_t − 1)θ_t² s_t, s_t = Σ_{k<t} g_k/(θ_kθ_{k+1}²), and so y_t − y_{T+1}
    = Σ_{k≥t} θ_kg_k + θ_t⁴s_t for t ≥ 1, by which the right is ½(1 − 1/θ_0²)‖g_T‖². And f(x_T) − f*
    ≥ ½‖g_T‖². ∎ Attained by (L/2)x² and by a Huber function.
    """

    provenance = Provenance.DERIVED
    source = Source("kim2021", "Theorem 6.1")
    statement = "‖∇f(x_T)‖² ≤ 2LΔ/θ_T²,  OGM-G, η = 1/L"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return OGMG(1 / c.L, thetas(T)[::-1].copy())

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        return 2 * c.L * c.Delta / float(thetas(T)[-1]) ** 2


class AbstractSilver(AbstractOptimized):
    """Gradient descent with T = 2^k − 1 silver steps: T^{log₂ρ} = T^{1.27} without momentum."""

    assumes = (*AbstractOptimized.assumes, OneLessThanAPowerOfTwo())

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SilverGD(1 / c.L)


class SilverValue(AbstractSilver):
    """f(x_T) − f* ≤ LR²/(1 + √(4ρ^{2k} − 3)) for convex L-smooth f, T = 2^k − 1 silver steps,
    ρ = 1 + √2.

    No instance attains it: for T = 1 the worst case is LR²/(2(2√2 + 1)) and the slack 1.39, for
    large T on the worst Huber function it tends to 2.
    """

    source = Source("altschuler2023", "Theorem 1.1")
    statement = "f(x_T) − f* ≤ LR²/(1 + √(4ρ^{2k} − 3)),  silver steps, T = 2^k − 1, ρ = 1 + √2"

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.L * c.R**2 / (1 + (4 * RHO ** (2 * (T + 1).bit_length() - 2) - 3) ** 0.5)


class SilverSlope(AbstractSilver):
    """‖∇f(x_T)‖ ≤ LR/ρ^k for convex L-smooth f, T = 2^k − 1 silver steps, ρ = 1 + √2.

    Agrees with numerical worst cases for T = 1, 3, 7. Attained by (L/2)x², for the factors of the
    steps multiply to ±ρ^{−k}, and by Huber's function of width R/ρ^k, for they sum to ρ^k − 1.
    """

    source = Source("grimmer2024", "silver steps are self-composable")
    statement = "‖∇f(x_T)‖ ≤ LR/ρ^k,  silver steps, T = 2^k − 1, ρ = 1 + √2"

    def metric(self, c: Constants, T: int) -> GradNorm:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        return c.L * c.R / RHO ** ((T + 1).bit_length() - 1)
