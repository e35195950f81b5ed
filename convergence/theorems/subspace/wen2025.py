"""Wen, Luo, Wang, Deng, Zou, Yuan, Sun and Li 2025 (GWT, arXiv 2501.07237): no theorem is known of
there; these are derived."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.subspace.gwt import GWT, GWTSGDM
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import Gap
from convergence.noise.base import AbstractNoise
from convergence.parts.wavelets import merge, split
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_shape, started
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Centered,
    Checked,
    Horizon,
    Is,
    NoNoise,
)
from convergence.theorems.base import (
    AbstractIdentity,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.domains import count, number, one_of
from convergence.theorems.subspace.zmushko2025 import FixedSplit

PAPER = "wen2025"


@plainly
def _there_and_back(G: Any, level: int) -> Any:
    """By how much Haar⁻¹ Haar G misses G, and ‖Haar G‖²/‖G‖² misses 1."""
    A, details = split(G, level)
    square = jnp.sum(A**2) + sum(jnp.sum(D**2) for D in details)
    return jnp.max(jnp.abs(merge(A, details) - G)), jnp.abs(square / jnp.sum(G**2) - 1)


class HaarOrthonormal(AbstractIdentity):
    """‖[A, D]‖ = ‖G‖ and Haar⁻¹ Haar G = G for every level: GWT-SGD is SGD."""

    source = Source(PAPER, "the transform of Section 3, derived")
    provenance = Provenance.DERIVED
    statement = "‖Haar G‖ = ‖G‖ and Haar⁻¹ Haar G = G, so that GWT-SGD is SGD"
    tolerance = 1e-14  # log₂ n additions of numbers of order 1 in float64

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for m, n, level in ((1, 2, 1), (3, 8, 1), (3, 8, 2), (3, 8, 3), (5, 12, 2), (4, 6, 0)):
            G = np.random.default_rng(n + level).standard_normal((m, n))
            case = f"{m} × {n}, level {level}"
            inverse, norm = map(float, _there_and_back(G, level))
            found |= {f"{case}: inverse": inverse, f"{case}: norm": norm}
        return found


class Halves(AbstractAssumption):
    """The last axis can be halved `level` times."""

    level: int = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        n = (0, *start_shape(problem))[-1]
        # 2^level alone may have more digits than are worth a look.
        holds = self.level < n.bit_length() and n % 2**self.level == 0
        return Checked("columns", holds, n, f"a multiple of 2^{self.level}")


class GWTSGDMBound(FixedSplit):
    """The bound of FRUGAL's fixed split for GWT-SGDM, with s_J² the variance in A: s²/2^level for
    isotropic noise. Proof. In the Haar basis, a rotation, it is SGDM on A and SGD on D."""

    source = Source(PAPER, "GWT with SGDM, derived")
    statement = "GWT-SGDM = FRUGAL in the Haar basis: the fixed-split bound with s_J² = s²/2^level"

    domain = {"level": count(0)}

    level: int = eqx.field(static=True, default=1)

    @varies
    def assumes(self) -> Any:
        return (*FixedSplit.assumes, Halves(self.level))

    def share(self, c: Constants) -> float:
        return 0.5**self.level

    def prescribe(self, c: Constants, T: int) -> Any:
        return GWTSGDM(self.alpha(c), self.beta, self.level)


class Antisymmetric(AbstractAssumption):
    """x_0 has x_{2j+1} = −x_{2j} along its last axis, so that the approximation of ∇f is 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        x0 = started(problem)
        if x0.ndim == 0 or x0.shape[-1] % 2:
            return Checked("antisymmetric pairs", False, None, "an even number of columns")
        worst = float(np.max(np.abs(x0[..., 0::2] + x0[..., 1::2])))
        return Checked("antisymmetric pairs", worst == 0.0, worst, "x_{2j} + x_{2j+1} must be 0")


class Finite(AbstractAssumption):
    """The stated value is a float."""

    theorem: Any

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        with np.errstate(over="ignore"):
            value = float(self.theorem.bound(c, c.T)[1])
        return Checked("before it overflows", value < 1e300, value, "f(x_T) < 1e300")


