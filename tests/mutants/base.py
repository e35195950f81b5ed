"""A mutant is a planted fault; it is caught when a claim's verdict stops being the expected one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from convergence.claims.base import AbstractClaim, Settings


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
