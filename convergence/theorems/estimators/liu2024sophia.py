"""Liu, Li, Hall, Liang and Ma 2024 (arXiv 2305.14342): Sophia's simplified setting.

f is convex, the Hessian changes by a factor of at most 2 within distance R, μ = λ_min(∇²f(θ*)),
η = ½ and ρ = R/(2√d). The recalled run time is T ≲ dΔ/(μR²) + ln(μR²/(32dε)); constants derived.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.estimators.sophia import SignGD, Sophia
from convergence.constants import Constants
from convergence.metrics.newton import ClippedSteps
from convergence.metrics.pointwise import AbstractPointwise, Gap
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.domains import number, one_of


class NormSq(AbstractPointwise):
    """‖θ‖², for θ* = 0."""

    def at(self, problem: Any, state: Any) -> Any:
        return jnp.sum(state.x**2)


class OwnAxes(AbstractAssumption):
    """The coordinates are clipped in an eigenbasis of the Hessian: the method's own, or the
    coordinates themselves where f separates in them."""

    basis: str = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = self.basis == "eigen" or not c.turned
        return Checked("an eigenbasis", holds, None, "the diagonal is one where f is not turned")


class ResolvedEigenbasis(AbstractAssumption):
    """The Hessian is diagonal, or its condition number at θ* and at θ_0 at most 10⁵: turning the
    gradient into the eigenbasis costs that many units in the last place, of which nine digits
    remain. One basis only: where eigenvalues at θ_0 coincide off the axes, any rotation of two
    eigenvectors is as good, and clips other coordinates."""

    one_basis: bool = eqx.field(static=True, default=False)

    def check(self, problem: Any, noise: AbstractNoise, c: Constants) -> Checked:
        if not c.turned:
            return Checked("resolved eigenbasis", True, 1.0, "on the axes")
        s = np.sort(np.asarray(problem.slopes(problem.start())[1]))
        found = max(float(c.condition), float(s[-1] / s[0]))
        near = self.one_basis and bool(np.any(np.diff(s) <= 1e-6 * s[-1]))
        detail = "κ ≤ 10⁵ off the axes" if not near else "distinct eigenvalues off the axes"
        return Checked("resolved eigenbasis", found <= 1e5 and not near, found, detail)


class AbstractSophia(AbstractTheorem):
    """Clipped Newton with η = ½, ρ = R/(2√d), in an eigenbasis of the Hessian."""

    kind = Kind.PATHWISE
    source = Source("liu2024sophia", "Section 4, simplified setting; constants derived")
    provenance = Provenance.DERIVED
    domain = {"basis": one_of("eigen", "diagonal")}

    basis: str = eqx.field(static=True, default="eigen")

    @varies
    def assumes(self) -> Any:
        known = Has("radius", 1e-300), Has("mu_star", 1e-300), Has("Delta", 0.0, 1e300)
        return NoNoise(), *known, OwnAxes(self.basis), ResolvedEigenbasis()

    def rho(self, c: Constants) -> float:
        """ρ = R/(2√d)."""
        return c.radius / (2 * c.d**0.5)

    def prescribe(self, c: Constants, T: int) -> Sophia:
        return Sophia(0.5, self.rho(c), self.basis)


class SophiaRuntime(AbstractSophia):
    """f(θ_T) − f* ≤ Δ(3/4)^{T + 1 − ⌈A⌉} for T ≥ ⌈A⌉, A = 64dΔ/(μR²): ε after T = ⌈A⌉ +
    ⌈log_{4/3}(Δ/ε)⌉ − 1 steps, whatever the condition number.

    Proof. `EveryStep`: fewer than A steps are clipped, each decreasing f by Δ/A at least; every
    other one multiplies the gap by ¾ at most, and none increases it.

    Where nothing is clipped the slack is 3 a step: ¾ pays for a Hessian that doubles along the
    step, and where it hardly moves the factor is ¼. A counts clipped steps as if each gained the
    least; on separable functions few do, and from a clipped start no sharp instance is known.
    """

    statement = "f(θ_T) − f* ≤ Δ(3/4)^{T+1−⌈A⌉},  A = 64dΔ/(μR²)"

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        A = 64 * c.d * c.Delta / (c.mu_star * c.radius**2)
        return c.Delta * 0.75 ** max(0, T + 1 - math.ceil(A))

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta


class EveryStep(AbstractSophia):
    """Each step: decrease ≥ ¼ Σ min{ρ|g_i|, g_i²/s_i} ("descent"); gap⁺ ≤ ¾ gap if no coordinate
    is clipped ("newton"); decrease ≥ μR²/(64d) if one is ("clipped").

    Proof. (descent) The step is at most ρ√d/2 = R/4 long, and within R the Hessian at most doubles:
    the decrease is at least ηΣ|g_i||c_i| − η²Σ s_i c_i² with c_i the clipped Newton step. (newton)
    Along the Newton flow θ′ = −H⁻¹g, g shrinks like e^{−t} and H⁻¹ at most doubles within R, the
    length is at most 2·R/2 and f − f* ≤ gᵀH⁻¹g. (clipped) Tilt f by the clipped part of g: the
    minimizer of the tilted function is within R, where the gradient of f is that part. If it is
    shorter than μR/2 it lies in B(θ*, R), so s_i ≥ μ/4 and |g_i| > ρμ/4; else max|g_i| ≥
    μR/(2√d). Both give the decrease by (descent).
    """

    statement = "decrease ≥ ¼Σ min{ρ|g_i|, g_i²/s_i};  ≥ μR²/(64d) if clipped;  gap⁺ ≤ ¾gap else"
    domain = {"which": one_of("descent", "newton", "clipped")}

    which: str = eqx.field(static=True, default="descent")

    @varies
    def assumes(self) -> Any:
        return (*AbstractSophia.assumes.fget(self), ResolvedEigenbasis(one_basis=True))

    def metric(self, c: Constants, T: int) -> ClippedSteps:
        level = c.mu_star * c.radius**2 / (64 * c.d)
        return ClippedSteps(self.rho(c), level, self.which)

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class SophiaQuadraticLaw(AbstractSophia):
    """z_i ← z_i − ½ clip(z_i, ρ) in the eigenbasis of a quadratic, whatever its eigenvalues:
    ‖θ_T‖² is known in advance.

    Proof. V(∇²f)⁻¹∇f = Vθ = z (θ* = 0).
    """

    statement = "‖θ_T‖² = Σ z_i² with z_i ← z_i − ½clip(z_i, ρ): free of the condition number"

    @varies
    def assumes(self) -> Any:
        quadratic = Is("quadratic"), Has("radius", 1e-300), ResolvedEigenbasis(one_basis=True)
        return NoNoise(), *quadratic, OwnAxes(self.basis)

    def metric(self, c: Constants, T: int) -> Any:
        return NormSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        z, rho = np.array(c.z0, dtype=float), self.rho(c)
        for _ in range(T):
            z = z - 0.5 * np.clip(z, -rho, rho)
        value = float(np.sum(z**2))
        return value, value


class SophiaDiagonalLaw(SophiaQuadraticLaw):
    """The same with the diagonal of a Hessian that is turned: FALSE."""

    statement = "‖θ_T‖² = Σ z_i² with the diagonal for the Hessian, turned or not (false)"

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Is("quadratic"), Has("radius", 1e-300), ResolvedEigenbasis(one_basis=True)


class AbstractNewtonConverges(AbstractSophia):
    """Newton's method, undamped and unclipped (η = 1)."""

    source = Source("liu2024sophia", "Newton's method as a baseline")

    def prescribe(self, c: Constants, T: int) -> Sophia:
        return Sophia(1.0, 1e300)

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.Delta


