"""Writes docs/cross_examination.md: `python -m docs.make.cross_examination BUDGET SEED`.

What a sweep of BUDGET seconds finds is added to docs/cross_examination.csv, which the page shows;
without arguments the page is only written again. The theorems come first that the fewest instances
were judged of.
"""

from __future__ import annotations

import collections
import csv
import math
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from convergence.registry import registry
from convergence.search.across import Tally, across, subjects
from convergence.search.courtroom_more import FIELDS
from convergence.search.parts import OWN
from convergence.search.pool import rooms
from convergence.statistics import Verdict
from convergence.theorems.base import Kind

ROOT = Path(__file__).parents[2]
PAGE, DATA = ROOT / "docs/cross_examination.md", ROOT / "docs/cross_examination.csv"
LEAST = 5.0  # seconds for a theorem: fewer theorems are looked at instead
HEAD = """\
# Cross-examination

<!-- python -m docs.make.cross_examination -->

Every theorem against every family of problems, under every family of noises, with fields drawn from
their domains, wherever all assumptions hold (`convergence falsify --across --budget 10m`); and on
its own instance with all numbers varied, under every noise that fits it. Identities meet other
values of their fields, lemmas all laws. A number after a colon is the worst measured/allowed among
the instances judged there: at most 1 where the statement is kept, by runs up to their scatter, and
of an equality the miss over what it is granted. On families that are not named the theorem was
refused by an assumption, or has not been looked at.

Sweeps of eighty minutes each under the seeds 71, 72 and 73, three at once on two cores, judged
181 971 instances and found nothing. They met statements and looks as they are but
for a last reading beside them (`tests/certificates/test_read_classical.py`, `test_read_lemmas.py`).
Before them, of statements that readings have narrowed since (`test_read_*.py`), sweeps judged under
51 to 53 126 879 instances, under 61 to 63 10 755, under 33 and 41 to 43 16 400, under 11 to 14 and
21 to 23 104 881, and found nothing; under 31 and 32 124 695, and found one violation: a bound of
2⁻⁶⁶ of which its formula left 0 (mended, `theorems/shrinking.py`; examined anew).

"""
FOOT = """
## Not examined

"""
UNSEEN = "not looked at"
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


def page(found: Table) -> str:
    """The whole page."""
    names = list(dict.fromkeys([OWN, *(room.problem.name for room in rooms()), FIELDS]))
    key = [f"{k}: {name}" for k, name in enumerate(names)]
    lines = [textwrap.fill("; ".join(key) + ".", 100) + "\n"]
    lines += ["| theorem | judged | worst | by family |", "|---|---|---|---|"]
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for theorem, cells in sorted(found.items()):
        reason = cells[""].refused if "" in cells else ""
        if reason and reason != UNSEEN:
            groups[reason].append(theorem)
            continue
        here = [(k, cells[name]) for k, name in enumerate(names) if name in cells]
        here = [(k, cell) for k, cell in here if cell.judged and math.isfinite(cell.worst)]
        judged = sum(cell.judged for _, cell in here)
        worst = f"{max(cell.worst for _, cell in here):.2g}" if here else ""
        each = ", ".join(f"{k}: {cell.worst:.2g}" for k, cell in here)
        lines.append(f"| {theorem} | {judged} | {worst} | {each or why(cells)} |")
    lines += ["", textwrap.fill(counted(found), 100)]
    foot = [
        textwrap.fill(f"- {reason}: {', '.join(theorems)}.", 100, subsequent_indent="  ")
        for reason, theorems in sorted(groups.items())
    ]
    return HEAD + "\n".join(lines) + "\n" + FOOT + "\n".join(foot) + "\n"


def counted(found: Table) -> str:
    """How much has been looked at, in a sentence."""
    pairs = [cell for cells in found.values() for name, cell in cells.items() if name]
    judged = [cell for cell in pairs if cell.judged]
    theorems = sum(any(cell.judged for cell in cells.values()) for cells in found.values())
    alone = sum(not cell.judged and bool(cell.refused) for cell in pairs)
    return (
        f"In all {sum(cell.judged for cell in judged)} instances of {theorems} theorems were "
        f"judged, on {len(judged)} pairs of a theorem and a family; on {alone} more pairs all were "
        "refused."
    )


def why(cells: dict[str, Tally]) -> str:
    """Why nothing was judged of a theorem."""
    refused = (cell.refused for name, cell in cells.items() if name and cell.refused)
    said = collections.Counter(refused)
    return f"refused, mostly by: {said.most_common(1)[0][0]}" if said else UNSEEN


def completed(found: Table) -> Table:
    """With a row, in a family without a name, for each theorem that nobody has looked at: not yet,
    or for a reason."""
    claims = registry()
    seen = {type(c.theorem) for c in subjects(claims)}
    false = {type(c.theorem) for c in claims if c.expect is Verdict.REFUTED}
    kept = {theorem: dict(cells) for theorem, cells in found.items()}
    for claim in claims:
        kind = type(claim.theorem)
        if kind in seen:
            reason = UNSEEN
        elif kind in false:
            reason = "known to be false of some instance"
        elif claim.kind is Kind.IDENTITY:
            reason = "identities without a field to draw"
        elif claim.kind is Kind.RATE:
            reason = "rates, which say nothing at one horizon"
        elif claim.expect is Verdict.INCONCLUSIVE:
            reason = "statements of which no limit is certified"
        elif claim.kind is Kind.SEPARATION:
            reason = "comparisons that are judged by exact moments alone"
        else:
            reason = "transients, which are found by a search of their own"
        cells = kept.setdefault(kind.__name__, {})
        cells.pop("", None)
        if not cells:
            cells[""] = Tally(0, -math.inf, reason)
    return kept


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
    found = completed(read())
    write(found)
    if arguments:
        budget, seed = float(arguments[0]), int(arguments[1])
        claims = least_seen(found, seed)
        claims = claims[: max(1, int(budget / LEAST))]
        for one in across(claims, budget, seed=seed):
            cells = found.setdefault(one.theorem, {})
            cells.pop("", None)
            for room, cell in one.cells.items():
                cells[room] = merged(cells.get(room, Tally()), cell)
            print(one.theorem, "VIOLATED" if one.module else one.error, one.reason, flush=True)
            if one.module:
                print(one.module, flush=True)
            write(found)
    PAGE.write_text(page(found))


if __name__ == "__main__":
    main(sys.argv[1:])
