"""Writes the table of verdicts in README.md: `python -m docs.make.readme results/report.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from convergence.registry.subspace import errata, galore

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- verdicts: python -m docs.make.readme results/report.json -->\n"
END = "<!-- end of verdicts -->\n"
SHOWN = {claim.slug for claim in (*galore.CLAIMS, *errata.CLAIMS)}


def table(document: dict[str, Any]) -> str:
    """The claims on GaLore in Markdown."""
    lines = ["| claim | statement | verdict | slack | power |", "|---|---|---|---|---|"]
    for claim in document["claims"]:
        if claim["slug"] in SHOWN:
            statement = claim["statement"].replace("|", "\\|")
            cells = (f"`{claim['slug']}`", statement, claim["verdict"])
            numbers = (digits(claim["slack"]), digits(claim["power"]))
            lines.append("| " + " | ".join((*cells, *numbers)) + " |")
    return "\n".join(lines) + "\n"


def digits(value: Any) -> str:
    """Three significant digits."""
    return "–" if value is None else f"{float(value):.3g}"


if __name__ == "__main__":
    text = README.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    found = json.loads(Path(sys.argv[1]).read_text())
    README.write_text(head + BEGIN + "\n" + table(found) + "\n" + END + tail)
