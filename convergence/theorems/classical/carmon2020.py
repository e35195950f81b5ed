"""Lower bounds from Carmon's chain behind a coin, for every zero-respecting method.

A method is zero-respecting if its iterates leave 0 only along coordinates that some gradient
showed: SGD, momentum, normalization, clipping, STORM and Adam from 0 are. Methods that draw
directions or frames, and those that mix coordinates, are not. Each declares it by its attribute
`respects`. A sample shows at most one new coordinate of the chain, and only with chance q; until
the last one is found ‖∇f‖ > ε. With the noise σ^p = (e^{3/2}ε)^p[(1−q)^pq^{1−p} + 1 − q] this makes
LΔσ^{p/(p−1)}ε^{−(3p−2)/(p−1)} samples necessary up to a constant, the exponent (p−1)/(3p−2).
"""

from __future__ import annotations

from typing import Any

import scipy

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.witness import Witness
from convergence.constants import Constants
from convergence.metrics.certificates import Lead
from convergence.metrics.folds import Smallest
from convergence.metrics.pointwise import GradNorm
from convergence.theorems.assumptions import Has
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import a


def _respects(method: Any) -> bool:
    """Declared by the class itself: one that inherits it may take other steps."""
    kind = type(method)
    mine = kind.__module__.startswith("convergence.") or "respects" in vars(kind)
    return mine and method.respects is not None


def _sparing(method: Any) -> bool:
    """T samples in T steps."""
    asked = method.respects
    return _respects(method) and int(asked.batch or 1) == 1 and int(asked.first) <= 1


ZERO_RESPECTING = a(
    AbstractAlgorithm,
    such=_respects,
    that="that declares that its iterates respect the zeros of its samples",
)
ONE_A_STEP = a(AbstractAlgorithm, such=_sparing, that="that does, and asks one sample a step")


class ChainProgress(AbstractTheorem):
    """max_{t≤T} (prog_0(w^t) − #{samples before w^t with z = 1}) ≤ 0 on every run.

    Samples are those that the method declares.

    Proof. If prog_{1/4}(w) ≤ prog_0(w) = j, the gradient of the chain beyond j+1 vanishes, and that
    of coordinate j+1 is masked unless z = 1. A sample is asked where no more than j coordinates
    have been found, at one point or at two (STORM), and shows j+1 at most, if z = 1: so prog_0
    grows by at most Σ z a step.
    """

    kind = Kind.PATHWISE
    source = Source("carmon2020", "Lemma 2, with the masked oracle of arjevani2023; derived for p")
    provenance = Provenance.DERIVED
    statement = "prog_0(w^t) ≤ number of successes ~ Bin(samples, q), every run, zero-respecting"
    assumes = (Has("K"), Has("shown", 0, 1))
    domain = {"method": ZERO_RESPECTING}

    method: AbstractAlgorithm

    def prescribe(self, c: Constants, T: int) -> Witness:
        return Witness(self.method, *self.method.respects)

    def metric(self, c: Constants, T: int) -> Any:
        return Lead()

    def bound(self, c: Constants, T: int) -> float:
        return 0.0


class ChainFloor(AbstractTheorem):
    """E min_{t≤T} ‖∇f(w^t)‖ ≥ ε P(Bin(T, q) < K), zero-respecting, one sample a step.

    Proof. By `ChainProgress` coordinate K is 0 on {Bin < K}, and there ‖∇f‖ > ε at every iterate.
    ‖∇f(w⁰)‖ = √e ε bounds the minimum from above.
    """

    kind = Kind.FLOOR
    source = Source("carmon2020", "Lemma 2, with the masked oracle of arjevani2023; derived for p")
    provenance = Provenance.DERIVED
    statement = "E min_{t≤T} ‖∇f(w^t)‖ ≥ ε P(Bin(T, q) < K),  every zero-respecting method"
    assumes = (Has("K"), Has("shown", 0, 1))
    domain = {"method": ONE_A_STEP}

    method: AbstractAlgorithm

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.method

    def metric(self, c: Constants, T: int) -> Any:
        return Smallest(GradNorm())

    def bound(self, c: Constants, T: int) -> float:
        beaten = scipy.special.bdtr(c.K - 1, T, c.shown) if c.K <= T else 1.0
        return float(c.eps * beaten)

    def ceiling(self, c: Constants, T: int) -> float:
        return c.grad0
