"""Writes docs/theorems.md, docs/errata.md, docs/methods.md and convergence/registry/index.json from
the registry: `python -m docs.make.gallery`."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

from convergence.registry import INDEX, registry
from convergence.registry.about import METHODS, methods_of
from convergence.report.references import BIBLIOGRAPHY, bibliography
from convergence.statistics import Verdict
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import AbstractAbout
from convergence.theorems.conditions import Positive, Within
from docs.make import catalog, errata, methods
from docs.make.proofs import RECORD, sentence

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/theorems.md"
SHOWN = 3  # claims named for each theorem
MARKS = {
    Verdict.CONSISTENT: "✓",
    Verdict.REFUTED: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INAPPLICABLE: "–",
}
HEAD = """\
# The theorems

<!-- python -m docs.make.gallery -->

Every statement that the registry judges, by its source, in the words of the theorem's own docstring
(`·` stands between how it is judged, how it is known, and where it stands in the source). ✓ marks a
claim that is expected to be CONSISTENT, ✗ one to be REFUTED, – INAPPLICABLE, ? INCONCLUSIVE;
`convergence show SLUG` has its instance, and `convergence verify SLUG` runs it. What the kinds
mean stands in [verdicts.md](verdicts.md).
"""


def work(entry: dict[str, str]) -> str:
    """Who, when, what, and a link."""
    names = [name.split(",")[0] for name in entry["author"].split(" and ")]
    who = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    noted = re.match(r"arXiv (\S+)", entry.get("note", ""))
    number = entry.get("eprint") or (noted[1] if noted else None)
    link = f"https://doi.org/{entry['doi']}" if "doi" in entry else None
    link = f"https://arxiv.org/abs/{number}" if number else link
    title = re.sub(r"([*_])", r"\\\1", entry["title"])  # letters of formulas, no emphasis
    title = f"[{title}]({link})" if link else title
    return f"{who} {entry['year']}: {title}"


def assumption(assumed: Any) -> str:
    """An assumption by its name."""
    if isinstance(assumed, Within):
        return assumed.title
    named = isinstance(assumed, Has | Is | Positive)
    return assumed.name if named else type(assumed).__name__


def section(theorem: Any, claims: list[Any]) -> str:
    """One theorem: what it says, how it is known, and who puts it to the test."""
    kind = type(theorem)
    about = f"{theorem.kind} · {theorem.provenance} · {theorem.source.locus}"
    lines = [f"### {kind.__name__}\n", f"{about}; `{kind.__module__}`\n"]
    if not isinstance(theorem, AbstractAbout):  # its statement is another one's
        lines.append(f"`{theorem.statement}`\n")
    lines.append(f"```text\n{inspect.cleandoc(kind.__doc__ or '')}\n```\n")
    assumed = [assumption(a) for a in getattr(theorem, "assumes", ())]
    if assumed:
        lines.append(f"Assumes {', '.join(assumed)}.")
    shown = [f"{MARKS[claim.expect]} `{claim.slug}`" for claim in claims[:SHOWN]]
    shown += ["…"] if len(claims) > SHOWN else []
    lines.append(f"Claims: {', '.join(shown)}\n")
    proofs = {entry["slug"]: entry for entry in json.loads(RECORD.read_text())}
    lines += [sentence(proofs[claim.slug]) for claim in claims if claim.slug in proofs]
    return "\n".join(lines)


def index(theorems: list[tuple[Any, list[Any]]]) -> str:
    """Which theorems are about which method, with what is expected of them."""
    lines = [
        "## My optimizer → what is proved about it\n",
        "The same on the command line: `convergence list --about adam`.\n",
        "| method | theorems |",
        "|---|---|",
    ]
    for name in METHODS:
        links = sorted(
            {
                f"[{type(t).__name__}](#{type(t).__name__.lower()})"
                + (" ✗" if all(c.expect is Verdict.REFUTED for c in found) else "")
                for t, found in theorems
                if name in methods_of(t)
            }
        )
        lines.append(f"| {name} | {', '.join(links)} |")
    return "\n".join([*lines, ""])


def page() -> str:
    """The whole page."""
    claims: dict[type, list[Any]] = {}
    known: tuple[Any, ...] = registry()
    for claim in known:
        claims.setdefault(type(claim.theorem), []).append(claim)
    sections: dict[str, list[str]] = {}
    for found in claims.values():
        theorem = found[0].theorem
        sections.setdefault(theorem.source.key, []).append(section(theorem, found))
    entries = bibliography(BIBLIOGRAPHY.read_text())
    parts = [HEAD, index([(found[0].theorem, found) for found in claims.values()])]
    for key in sorted(sections):
        parts += [f"## {key}\n\n{work(entries[key])}\n", *sections[key]]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
    errata.PAGE.write_text(errata.page())
    methods.PAGE.write_text(methods.page())
    INDEX.write_text(catalog.text())
