"""The matrix of an audit as one self-contained HTML page: no network, no outside script or font."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convergence.audit.cells import Cell, Outcome
from convergence.audit.policy import policy
from convergence.audit.proved import method, proved

REPEAT = "convergence audit TARGET --laws LAW"
TEMPLATE = Path(__file__).with_name("page.html")
SIGNS = {Outcome.KEEPS: "✓", Outcome.NOT_ASKED: "·", Outcome.CANNOT: "!",
         Outcome.UNDECIDED: "?"}  # fmt: skip


def sign(cell: Cell) -> str:
    """✗ for a promise that is broken, × for a law that is broken and was not promised."""
    if cell.outcome is Outcome.BREAKS:
        return "✗" if cell.promised else "×"
    return SIGNS[cell.outcome]


def build(document: Mapping[str, Any], found: Mapping[str, Mapping[str, str]] = {}) -> str:
    """The page of a document of `audit --json`; found: what stands in the source, by target and
    law, where somebody looked."""
    run = {"repeat": REPEAT, **document["run"], "command": command(document)}
    laws = [law for law in document["laws"] if law["id"] != "P" or like(document)]
    rows = [row(r, laws) | {"found": found.get(r["target"], {})} for r in document["rows"]]
    data = {"run": run, "laws": laws, "rows": rows}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    template = TEMPLATE.read_text(encoding="utf-8")
    script, style = (
        template.split(f"<{tag}>")[1].split(f"</{tag}>")[0] for tag in ("script", "style")
    )
    return template.replace("@POLICY@", policy(script, style)).replace("@DATA@", text)


def like(document: Mapping[str, Any]) -> bool:
    """Whether any optimizer was set beside a reference."""
    return any(cell["law"] == "P" for row in document["rows"] for cell in row["cells"])


def command(document: Mapping[str, Any]) -> str:
    """What repeats the audit: its packages, as globs."""
    packages = dict.fromkeys(row["package"] for row in document["rows"])
    return shlex.join(["convergence", "audit", *(f"{name}:*" for name in packages)])


def row(entry: Mapping[str, Any], laws: list[Mapping[str, Any]]) -> dict[str, Any]:
    """A row in few characters: a sign a law, and what was found where there is something to say."""
    cells = {cell["law"]: Cell.from_json(cell) for cell in entry["cells"]}
    signs, told = "", {}
    for i, law in enumerate(laws):
        cell = cells.get(law["id"])
        signs += sign(cell) if cell is not None else "·"
        if cell is not None and cell.detail and cell.outcome is not Outcome.NOT_ASKED:
            told[i] = cell.detail
    measured, name, family = entry["measured"], entry["name"], entry["family"]
    return {
        "target": entry["target"], "package": entry["package"], "name": entry["name"],
        "version": entry["version"], "family": entry["family"], "error": entry["error"],
        "signs": signs, "told": told, "notes": "; ".join(entry["notes"]),
        "under": ", ".join(f"{k} = {v}" for k, v in entry["options"].items())[:120],
        "about": method(name, family), "proved": proved(name, family),
        "first": measured.get("first step", ""), "way": measured.get("way", ""),
        "power": measured.get("scale power", ""), "decay": measured.get("decay", ""),
    }  # fmt: skip
