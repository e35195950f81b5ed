"""Yao et al. 2024 (arXiv 2410.11772): importance-aware sparse tuning, as block-sampled SGD.

The paper's own statement is unknown here; these are derived for any law of the drawn blocks.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import equinox as eqx
import numpy as np
import scipy

from convergence.algorithms.estimators.ist import IST
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem, start_shape
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    ExactVariance,
    FiniteVariance,
    Horizon,
    Improvable,
    Is,
    IsotropicNoise,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import (
    AbstractSeparation,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.domains import Domain, count, number, one_of
from convergence.theorems.shrinking import gone, left, summed

RARE = 1 / 25  # the least chance of an atom with which asymptotic limits have been measured

_NUMBERS = number("(-inf, inf)", array=True)
IMPORTANCE = Domain(
    "a vector of numbers", lambda v: np.ndim(v) == 1 and np.size(v) > 0 and _NUMBERS.admits(v)
)


class Blocks(AbstractAssumption):
    """The iterate is a matrix with as many rows as there are blocks."""

    blocks: int = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        shape = start_shape(problem)
        holds = len(shape) == 2 and shape[0] == self.blocks
        return Checked("blocks", holds, None, f"{self.blocks} rows are needed, not {shape}")


class EqualBlocks(AbstractAssumption):
    """The blocks (rows) of x_0 − x* have one norm: those of ∇f(x_0) = L(x_0 − x*) do."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        start = problem.start()
        norms = np.linalg.norm(np.asarray(problem.grad(start)).reshape(len(start), -1), axis=1)
        spread = float(np.ptp(norms) / max(np.max(norms), 1e-300))
        # 1e-9: rows are rounded.
        return Checked("equal blocks", spread <= 1e-9, spread, "‖x_i⁰ − x_i*‖ must not vary")


class Drawn(AbstractAssumption):
    """Every block has a positive chance, p_min > 0."""

    low: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        return Checked("p_min > 0", self.low > 0, self.low, "raise mix")


