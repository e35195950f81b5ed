"""Records that others measured: put where they can be had, and examined when they come.

What arrives is taken only if its checksum and description agree, its versions are those here, it is
what a claim here would ask for (the digest), and, for a random sample, if running a part of it
again gives the same numbers. A share q of false records passes a sample of n with probability
(1 − q)ⁿ.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convergence import records
from convergence.claims.base import AbstractClaim
from convergence.claims.settings import Session, Settings
from convergence.cluster.places import Place
from convergence.digest import versions
from convergence.errors import InvalidInput, require, told
from convergence.files import read_regular
from convergence.precision import precision
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.store import Store

# How far a run again may be from a record of another processor, relative to the largest value.
NEAR = {"float64": 1e-9, "float32": 1e-4}


@dataclasses.dataclass
class Moved:
    """What became of a record: outcome `taken`, `there`, `left out` or `refused`, and why; how it
    was run again, if it was."""

    digest: str
    slug: str
    T: int
    seeds: int
    outcome: str
    why: str = ""
    again: str | None = None


def push(out: Path, address: str, slugs: set[str] | None) -> list[Moved]:
    """Put the records of a store at a place, those of some claims or all."""
    place = Place(address)
    there = {entry["digest"]: entry for entry in place.index() or ()}
    moved: list[Moved] = []
    for path in sorted(out.glob("*/*.record")):
        lost = Moved(path.stem, path.parent.name, 0, 0, "refused")
        try:
            raw = read_regular(path, records.LARGEST) or b""
            record, about = records.opened(raw, {"digest": path.stem})
            kept = {key: about[key] for key in ("slug", "seed", "dtype", "rng", "tier", "versions")}
        except (OSError, records.Unsound) as error:
            moved.append(dataclasses.replace(lost, why=told(error)))
            continue
        except KeyError as error:
            why = f"it does not say its {error.args[0]}: an earlier version made it"
            moved.append(dataclasses.replace(lost, outcome="left out", why=why))
            continue
        if slugs is not None and kept["slug"] not in slugs:
            continue
        entry = {
            **kept, "digest": path.stem, "T": record.T, "seeds": record.seeds,
            "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw),
        }  # fmt: skip
        new = there.get(path.stem, {"seeds": 0})["seeds"] < record.seeds
        if new:
            place.write(f"{path.stem}.record", raw)
            there[path.stem] = entry
        outcome = "taken" if new else "there"
        moved.append(Moved(path.stem, kept["slug"], record.T, record.seeds, outcome))
    require(bool(moved), f"no records in {str(out)!r}", "some", "run `convergence verify` first")
    place.put([there[digest] for digest in sorted(there)])
    return moved


def pull(
    address: str, out: Path, claims: Sequence[AbstractClaim], sample: int, seed: int
) -> list[Moved]:
    """Take the records of claims from a place, as far as they stand the examination; nothing is
    taken where one that is run again comes out otherwise."""
    entries = Place(address).index()
    if entries is None:
        raise InvalidInput(
            f"There is no index of records at {address!r}; name a place that `convergence records "
            "push` filled."
        )
    known = {claim.slug: claim for claim in claims}
    entries = [entry for entry in entries if entry["slug"] in known]
    moved: list[Moved] = []
    with tempfile.TemporaryDirectory() as folder:
        quarantine, arrived = Store(folder), dict[str, bytes]()
        for entry in entries:
            found = Moved(entry["digest"], entry["slug"], entry["T"], entry["seeds"], "refused")
            moved.append(found)
            if entry["versions"] != versions():
                found.outcome, found.why = "left out", f"made with {_apart(entry['versions'])}"
                continue
            try:
                raw = _checked(Place(address).fetch(entry), entry)
            except (records.Unsound, InvalidInput) as error:
                found.why = told(error)
                continue
            quarantine.adopt(entry["slug"], entry["digest"], raw, entry["seeds"])
            arrived[entry["digest"]] = raw
        asked = _asked([e for e in entries if e["digest"] in arrived], known, quarantine)
        chance = random.Random(seed)
        drawn = chance.sample(sorted(asked), min(sample, len(asked)))
        by_digest = {found.digest: found for found in moved}
        for digest in arrived:
            if digest not in asked:
                by_digest[digest].outcome = "left out"
                by_digest[digest].why = "no claim here asks for it: its code or settings differ"
        for digest in drawn:
            found = by_digest[digest]
            found.again = again(*asked[digest], chance)
            if found.again == "otherwise":
                found.why = "run again here it comes out otherwise"
        false = any(found.again == "otherwise" for found in moved)
        for digest in asked:
            found = by_digest[digest]
            if false:
                found.outcome = "refused" if found.again == "otherwise" else "left out"
                found.why = found.why or "another record of this place is false"
            else:
                store = Store(out)
                new = store.adopt(found.slug, digest, arrived[digest], found.seeds)
                found.outcome = "taken" if new else "there"
    return moved


def _apart(theirs: Mapping[str, Any]) -> str:
    """The first version that differs."""
    here = versions()
    name = next(name for name in {**here, **theirs} if theirs.get(name) != here.get(name))
    return f"{name} {theirs.get(name)!s:.30}, here {here.get(name)}"


def _checked(raw: bytes, entry: Mapping[str, Any]) -> bytes:
    if hashlib.sha256(raw).hexdigest() != entry["sha256"]:
        raise records.Unsound("its bytes are not those of the index")
    same = ("digest", "slug", "T", "seeds", "seed", "dtype", "rng", "tier", "versions")
    records.opened(raw, {key: entry[key] for key in same})
    return raw


class _Absent(Exception):
    """Raised inside a claim that asks for a record which did not arrive."""


class _Examiner:
    """A `Shelf` over what arrived that notes what is asked for; nothing is measured."""

    def __init__(self, store: Store):
        self.store = store
        self.asked: dict[str, tuple[Simulation, Settings, Record]] = {}

    def fetch(self, what: Simulation, settings: Settings, seeds: int) -> Record | None:
        place = self.store.place(what, settings, seeds)
        record = self.store.fetch(what, settings, seeds)
        if place is None or record is None:
            raise _Absent
        whole = records.load(place, {"digest": place.stem})
        assert whole is not None
        self.asked[place.stem] = what, settings, whole
        if record.seeds < seeds:
            raise _Absent
        return record

    def keep(self, what: Simulation, record: Record, settings: Settings) -> None:
        raise _Absent

    def look(self, what: Simulation, settings: Settings, data: str) -> int:
        return 1

    def notes(self) -> tuple[str, ...]:
        return ()


def _asked(
    entries: Sequence[Mapping[str, Any]], known: Mapping[str, AbstractClaim], store: Store
) -> dict[str, tuple[Simulation, Settings, Record]]:
    """By digest, what claims here ask for of what arrived: the simulation and the settings."""
    runs: dict[tuple[Any, ...], list[int]] = {}
    for entry in entries:
        how = tuple(entry[key] for key in ("slug", "seed", "dtype", "rng", "tier"))
        runs.setdefault(how, []).append(entry["seeds"])
    examiner = _Examiner(store)
    for (slug, seed, dtype, rng, tier), counts in runs.items():
        several = [n for n in counts if n > 1]
        with contextlib.suppress(_Absent, InvalidInput):
            seeds = min(several) if several else None
            settings = Settings(tier=tier, seed=seed, seeds=seeds, dtype=dtype, rng=rng)
            known[slug].verify(settings, examiner)
    return examiner.asked


def again(what: Simulation, settings: Settings, record: Record, chance: random.Random) -> str:
    """A chunk of a record's runs made anew: `bits`, `rounding` or `otherwise`."""
    firsts = range(0, record.seeds, what.chunk)
    first = chance.choice(firsts)
    runs = range(first, min(first + what.chunk, record.seeds))
    with precision(settings.dtype):
        anew = Session(settings).run(what, runs, record.seeds)
    pairs = [
        (getattr(anew, name), getattr(record, name)[runs.start : runs.stop])
        for name in ("values", "finite", "first_bad")
    ]
    if all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs):
        return "bits"
    (mine, theirs), *flags = pairs
    top = float(np.nanmax(np.where(np.isfinite(mine), np.abs(mine), 0.0)))
    near = np.allclose(mine, theirs, rtol=0.0, atol=NEAR[settings.dtype] * top, equal_nan=True)
    same = all(np.array_equal(a, b) for a, b in flags)
    return "rounding" if near and same else "otherwise"
