"""Gao, Islamov and Stich 2024 (arXiv 2311.05645): EControl against SGD and against its rivals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed, CompressedSGD
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21, EF21SGDM
from convergence.algorithms.compression.error_feedback import ErrorFeedback, IdealErrorFeedback
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.noise.pair import Pair
from convergence.parts.compressors import AbstractCompressor, Exactly, TopK
from convergence.problems.base import AbstractProblem
from convergence.problems.workers import different_workers
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked
from convergence.theorems.base import AbstractSeparation, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number, one_of

TWO_ATOMS = Pair([1.448751, -1.378811], 0.2)  # total variance 1


def method(
    name: str,
    gamma: float,
    eta: Any,
    C: AbstractCompressor = TopK(1),
    plain: AbstractCompressor = Exactly(),
    local: Any = None,
) -> AbstractCompressed:
    """A method with the step γ and the compressor C, `plain` where nothing is compressed.

    local: the local gradients that an ideal memory knows.
    """
    table: dict[str, Callable[[], AbstractCompressed]] = {
        "sgd": lambda: CompressedSGD(gamma, plain),
        "csgd": lambda: CompressedSGD(gamma, C),
        "ec": lambda: ErrorFeedback(gamma, C),
        "ec-ideal": lambda: IdealErrorFeedback(gamma, C, local),
        "ef21": lambda: EF21(gamma, C),
        "ef21-sgdm": lambda: EF21SGDM(gamma, C, eta),
        "econtrol": lambda: EControl(gamma, C, eta),
    }
    require(name in table, f"method {name!r}", f"one of {tuple(table)}", "choose one of them")
    return table[name]()


class Compared(AbstractAssumption):
    """The workers and the two-atom noise of the comparison, which is one of numbers."""

    spread: float = eqx.field(static=True, default=100.0)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        workers = different_workers(self.spread)
        same = eqx.tree_equal((problem, noise), (workers, TWO_ATOMS)) is True
        return Checked("the workers of the comparison", same, None, "`different_workers`")


class ThreeWay(AbstractSeparation):
    """E‖∇f(x_T)‖² of EControl ≤ that of a rival which floors, at one step γ = scale/T: error
    feedback under heterogeneity, EF21 under noise, compression without feedback under either.

    Of the eight workers of `different_workers` alone: offsets that cancel, or a step so small that
    the floor of error feedback, γ²ζ²/δ², is below γσ²/n, turn the comparison round. No factor is
    claimed: the ratio falls like ζ⁻² for the floors that heterogeneity leaves. Compression without
    feedback floors at any spread of the offsets β_i: at 100 six million times as high as EControl,
    at 0.3, that of the noise, twice as high.
    """

    source = Source("gao2024econtrol", "the comparison of Section 6; instance ours")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_T)‖² of EControl ≤ that of the rival"
    domain = {
        "scale": number("[8, 8]"),
        "eta": number("[0.07, 0.07]"),
        "other": one_of("ec", "ef21", "csgd"),
        "spread": one_of(0.3, 100.0),
    }

    scale: Reals = eqx.field(converter=real, default=8.0)
    eta: Reals = eqx.field(converter=real, default=0.07)
    other: str = eqx.field(static=True, default="ec")
    spread: float = eqx.field(static=True, default=100.0)

    @varies
    def assumes(self) -> Any:
        step = Within("the step of the comparison", self, "horizon", 2000, 2000)
        return (Compared(self.spread), step)

    def horizon(self, c: Constants, T: int) -> int:
        """T: γ = scale/T is part of the comparison."""
        return T

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return method("econtrol", float(self.scale) / T, float(self.eta))

    def rival(self, c: Constants, T: int) -> AbstractCompressed:
        return method(self.other, float(self.scale) / T, float(self.eta))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()
