"""How a registry is run, and where its records are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from convergence import statistics as st
from convergence.errors import is_share, is_whole, require, shown
from convergence.keys import claim_key
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.runner.run import run
from convergence.statistics import Sample
from convergence.tiers import GENERATORS, TIERS

DTYPES = "float32", "float64"
MOST = 2**31 - 1  # seeds: their indices are int32
SEEDS_FACTOR = {"quick": 1, "standard": 4, "full": 32}


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a registry is run. `alpha` is the budget of the whole run, shared by `claims` claims;
    look: how often each has been looked at, this time included."""

    tier: str = "quick"
    seed: int = 0
    alpha: float = 1e-3
    claims: int = 1
    seeds: int | None = None
    dtype: str = "float64"
    look: int = 1
    rng: str = GENERATORS[0]

    def __post_init__(self) -> None:
        for name, known in (("tier", TIERS), ("dtype", DTYPES), ("rng", GENERATORS)):
            value = getattr(self, name)
            good = isinstance(value, str) and value in known
            require(good, f"{name} {shown(value)}", " or ".join(known), "choose one of them")
        needed = "a number 0 < alpha < 1"
        require(is_share(self.alpha), f"alpha = {shown(self.alpha)}", needed, "try 1e-3")
        require(
            self.seeds is None or is_whole(self.seeds, 2, MOST),
            f"seeds = {shown(self.seeds)}",
            f"a whole number of at least 2 seeds and at most {MOST}",
            "a spread needs two runs; leave it out for the claim's own number",
        )
        for name, least, most in (("seed", 0, 2**32 - 1), ("claims", 1, MOST), ("look", 1, MOST)):
            require(
                is_whole(getattr(self, name), least, most),
                f"{name} = {shown(getattr(self, name))}",
                f"a whole number from {least} to {most}",
                f"leave it out for {least}",
            )
        for name, own in (("seed", int), ("claims", int), ("look", int), ("alpha", float)):
            object.__setattr__(self, name, own(getattr(self, name)))
        object.__setattr__(self, "seeds", None if self.seeds is None else int(self.seeds))

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> Settings:
        """Settings by their names, which a caller may have misspelled."""
        known = [field.name for field in dataclasses.fields(cls)]
        odd = [name for name in named if name not in known]
        require(not odd, f"the setting {odd[:1]}", f"one of {', '.join(known)}", "choose one")
        return cls(**named)

    @property
    def share(self) -> float:
        """The part of alpha that one claim may spend, over all looks at it."""
        return st.share(self.alpha, self.claims)

    @property
    def level(self) -> float:
        """The part of its share that this look at a claim may spend."""
        return st.look(self.share, self.look)

    @property
    def hasty(self) -> bool:
        """Whether to compile in haste: the runs of the quick tier are short."""
        return self.tier == "quick"


@runtime_checkable
class Shelf(Protocol):
    """Where records are kept between runs; `convergence.store` has the one on disk."""

    def fetch(self, what: Simulation, settings: Settings, seeds: int) -> Record | None:
        """A stored record with as many runs as there are, or None."""
        ...

    def keep(self, what: Simulation, record: Record, settings: Settings) -> None:
        """Store a record."""
        ...

    def look(self, what: Simulation, settings: Settings, data: str) -> int:
        """The number of the look at what is claimed of these runs with these data: 1, 2, …"""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a reader must be told since the last call (corrupt records that were recomputed)."""
        ...


Progress = Callable[[int, int], None]  # (runs done, runs in all)


def fingerprint(samples: Sequence[Sample]) -> str:
    """A hash of what is judged: the runs, and the numbers they are compared with."""
    hasher = hashlib.blake2b(digest_size=16)
    for sample in samples:
        hasher.update(f"{sample.T} {sample.bound!r}".encode() + sample.values.tobytes())
    return hasher.hexdigest()


class Session:
    """One claim under way: its settings, where records are kept, and who is told of the runs.

    total: how many runs the claim takes, once that is known. source: what gives records where no
    runs are to be made.
    """

    def __init__(
        self,
        settings: Settings = Settings(),
        shelf: Shelf | None = None,
        progress: Progress | None = None,
        source: Callable[[Simulation, int], Record] | None = None,
    ):
        self.settings, self.shelf, self.progress, self.source = settings, shelf, progress, source
        self.began = time.perf_counter()
        self.total = self.done = 0

    def tell(self, more: int) -> None:
        """So many further runs are done."""
        self.done += more
        if self.progress:
            self.progress(self.done, self.total)

    def look(self, what: Simulation, samples: Sequence[Sample]) -> None:
        """Before a judge sees the samples: let the settings know which look at them this is.

        Adding seeds or changing the seed until a verdict comes costs: the k-th look spends
        α/(k(k+1)) of the claim's share α, all looks together α. The shelf remembers them; the same
        data read again are the same look. Where no coin is tossed there is no chance to be had.
        """
        if self.shelf is not None and not all(sample.sure for sample in samples):
            number = self.shelf.look(what, self.settings, fingerprint(samples))
            self.settings = dataclasses.replace(self.settings, look=number)

    def notes(self) -> tuple[str, ...]:
        """What the shelf has to say."""
        return self.shelf.notes() if self.shelf else ()

    @property
    def seconds(self) -> float:
        """The time since it began."""
        return time.perf_counter() - self.began

    def record(self, what: Simulation, seeds: int) -> Record:
        """The record of `seeds` runs, extending what the shelf holds."""
        if self.source is not None:
            return self.source(what, seeds)
        stored = self.shelf.fetch(what, self.settings, seeds) if self.shelf else None
        have = stored.seeds if stored else 0
        if stored is not None and have >= seeds:
            return stored.first(seeds)
        record = self.run(what, range(have, seeds), seeds, self.tell)
        record = stored.join(record) if stored else record
        if self.shelf:
            self.shelf.keep(what, record, self.settings)
        return record

    def run(
        self,
        what: Simulation,
        seeds: range,
        of: int,
        progress: Callable[[int], None] | None = None,
    ) -> Record:
        """The runs `seeds` among `of`: a single one is made without a chunk."""
        return run(
            what.experiment,
            what.T,
            claim_key(what.slug, self.settings.seed, what.T, self.settings.rng),
            seeds=seeds,
            chunk=1 if of == 1 else what.chunk,
            marks=what.marks,
            hasty=self.settings.hasty,
            progress=progress,
        )
