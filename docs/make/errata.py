"""Writes docs/errata.md from the refuted claims of the registry: `python -m docs.make.errata`, and
with docs/theorems.md by `python -m docs.make.gallery`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from convergence.registry import registry
from convergence.statistics import Verdict
from convergence.theorems.base import Kind, Provenance
from docs.make.proofs import RECORD, sentence

PAGE = Path(__file__).parents[2] / "docs/errata.md"
HEAD = """\
# Errata

<!-- python -m docs.make.gallery -->

Statements that an explicit instance violates, each with what shows it and, where one is known, the
statement that holds. `convergence verify SLUG` judges the one and the other. Pathwise violations
are proved in ball arithmetic, identities by enumeration or in closed form, and statements about
means by bets that err with a probability that a whole run shares
([verdicts.md](verdicts.md)). Proofs and sources stand in [theorems.md](theorems.md).
"""
SECTIONS = {
    "As printed": "Read in the source, and false as it stands there.",
    "As recalled": "From memory of the source, which may say it more carefully.",
    "As it is often read": "Said by no source in these words: readings of true statements, with "
    "conditions\nleft out, or rates hoped for.",
}


def part(claim: Any) -> str:
    """Which section a refuted claim belongs to."""
    told = claim.theorem.statement
    if claim.theorem.provenance is Provenance.PRINTED or "as printed" in told:
        return "As printed"
    recalled = claim.theorem.provenance is Provenance.RECALLED or "as recalled" in told
    return "As recalled" if recalled else "As it is often read"


def shows(claim: Any, proofs: dict[str, Any]) -> str:
    """How the violation is known."""
    if claim.slug in proofs:
        return sentence(proofs[claim.slug]).strip()
    if claim.kind is Kind.IDENTITY:
        return "Refuted by enumeration or in closed form."
    return f"Refuted, as a statement of the kind {claim.kind}, by `convergence verify`."


def entry(claim: Any, known: dict[str, Any], proofs: dict[str, Any]) -> str:
    """One erratum."""
    theorem = claim.theorem
    link = f"[{type(theorem).__name__}](theorems.md#{type(theorem).__name__.lower()})"
    source = f"`{theorem.source.key}`, {theorem.source.locus}; {link}"
    plain = re.sub(r" *\(false\b[^)]*\)| *\(as printed\)", "", theorem.statement)
    lines = [f"### {claim.slug}\n", f"{source}\n", f"Violated: `{plain}`\n"]
    if claim.note:
        lines.append(f"Instance: {claim.note}.\n")
    lines.append(f"{shows(claim, proofs)}\n")
    if claim.instead:
        other = known[claim.instead].theorem
        name = type(other).__name__
        lines.append(
            f"Instead, `{claim.instead}` ([{name}](theorems.md#{name.lower()})): "
            f"`{other.statement}`\n"
        )
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    claims: Any = registry()
    known = {claim.slug: claim for claim in claims}
    proofs = {entry["slug"]: entry for entry in json.loads(RECORD.read_text())}
    wrong = [claim for claim in claims if claim.expect is Verdict.REFUTED]
    parts = [HEAD]
    for title, about in SECTIONS.items():
        found = [claim for claim in wrong if part(claim) == title]
        parts.append(f"## {title}\n\n{about}\n")
        parts += [entry(claim, known, proofs) for claim in found]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
