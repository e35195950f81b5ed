"""One self-contained HTML page from the JSON of a run: no network, no outside script or font."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from convergence.audit.policy import policy
from convergence.figures.columns import Report, statement, tightest
from convergence.report import looseness, plot, trend
from convergence.report.references import BIBLIOGRAPHY, bibliography, cite

HERE = Path(__file__).parent
MUTANTS = HERE / "mutants.json"
GLYPHS = {"CONSISTENT": "✓", "REFUTED": "✗", "INCONCLUSIVE": "?", "INAPPLICABLE": "–"}
SIZES = ((1.02, 5), (1.2, 4), (2.0, 3), (10.0, 2))  # slack below → step of size; 1 beyond


def build(
    document: Mapping[str, Any],
    earlier: Mapping[str, Any] | None = None,
    certificate: str | None = None,
) -> str:
    """The page of a document that `convergence.report.document.read` has checked.

    earlier: the document of a run to compare with. certificate: where that of the run is, from the
    page.
    """
    claims = document["claims"]
    attained, works = tightest(claims), bibliography(BIBLIOGRAPHY.read_text(encoding="utf-8"))

    def figure(claim: Report) -> Markup:
        return Markup(plot.draw(claim, attained.get(statement(claim))))

    def caption(claim: Report) -> str:
        return plot.caption(claim, attained.get(statement(claim)))

    environment = Environment(
        loader=PackageLoader("convergence.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"typeset": typeset, "digits": digits, "value": value, "broken": broken}
    environment.globals |= {
        "glyphs": GLYPHS, "figure": figure, "caption": caption, "size": size,
        "plain": plain_number, "map": lambda: Markup(looseness.draw(claims)),
        "cite": lambda source: cite(source, works),
        "command": lambda claim: command(document["run"], claim),
    }  # fmt: skip
    script, style = ((HERE / f"page.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return environment.get_template("page.html").render(
        script=Markup(script),
        style=Markup(style),
        policy=Markup(policy(script, style)),
        run=document["run"],
        errors=document.get("errors", []),
        claims=claims,
        known={claim["slug"]: claim for claim in claims},
        counts={v: sum(c["verdict"] == v for c in claims) for v in GLYPHS},
        grades={g: sum(c["grade"] == g for c in claims) for g in ("certified", "asymptotic")},
        odd=[claim for claim in claims if claim["verdict"] != claim["expect"]],
        theorems=theorems(claims),
        matrices=matrices(claims),
        errata=[c for c in claims if c["instead"] and c["verdict"] == "REFUTED"],
        others=[c for c in claims if not c["instead"] and c["verdict"] == "REFUTED"],
        hardly=looseness.hardly(claims),
        sides={
            key: sorted({str(claim[key]) for claim in claims if claim[key]})
            for key in ("family", "kind", "provenance")
        },
        since=earlier and earlier["run"]["date"],
        trend=trend.changes(earlier, document) if earlier else [],
        certificate=certificate,
        mutation=score(
            json.loads(MUTANTS.read_text(encoding="utf-8")), {claim["family"] for claim in claims}
        ),
    )


def theorems(claims: Sequence[Report]) -> list[dict[str, Any]]:
    """The statements in the order of the claims, each with its claims and an anchor."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for claim in claims:
        key = statement(claim)
        if key not in found:
            found[key] = {"anchor": f"s{len(found) + 1}", "claims": []}
        found[key]["claims"].append(claim)
    return list(found.values())


def matrices(claims: Sequence[Report]) -> list[dict[str, Any]]:
    """For each family: columns (instances) and rows (theorem, a list of claims a column)."""
    groups = theorems(claims)
    found = []
    for family in dict.fromkeys(claim["family"] for claim in claims):
        own = [g for g in groups if any(c["family"] == family for c in g["claims"])]
        columns = list(dict.fromkeys(instance(c) for c in claims if c["family"] == family))
        rows = []
        for group in own:
            cells: dict[str, list[Report]] = {name: [] for name in columns}
            for claim in group["claims"]:
                if claim["family"] == family:
                    cells[instance(claim)].append(claim)
            rows.append({"group": group, "cells": list(cells.values())})
        found.append({"family": family, "columns": columns, "rows": rows})
    return found


