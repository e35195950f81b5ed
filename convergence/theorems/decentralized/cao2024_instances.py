"""What the statements on flatness ask of noise and wells."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.constants import Constants
from convergence.parts.graphs import lazy, ring
from convergence.problems.double_well import double_well
from convergence.theorems.assumptions import AbstractAssumption, Checked


class Covariances(AbstractAssumption):
    """The covariance of every agent's noise is known: one multiple of I, or certified."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        holds = "covariances" in c or bool(c.get("isotropic_noise"))
        return Checked("known covariances", holds, None, "isotropic, or `covariances` certified")


class TiltedWell(AbstractAssumption):
    """The double well of curvatures 8 and 1 on the lazy ring of eight, tilted along its slowest
    mode with ζ = 3, and isotropic noise of size 8: the escape that the comparison is about."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        same = eqx.tree_equal(problem, double_well(lazy(ring(8)))) is True
        loud = bool(c.get("isotropic_noise")) and c.get("s", 0.0) == 8.0
        return Checked("the tilted double well", same and loud, None, "as in `double_well`, s = 8")
