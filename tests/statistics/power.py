"""Statements with explicit constants that no claim of a run holds tightly: power above 1.25.

    python -m tests.statistics.power results/report.json

reads the JSON of `convergence verify --json` and prints a table in Markdown: the statement, its
tightest claim, and that claim's slack and power.
"""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TIGHT = 1.25  # a constant overstated by a quarter would have been seen


def loose(claims: Iterable[dict[str, Any]]) -> list[tuple[str, str, float, float]]:
    """(theorem, its tightest claim, slack, power) of those above `TIGHT`, the loosest first."""
    best: dict[str, tuple[float, float, str]] = {}
    for claim in claims:
        if claim["kind"] != "expectation" or claim["expect"] != "CONSISTENT":
            continue
        power, slack = (
            float(claim[key]) if claim[key] is not None else math.inf for key in ("power", "slack")
        )
        found = power, slack, claim["slug"]
        best[claim["theorem"]] = min(best.get(claim["theorem"], found), found)
    rows = [(name, slug, slack, power) for name, (power, slack, slug) in best.items()]
    return sorted((row for row in rows if row[3] > TIGHT), key=lambda row: -row[3])


def table(claims: Iterable[dict[str, Any]]) -> str:
    """The Markdown."""
    lines = ["| statement | tightest claim | slack | power |", "|---|---|---|---|"]
    for name, slug, slack, power in loose(claims):
        lines.append(f"| `{name}` | `{slug}` | {slack:.3g} | {power:.3g} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text())["claims"]))
