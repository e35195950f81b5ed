"""Das 2024 (Natural GaLore, arXiv 2410.16029): its algebra, its efficiency, and its stall."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.subspace.natural_galore import NaturalGaLore, NaturalSGD, natural
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import Gap, GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.parts.projectors import TopSVD
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, ExactVariance, Is
from convergence.theorems.base import (
    AbstractIdentity,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.domains import count, number
from convergence.theorems.subspace.corner import stall

PAPER = "das2024"
_natural = jax.jit(natural)  # one program, not one for each of its operations


def _cases() -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """Name → (history, g, λ)."""
    rng = np.random.default_rng(2)
    sizes = ((1, 6, 1.0), (4, 10, 0.1), (20, 8, 0.01), (3, 3, 10.0))
    return {
        f"s={s}, d={d}, λ={lam}": (rng.standard_normal((s, d)), rng.standard_normal(d), lam)
        for s, d, lam in sizes
    }


class Woodbury(AbstractIdentity):
    """g/λ − G(I + GᵀG/λ)⁻¹Gᵀg/λ² = (λI + GGᵀ)⁻¹ g."""

    source = Source(PAPER, "Section 3, natural gradient by Woodbury")
    provenance = Provenance.PRINTED
    statement = "g/λ − G(I + GᵀG/λ)⁻¹Gᵀg/λ² = (λI + GGᵀ)⁻¹g"
    tolerance = 1e-9  # condition numbers up to 2e3 of the d × d and s × s systems, in float64

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for name, (history, g, lam) in _cases().items():
            dense = np.linalg.solve(lam * np.eye(len(g)) + history.T @ history, g)
            ours = np.asarray(_natural(history, g, lam))
            found[name] = float(np.linalg.norm(ours - dense) / np.linalg.norm(dense))
        return found


class NaturalDescent(AbstractIdentity):
    """‖g‖/(λ + ‖G‖₂²) ≤ ‖g̃‖ ≤ ‖g‖/λ and ⟨g̃, g⟩ ≥ ‖g‖²/(λ + ‖G‖₂²), g̃ = (λI + GGᵀ)⁻¹g.

    Proof. The eigenvalues of the matrix lie in [1/(λ + ‖G‖₂²), 1/λ].
    """

    source = Source(PAPER, "Section 3, derived")
    provenance = Provenance.DERIVED
    statement = "‖g‖/(λ+‖G‖²) ≤ ‖g̃‖ ≤ ‖g‖/λ and ⟨g̃, g⟩ ≥ ‖g‖²/(λ+‖G‖²)"
    tolerance = 1e-9  # as for the identity by Woodbury

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for name, (history, g, lam) in _cases().items():
            turned = np.asarray(_natural(history, g, lam))
            top = lam + np.linalg.norm(history, 2) ** 2
            size, square = float(np.linalg.norm(turned)), float(g @ g)
            found[f"{name}: above"] = max(size * lam / square**0.5 - 1, 0.0)
            found[f"{name}: below"] = max(1 - size * top / square**0.5, 0.0)
            found[f"{name}: descent"] = max(1 - float(turned @ g) * top / square, 0.0)
        return found


class FisherIsCovariance(AbstractAssumption):
    """∇²f = Cov ξ, diagonal and positive: f is a well-specified negative log-likelihood."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        variance = np.asarray(c.covariance, float)
        x0 = problem.start()
        units = jnp.eye(x0.size, dtype=x0.dtype).reshape(x0.size, *x0.shape)
        curved = jax.vmap(lambda v: jax.jvp(problem.grad, (x0,), (v,))[1])(units)
        off = np.asarray(curved).reshape(x0.size, -1) - np.diag(variance.ravel())
        # Relative to √(F_ii F_jj): F⁻¹ makes as much of what is off in a flat direction.
        root = np.maximum(variance.ravel(), 1e-300) ** 0.5
        worst = float(np.max(np.abs(off) / np.outer(root, root)))
        # Entries of the Hessian are rounded, to 1e-7 in float32.
        holds = worst < 1e-6 and float(np.min(variance)) > 0
        return Checked("Fisher matrix", holds, worst, "∇²f must be the noise's covariance")


class CramerRao(AbstractTheorem):
    """E f(x_K) − f* = d/(2K) for natural gradient descent with steps 1/k on Gaussian mean
    estimation, f(x) = ½(x − θ)ᵀF(x − θ), Cov ξ = F: Var x_K = F⁻¹/K, the Cramér–Rao bound.

    Proof. F⁻¹∇F(x; ξ) = x − z with z ~ N(θ, F⁻¹), so x_K is the mean of z_1, …, z_K.
    """

    kind = Kind.EXACT
    source = Source(PAPER, "the asymptotic efficiency quoted in Section 3, exact here, derived")
    provenance = Provenance.DERIVED
    statement = "E f(x_K) − f* = d/(2K): natural gradient descent attains the Cramér–Rao bound"
    assumes = (FisherIsCovariance(), Is("quadratic"), ExactVariance())

    def prescribe(self, c: Constants, T: int) -> NaturalSGD:
        return NaturalSGD(c.covariance)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.d / (2 * T)


class NaturalStalls(AbstractTheorem):
    """‖∇f(X_T)‖ = ‖∇f(X_0)‖ for all T on GaLore's counterexample: no direction inside the subspace
    helps when the subspace is wrong."""

    kind = Kind.PATHWISE
    source = Source("he2025", "Theorem 1's instance under Natural GaLore, derived")
    provenance = Provenance.DERIVED
    statement = "Natural GaLore on GaLore's counterexample: ‖∇f(X_T)‖ = ‖∇f(X_0)‖ for all T"
    domain = {"r": count(), "eta": number("(0, 2)")}

    r: int = eqx.field(static=True, default=4)
    eta: Reals = eqx.field(converter=real, default=1e-2)

    @varies
    def assumes(self) -> Any:
        return stall(self.r)

    def prescribe(self, c: Constants, T: int) -> NaturalGaLore:
        return NaturalGaLore(TopSVD(), self.eta, self.r, 5, 1e-3, 3)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return c.grad0**2, c.grad0**2