class AbstractBlockSGD(AbstractTheorem):
    """Block i is updated with probability p_i."""

    source = Source("yao2024ist", "the method; bound derived")
    provenance = Provenance.DERIVED
    domain = {
        "importance": IMPORTANCE,
        "mix": number("[0, 1]"),
        "rule": one_of("given", "gradient", "learned"),
        "scale": number("(0, 1]"),
    }

    importance: Reals = eqx.field(converter=real, default=(0.0, 0.0, 0.0, 0.0))
    mix: Reals = eqx.field(converter=real, default=0.0)
    rule: str = eqx.field(static=True, default="given")
    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        drawn = Blocks(np.size(self.importance)), Drawn(self.range()[0])
        return Smooth(), FiniteVariance(), Improvable(), *drawn

    def chances(self) -> np.ndarray:
        """p of one draw with the given importance."""
        weight = np.exp(np.asarray(self.importance) - np.max(self.importance))
        return float(self.mix) / weight.size + (1 - float(self.mix)) * weight / weight.sum()

    def range(self) -> tuple[float, float]:
        """[p_min, p_max]; a learned importance guarantees only mix/blocks and 1."""
        if self.rule == "given":
            p = self.chances()
            return float(p.min()), float(p.max())
        even = float(self.mix) / np.size(self.importance)
        return even, 1 - float(self.mix) + even

    @abstractmethod
    def eta(self, c: Constants, T: int) -> float:
        """The step."""

    @abstractmethod
    def bound(self, c: Constants, T: int) -> float: ...

    def prescribe(self, c: Constants, T: int) -> IST:
        return IST(self.eta(c, T), self.importance, self.mix, rule=self.rule)

    def light_tailed(self, c: Constants, T: int) -> bool:
        """On (L/2)‖x‖² a block holds what it began with until it is drawn, and shrunk noise from
        then on: how long it waits is a geometric law, of which an average over the run shows what
        there is."""
        quiet = bool(c.get("isotropic")) and self.eta(c, T) * c.L <= 1
        return self.rule == "given" and c.sigma > 0 and bool(c.get("light_tailed")) and quiet

    def ceiling(self, c: Constants, T: int) -> float | None:
        """Without noise no block grows on (L/2)‖x‖² for η ≤ 2/L."""
        contracts = bool(c.get("isotropic")) and self.eta(c, T) * c.L <= 2
        return c.grad0**2 if c.sigma == 0 and contracts else None

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class BlockSGD(AbstractBlockSGD):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ [Δ/(ηT) + Lησ²p_max/2]/(p_min(1 − Lη/2)) when block i is updated with
    probability p_{i,t} ∈ [p_min, p_max], which may depend on x_t; η ≤ 1/L, no rescaling.

    Proof. E f⁺ ≤ f − η Σ p_i‖∇_i f‖² + (Lη²/2) Σ p_i(‖∇_i f‖² + σ_i²) ≤ f − η(1 − Lη/2)p_min‖∇f‖² +
    Lη²σ²p_max/2; sum. On (L/2)‖x‖² every step is an equality where all of ∇f lies in blocks of
    probability p_min.

    η = scale · min{1/L, √(2Δ/(Lσ²p_max T))}.
    """

    kind = Kind.EXPECTATION
    statement = "(1/T) Σ E‖∇f‖² ≤ [Δ/(ηT) + Lησ²p_max/2]/(p_min(1−Lη/2))"

    def eta(self, c: Constants, T: int) -> float:
        noise = c.L * c.sigma**2 * self.range()[1] * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else float("inf")
        return float(self.scale) * min(1 / c.L, tuned)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        low, high = self.range()
        eta = self.eta(c, T)
        top = c.Delta / (eta * T) + c.L * eta * c.sigma**2 * high / 2
        return top / (low * (1 - c.L * eta / 2))


class IgnoresImportance(BlockSGD):
    """The bound of uniform chances, p = 1/blocks, claimed for every importance: FALSE once the
    softmax saturates and starves a block."""

    statement = "(1/T) Σ E‖∇f‖² ≤ blocks · 2Δ/(ηT), whatever the importance (false)"

    def range(self) -> tuple[float, float]:
        even = 1 / np.size(self.importance)
        return even, even


class BlockLaw(AbstractBlockSGD):
    """E‖∇f(x_T)‖² = L² Σ_i [q_i^T‖x_i⁰‖² + p_iη²σ_i²(1 − q_i^T)/(1 − q_i)] on (L/2)‖x‖², q_i =
    1 − p_i(2ηL − η²L²), for a given importance, noise that is even over the blocks, σ_i² =
    σ²/blocks, and blocks of one norm ‖x_i⁰‖² = R²/blocks; x_0 stands for x_0 − x*.

    Proof. Block i is multiplied by 1 − ηL and gets noise of variance η²σ_i² with probability p_i,
    and stays otherwise. A block with p_i = 0 keeps L²‖x_i⁰‖² for ever. η = scale/L.
    """

    kind = Kind.EXACT
    statement = "E‖∇f(x_T)‖² = L² Σ [q_i^T‖x_i⁰‖² + p_iη²σ_i²(1−q_i^T)/(1−q_i)] on (L/2)‖x‖²"
    domain = {"rule": one_of("given"), "scale": number("(0, 2)")}

    @varies
    def assumes(self) -> Any:
        even = IsotropicNoise(), ExactVariance(), EqualBlocks()
        return Blocks(np.size(self.importance)), Is("isotropic"), *even

    def eta(self, c: Constants, T: int) -> float:
        return float(self.scale) / c.L

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        p, eta = self.chances(), self.eta(c, T)
        less = p * eta * c.L * (2 - eta * c.L)  # 1 − q
        start, noise = left(less, T) * c.R**2, p * eta**2 * c.sigma**2 * summed(less, T)
        return c.L**2 * float(np.sum(start + noise)) / p.size

    def unseen(self, c: Constants, T: int) -> float:
        """What a block began with, in the runs that draw it so seldom that not one in 25 does; and
        the noise of the blocks of which not one run in 25 draws any.

        After k draws (1 − ηL)^{2k} of the former is left: E[(1 − ηL)^{2K}; K ≤ k] is q^T times the
        chance of K ≤ k under p(1 − ηL)²/q, K binomial."""
        p, eta = self.chances(), self.eta(c, T)
        less = p * eta * c.L * (2 - eta * c.L)
        tilted = np.divide(p - less, 1 - less, out=np.zeros_like(p), where=less < 1)
        few = scipy.stats.binom.ppf(RARE, T, p) - 1
        start = left(less, T) * c.R**2 * scipy.stats.binom.cdf(few, T, tilted)
        rare = np.sort(p)[np.cumsum(gone(np.sort(p), T)) < RARE]
        noise = rare * eta**2 * c.sigma**2 * summed(np.sort(less)[: rare.size], T)
        return c.L**2 * float(np.sum(start) + np.sum(noise)) / p.size


class ImportanceHelps(AbstractSeparation):
    """E‖∇f(x_1)‖² with p_i ∝ ‖∇_i f‖² ≤ that with uniform chances, on (L/2)‖x‖², η = 1/L.

    Proof. One step makes E f⁺ = f − Σ p_i‖∇_i f‖²/(2L): importance beats uniform chances iff
    Cov(p, ‖∇_i f‖²) > 0, and p ∝ ‖∇_i f‖² has Σ p_i‖∇_i f‖² ≥ (1/blocks) Σ‖∇_i f‖².
    """

    source = Source("yao2024ist", "importance against uniform layers; derived")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_1)‖² with p_i ∝ ‖∇_i f‖² ≤ that of uniform chances on (L/2)‖x‖²"
    domain = {"blocks": count()}

    blocks: int = eqx.field(static=True, default=4)

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Is("isotropic"), Blocks(self.blocks), Horizon(1)

    def prescribe(self, c: Constants, T: int) -> IST:
        return IST(1 / c.L, np.zeros(self.blocks), 0.0, rule="gradient")

    def rival(self, c: Constants, T: int) -> IST:
        return IST(1 / c.L, np.zeros(self.blocks), 0.0)

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()
