"""Statements about the exact moments of a method: rate, bias, variance, steady state, transient."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from convergence.constants import Constants
from convergence.metrics.agents import MeanSquare
from convergence.theorems.base import AbstractTheorem, Kind, Moment


class AbstractMoment(AbstractTheorem):
    """A statement about one `Moment` of the prescribed method.

    Kinds: EXACT (equal up to `tolerance`, relative to the larger of the bound and `scale`),
    EXPECTATION (at most), FLOOR (at least), RATE (O(bound); Θ(bound) if `two_sided`) and
    SEPARATION (at most bound times the rival's).
    """

    kind = Kind.EXACT
    quantity = Moment.STEADY

    def scale(self, c: Constants, T: int) -> float:
        """The size of what cancels where the bound is 0; the bound alone otherwise."""
        return 0.0

    def metric(self, c: Constants, T: int) -> Any:
        return MeanSquare()

    @abstractmethod
    def bound(self, c: Constants, T: int) -> float:
        """The number that the statement names."""
