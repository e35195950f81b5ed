"""`convergence worst-case`: measured, worst case and theorem side by side."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from convergence.claims.report import number
from convergence.cli.streams import print_json


def run(arguments: Namespace) -> int:
    """One table a claim; 1 unless measured ≤ worst case ≤ theorem throughout."""
    from convergence.cli.gather import gather
    from convergence.errors import require
    from convergence.search.worst import LONGEST, TOLERANCE, check_reach

    most = max(arguments.horizons)
    require(most <= LONGEST, f"T = {most}", f"T ≤ {LONGEST}", "ask for fewer steps")
    claims = gather(arguments.targets)
    for claim in claims:
        check_reach(claim.theorem, claim.slug)
    found = [table(claim, arguments) for claim in claims]
    if arguments.figure is not None:
        from convergence.figures.worst import draw

        draw(found, arguments.figure)
    if arguments.json:
        print_json({"schema": "convergence-worst-case/1", "tolerance": TOLERANCE, "claims": found})
    else:
        print(f"values of a floating-point solver, right to about {TOLERANCE:g}; no certificate")
    return int(not all(row["ordered"] for entry in found for row in entry["rows"]))


def kept(row: Any, arguments: Namespace) -> str | None:
    """The file of the claim on the instance that attains a worst case; None without one, and of an
    instance that cannot be written."""
    from convergence.cli.falsify import keep
    from convergence.errors import InvalidInput
    from convergence.search.render import claim_module

    if row.replay is None:
        return None
    story = f"The exact worst case after {row.T} steps.\n\n{row.replay.theorem.statement}\n"
    try:
        module = claim_module(story, row.replay)
    except InvalidInput:
        return None
    return keep(row.replay.slug, module, arguments.out, bool(arguments.json), "attained")


def table(claim: Any, arguments: Namespace) -> dict[str, Any]:
    """The rows of a claim, printed as they come."""
    from convergence.search.worst import beside, conditioned

    cases = [(k, claim if k is None else conditioned(claim, k)) for k in arguments.kappas]
    said = (lambda *_, **__: None) if arguments.json else print
    said(f"{claim.slug}: {claim.theorem.statement}")
    own = arguments.kappas == [None]
    head = "" if own else f"{'κ':>8}  "
    said(f"{head}{'T':>4}  {'measured':>12}  {'worst case':>12}  {'theorem':>12}   worst/theorem")
    rows = []
    for kappa, here in cases:
        for T in arguments.horizons:
            row = beside(here, T, arguments.limit)
            numbers = (row.measured * row.theorem, row.worst * row.theorem, row.theorem)
            told = "  ".join(f"{v:12.6g}" for v in numbers)
            wrong = "" if row.ordered else "   not in order"
            lead = "" if own else f"{kappa:8g}  "
            said(f"{lead}{T:4d}  {told}   {row.worst:.6f}{wrong}", flush=True)
            named = zip(("measured", "worst", "theorem"), map(number, numbers), strict=True)
            rows.append({
                "T": T, "kappa": kappa, **dict(named), "ordered": bool(row.ordered),
                "replay": kept(row, arguments),
            })  # fmt: skip
    if not all(row["ordered"] for row in rows):
        print(f"{claim.slug}: measured ≤ worst case ≤ theorem fails", file=sys.stderr)
    return {"slug": claim.slug, "statement": claim.theorem.statement, "rows": rows}
