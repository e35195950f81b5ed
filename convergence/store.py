"""Records on disk: results/<slug>/<digest>.record, so that nothing is measured twice.

The digest (see `convergence.digest`) leaves out the number of seeds: a record with fewer is
extended, one with more is cut. A file appears whole or not at all, says what it holds under one
checksum (`convergence.records`), and is used only if that is what was asked for: one that is
corrupt or in another's place is named in the notes and measured again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from convergence import records
from convergence.claims.settings import Settings
from convergence.digest import Unstable, digest, versions
from convergence.errors import told
from convergence.files import (
    name_for,
    read_json,
    read_regular,
    sweep_drafts,
    write_json,
    write_whole,
)
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.schemas import wrong
from convergence.tiers import GENERATORS

LOOK = 64  # bytes of what is remembered of a look


class Store:
    """A `Shelf` in a directory; safe to share among threads, each of which reads its own notes."""

    def __init__(self, root: Path | str = "results"):
        self.root = Path(root)
        self.unwritten: list[str] = []  # a sentence for each thing that could not be kept
        self._local = threading.local()

    def fetch(self, what: Simulation, settings: Settings, seeds: int) -> Record | None:
        """The stored record, cut to `seeds` runs if it has more; None if there is no usable one."""
        place = self.place(what, settings, seeds)
        if place is None:
            return None
        try:
            record = records.load(place, self.description(what, settings, place))
        except (OSError, records.Unsound) as error:
            self._note(f"the stored record {place} is unusable ({error}); it was measured again")
            return None
        return record.first(seeds) if record and record.seeds > seeds else record

    def keep(self, what: Simulation, record: Record, settings: Settings) -> None:
        """Store a record; a failure to write is a note, since the measurement itself is fine.

        What another run stored meanwhile is kept where it has as many seeds.
        """
        place = self.place(what, settings, record.seeds)
        if place is None:
            return
        about = self.description(what, settings, place)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            sweep_drafts(place.parent)
            with FileLock(place.parent / ".lock", timeout=60):
                if self._longer(place, about, record.seeds):
                    return
                made = {"versions": versions(), "rng": settings.rng, "tier": settings.tier}
                write_whole(place, records.pack(record, {**about, **made}))
        except (OSError, Timeout) as error:
            self._lost(f"the record {place} could not be stored ({told(error)})")

    def adopt(self, slug: str, digest: str, raw: bytes, seeds: int) -> bool:
        """Store the content of a record that was examined; False where one of as many seeds is."""
        place = self.folder(slug) / f"{digest}.record"
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.parent / ".lock", timeout=60):
            if self._longer(place, {"digest": digest}, seeds):
                return False
            write_whole(place, raw)
        return True

    def _longer(self, place: Path, about: dict[str, Any], seeds: int) -> bool:
        try:
            stored = records.load(place, about)
        except (OSError, records.Unsound):
            return False
        return stored is not None and stored.seeds >= seeds

    def description(self, what: Simulation, settings: Settings, place: Path) -> dict[str, Any]:
        """What a record says of itself, and has to say to be used."""
        return {
            "slug": what.slug,
            "T": what.T,
            "seed": settings.seed,
            "dtype": settings.dtype,
            "digest": place.stem,
        }

    def look(self, what: Simulation, settings: Settings, data: str) -> int:
        """The number of the look at what is claimed of these runs whose data have this fingerprint.

        results/<slug>/looks/<what is claimed>.<k> holds the k-th fingerprint; a look is remembered
        before its verdict is known. Two at once get two numbers: `os.link` refuses the second.
        """
        name = self._claimed(what, settings)
        place = self.folder(what.slug) / "looks"
        draft = place / f".{name}.{os.getpid()}.{threading.get_ident()}"
        k = 1
        try:
            place.mkdir(parents=True, exist_ok=True)
            draft.write_text(data)
            while True:
                try:
                    os.link(draft, place / f"{name}.{k}")
                    break
                except FileExistsError:
                    if read_regular(place / f"{name}.{k}", LOOK) == data.encode():
                        break
                    k += 1
        except OSError as error:
            self._lost(f"this look at {what.slug} could not be remembered ({told(error)})")
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
        if k > 1:
            self._note(f"look {k} at this claim: judged at 1/{k * (k + 1)} of its share of alpha")
        return k

    def looks(self, what: Simulation, settings: Settings) -> int:
        """How many looks at what is claimed of these runs are remembered."""
        name = self._claimed(what, settings)
        return len(list((self.folder(what.slug) / "looks").glob(f"{name}.*")))

    def _claimed(self, what: Simulation, settings: Settings) -> str:
        # Other seeds, generators, dtypes and tiers are other looks at the same claim.
        plain = dataclasses.replace(
            settings, seed=0, dtype="float64", tier="quick", rng=GENERATORS[0]
        )
        try:
            return digest(what, plain)
        except Unstable:
            return "unstable"

    def notes(self) -> tuple[str, ...]:
        """What this thread must tell its reader since it last asked."""
        found = tuple(getattr(self._local, "notes", ()))
        self._local.notes = []
        return found

    def place(self, what: Simulation, settings: Settings, seeds: int) -> Path | None:
        """The path of a record; None where no digest is possible."""
        try:
            return self.folder(what.slug) / f"{digest(what, settings, seeds == 1)}.record"
        except Unstable as error:
            self._note(f"the record at T = {what.T} is not stored: {error}")
            return None

    def folder(self, slug: str) -> Path:
        """The folder of a claim, whatever characters its slug has."""
        return self.root / name_for(slug)

    def save_report(self, slug: str, document: dict[str, Any]) -> None:
        """Keep the JSON of a report as results/<slug>/report.json for `convergence figures`."""
        write_json(self.folder(slug) / "report.json", document)

    def reports(self) -> list[dict[str, Any]]:
        """Every stored report of a claim, by slug; what is none is left out."""
        found: list[dict[str, Any]] = []
        for path in sorted(self.root.glob("*/report.json")):
            try:
                entry = read_json(path)
            except (OSError, ValueError):
                continue
            if not wrong(entry, "report", "claim"):
                found.append(entry)
        return found

    def _lost(self, text: str) -> None:
        self.unwritten.append(text)
        self._note(text)

    def _note(self, text: str) -> None:
        notes: list[str] = getattr(self._local, "notes", None) or []
        if text not in notes:
            notes.append(text)
        self._local.notes = notes