class NewtonConverges(AbstractNewtonConverges):
    """f(θ_T) − f* ≤ Δ for undamped, unclipped Newton (η = 1): FALSE on log cosh from |θ| ≥ 1.0887,
    the root of sinh 2θ = 4θ, beyond which the iterates grow."""

    statement = "f(θ_T) − f* ≤ f(θ_0) − f* for Newton's method on convex functions (false)"


class Inside(AbstractAssumption):
    """log cosh along every axis of its Hessian, and |z_i|/s < 1.0887, the root of sinh 2u = 4u."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        # The certified radius is (s/2) ln 2 for log cosh.
        found = float(np.max(np.abs(c.z0)) / (2 * c.radius / math.log(2.0)))
        inside = found == 0 or (found < 2 and math.sinh(2 * found) < 4 * found)
        holds = getattr(problem, "shape", None) == "logcosh" and inside
        return Checked("a start inside", holds, found, "log cosh from |u| < 1.0887")


class NewtonInside(AbstractNewtonConverges):
    """f(θ_T) − f* ≤ Δ for Newton on log cosh from |u| < 1.0887, the root of sinh 2u = 4u.

    Proof. u⁺ = u − ½ sinh 2u, and |u⁺| < |u| if and only if sinh 2|u| < 4|u|, which then holds for
    u⁺ too: sinh(2u)/u is even and increasing in |u|. f increases in every |u_i|. ∎
    """

    @varies
    def assumes(self) -> Any:
        return (*NewtonConverges.assumes.fget(self), Inside())

    statement = "f(θ_T) − f* ≤ f(θ_0) − f* for Newton's method on log cosh from |u| < 1.0887"


class Alternates(AbstractAssumption):
    """Two coordinates, on the axes of the Hessian, from x_0 > 0 and y_0 = η/2."""

    theorem: Any

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if len(c.z0) != 2 or c.turned or float(c.z0[0]) <= 0:
            return Checked("that start", False, None, "two coordinates on the axes, x_0 > 0")
        mu, beta = map(float, c.curvatures)
        half = self.theorem.eta(mu, beta, float(c.z0[0]), c.T) / 2
        holds = math.isclose(float(c.z0[1]), half, rel_tol=1e-9)
        return Checked("that start", holds, float(c.z0[1]), f"y_0 = η/2 = {half:g}")


class SignFloor(AbstractTheorem):
    """f(x_T) ≥ Δ/(1 + 4T²μ/β) for sign descent with any fixed η on ½(μx² + βy²) from x_0 =
    √(2Δ/μ), y_0 = η/2; equality for η = 4μTx_0/(4μT² + β) (scale = 1).

    Proof. y alternates between ±η/2, and x ≥ x_0 − Tη: f ≥ μ(x_0 − Tη)²/2 + βη²/8 as long as Tη ≤
    x_0, least at the given η; and for Tη > x_0 already βη²/8 > Δβ/(4μT²). So T ≥ ½√(β/μ)√(Δ/ε − 1):
    the condition number enters, as it does not for Sophia.
    """

    kind = Kind.PATHWISE
    source = Source("liu2024sophia", "lower bound for SignGD; derived for this start")
    provenance = Provenance.DERIVED
    statement = "f(x_T) ≥ Δ/(1 + 4T²μ/β) for sign descent; equality at the best η"
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Is("quadratic"), Alternates(self)

    def eta(self, mu: float, beta: float, x0: float, T: int) -> float:
        """scale · the best fixed step for T steps."""
        return float(self.scale) * 4 * mu * T * x0 / (4 * mu * T**2 + beta)

    def prescribe(self, c: Constants, T: int) -> SignGD:
        mu, beta = map(float, c.curvatures)
        return SignGD(self.eta(mu, beta, float(c.z0[0]), T))

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        mu, beta = float(c.curvatures[0]), float(c.curvatures[1])
        value = 0.5 * mu * float(c.z0[0]) ** 2 / (1 + 4 * T**2 * mu / beta)
        return value, value if float(self.scale) == 1 else float("inf")
