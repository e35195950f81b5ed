"""An audit on disk: the document of `--json`, and rows kept so that a killed audit resumes."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import platform
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convergence import __version__
from convergence.audit.asking import chosen
from convergence.audit.cells import SCHEMA, Audit
from convergence.audit.pool import Job
from convergence.audit.proved import method, proved
from convergence.errors import require
from convergence.files import name_for, read_json, write_json
from convergence.schemas import wrong

PARTS = ("convergence-lab", "jax", "jaxlib", "numpy", "optax", "torch")


def versions() -> dict[str, str]:
    """Of Python and of what every optimizer here stands on; "" for what is not installed."""
    found = {"python": platform.python_version()}
    for name in PARTS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = __version__ if name == "convergence-lab" else ""
    return found


def document(
    rows: Iterable[Audit],
    like: str | None,
    targets: Sequence[str],
    seconds: float,
    more: Sequence[str] = (),
) -> dict[str, Any]:
    """The audit as JSON; more: the arguments, beside the targets, that decide a cell."""
    found = {
        "schema": SCHEMA,
        "run": {
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "versions": versions(), "platform": platform.machine(), "device": "cpu",
            "targets": list(targets), "seconds": round(seconds, 1),
            "repeat": shlex.join(["convergence", "audit", "TARGET", "--laws", "LAW", *more]),
        },
        "laws": [
            {"id": law.id, "title": law.title, "everyone": law.everyone,
             "statement": " ".join((law.test.__doc__ or "").split()),
             "stochastic": law.stochastic}
            for law in chosen(None, like)
        ],
        "rows": [row.to_json() | links(row) for row in rows],
    }  # fmt: skip
    return {**found, "digest": digest(found)}


def links(row: Audit) -> dict[str, Any]:
    """What is proved about the method: the word of `list --about`, and the names of theorems."""
    return {"about": method(row.name, row.family), "theorems": proved(row.name, row.family)}


def digest(found: Mapping[str, Any]) -> str:
    """A hash over laws and rows without their times: equal audits of equal code have one."""
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in found["rows"]]
    text = json.dumps([found["laws"], rows], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def read(path: Path) -> dict[str, Any]:
    """A document that `--json` wrote; `InvalidInput` for anything else."""
    require(path.is_file(), repr(str(path)), "a file that `audit --json` wrote", "check the path")
    try:
        found = read_json(path)
        fault = wrong(found, "audit")
    except (OSError, ValueError):
        found, fault = None, "there is no JSON"
    require(
        not fault, f"{str(path)!r}, where {fault}", f"a document of schema {SCHEMA}",
        "write one with `audit --json FILE`",
    )  # fmt: skip
    assert isinstance(found, dict)
    require(
        found.get("digest", digest(found)) == digest(found),
        f"{str(path)!r}, whose digest is of other rows",
        "a document as `audit --json` wrote it",
        "it was altered since: write it anew",
    )
    return found


class Kept:
    """Finished rows in a folder, by a digest of all that decides them."""

    def __init__(self, root: Path):
        self.root = root
        here = Path(__file__).parent
        code = b"".join(p.read_bytes() for p in sorted(here.rglob("*.py")))
        self.code = hashlib.sha256(code + json.dumps(versions()).encode()).hexdigest()

    def place(self, job: Job, version: str) -> Path | None:
        """Where a row belongs; None for files, of which one cannot tell what they import."""
        if ".py:" in job.target:
            return None
        asked = [
            job.target,
            job.options,
            job.family,
            job.laws,
            job.like,
            job.every,
            version,
            self.code,
        ]
        digest = hashlib.sha256(json.dumps(asked, default=repr).encode()).hexdigest()[:16]
        return self.root / f"{name_for(job.target)}-{digest}.json"

    def fetch(self, job: Job, version: str) -> Audit | None:
        """The kept row, if there is one."""
        place = self.place(job, version)
        if place is None or not place.exists():
            return None
        try:
            return Audit.from_json(read_json(place))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def keep(self, job: Job, version: str, row: Audit) -> None:
        """Write a row, whole or not at all."""
        place = self.place(job, version)
        if place is not None:
            write_json(place, row.to_json())


def counted(row: Audit | Mapping[str, Any]) -> dict[str, int]:
    """How many cells have each outcome."""
    cells = row.cells if isinstance(row, Audit) else row["cells"]
    found: dict[str, int] = {}
    for cell in cells:
        outcome = str(cell.outcome) if not isinstance(cell, Mapping) else cell["outcome"]
        found[outcome] = found.get(outcome, 0) + 1
    return found