class AbstractFromPair(AbstractTheorem):
    """Statements about f(x_T) on (L/2)‖x‖² for Adam's relatives without noise."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Is("isotropic"), Centered())
    domain = {"lr": number("(0, inf)")}

    lr: Reals = eqx.field(converter=real, default=1e-2)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Gap()

    def bound(self, c: Constants, T: int) -> Any:
        return c.Delta


class AdamDiverges(AbstractFromPair):
    """f(x_T) = f(x_0) Π_{t≤T} (1 − s_t αL/ε)², s_t = lr √(1 − β₂ᵗ)/(1 − β₁ᵗ): GWT-Adam at level 1
    from pairwise antisymmetric x_0 multiplies x by 1 − s_tαL/ε, about −2500 at the defaults.

    Proof. A_t = 0 for all t, so m = v = 0, the denominator is ε and the limiter 1.01/1.01.
    """

    source = Source(PAPER, "Algorithm 1 as coded, derived")
    statement = "from (1, −1): f(x_T) = f(x_0) Π (1 − s_t αL/ε)², which overflows"

    @varies
    def assumes(self) -> Any:
        return (*AbstractFromPair.assumes, Antisymmetric(), Finite(self))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return GWT(self.lr)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        a = GWT(self.lr)
        age = np.arange(1, T + 1, dtype=float)
        size = float(self.lr) * np.sqrt(1 - a.b2**age) / (1 - a.b1**age)
        value = c.Delta * float(np.prod((1 - size * float(a.alpha) * c.L / float(a.eps)) ** 2))
        # 1 − β₂ᵗ loses up to three digits a step in float64, whichever way the power is computed.
        return value * (1 - 1e-9), value * (1 + 1e-9)


class AbstractAdamStable(AbstractFromPair):
    """GWT-Adam, or with `plain=True` Adam itself."""

    domain = {"plain": one_of(False, True)}

    plain: bool = eqx.field(static=True, default=False)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        if self.plain:
            return FromOptax(optax.adam, learning_rate=float(self.lr))
        return GWT(self.lr)


class AdamStable(AbstractAdamStable):
    """f(x_T) ≤ f(x_0) at the given horizons (folklore; false for GWT-Adam from (1, −1)).

    `plain=True` takes Adam itself, from which GWT-Adam is said to differ in memory only.
    """

    source = Source(PAPER, "folklore: GWT-Adam behaves as Adam")
    statement = "folklore: Adam, and GWT-Adam with it, ends below its start on (L/2)‖x‖²"


class StartsAt(AbstractAssumption):
    """½‖x‖² from one given point."""

    start: tuple[float, ...] = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        x0 = started(problem)
        holds = np.array_equal(np.ravel(x0), self.start) and c.L == 1
        return Checked("that start", holds, None, f"½‖x‖² from {self.start}")


class AdamRecovers(AbstractAdamStable):
    """f(x_T) ≤ f(x_0) for T ≤ 10⁵ on ½‖x‖² from (1, −1.1), and for Adam itself from (1, −1) or
    (1, −1.1): what three runs show at lr = 0.01, and no more.

    Of `AdamStable` nothing general is left: from nearer to an antisymmetric start GWT-Adam ends
    above it again, and Adam does from starts below its own step.
    """

    source = Source(PAPER, "Algorithm 1 as coded; computed from one start")
    statement = "f(x_T) ≤ f(x_0) for T ≤ 10⁵ on ½‖x‖² from one start (that one alone)"

    domain = {
        "lr": number("[0.01, 0.01]"),
        "start": one_of((1.0, -1.1), (1.0, -1.0)),
    }

    start: tuple[float, ...] = eqx.field(static=True, default=(1.0, -1.1))

    def __check_init__(self) -> None:
        require(
            self.plain or self.start == (1.0, -1.1),
            f"GWT-Adam from {self.start}",
            "Adam itself, or the start (1, −1.1)",
            "see `AdamDiverges`",
        )

    @varies
    def assumes(self) -> Any:
        return (*AbstractFromPair.assumes, StartsAt(self.start), Horizon(10**5))
