"""Writes docs/cross_examination.md: `python -m docs.make.cross_examination BUDGET SEED`.

What a sweep of BUDGET seconds finds is added to docs/cross_examination.csv, which the page shows;
without arguments the page is only written again. The theorems come first that the fewest instances
were judged of.
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from convergence.registry import registry
from convergence.search.across import Tally, across, subjects
from convergence.search.pool import rooms

ROOT = Path(__file__).parents[2]
PAGE, DATA = ROOT / "docs/cross_examination.md", ROOT / "docs/cross_examination.csv"
LEAST = 12.0  # seconds for a theorem: fewer theorems are looked at instead
HEAD = """\
# Cross-examination

<!-- python -m docs.make.cross_examination -->

Every theorem against every family of problems, under every family of noises, with fields drawn from
their domains, wherever all assumptions hold (`convergence falsify --across --budget 10m`). A cell
says the worst measured/allowed among the instances judged: at most 1 where the statement is kept,
by runs up to their scatter, and of an equality the miss over what it is granted. `·` was refused by
an assumption, and an empty cell has not been looked at.

"""
FOOT = """
Rates say nothing at one horizon, comparisons by runs and identities have claims of their own, and
what is known to be false is not examined.
"""
Table = dict[str, dict[str, Tally]]


def read() -> Table:
    """What has been found so far."""
    found: Table = {}
    if DATA.exists():
        with DATA.open() as file:
            for theorem, room, judged, worst, refused in csv.reader(file):
                found.setdefault(theorem, {})[room] = Tally(int(judged), float(worst), refused)
    return found


def merged(old: Tally, new: Tally) -> Tally:
    """Both together."""
    return Tally(old.judged + new.judged, max(old.worst, new.worst), new.refused or old.refused)


def write(found: Table) -> None:
    """The table as it is kept."""
    with DATA.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        for theorem in sorted(found):
            for room, cell in sorted(found[theorem].items()):
                out.writerow([theorem, room, cell.judged, f"{cell.worst:.4g}", cell.refused])


def shown(cell: Tally | None) -> str:
    """A cell as the page shows it."""
    if cell is None or (cell.judged == 0 and not cell.refused):
        return ""
    return f"{cell.worst:.2g}" if cell.judged and math.isfinite(cell.worst) else "·"


def page(found: Table) -> str:
    """The whole page."""
    names = list(dict.fromkeys(room.problem.name for room in rooms()))
    key = [f"{k + 1}: {name}" for k, name in enumerate(names)]
    columns = " | ".join(str(k + 1) for k in range(len(names)))
    lines = ["; ".join(key) + ".\n", f"| theorem | {columns} |", "|---" * (len(names) + 1) + "|"]
    for theorem in sorted(found):
        cells = " | ".join(shown(found[theorem].get(name)) for name in names)
        lines.append(f"| {theorem} | {cells} |")
    return HEAD + "\n".join(lines) + "\n" + FOOT


def least_seen(found: Table, seed: int) -> list[Any]:
    """The subjects, those first that the fewest instances were judged of."""

    def seen(claim: Any) -> int:
        cells = found.get(type(claim.theorem).__name__, {}).values()
        return sum(cell.judged for cell in cells)

    claims = subjects(registry())
    order = np.random.default_rng(seed).permutation(len(claims))
    return sorted((claims[k] for k in order), key=seen)


def main(arguments: list[str]) -> None:
    """Examine for the budget, if one is given, and write the page."""
    found = read()
    if arguments:
        budget, seed = float(arguments[0]), int(arguments[1])
        claims = least_seen(found, seed)
        claims = claims[: max(1, int(budget / LEAST))]
        for one in across(claims, budget, seed=seed):
            cells = found.setdefault(one.theorem, {})
            for room, cell in one.cells.items():
                cells[room] = merged(cells.get(room, Tally()), cell)
            print(one.theorem, "VIOLATED" if one.module else "", one.reason, flush=True)
            if one.module:
                print(one.module, flush=True)
            write(found)
    PAGE.write_text(page(found))


if __name__ == "__main__":
    main(sys.argv[1:])
