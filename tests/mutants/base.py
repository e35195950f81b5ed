"""A mutant is a planted fault; it is caught when a claim's verdict stops being the expected one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.claims.base import AbstractClaim, Claim, Settings
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.theorems.base import AbstractAbout


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`claim()` builds a registered claim with one fault planted in it; its `expect` is the
    verdict of the healthy claim."""

    name: str
    claim: Callable[[], AbstractClaim]

    def caught(self, settings: Settings = Settings()) -> bool:
        """Whether the fault changes the verdict. The budget of the claim is not enlarged."""
        report = self.claim().verify(settings)
        return not report.expected


class Tampered(AbstractAbout):
    """The statement of `of`, with another algorithm, bound or metric in its place."""

    algorithm: Any = eqx.field(static=True, default=None)
    number: Any = eqx.field(static=True, default=None)
    measure: Any = eqx.field(static=True, default=None)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        healthy = self.of.prescribe(c, T)
        return healthy if self.algorithm is None else self.algorithm(healthy)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        healthy = self.of.metric(c, T)
        return healthy if self.measure is None else self.measure(healthy)

    def bound(self, c: Constants, T: int) -> Any:
        healthy = self.of.bound(c, T)
        return healthy if self.number is None else self.number(healthy, T)

    def ceiling(self, c: Constants, T: int) -> float | None:
        return self.of.ceiling(c, T)


def tamper(
    claim: Claim,
    *,
    algorithm: Callable[[Any], AbstractAlgorithm] | None = None,
    number: Callable[[Any, int], Any] | None = None,
    measure: Callable[[Any], AbstractMetric] | None = None,
    **fields: Any,
) -> Claim:
    """A registered claim with its algorithm, bound or metric transformed, or a field replaced."""
    theorem = Tampered(claim.theorem, algorithm, number, measure)
    return dataclasses.replace(claim, theorem=theorem, **fields)


def altered(statement: Any, **fields: Any) -> Any:
    """The statement with other fields, past the domain that it declares for them."""
    found = object.__new__(type(statement))
    for name, value in {**vars(statement), **fields}.items():
        object.__setattr__(found, name, value)
    return found
