"""Taylor, Hendrickx and Glineur 2018: exact worst cases of (proximal) gradient descent."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.constrained import ProjectedGradient
from convergence.constants import Constants
from convergence.metrics.points import Above, Distance
from convergence.metrics.pointwise import Gap, GradNorm
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical.kim2024 import AbstractConstantStep

# Rounding of an iterate that has gone to 0: ‖x‖ is known to about 2⁻⁴⁰ of ‖x_0‖.
ROUNDING = 2.0**-40


class AbstractContraction(AbstractConstantStep):
    """Gradient descent on strongly convex functions: a factor max{|1 − ημ|, |1 − ηL|} a step."""

    provenance = Provenance.DERIVED
    assumes = (Smooth(), NoNoise(), Is("convex"), Has("mu", 0.0))

    def factor(self, c: Constants) -> float:
        """ϱ."""
        h = float(self.scale)
        return max(abs(1 - h * c.mu / c.L), abs(1 - h))

    def shrunk(self, c: Constants, T: int) -> float:
        """ϱ^T, or what rounding leaves."""
        return self.factor(c) ** T + ROUNDING


class DistanceContraction(AbstractContraction):
    """‖x_T − x*‖ ≤ ϱ^T R, ϱ = max{|1 − ημ|, |1 − ηL|}, for L-smooth f with f − (μ/2)‖·‖² convex,
    0 < η < 2/L.

    Proof. φ = f − (μ/2)‖·‖² is convex and (L−μ)-smooth, so ∇φ is cocoercive: for two points at d,
    with γ the difference of ∇φ, ⟨γ, d⟩ ≥ ‖γ‖²/(L − μ). A step maps d to (1 − ημ)d − ηγ, of squared
    norm (1−ημ)²‖d‖² − 2η(1−ημ)⟨γ, d⟩ + η²‖γ‖². If η(L + μ) ≤ 2 it is at most (1−ημ)²‖d‖² +
    η‖γ‖²[η − 2(1−ημ)/(L−μ)], and the bracket is ≤ 0. Else ‖γ‖ ≤ (L−μ)‖d‖ makes it largest at γ =
    (L−μ)d: (1−ηL)²‖d‖². Take x* for one of the points. ∎ Attained by (μ/2)x² or (L/2)x².
    """

    source = Source("taylor2018", "Theorem 3.1, the distance; derived")
    statement = "‖x_T − x*‖ ≤ ϱ^T R,  ϱ = max{|1−ημ|, |1−ηL|},  gradient descent, η < 2/L"

    def metric(self, c: Constants, T: int) -> Distance:
        return Distance(c.x_star)

    def bound(self, c: Constants, T: int) -> float:
        return self.shrunk(c, T) * c.R


class SlopeContraction(AbstractContraction):
    """‖∇f(x_T)‖ ≤ ϱ^T ‖∇f(x_0)‖, ϱ = max{|1 − ημ|, |1 − ηL|}, under the same conditions.

    Proof. The step contracts distances by ϱ (`DistanceContraction`). Of the points x_t and x_{t+1}
    the distance is η‖∇f(x_t)‖, and that of their images η‖∇f(x_{t+1})‖. ∎
    """

    source = Source("taylor2018", "Theorem 3.2, the gradient; derived")
    statement = "‖∇f(x_T)‖ ≤ ϱ^T ‖∇f(x_0)‖,  ϱ = max{|1−ημ|, |1−ηL|},  gradient descent, η < 2/L"

    def metric(self, c: Constants, T: int) -> GradNorm:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        return self.shrunk(c, T) * c.grad0


class ValueContraction(AbstractContraction):
    """f(x_T) − f* ≤ ϱ^{2T} (f(x_0) − f*), ϱ = max{|1 − ημ|, |1 − ηL|}, under the same conditions.

    Proof, of one step, x* = 0 and f* = 0; at μ = L it is one line. f(x) ≥ f(y) + ⟨g_y, x − y⟩ +
    (‖g_x − g_y‖² + μL‖x − y‖² − 2μ⟨g_x − g_y, x − y⟩)/(2(L − μ)) for all x and y: add ϱ times that
    of (x_0, x_1), ϱ(1 − ϱ) times that of (0, x_0) and 1 − ϱ times that of (0, x_1). On the left
    stands ϱ²f(x_0) − f(x_1), and 2(L − μ) times the right, with s = η(L + μ), is
    ‖g_1 + (s − 1)g_0 − ηLμx_0‖² + ηL(2 − s)‖g_0 − μx_0‖² if s ≤ 2, where ϱ = 1 − ημ, and else
    ‖g_1 + g_0 − L(2 − ηL)x_0‖² + (2 − ηL)(s − 2)‖g_0 − Lx_0‖², where ϱ = ηL − 1. ∎ Attained by
    (μ/2)x² or (L/2)x². Agrees with numerical worst cases.
    """

    source = Source("taylor2018", "Theorem 3.3, the value")
    statement = "f(x_T) − f* ≤ ϱ^{2T} Δ,  ϱ = max{|1−ημ|, |1−ηL|},  gradient descent, η < 2/L"

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return (self.factor(c) ** (2 * T) + ROUNDING**2) * c.Delta


class ProjectedGradientConvex(AbstractTheorem):
    """f(x_T) − min_C f ≤ LR²/(4T) for convex L-smooth f on a box C, projected steps 1/L,
    R = ‖x_0 − x_C‖.

    Proof, for L = 1, F = f on C and s_t normal to C at x_t: x_{t+1} = x_t − p_{t+1}, p_{t+1} = g_t
    + s_{t+1}, and q_t = g_t + s_t is a subgradient of F at x_t; δ = F − F*, d_t = ‖x_t − x_C‖. f* ≥
    f(x_t) + ⟨g_t, x_C − x_t⟩, 0 ≥ ⟨s_{t+1}, x_C − x_{t+1}⟩ and f(x_{t+1}) ≤ f(x_t) − ⟨g_{t+1},
    p_{t+1}⟩ − ½‖g_t − g_{t+1}‖² give δ_{t+1} ≤ ½(d_t² − d_{t+1}²) − ½‖q_{t+1}‖², and δ_t − δ_{t+1}
    ≥ ⟨q_{t+1}, p_{t+1}⟩ + ½‖g_t − g_{t+1}‖² = ½‖q_{t+1}‖² + ½‖p_{t+1}‖². Projections expand nothing
    and ∇f is cocoercive: ‖q_{t+1}‖ ≤ ‖p_{t+1}‖ ≤ ‖q_t‖. Summed, ½R² ≥ Tδ_T + ½T²‖q_T‖² + ½d_T², and
    Tδ_T ≤ T⟨q_T, x_T − x_C⟩ ≤ ½T²‖q_T‖² + ½d_T². ∎ Attained by a linear f of slope LR/(2T), which
    the method walks down for T steps of R/(2T).
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("taylor2018", "Section 4.3, the proximal gradient method, step 1/L")
    statement = "f(x_T) − min_C f ≤ LR²/(4T),  projected gradient, η = 1/L"
    assumes = (Smooth(), NoNoise(), Is("convex"), Has("box_R"))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return ProjectedGradient(1 / c.L, c.box_low, c.box_high)

    def metric(self, c: Constants, T: int) -> Above:
        return Above(c.box_least)

    def bound(self, c: Constants, T: int) -> float:
        return c.L * c.box_R**2 / (4 * T)

    def trivial(self, c: Constants, T: int) -> float:
        return c.box_Delta
