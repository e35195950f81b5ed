"""What the statements on flatness ask of noise and wells."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.constants import Constants
from convergence.parts.graphs import lazy, ring
from convergence.problems.double_well import double_well
from convergence.theorems.assumptions import AbstractAssumption, Checked


class Covariances(AbstractAssumption):
    """The covariance of the stack's noise is known: one multiple of I, or that of every agent, of
    which there is none between them."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        apart = "covariances" in c and c.get("independent") is True
        detail = "isotropic, or `covariances` of independent agents certified"
        return Checked("known covariances", apart or bool(c.get("isotropic_noise")), None, detail)


class TiltedWell(AbstractAssumption):
    """The double well of curvatures 8 and 1 on the lazy ring of eight, tilted along its slowest
    mode with ζ = 3, and isotropic noise of size 8: the escape that the comparison is about."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        same = eqx.tree_equal(problem, double_well(lazy(ring(8)))) is True
        loud = bool(c.get("isotropic_noise")) and c.get("s", 0.0) == 8.0
        return Checked("the tilted double well", same and loud, None, "as in `double_well`, s = 8")
