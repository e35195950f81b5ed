"""What is said of EF21 and its rivals and is not so."""

from __future__ import annotations

from convergence.constants import Constants
from convergence.theorems.base import Kind, Provenance, Source
from convergence.theorems.compression.fatkhullin2023 import AbstractIdealThreeAtoms, FollowsSGD
from convergence.theorems.domains import one_of


class ThreeAtomFloorFromRest(AbstractIdealThreeAtoms):
    """FALSE: E‖∇f(x_T)‖² ≥ σ²/60 from x*, whatever γ, n and T, as it was once recalled.

    `IdealThreeAtoms` is below it until 1 − u_T is about 1/√2: a method that has made few short
    steps is still near x*.
    """

    kind = Kind.FLOOR
    source = Source("fatkhullin2023", "Theorem 1, without its start and its min")
    provenance = Provenance.RECALLED
    statement = "ideal EF21, three atoms, from x*: E‖∇f(x_T)‖² ≥ σ²/60 whatever γ, n, T (false)"

    def bound(self, c: Constants, T: int) -> float:
        return c.sigma**2 / 60


class EverythingFollowsSGD(FollowsSGD):
    """FALSE: the same of EF21, which keeps the bias of `TwoAtomFloor`, at a fixed η also with
    momentum, and of C-SGD, which keeps that of heterogeneity."""

    statement = "(1/T) Σ E‖∇f(x_t)‖² = O(that of SGD) for every compressed method (false)"
    domain = {"name": one_of("csgd", "ef21", "ef21-sgdm")}
