"""False readings of true statements: what is hoped of a method, and refuted beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx

from convergence.constants import Constants
from convergence.theorems.base import (
    AbstractAbout,
    AbstractTheorem,
    Moment,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.domains import a


class Misreading(AbstractAbout):
    """FALSE. The statement of `of` with another number in the place of its own: the same method on
    the same metric under the same assumptions, of which more is hoped than it keeps."""

    provenance = Provenance.DERIVED
    domain = {"of": a(AbstractTheorem)}

    of: AbstractTheorem
    told: str = eqx.field(static=True)
    number: Callable[[Any, Constants, int], Any] = eqx.field(static=True)

    @property
    def statement(self) -> str:
        return f"{self.told} (false)"

    @property
    def source(self) -> Source:
        return Source(self.of.source.key, "a false reading; control")

    @varies
    def quantity(self) -> Moment:
        """That of `of`."""
        return self.of.quantity

    def bound(self, c: Constants, T: int) -> Any:
        return self.number(self.of, c, T)

    def ceiling(self, c: Constants, T: int) -> float | None:
        return self.of.ceiling(c, T)

    def second_moment(self, c: Constants, T: int) -> float | None:
        return self.of.second_moment(c, T)

    def light_tailed(self, c: Constants, T: int) -> bool:
        return self.of.light_tailed(c, T)

    def unseen(self, c: Constants, T: int) -> float:
        return self.of.unseen(c, T)
