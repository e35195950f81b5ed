"""How many seeds a claim needs, and at which horizons: its own judge, asked about a pilot.

The pilot is what is stored of the claim, or runs under keys of their own, so that the data of the
verdict are not looked at to choose their number. Where the exact mean of the metric is known, by
exact moments or because a law states it, the pilot is given that mean.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convergence.claims.settings import Session, Settings, Shelf
from convergence.moments.affine import analyse
from convergence.moments.tape import NotAffine
from convergence.problems.base import start_shape
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.record import Record
from convergence.statistics import Judgement
from convergence.statistics.planning import (
    FARTHEST,
    MOST,
    beyond,
    decided,
    error,
    extrapolated,
    least,
    places,
    quantile,
)
from convergence.theorems.base import Kind

Pilot = Callable[[Simulation], tuple[Record, float]]  # its runs, and the exact mean or NaN
PILOT = 2.0  # seconds that a pilot of one horizon may take
POWER = 1.05
LARGE = 256  # entries from which exact moments, matrices of their square, take longer than a pilot
FINE = 0.005  # relative standard error of a pilot that is fine enough


class Rehearsal:
    """A `session` in which all runs are the pilot's, as often as needed.

    tilts: by T, by how many standard errors their mean is off. paired: whether runs of two methods
    belong together, which then are taken as they are.
    """

    def __init__(self, settings: Settings, pilot: Pilot, paired: bool = False):
        self.session = Session(settings, source=self._record)
        self.pilot, self.paired, self.tilts = pilot, paired, dict[int, float]()

    def _record(self, what: Simulation, seeds: int) -> Record:
        record, mean = self.pilot(what)
        if record.seeds == 1:
            return record
        values = record.final()
        flat = values if values.ndim == 1 else values.max(axis=1)
        shift = (mean - float(flat.mean())) if math.isfinite(mean) else 0.0
        shift += self.tilts.get(what.T, 0.0) * error(flat, seeds)
        if self.paired:
            chosen = np.resize(np.random.default_rng(0).permutation(record.seeds), seeds)
        else:
            chosen = places(flat, seeds, shift)
        return dataclasses.replace(
            record,
            values=record.values[chosen],
            finite=record.finite[chosen],
            first_bad=record.first_bad[chosen],
        )


@dataclasses.dataclass(frozen=True)
class Needs:
    """Seeds that a verdict needs at some horizons together; None where the pilot shows no number.

    slack: what power tends to. decides, reaches: seeds for a verdict in nine of ten runs, and for
    the power that was asked for.
    """

    horizons: tuple[int, ...]
    slack: float | None
    decides: int | None
    reaches: int | None

    @property
    def steps(self) -> int:
        """Steps a seed takes over all horizons."""
        return sum(self.horizons)


def search(
    claim: Any, horizons: tuple[int, ...], rehearsal: Rehearsal, power: float = POWER
) -> Needs:
    """The plan of a claim at these horizons."""

    def asked(n: int, tilts: dict[int, float]) -> Judgement:
        rehearsal.tilts = tilts
        return claim.collect(horizons, n, rehearsal.session)[1]

    def settles(n: int) -> bool:
        return decided([asked(n, tilts).verdict for tilts in unlucky(claim.kind, horizons)])

    def caught(n: int) -> float:
        found = asked(n, {}).power
        return math.inf if found is None else found

    most, before = asked(MOST, {}), caught(MOST // 4)
    limit = most.slack if most.slack is not None and claim.kind is not Kind.EXACT else 1.0
    reaches = least(lambda n: caught(n) <= power, 2)
    if reaches is None:
        last = math.inf if most.power is None else most.power
        reaches = whole(extrapolated(power, limit, (before, last), MOST))
    decides = least(settles, 2)
    if decides is None and claim.kind in (Kind.EXPECTATION, Kind.FLOOR, Kind.EXACT):
        band = claim.margin if claim.kind is Kind.EXACT else None
        decides = whole(beyond(most.rows, band))
    return Needs(horizons, most.slack, decides, reaches)


def unlucky(kind: Kind, horizons: Sequence[int]) -> list[dict[int, float]]:
    """By how many standard errors, T by T, the means of nine of ten samples are off at most.

    The horizons are independent: all are off on the side that their judge looks at, or of a rate
    one and the last to opposite sides, for a trend is a difference.
    """
    if kind is Kind.SEPARATION:
        return [{}]
    if kind is not Kind.RATE:
        z = quantile(len(horizons))
        return [{}, dict.fromkeys(horizons, z), dict.fromkeys(horizons, -z)]
    *others, last = sorted(horizons)
    z = quantile(len(others)) / math.sqrt(2.0)
    return [{}, *({T: -sign * z, last: sign * z} for T in others for sign in (1, -1))]


def whole(n: float) -> int | None:
    """A number of runs that somebody might make, or None."""
    return math.ceil(n) if n < FARTHEST else None


def judged(
    claim: Any, horizons: tuple[int, ...], seeds: int, session: Session
) -> tuple[list[Record], Judgement]:
    """What a claim measures and how it is judged; a judgement that wants more seeds names their
    number, at the level of the next look. A limit that is refused knows how many it takes, not how
    many the verdict."""
    records, judgement = claim.collect(horizons, seeds, session)
    if judgement.needs is None:
        return records, judgement

    means: dict[tuple[int, int], float] = {}

    def pilot(what: Simulation) -> tuple[Record, float]:
        rival = claim.kind is Kind.SEPARATION and what.experiment is claim.experiment(what.T, True)
        if (what.T, rival) not in means:
            means[what.T, rival] = _mean(claim, what)
        return [r for r in records if r.T == what.T][rival], means[what.T, rival]

    later = dataclasses.replace(session.settings, look=session.settings.look + 1)
    decides = search(
        claim, horizons, Rehearsal(later, pilot, claim.kind is Kind.SEPARATION)
    ).decides
    needs = judgement.needs if decides is None else round_up(decides)
    words = f"about {needs}" if decides is not None else "more"
    reason = f"{judgement.reason}; {words} seeds are needed (`convergence plan`)"
    return records, dataclasses.replace(judgement, reason=reason, needs=needs)


def round_up(n: int) -> int:
    """Two digits."""
    unit = 10 ** max(0, len(str(n)) - 2)
    return -(-n // unit) * unit


def pilot_of(claim: Any, settings: Settings, shelf: Shelf | None) -> Pilot:
    """A pilot of what a claim simulates, and its exact mean or NaN; each is made once."""
    kept: dict[tuple[int, int], tuple[Record, float]] = {}

    def pilot(what: Simulation) -> tuple[Record, float]:
        key = what.T, id(what.experiment)
        if key not in kept:
            kept[key] = _runs(what, settings, shelf), _mean(claim, what)
        return kept[key]

    return pilot


def _runs(what: Simulation, settings: Settings, shelf: Shelf | None) -> Record:
    stored = shelf.fetch(what, settings, 2**31 - 1) if shelf else None
    if stored is not None and stored.seeds > 1 and fine(stored):
        return stored
    own, seeds = dataclasses.replace(what, slug=f"{what.slug} (pilot)"), what.chunk
    session, began = Session(settings), time.perf_counter()
    record = session.run(own, range(seeds), seeds)
    while not fine(record) and time.perf_counter() - began < PILOT and record.seeds < MOST:
        record = record.join(session.run(own, range(record.seeds, 2 * record.seeds), MOST))
    return record


def fine(record: Record) -> bool:
    """Whether the mean of a pilot is known well enough, or can never be."""
    values = record.final()
    if values.ndim > 1 or not np.all(np.isfinite(values)):
        return True
    return error(values, len(values)) <= FINE * abs(float(values.mean()))


def _mean(claim: Any, what: Simulation) -> float:
    """The exact mean of the metric, by exact moments or as a law states it; NaN if unknown."""
    if claim.kind is Kind.EXACT and not isinstance(claim.bound(what.T), tuple):
        return float(claim.bound(what.T))
    run = what.experiment
    if math.prod(start_shape(run.problem)) > LARGE:
        return math.nan
    try:
        moments = analyse(Experiment(run.problem, run.oracle, run.algorithm))
        return float(moments.expected(run.metric, [what.T])[0])
    except NotAffine:
        return math.nan


def speed(claim: Any, T: int, settings: Settings) -> float:
    """Seed-steps a second on this machine, by the second of two chunks up to T."""
    what = claim.simulation(T)
    own, session = dataclasses.replace(what, slug=f"{what.slug} (pilot)"), Session(settings)
    session.run(own, range(what.chunk), what.chunk)
    began = time.perf_counter()
    session.run(own, range(what.chunk), what.chunk)
    return what.chunk * T / max(time.perf_counter() - began, 1e-9)
