"""Writes docs/methods.md, every statement about a method that ships with what stands beside it:
`python -m docs.make.methods`, also with docs/theorems.md by `python -m docs.make.gallery`.

Slacks are read from docs/make/methods.json, which `python -m docs.make.methods SLUG …` measures:
of these claims, or with `--missing` of those that it lacks.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from convergence.claims.settings import Settings
from convergence.files import write_whole
from convergence.registry import FAMILIES, claims_in
from convergence.report.page import MUTANTS
from convergence.statistics import Verdict
from convergence.theorems.base import Kind
from convergence.theorems.domains import domains

PAGE = Path(__file__).parents[1] / "methods.md"
RECORD = Path(__file__).with_name("methods.json")
SCOPE = {
    "classical": "Gradient descent, momentum, SGD and finite sums",
    "adaptive": "Adaptive, sign and matrix methods, weight decay",
    "parameter_free": "Without a step size",
    "games": "Games",
}
ELSEWHERE = {"games": ("adawac",)}  # a paper of its own
TIGHT = 1.25
WHY = re.compile(r"no\s+instance|not\s+attained", re.IGNORECASE)
HEAD = """\
# Statements about methods that ship

<!-- python -m docs.make.methods -->

Every statement with explicit constants about a textbook method or one that optax or torch ships.
**known** says how; the proof or the place in the source stands behind the link. **slack** is
bound / measured on the instance where it is least: 1 attains the bound; where it is above 1.25 (†)
the statement's page says why no better instance is known. **control** is a false neighbor of the
statement, refuted beside it. **mutant** is a fault planted in the method or its bound that turns
the verdict. **code**: whose code is judged; `tests/methods/test_shipped.py` runs each of them.
The site (`make docs`) has a page of one shape for each: method, guarantee, instance, references,
run, with a file to copy; `python -m docs.make.statements` writes them into `results/statements`.
"""


class Row(NamedTuple):
    """A statement: its class, its claims, and what stands beside them."""

    theorem: Any
    claims: tuple[Any, ...]
    slack: float | None
    tightest: str
    controls: tuple[str, ...]
    mutants: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def reason(self) -> bool:
        """Whether its page says why no tight instance is known."""
        return bool(WHY.search(inspect.getdoc(type(self.theorem)) or ""))

    @property
    def lacks(self) -> list[str]:
        """What a statement should have and this one has not."""
        told = inspect.getdoc(type(self.theorem)) or ""
        proof = str(self.theorem.provenance) != "derived" or bool(re.search(r"Proof[.,]", told))
        tight = self.slack is not None and (self.slack <= TIGHT or self.reason)
        wanted = {"a proof": proof, "a locus": self.theorem.source.locus, "a slack": tight,
                  "a control": self.controls, "a mutant": self.mutants}  # fmt: skip
        return [name for name, found in wanted.items() if not found]


def codes(theorem: Any) -> tuple[str, ...]:
    """Whose code the statement is judged on."""
    allowed = domains(type(theorem)).get("code")
    if allowed is not None:
        return tuple(name for name in ("own", "optax", "torch") if allowed.admits(name))
    source = inspect.getsource(type(theorem).prescribe)
    return ("optax",) if re.search(r"from_optax|FromOptax", source) else ("own",)


def claims(family: str) -> list[Any]:
    """The claims of a family, but for those of `ELSEWHERE`."""
    names = [name for name in FAMILIES[family] if name not in ELSEWHERE.get(family, ())]
    return [claim for name in names for claim in claims_in(family, name)]


def rows(family: str) -> list[Row]:
    """The true statements of a family, with what stands beside each."""
    slacks, planted = json.loads(RECORD.read_text()), json.loads(MUTANTS.read_text())["mutants"]
    known = claims(family)
    found: dict[type, list[Any]] = {}
    for claim in known:
        if claim.expect is Verdict.CONSISTENT:
            found.setdefault(type(claim.theorem), []).append(claim)
    made = []
    for of in found.values():
        slugs = [claim.slug for claim in of]
        least = min(((slacks[s], s) for s in slugs if s in slacks), default=(None, ""))
        controls = [c.slug for c in known if c.instead in slugs]
        faults = [m["name"] for m in planted if m["claim"] in (*slugs, *controls)]
        made.append(Row(
            of[0].theorem, tuple(of), *least, tuple(controls), tuple(faults), codes(of[0].theorem)
        ))  # fmt: skip
    return made


def line(row: Row) -> str:
    """One line of the table."""
    name = type(row.theorem).__name__
    statement = row.theorem.statement.replace("|", "\\|")
    slack = "" if row.slack is None else f"{row.slack:.3g}" + "†" * (row.slack > TIGHT)
    cells = (
        f"[{name}](theorems.md#{name.lower()}): {statement}", str(row.theorem.provenance),
        f"{slack} `{row.tightest}`", ", ".join(f"`{s}`" for s in row.controls[:1]),
        row.mutants[0] if row.mutants else "", ", ".join(row.codes),
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for family, title in SCOPE.items():
        found = rows(family)
        parts.append(f"## {title}\n\n{len(found)} statements.\n")
        parts.append(
            "| statement | known | slack | control | mutant | code |\n|---|---|---|---|---|---|"
        )
        parts.append("\n".join(line(row) for row in found) + "\n")
    return "\n".join(parts)


def measured(slugs: list[str]) -> dict[str, float]:
    """The slack of each claim; of all that are lacking with `--missing`."""
    old = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    every = {
        c.slug: c for family in SCOPE for c in claims(family) if c.expect is Verdict.CONSISTENT
    }
    kept = {slug: old[slug] for slug in every if slug in old}
    for slug in [s for s in every if s not in kept] if slugs == ["--missing"] else slugs:
        report = every[slug].verify(Settings())
        judgement = report.judgement
        print(f"{slug}: {report.verdict}, slack {judgement and judgement.slack}", flush=True)
        if report.expected and judgement is not None:  # a kept equality has none but 1
            kept[slug] = 1.0 if every[slug].kind is Kind.EXACT else judgement.slack
    return {slug: kept[slug] for slug in every if slug in kept}


if __name__ == "__main__":
    if sys.argv[1:]:
        text = json.dumps(measured(sys.argv[1:]), indent=1) + "\n"
        write_whole(RECORD, text.encode())
    PAGE.write_text(page())
