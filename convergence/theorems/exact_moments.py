"""Statements about the exact moments of a method: rate, bias, variance, steady state, transient."""

from __future__ import annotations

import enum
from abc import abstractmethod
from typing import Any, ClassVar

from convergence.constants import Constants
from convergence.metrics.agents import MeanSquare
from convergence.theorems.base import AbstractTheorem, Kind


class Moment(enum.StrEnum):
    """The number that a statement names, for a method S⁺ = M S + c + N u and a quadratic metric q.

    T is the horizon of `EXPECTED`; elsewhere it is whatever the instance and the statement make
    of it: 1/α, 1/(1 − λ), a percentage, a number of agents, a draw.
    """

    RADIUS = "spectral radius"
    GAP = "1 − spectral radius"
    STABLE = "1 if the spectral radius is below 1, else 0"
    BIAS = "q at the fixed point"
    VARIANCE = "½ tr(∇²q Σ) in steady state"
    STEADY = "lim E q"
    EXPECTED = "E q at T"
    TRANSIENT = "T at which the steady q is twice the rival's"


class AbstractMoment(AbstractTheorem):
    """A statement about one `Moment` of the prescribed method.

    Kinds: EXACT (equal up to `tolerance`, relative to the larger of the bound and `scale`),
    EXPECTATION (at most), FLOOR (at least), RATE (O(bound); Θ(bound) if `two_sided`) and
    SEPARATION (at most bound times the rival's).
    """

    kind = Kind.EXACT
    quantity: ClassVar[Moment] = Moment.STEADY
    # Solves with condition numbers up to 1e6 in float64 keep nine digits.
    tolerance: ClassVar[float] = 1e-9
    two_sided: ClassVar[bool] = False
    # The statement is about steps with T(1 − ρ) ≥ settled alone, ρ the spectral radius; 0: about
    # steps that are stable.
    settled: ClassVar[float | None] = None

    def scale(self, c: Constants, T: int) -> float:
        """The size of what cancels where the bound is 0; the bound alone otherwise."""
        return 0.0

    def metric(self, c: Constants, T: int) -> Any:
        return MeanSquare()

    @abstractmethod
    def bound(self, c: Constants, T: int) -> float:
        """The number that the statement names."""
