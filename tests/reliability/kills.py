"""Campaigns of kills and of runs side by side: what is on disk stays whole, sound and complete."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from convergence import records
from convergence.claims.settings import Settings
from convergence.files import read_json
from convergence.runner.record import Record
from convergence.schemas import wrong
from convergence.store import Store
from tests.reliability.forks import Run, one, runs
from tests.reliability.tally import Tally

MINE = (
    "import dataclasses\nfrom tests.own import GOOD\n"
    "CLAIMS = tuple(dataclasses.replace(GOOD, slug=s, seeds=128) for s in ('one', 'two'))\n"
)
VERIFY = ["verify", "mine.py", "--json", "a.json", "--certificate", "c.json", "--jobs", "2"]


def seen(folder: Path) -> dict[str, str]:
    """Checksums of the records below a folder, by name."""
    files = sorted(folder.glob("results/*/*.record"))
    return {f.name: hashlib.sha256(contents(f)).hexdigest() for f in files}


def contents(file: Path) -> bytes:
    """The bits that a record has measured."""
    record = records.unpack(file.read_bytes(), {})
    arrays = (record.marks, record.values, record.finite, record.first_bad)
    return b"".join(array.tobytes() for array in arrays)


def unsound(folder: Path) -> str | None:
    """What is not whole below a folder, if anything."""
    for file in folder.rglob("*.record"):
        try:
            records.unpack(file.read_bytes(), {"digest": file.stem})
        except records.Unsound as error:
            return f"{file.name} is unsound: {error}"
    for file in [*folder.rglob("report.json"), *folder.glob("*.json")]:
        try:
            found = read_json(file)
        except ValueError as error:
            return f"{file.name} is not whole: {error}"
        if file.name == "report.json" and (fault := wrong(found, "report", "claim")):
            return f"{file.name}: {fault}"
    return None


def verdicts(folder: Path) -> list[Any]:
    """What the JSON of a run says of each claim, but for times."""
    found = read_json(folder / "a.json")["claims"]
    return [[c["slug"], c["verdict"], c["slack"], c["horizons"]] for c in found]


def of_verify(number: int, folder: Path, seed: int) -> Tally:
    """SIGKILL at a random moment, over and over in one folder; every few of them, a run that is
    left alone must find what a fresh one finds."""
    tally = Tally("`verify` killed", "every file whole, records bitwise those of a run left alone")
    rng = random.Random(seed)
    fresh = folder / "fresh"
    fresh.mkdir(parents=True)
    (fresh / "mine.py").write_text(MINE)
    began = time.monotonic()
    assert one(VERIFY, fresh).code == 0
    whole = time.monotonic() - began
    expected, bits = verdicts(fresh), seen(fresh)
    here = folder / "here"
    while tally.tried < number:
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        (here / "mine.py").write_text(MINE)
        for _ in range(min(8, number - tally.tried)):
            one(VERIFY, here, kill=rng.uniform(0.02, 1.1 * whole))
            tally.count(unsound(here))
        last = one(VERIFY, here)
        same = last.code == 0 and verdicts(here) == expected and seen(here) == bits
        drafts = [p.name for p in here.rglob("*.tmp")]
        if not same or drafts:
            tally.wrong.append(f"after kills: exit code {last.code}, {drafts}, {last.out}")
    return tally


class Plain(Store):
    """A store whose records need no program to have a name."""

    def place(self, what: Any, settings: Any, seeds: int) -> Path:
        return self.root / "x" / "0.record"


class Known:
    """What a simulation says of itself."""

    slug, T = "x", 4


def made(seeds: int) -> Record:
    """A record whose every number follows from the number of runs."""
    values = np.arange(seeds * 4, dtype=np.float64).reshape(seeds, 4)
    bad = np.full(seeds, -1, np.int32)
    return Record(4, np.arange(1, 5, dtype=np.int32), values, np.ones((seeds, 4), bool), bad)


def of_writers(number: int, folder: Path, seed: int) -> Tally:
    """A writer of longer and longer records, killed; what it had said to be stored is there."""
    tally = Tally("writers of records killed", "the record whole, and as long as was acknowledged")
    rng = random.Random(seed)
    store, settings, what = Plain(folder), Settings(), Known()
    place = store.place(what, settings, 8)
    longest = 0
    for k in range(number):
        if k % 50 == 0:
            shutil.rmtree(place.parent, ignore_errors=True)
            longest = 0
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                for seeds in range(longest + 1, longest + 400):
                    store.keep(what, made(seeds), settings)  # pyright: ignore[reportArgumentType]
                    os.write(theirs, seeds.to_bytes(4, "big"))
            os._exit(0)
        os.close(theirs)
        time.sleep(rng.uniform(0.0005, 0.012))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        told = b"".join(iter(lambda ours=ours: os.read(ours, 1 << 16), b""))
        os.close(ours)
        longest = int.from_bytes(told[-4:], "big") if told else longest
        tally.count(lost(store, what, place, longest))
    return tally


def lost(store: Store, what: Any, place: Path, longest: int) -> str | None:
    """What is wrong with the record, if anything."""
    if not place.exists():
        return None if longest == 0 else "the record is gone"
    try:
        record = records.unpack(place.read_bytes(), store.description(what, Settings(), place))
    except records.Unsound as error:
        return f"unsound: {error}"
    if record.seeds < longest:
        return f"{record.seeds} runs, {longest} were acknowledged"
    return None if np.array_equal(record.values, made(record.seeds).values) else "other numbers"


def of_figures(number: int, folder: Path, seed: int) -> Tally:
    """`figures` killed, once or twice, while reports change from one state to the other and back:
    afterwards every picture is the one that is drawn from nothing."""
    tally = Tally("`figures` killed", "pictures bitwise those drawn from nothing, none stale")
    rng = random.Random(seed)
    base = folder / "base"
    base.mkdir(parents=True)
    (base / "mine.py").write_text(MINE)
    assert one(VERIFY, base).code == 0
    states = {}
    for name, factor in (("a", 1.0), ("b", 2.0)):
        shutil.copytree(base / "results", folder / name)
        for file in (folder / name).glob("*/report.json"):
            found = json.loads(file.read_text())
            for row in found["horizons"]:
                row["bound"] *= factor
            file.write_text(json.dumps(found))
        began = time.monotonic()
        assert one(draw(name, f"../drawn-{name}"), base).code == 0
        states[name] = pictures(folder / f"drawn-{name}"), time.monotonic() - began
    while tally.tried < number:
        order = rng.choice(("a", "b", "ab", "ba"))
        name = order[-1]
        expected = states[name][0]
        for each in order:
            kill = rng.uniform(0.02, states[each][1])
            one(draw(each, "../drawn"), base, kill=kill)
            tally.count(None)
        last = one(draw(name, "../drawn"), base)
        now = pictures(folder / "drawn")
        odd = sorted(n for n in expected if now.get(n) != expected[n])
        if odd or last.code:
            tally.wrong.append(f"exit code {last.code}, {odd} differ: {last.out}")
    return tally


def draw(state: str, out: str) -> list[str]:
    """The command that draws the reports of a state."""
    return ["figures", "--results", f"../{state}", "--out", out]


def pictures(folder: Path) -> dict[str, str]:
    """Checksums of what was drawn."""
    files = [f for f in folder.rglob("*") if f.is_file() and f.name != "drawn.json"]
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def side_by_side(number: int, folder: Path, seed: int) -> Tally:
    """Four runs at once in one folder, of different lengths: all judged, and the longest stored."""
    tally = Tally("runs side by side", "the same bits in all, the longest record kept")
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text(MINE)
    whole: dict[str, bytes] = {}
    while tally.tried < number:
        shutil.rmtree(folder / "results", ignore_errors=True)
        lengths = [rng.choice((40, 64, 100, 130)) for _ in range(4)]
        done = runs(*(
            Run(["verify", "mine.py", "--seeds", str(n), "--json", f"{k}.json", "--quiet"], folder)
            for k, n in enumerate(lengths)
        ))  # fmt: skip
        wrong = unsound(folder)
        for file in folder.glob("results/*/*.record"):
            record = records.unpack(file.read_bytes(), {})
            if record.seeds < max(lengths):
                wrong = f"{record.seeds} runs kept of {max(lengths)}"
            bits = record.first(40).values.tobytes()
            if whole.setdefault(file.name, bits) != bits:
                wrong = "other bits than in another run"
        for k, run in enumerate(done):
            judged = len(read_json(folder / f"{k}.json")["claims"])
            fine = run.code in (0, 1) and judged == 2
            tally.count(wrong if fine else f"exit code {run.code}: {run.out}")
    return tally