def instance(claim: Report) -> str:
    """The classes of problem and noise."""
    names = [claim[key].split(":")[0] for key in ("problem", "noise") if claim[key]]
    names = [name for name in names if name != "Noiseless"]
    return " · ".join(names) or "no run"


def size(claim: Report) -> int:
    """1 to 5, the more the closer slack is to 1; 3 where there is none."""
    slack = claim["slack"]
    if not isinstance(slack, int | float) or slack <= 0:
        return 3
    away = max(slack, 1 / slack)
    return next((step for limit, step in SIZES if away <= limit), 1)


def score(recorded: Mapping[str, Any], shown: Collection[str]) -> dict[str, Any]:
    """Planted faults of the families shown and how many were caught, in all and a family."""
    families: dict[str, list[bool]] = {}
    mutants = [mutant for mutant in recorded["mutants"] if mutant["family"] in shown]
    for mutant in mutants:
        families.setdefault(mutant["family"], []).append(mutant["caught"])
    every = [caught for found in families.values() for caught in found]
    return {
        "planted": len(every),
        "caught": sum(every),
        "families": [(name, len(found), sum(found)) for name, found in families.items()],
        "mutants": mutants,
        "campaign": recorded.get("campaign"),
    }


def command(run: Mapping[str, Any], claim: Report) -> str:
    """What repeats a claim alone, at the share of alpha that it had."""
    files = [t for t in run.get("targets", []) if t.endswith(".py") or "/" in t]
    words = ["convergence", "verify", *(files or [claim["slug"]]), "--tier", claim["tier"]]
    words += ["--seed", str(run["seed"]), "--alpha", f"{run['alpha']:g}", "--dtype", run["dtype"]]
    words += ["--rng", run["rng"]] if "rng" in run else []  # older runs name none
    if run["seeds"] is not None:
        words += ["--seeds", str(run["seeds"])]
    return shlex.join(words)


def typeset(words: str) -> Markup:
    """Unicode mathematics with its _{sub} and ^{super} scripts set as such."""
    found = escape(words, quote=False)
    for mark, tag in (("_", "sub"), ("\\^", "sup")):
        for _ in range(2):
            found = re.sub(mark + r"\{([^{}]*)\}", rf"<{tag}>\1</{tag}>", found)
        found = re.sub(mark + r"\(((?:[^()]|\([^()]*\))*)\)", rf"<{tag}>\1</{tag}>", found)
        found = re.sub(mark + r"([A-Za-z0-9]+|[*∥⊥∞+])", rf"<{tag}>\1</{tag}>", found)
    return Markup(found)


def digits(number: Any) -> str:
    """Four significant digits; a dash for nothing, ∞ by its sign."""
    if number is None:
        return "–"
    number = float(number)
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    return "–" if math.isnan(number) else f"{number:.4g}".replace("-", "−")


def plain_number(value: Any) -> str:
    """A number for a script; nothing for none, and for what is not finite its name there."""
    named = {"inf": "Infinity", "-inf": "-Infinity", "nan": "", None: ""}
    return named[value] if value is None or isinstance(value, str) else repr(float(value))


def value(found: Any) -> str:
    """A constant or hyper-parameter in few characters."""
    if isinstance(found, list):
        flat = [value(v) for v in found[:6]]
        return f"[{', '.join(flat)}{', …' if len(found) > 6 else ''}]"
    if isinstance(found, bool) or found is None:
        return str(found)
    if isinstance(found, int | float) or found in ("inf", "-inf", "nan"):
        return digits(found)
    return str(found)


def broken(name: str) -> Markup:
    """A class name that may be broken before its capitals."""
    return Markup(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "<wbr>", escape(name)))
