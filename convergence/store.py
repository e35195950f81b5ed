"""Records on disk: results/<slug>/<digest>.{npz,json}, so that nothing is measured twice.

The digest (see `convergence.digest`) leaves out the number of seeds: a record with fewer is
extended, one with more is cut. Arrays are written without pickle, files appear whole or not at
all (`os.replace`), and the JSON carries the checksum of the arrays: a record that is corrupt or
half-written is named in the notes and measured again.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from convergence.claims.settings import Settings
from convergence.digest import SCHEMA, Unstable, digest, versions
from convergence.files import write_whole
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record


class Store:
    """A `Shelf` in a directory; safe to share among threads, each of which reads its own notes."""

    def __init__(self, root: Path | str = "results"):
        self.root = Path(root)
        self._local = threading.local()

    def fetch(self, what: Simulation, settings: Settings, seeds: int) -> Record | None:
        """The stored record, cut to `seeds` runs if it has more; None if there is no usable one."""
        place = self.place(what, settings, seeds)
        if place is None:
            return None
        arrays, about = place.with_suffix(".npz"), place.with_suffix(".json")
        if not arrays.exists() and not about.exists():
            return None
        try:
            record = read(arrays, about)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            self._note(f"the stored record {arrays} is unusable ({error}); it was measured again")
            return None
        return record.first(seeds) if record.seeds > seeds else record

    def keep(self, what: Simulation, record: Record, settings: Settings) -> None:
        """Store a record; a failure to write is a note, since the measurement itself is fine."""
        place = self.place(what, settings, record.seeds)
        if place is None:
            return
        buffer = io.BytesIO()
        np.savez(
            buffer,
            marks=record.marks,
            values=record.values,
            finite=record.finite,
            first_bad=record.first_bad,
        )
        about = {
            "schema": SCHEMA,
            "slug": what.slug,
            "T": record.T,
            "seeds": record.seeds,
            "seed": settings.seed,
            "dtype": settings.dtype,
            "versions": versions(),
            "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        }
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place.with_suffix(".npz"), buffer.getvalue())
            write_whole(place.with_suffix(".json"), json.dumps(about, indent=1).encode())
        except OSError as error:
            self._note(f"the record {place} could not be stored ({error})")

    def notes(self) -> tuple[str, ...]:
        """What this thread must tell its reader since it last asked."""
        found = tuple(getattr(self._local, "notes", ()))
        self._local.notes = []
        return found

    def place(self, what: Simulation, settings: Settings, seeds: int) -> Path | None:
        """The path of a record without its suffix; None where no digest is possible."""
        try:
            return self.folder(what.slug) / digest(what, settings, seeds == 1)
        except Unstable as error:
            self._note(f"the record at T = {what.T} is not stored: {error}")
            return None

    def folder(self, slug: str) -> Path:
        """The folder of a claim, whatever characters its slug has."""
        return self.root / (re.sub(r"[^A-Za-z0-9_-]", "_", slug) or "_")

    def save_report(self, slug: str, document: dict[str, Any]) -> None:
        """Keep the JSON of a report as results/<slug>/report.json for `convergence figures`."""
        folder = self.folder(slug)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "report.json", json.dumps(document, indent=1).encode())

    def reports(self) -> list[dict[str, Any]]:
        """Every stored report, by slug; one that cannot be read is left out."""
        found = []
        for path in sorted(self.root.glob("*/report.json")):
            try:
                found.append(json.loads(path.read_text()))
            except (OSError, ValueError):
                continue
        return found

    def _note(self, text: str) -> None:
        notes = getattr(self._local, "notes", None) or []
        if text not in notes:
            notes.append(text)
        self._local.notes = notes


def read(arrays: Path, about: Path) -> Record:
    """A record from its two files; raises ValueError, KeyError or OSError unless it is sound."""
    data = json.loads(about.read_text())
    raw = arrays.read_bytes()
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r} is not {SCHEMA!r}")
    if hashlib.sha256(raw).hexdigest() != data["sha256"]:
        raise ValueError("the checksum does not match")
    with np.load(io.BytesIO(raw), allow_pickle=False) as z:
        record = Record(int(data["T"]), z["marks"], z["values"], z["finite"], z["first_bad"].copy())
    shape = (data["seeds"], len(record.marks))
    if record.values.shape[:2] != shape or record.finite.shape != shape:
        raise ValueError("the arrays have other shapes than their description")
    return record
