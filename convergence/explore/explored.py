"""A claim under sliders, whole or in a hurry, and the runs that are remembered of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.claims.assemble import judge
from convergence.claims.base import Claim
from convergence.claims.settings import Session, Settings
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample, Verdict, judge_pathwise
from convergence.theorems.assumptions import Checked

EPS = 2**-49  # of a step, a few operations in float64
LATER = "looked at when the slider is let go"


@dataclasses.dataclass(frozen=True)
class Explored(Claim):
    """A claim of `factor` times the theorem's bound."""

    factor: float = dataclasses.field(default=1.0, kw_only=True)

    def bound(self, T: int) -> Any:
        stated = super().bound(T)
        if isinstance(stated, tuple):
            return self.factor * stated[0], self.factor * stated[1]
        return self.factor * stated

    def held(self, records: list[Record], samples: list[Sample], session: Session) -> Judgement:
        """As judged: another factor runs nothing, so that the last digits are not looked at."""
        return judge(self.kind, samples, session.settings, self.margin)

    def times(self, factor: float) -> Explored:
        """The same with another factor, and what has been made of the instance."""
        other = dataclasses.replace(self, factor=factor)
        other.__dict__.update(_made=self._made)
        return other


@dataclasses.dataclass(frozen=True)
class Rough(Explored):
    """The same while a slider moves: what takes long is put off, and nothing is claimed of it."""

    looped = 0

    def certified(self, T: int) -> Checked:
        return Checked("certificates", True, None, LATER)

    def judged(
        self, horizons: tuple[int, ...], seeds: int, session: Session
    ) -> tuple[list[Record], Judgement]:
        return self.collect(horizons, seeds, session)

    def broken(
        self, records: list[Record], judgement: Judgement, session: Session
    ) -> tuple[Checked, ...]:
        return ()

    def settle(self, records: list[Record], samples: list[Sample], session: Session) -> Judgement:
        found = judge_pathwise(samples, rounding=[s.T * EPS for s in samples])
        if found.verdict is not Verdict.REFUTED:
            return found
        reason = f"{found.reason}; whether by rounding alone is {LATER}"
        return dataclasses.replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason, grade=None)


class KeptRuns:
    """Runs of one experiment that are remembered, so that another factor runs nothing."""

    def __init__(self) -> None:
        self.records: dict[tuple[int, int], Record] = {}

    def fetch(self, what: Simulation, settings: Settings, seeds: int) -> Record | None:
        return self.records.get((what.T, seeds))

    def keep(self, what: Simulation, record: Record, settings: Settings) -> None:
        self.records[what.T, record.seeds] = record

    def look(self, what: Simulation, settings: Settings, data: str) -> int:
        return 1  # each picture errs with probability α; the page says so

    def notes(self) -> tuple[str, ...]:
        return ()
