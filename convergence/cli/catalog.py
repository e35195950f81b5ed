"""`convergence catalog`: what claims are made of, and who certifies which constant."""

from __future__ import annotations

import importlib
import inspect
from argparse import Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from convergence.cli.gather import unknown
from convergence.cli.streams import print_json
from convergence.cli.table import speaker
from convergence.cli.values import SECTIONS
from convergence.errors import gist
from convergence.vocabulary import VOCABULARY, certified, who_certifies

ROOMS = {
    "problems": ("problems", "AbstractProblem"),
    "noises": ("noise", "AbstractNoise"),
    "oracles": ("oracles", "AbstractOracle"),
    "metrics": ("metrics", "AbstractMetric"),
    "assumptions": ("theorems", "AbstractAssumption"),
    "algorithms": ("algorithms", "AbstractAlgorithm"),
}


def run(arguments: Namespace) -> int:
    """The sections that are asked for; with --certifies only what certifies that constant."""
    wanted = arguments.certifies
    if wanted is not None and not who_certifies(wanted):
        names = {name for found in certified().values() for name in found}
        raise unknown(wanted, names, "certified constant", "`convergence catalog constants`")
    chosen = arguments.sections or (("problems", "noises") if wanted else SECTIONS)
    found = {name: section(name, wanted) for name in chosen}
    if arguments.json:
        print_json({"schema": "convergence-catalog/1", **found})
        return 0
    console = speaker(False)
    for name, rows in found.items():
        if rows:
            console.print(Text(name, style="bold"))
            console.print(grid(rows))
            console.print()
    return 0


def section(name: str, wanted: str | None) -> list[dict[str, Any]]:
    """The entries of a section."""
    if name == "constants":
        rows = [
            {"name": key, "kind": v.kind, "unit": v.unit, "what": v.meaning,
             "certified_by": who_certifies(key) or [v.by]}
            for key, v in VOCABULARY.items()
        ]  # fmt: skip
        return [row for row in rows if wanted in (None, row["name"])]
    room = importlib.import_module(f"convergence.{ROOMS[name][0]}")
    base: Any = getattr(room, ROOMS[name][1])
    rows = []
    for key in sorted(room.__all__):
        kind = getattr(room, key)
        if not (inspect.isclass(kind) and issubclass(kind, base)) or key.startswith("Abstract"):
            continue
        row = {"name": key, "what": gist(kind), "built_from": signature(kind)}
        if name in ("problems", "noises"):
            row["certifies"] = certified().get(key, [])
        if wanted is None or wanted in row.get("certifies", ()):
            rows.append(row)
    return rows


def signature(kind: type) -> list[str]:
    """What it is built from: names, with their defaults where these are short."""
    found = []
    for name, given in inspect.signature(kind).parameters.items():
        short = isinstance(given.default, int | float | str | tuple)
        found.append(f"{name}={given.default!r}" if short else name)
    return found


def grid(rows: list[dict[str, Any]]) -> Table:
    """Name and what it is; below, what it is built from and certifies."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="bold", no_wrap=True, max_width=24, overflow="ellipsis")
    table.add_column(overflow="fold")
    for row in rows:
        lines = [Text(row["what"])]
        for key, said in (("built_from", "from "), ("certifies", "certifies "),
                          ("certified_by", "by ")):  # fmt: skip
            if row.get(key):
                lines.append(Text(f"{said}{', '.join(row[key])}", style="dim"))
        unit = f" [{row['unit']}]" if row.get("unit") else ""
        table.add_row(row["name"] + unit, Text("\n").join(lines))
    return table
