"""What theorems on subspace methods share: ranks, frames, solvers of subproblems."""

from __future__ import annotations

from typing import Any, ClassVar

import equinox as eqx

from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.parts.projectors import Coordinates, Haar
from convergence.parts.solvers import GD, ZO, AbstractDescent, MomentumGD
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Matrix, ShortStep
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, varies
from convergence.theorems.domains import a, count, number

# Drawn afresh, independent of the gradient, with PᵀP = I and E PPᵀ = δI.
FRESH = a(Haar, Coordinates)


class AbstractSubspaceTheorem(AbstractTheorem):
    """What the statements share: rank r ≤ min(m, n), the metric and its trivial value.

    `needs`: what the proof assumes besides.
    """

    provenance = Provenance.DERIVED
    kind = Kind.EXPECTATION
    domain = {"r": count()}
    needs: ClassVar[tuple[AbstractAssumption, ...]] = ()

    r: int = eqx.field(static=True, default=2)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r))

    def delta(self, c: Constants) -> float:
        """δ = r/m."""
        return self.r / c.m

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class AbstractSubspaceLaw(AbstractSubspaceTheorem):
    """An equality for E‖∇f(X_T)‖² at a given step η < 2/L."""

    kind = Kind.EXACT
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.1)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r), ShortStep(float(self.eta)))

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()


class SolvedExactly(AbstractAssumption):
    """Conjugate gradients make as many steps as the Hessian of a subproblem has distinct
    eigenvalues at most: 1 where that of f is a multiple of I, r where it acts on every column
    alike, rn in general."""

    r: int = eqx.field(static=True)
    iterations: int = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        alike = c.get("by_rows", False)
        needed = 1 if c.get("isotropic", False) else self.r * (1 if alike else c.n)
        holds = self.iterations >= needed
        return Checked(
            "exact subproblems", holds, float(needed), f"{self.iterations} steps or less"
        )


class ContractingSolver(AbstractAssumption):
    """The solver contracts on this instance, ρ < 1: GD, with momentum or not, under any noise, AGD
    without, ZO without and on a quadratic."""

    inner: AbstractDescent

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        quiet = isinstance(self.inner, GD | MomentumGD) or c.sigma == 0
        fits = quiet and (not isinstance(self.inner, ZO) or c.get("quadratic", False))
        rho = self.inner.rho(c.d)
        name = type(self.inner).__name__
        detail = f"{name} needs more than this" if not fits else "more inner steps make ρ < 1"
        return Checked("a solver that contracts", bool(fits) and rho < 1, rho, detail)


def in_full(inner: AbstractDescent) -> bool:
    """N ≥ 1 steps of at most the length that the proof allows, and no early end."""
    return int(inner.N) >= 1 and float(inner.eps) == 0 and inner.short()
