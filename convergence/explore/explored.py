"""A claim under sliders, whole or in a hurry, and the runs that are remembered of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.claims.assemble import judge
from convergence.claims.base import Claim
from convergence.claims.rounding import strayed
from convergence.claims.settings import Session, Settings
from convergence.claims.settle import MOST, left_open, unseen
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample, Verdict, judge_pathwise
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import Kind

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

    def share(self, T: int, session: Session, seeds: int) -> float:
        """Which share of a mean the instance's last digits make, asked once for all factors."""
        key = "share", T, seeds
        if key not in self._made:
            self._made[key] = strayed(self, self.measure(T, session, seeds), session)
        return self._made[key]

    def collect(
        self, horizons: tuple[int, ...], seeds: int, session: Session
    ) -> tuple[list[Record], Judgement]:
        """As a claim does; what a refutation is held against is asked before there is one, so that
        another factor runs nothing."""
        sure = all(self.tickets(T).get("sure") for T in horizons)
        if self.kind is Kind.RATE or (self.kind is not Kind.PATHWISE and not sure):
            for T in horizons:
                self.share(T, session, 1 if sure else seeds)
        return super().collect(horizons, seeds, session)

    def held(self, records: list[Record], samples: list[Sample], session: Session) -> Judgement:
        """As of a claim, by twins that are asked in a hurry."""
        judgement = judge(self.kind, samples, session.settings, self.margin)
        if judgement.verdict is not Verdict.REFUTED:
            return super().held(records, samples, session)
        if unseen(self, records, samples, judgement, session.settings):
            return left_open(judgement, 1.0)
        granted = max(self.share(r.T, session, r.seeds) for r in records)
        again = judge(self.kind, samples, session.settings, self.margin, min(granted, MOST))
        if granted < MOST and again.verdict is judgement.verdict:
            return judgement
        return left_open(judgement, granted)

    def times(self, factor: float) -> Explored:
        """The same with another factor, and what has been made of the instance."""
        other = dataclasses.replace(self, factor=factor)
        other.__dict__.update(_made=self._made)
        return other


@dataclasses.dataclass(frozen=True)
class Rough(Explored):
    """The same while a slider moves: what takes long is put off, and nothing is claimed of it."""

    looped = 0

    def share(self, T: int, session: Session, seeds: int) -> float:
        return 0.0

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
