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
from convergence.noise.base import AbstractNoise
from convergence.noise.pair import Pair
from convergence.parts.compressors import AbstractCompressor, Exactly, TopK
from convergence.problems.base import AbstractProblem
from convergence.problems.workers import different_workers
from convergence.theorems.assumptions import AbstractAssumption, Checked

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

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        same = eqx.tree_equal((problem, noise), (different_workers(), TWO_ATOMS)) is True
        return Checked("the workers of the comparison", same, None, "`different_workers`")
