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

from convergence.algorithms.estimators.sophia import Sophia
from convergence.constants import Constants
from convergence.metrics.newton import ClippedSteps
from convergence.metrics.pointwise import AbstractPointwise, Gap
from convergence.noise.base import AbstractNoise
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.domains import one_of


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


@plainly
def _curvatures(problem: Any) -> Any:
    """At the start, along the axes of a turned separable problem."""
    return problem.slopes(problem.start())[1]


class ResolvedEigenbasis(AbstractAssumption):
    """The Hessian is diagonal, or its condition number at θ* and at θ_0 at most 10⁵: turning the
    gradient into the eigenbasis costs that many units in the last place, of which nine digits
    remain. One basis only: where eigenvalues at θ_0 coincide off the axes, any rotation of two
    eigenvectors is as good, and clips other coordinates."""

    one_basis: bool = eqx.field(static=True, default=False)

    def check(self, problem: Any, noise: AbstractNoise, c: Constants) -> Checked:
        if not c.turned:
            return Checked("resolved eigenbasis", True, 1.0, "on the axes")
        s = np.sort(np.asarray(_curvatures(problem)))
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

    ¾ pays for a Hessian that doubles along the step and for f − f* as large as gᵀH⁻¹g, which on
    separable functions never come together (`SophiaSeparable`: 9/16, attained); whether a Hessian
    that turns attains ¾ is open. A counts clipped steps as if each gained the least: log cosh
    from where it is barely clipped has A ≈ 8 and clips one step, and no sharp instance is known.
    """

    statement = "f(θ_T) − f* ≤ Δ(3/4)^{T+1−⌈A⌉},  A = 64dΔ/(μR²)"

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        A = 64 * c.d * c.Delta / (c.mu_star * c.radius**2)
        return c.Delta * 0.75 ** max(0, T + 1 - math.ceil(A))

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta


class Separates(AbstractAssumption):
    """f is a sum of functions of one coordinate each, in a basis that is known."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        return Checked("a separable f", "z0" in c, None, "certified by the basis of z_0")


class SophiaSeparable(SophiaRuntime):
    """f(θ_T) − f* ≤ Δ(9/16)^{T + 1 − ⌈A⌉} for T ≥ ⌈A⌉, A = 32dΔ/(μR²), if f separates in the basis
    that is clipped.

    Proof, for one coordinate φ at z > 0 with g = φ′(z), h = φ″(z). Not clipped, g ≤ ρh: z ≤ R, for
    else g > Rh/2 ≥ ρh; so φ″ lies in [1, 2] on [0, z], in units of its least value there. Let z⁺ =
    z − g/(2h) ≥ 0, G = φ′(z⁺), u = z − z⁺. Slopes in [1, 2] give G = (1 + a)z⁺, 0 ≤ a ≤ 1, and
    φ(z⁺) ≤ (½ + a − a²/2)z⁺² (2 up to az⁺, then 1); 4u ≥ 2hu = g ≥ G + u, so u ≥ G/3 and φ(z) −
    φ(z⁺) ≥ Gu + u²/2 ≥ 7G²/18. The quotient (½ + a − a²/2)·18/(7(1 + a)²) is largest at a = 0, for
    (1 − a)(1 + a) ≤ 2(½ + a − a²/2): φ(z⁺) ≤ (9/7)(φ(z) − φ(z⁺)), hence φ(z⁺) ≤ (9/16)φ(z).
    Clipped, g > ρh: the step ρ/2 ≤ R/4 meets curvatures of 2h at most and gains ≥ gρ/2 − hρ²/4 ≥
    gρ/4; g ≥ ρμ/2, as h ≥ μ/2 for z ≤ R, and g ≥ μR/2 else. So a step with a clipped coordinate
    gains ρ²μ/8 = Δ/A at least: fewer than A of them, or f = f* before. ∎

    Attained by `spiked` functions: φ″ = 2 where the method looks, 1 on almost all of the way.
    """

    statement = "f separable: f(θ_T) − f* ≤ Δ(9/16)^{T+1−⌈A⌉},  A = 32dΔ/(μR²)"

    @varies
    def assumes(self) -> Any:
        return (*AbstractSophia.assumes.fget(self), Separates())

    def bound(self, c: Constants, T: int) -> float:
        A = 32 * c.d * c.Delta / (c.mu_star * c.radius**2)
        return c.Delta * 0.5625 ** max(0, T + 1 - math.ceil(A))


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
