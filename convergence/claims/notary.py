"""A witness of what a run used, for its certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from convergence.claims.settings import Settings, Shelf
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record


class Notary:
    """A `Shelf` before another one, or before none, that keeps a hash of every record that a claim
    used, in the order of use."""

    def __init__(self, shelf: Shelf | None = None):
        self.shelf = shelf
        self.seen: dict[str, list[str]] = {}

    def fetch(self, what: Simulation, settings: Settings, seeds: int) -> Record | None:
        """The shelf's record; it is used as it is only if it has all the runs."""
        record = self.shelf.fetch(what, settings, seeds) if self.shelf else None
        if record is not None and record.seeds >= seeds:
            self._see(what, record.first(seeds))
        return record

    def keep(self, what: Simulation, record: Record, settings: Settings) -> None:
        """Note the record, then store it."""
        self._see(what, record)
        if self.shelf:
            self.shelf.keep(what, record, settings)

    def look(self, what: Any, settings: Any, data: str) -> int:
        """The shelf's; the one that the settings name where there is no shelf."""
        return self.shelf.look(what, settings, data) if self.shelf else settings.look

    def notes(self) -> tuple[str, ...]:
        """The shelf's."""
        return self.shelf.notes() if self.shelf else ()

    def _see(self, what: Simulation, record: Record) -> None:
        hasher = hashlib.sha256(str(record.T).encode())
        for array in (record.marks, record.values, record.finite, record.first_bad):
            hasher.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
        self.seen.setdefault(what.slug, []).append(hasher.hexdigest())

    def of(self, slug: str) -> Sequence[str]:
        """The hashes of what a claim used."""
        return self.seen.get(slug, [])
