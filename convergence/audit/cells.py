"""What the audit found: a cell for each law, a row for each optimizer, as values and as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from convergence.statistics import Verdict

SCHEMA = "convergence-audit/1"


class Outcome(StrEnum):
    """What a law has to say about an optimizer."""

    KEEPS = "keeps"
    BREAKS = "breaks"
    UNDECIDED = "undecided"
    NOT_ASKED = "not asked"
    CANNOT = "cannot be run"


# A cell is the judgment of a claim, "this optimizer keeps this law", in the words of a report.
VERDICTS = {
    Outcome.KEEPS: Verdict.CONSISTENT, Outcome.BREAKS: Verdict.REFUTED,
    Outcome.NOT_ASKED: Verdict.INAPPLICABLE, Outcome.CANNOT: Verdict.INCONCLUSIVE,
    Outcome.UNDECIDED: Verdict.INCONCLUSIVE,
}  # fmt: skip
ALPHA = 1e-6  # of one stochastic cell: 334 optimizers with two of them each make 7e-4


class NotAsked(Exception):
    """Raised by a law that says nothing about this optimizer; the message is the reason."""


class CannotRun(Exception):
    """Raised where the optimizer cannot be run; the message names what is missing."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One law on one optimizer.

    detail: a sentence. amount: by how much, in the unit that `detail` names; None where a number
    says nothing. step: the first one, counted from 1. instance: what repeats it, as JSON.
    promised: whether the optimizer's family promises the law. interval: limits of what a stochastic
    law measures, asymptotic, which miss it with probability `ALPHA` at most. sample: what it is the
    mean of, under noise that is the same in every audit.
    """

    law: str
    outcome: Outcome
    detail: str = ""
    amount: float | None = None
    step: int | None = None
    instance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    promised: bool = False
    interval: tuple[float, float] | None = None
    sample: tuple[float, ...] = ()

    @property
    def broken(self) -> bool:
        """A law that the family promises and that does not hold."""
        return self.outcome is Outcome.BREAKS and self.promised

    def to_json(self) -> dict[str, Any]:
        """Plain values; infinities and NaN are the strings "inf", "-inf" and "nan"."""
        more = {"outcome": str(self.outcome), "verdict": str(VERDICTS[self.outcome])}
        alpha = None if self.interval is None else ALPHA
        return plain(dataclasses.asdict(self) | more | {"alpha": alpha})

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Cell:
        """The cell of an entry that `to_json` wrote."""
        known = {f.name: entry[f.name] for f in dataclasses.fields(cls) if f.name in entry}
        amount = known.get("amount")
        known["amount"] = float(amount) if isinstance(amount, str) else amount
        interval = known.get("interval")
        known["interval"] = None if interval is None else (float(interval[0]), float(interval[1]))
        known["sample"] = tuple(known.get("sample") or ())
        return cls(**{**known, "outcome": Outcome(entry["outcome"])})


@dataclasses.dataclass(frozen=True)
class Audit:
    """All cells of one optimizer.

    target: what repeats it on the command line. version: of its package. family: whose promises
    it is held to. measured: what was found out about it, a word or number for each property.
    error: why no law could be asked at all, else "". seconds:
    of processor time.
    """

    target: str
    package: str
    name: str
    version: str
    family: str
    cells: tuple[Cell, ...]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    measured: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0

    def __getitem__(self, law: str) -> Cell:
        """The cell of a law."""
        return next(cell for cell in self.cells if cell.law == law)

    @property
    def broken(self) -> tuple[Cell, ...]:
        """The promised laws that do not hold."""
        return tuple(cell for cell in self.cells if cell.broken)

    def differs(self) -> tuple[Cell, ...]:
        """Every law that does not hold, promised or not."""
        return tuple(cell for cell in self.cells if cell.outcome is Outcome.BREAKS)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return plain({**fields, "cells": [cell.to_json() for cell in self.cells]})

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Audit:
        """The row of an entry that `to_json` wrote."""
        known = {f.name: entry[f.name] for f in dataclasses.fields(cls) if f.name in entry}
        known["cells"] = tuple(map(Cell.from_json, entry["cells"]))
        known["notes"] = tuple(entry.get("notes", ()))
        return cls(**known)


def plain(value: Any) -> Any:
    """Dictionaries, lists, strings, numbers, booleans and None; anything else by its repr."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    return repr(value)
