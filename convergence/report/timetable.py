"""Times to a target from files: who took how long to reach what, for `statistics.scoring`."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convergence.claims.report import SCHEMA
from convergence.errors import InvalidInput, require, shown
from convergence.files import LARGEST, read_regular
from convergence.report.document import formed, parse
from convergence.statistics.scoring import check_times

SOLVERS, TIMES = ("submission", "solver", "algorithm"), ("time to target (s)", "time", "score")
ADVICE = "give a CSV of times, or what `verify --json` or `audit --json` wrote"
KEPT = {"keeps": 1.0, "breaks": math.inf}
AUDIT = "convergence-audit/1"
Draws = dict[str, dict[str, list[float]]]


class Timetable:
    """Draws of the time of every solver on every workload: `names`, `workloads`, and `draws`, an
    array (solvers, workloads, draws); `notes` are sentences about what was left out."""

    def __init__(self, found: Draws, notes: Sequence[str] = ()):
        self.names = list(found)
        self.workloads = list(dict.fromkeys(w for times in found.values() for w in times))
        self.notes = list(notes)
        require(self.names and self.workloads, "no times", "one at least", ADVICE)
        cells = [[found[s].get(w, []) for w in self.workloads] for s in self.names]
        counts = {len(cell) for row in cells for cell in row}
        for s, row in zip(self.names, cells):
            for w, cell in zip(self.workloads, row):
                require(cell, f"no time of {s!r} on {w!r}", "one for every workload",
                        "write inf for a target that was missed")  # fmt: skip
        require(len(counts) == 1, f"cells of {sorted(counts)} times", "as many times in every cell",
                "repeat them equally often")  # fmt: skip
        self.draws = check_times(cells)
        count = self.draws.shape[2]
        even = "an odd number, for the median of an even one can be ∞ with half of them finite,"
        require(count % 2 == 1, f"{count} times a cell", even, "add or leave out one")

    def medians(self) -> Any:
        """(solvers, workloads)."""
        return np.median(self.draws, axis=2)


def read(paths: Sequence[Path]) -> Timetable:
    """The times of all files together; of several reports each is one solver."""
    found: Draws = {}
    notes: list[str] = []
    for path in paths:
        if path.suffix.lower() == ".csv":
            more = _csv(path)
        else:
            document = parse(path, ADVICE)
            schema = document.get("schema")
            given, known = f"{str(path)!r} of schema {shown(schema)}", f"{SCHEMA!r} or {AUDIT!r}"
            require(schema in (SCHEMA, AUDIT), given, known, ADVICE)
            formed(document, "report" if schema == SCHEMA else "audit", path, ADVICE)
            more = _report(path, document) if schema == SCHEMA else _audit(document, notes)
        for solver, times in more.items():
            for workload, cell in times.items():
                found.setdefault(solver, {}).setdefault(workload, []).extend(cell)
    return Timetable(found, notes)


def _time(text: Any, where: str) -> float:
    """A time from a cell: inf for a miss, and nothing that is not a number."""
    try:
        value = float(str(text).strip())
    except ValueError:
        value = math.nan
    needed = "a positive number, or inf for a miss,"
    given = f"the time {str(text)!r} in {where}"
    require(value > 0, given, needed, "count time from the first evaluation on")
    return value


def _csv(path: Path) -> Draws:
    """A wide table, a solver a row and a workload a column, or a long one with the columns
    workload, time, and where there are several submission, study and trial."""
    try:
        text = (read_regular(path, LARGEST) or b"").decode("utf-8-sig")
        rows = [row for row in csv.reader(text.splitlines()) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{str(path)!r} cannot be read ({error}); {ADVICE}.") from error
    require(len(rows) >= 2, f"{str(path)!r} with {len(rows)} rows", "a header and a row", ADVICE)
    head, body = [name.strip() for name in rows[0]], rows[1:]
    for k, row in enumerate(body, 2):
        require(len(row) == len(head), f"{len(row)} cells in row {k} of {str(path)!r}",
                f"{len(head)}, one a column,", "mend the row")  # fmt: skip
    lower = [name.lower() for name in head]
    found: Draws = {}
    if "workload" not in lower:
        for k, row in enumerate(body, 2):
            for workload, cell in zip(head[1:], row[1:]):
                value = _time(cell, f"row {k} of {str(path)!r}")
                found.setdefault(row[0].strip(), {}).setdefault(workload, []).append(value)
        return found
    time = next((lower.index(name) for name in TIMES if name in lower), None)
    if time is None:
        raise InvalidInput(
            f"Got {str(path)!r} with the columns {', '.join(head)}, but one of "
            f"{', '.join(map(repr, TIMES))} is needed beside 'workload'; name it so."
        )
    who = next((lower.index(name) for name in SOLVERS if name in lower), None)
    study = lower.index("study") if "study" in lower else None
    best: dict[tuple[str, str, str], float] = {}
    for k, row in enumerate(body, 2):
        solver = path.stem if who is None else row[who].strip()
        # The fastest trial of a study is its time; without studies every row is a draw.
        which = f"row {k}" if study is None else row[study].strip()
        key = solver, row[lower.index("workload")].strip(), which
        best[key] = min(best.get(key, math.inf), _time(row[time], f"row {k} of {str(path)!r}"))
    for (solver, workload, _), value in best.items():
        found.setdefault(solver, {}).setdefault(workload, []).append(value)
    return found


def _report(path: Path, document: dict[str, Any]) -> Draws:
    """A run as one solver: the seconds to the expected verdict of each claim, ∞ for another."""
    return {
        path.stem: {
            claim["slug"]: [
                max(float(claim["seconds"]), 1e-9)
                if claim["verdict"] == claim["expect"]
                else math.inf
            ]
            for claim in document["claims"]
        }
    }


def _audit(document: dict[str, Any], notes: list[str]) -> Draws:
    """Optimizers as solvers, laws as workloads: 1 where a law is kept, ∞ where it is broken; laws
    that were not asked of every optimizer are left out."""
    rows = [row for row in document["rows"] if not row["error"]]
    asked = [
        {cell["law"]: cell["outcome"] for cell in row["cells"] if cell["outcome"] in KEPT}
        for row in rows
    ]
    laws = [law["id"] for law in document["laws"]]
    common = [law for law in laws if all(law in cells for cells in asked)]
    if len(common) < len(laws):
        notes.append(f"{len(laws) - len(common)} laws were not asked of every optimizer: left out")
    return {
        row["target"]: {law: [KEPT[cells[law]]] for law in common}
        for row, cells in zip(rows, asked)
    }
