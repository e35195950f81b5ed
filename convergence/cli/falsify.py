"""`convergence falsify`: look for an instance that violates a claim."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from convergence.claims.report import number
from convergence.cli.gather import gather
from convergence.errors import require, told
from convergence.files import name_for, write_json, write_whole
from convergence.search.across import across, subjects
from convergence.search.falsify import Findings, sweep
from convergence.statistics import Verdict


def search(arguments: Namespace) -> int:
    """Search for each claim in turn; 1 if one that is expected to hold is violated."""
    claims = gather(arguments.targets)
    require(
        arguments.json is None or (str(arguments.json) != "-" and not arguments.across),
        "--json - or --json with --across", "a file, and a search without --across",
        "name a file for the JSON",
    )  # fmt: skip
    if arguments.across:
        return cross_examine(claims, arguments)
    if not arguments.targets:
        claims = tuple(c for c in claims if c.expect is Verdict.CONSISTENT)
    refuted = {c.slug for c in claims if c.expect is Verdict.REFUTED}
    found, several = [], len(claims) > 1
    kept: dict[str, str | None] = {}
    print(f"searching {len(claims)} claims for {arguments.budget:g} s", file=sys.stderr)

    def tell(text: str) -> None:
        print(f"  {text}", file=sys.stderr)

    for outcome in sweep(
        claims, arguments.budget, arguments.alpha, arguments.seed, None if several else tell
    ):
        found.append(outcome)
        print(line(outcome, outcome.slug in refuted), flush=True)
        kept[outcome.slug] = keep(outcome.slug, outcome.module, arguments.out)
    violated = [o.slug for o in found if o.module is not None and o.slug not in refuted]
    if several:
        print(summary(claims, found, violated, refuted))
    if arguments.json is not None:
        document = {
            "schema": "convergence-search/1",
            "budget": arguments.budget,
            "alpha": arguments.alpha,
            "seed": arguments.seed,
            "found": [entry(o, o.slug in refuted, kept[o.slug]) for o in found],
            "passed_over": len(claims) - len(found),
        }
        write_json(arguments.json, document)
    lost = any(o.error or (o.module is not None and kept[o.slug] is None) for o in found)
    return 2 if lost else int(bool(violated))


def entry(found: Findings, told: bool, kept: str | None) -> dict[str, Any]:
    """A finding as JSON (convergence/schemas/search.schema.json)."""
    values = {key: value for key, value in dataclasses.asdict(found).items() if key != "module"}
    values |= {"ratio": number(found.ratio), "varied": list(found.varied)}
    return {**values, "violated": found.module is not None, "expected": told, "kept": kept}


def summary(claims: Any, found: Any, violated: Any, told: Any) -> str:
    """What became of several claims, in one line."""
    parts = [f"{len(violated)} of {len(found)} claims violated"]
    refuted = sum(o.module is not None for o in found) - len(violated)
    if refuted:
        parts.append(f"{refuted} refuted that are expected to be")
    if ended := sum(bool(o.error) for o in found):
        parts.append(f"{ended} ended by errors")
    if len(claims) > len(found):
        parts.append(f"{len(claims) - len(found)} have no bound, law or graph to search")
    return "; ".join(parts)


def keep(
    name: str, module: str | None, out: Path, quiet: bool = False, what: str = "violated"
) -> str | None:
    """Write what was found as a module, and say how to run it; its file."""
    if module is None:
        return None
    file = out / f"{name_for(name)}_{what}.py"
    try:
        write_whole(file, module.encode())
    except OSError as error:
        print(f"{name}: {told(error)}; the module:\n{module}", file=sys.stderr)
        return None
    if not quiet:
        print(f"  kept: convergence verify {shlex.quote(str(file))}", flush=True)
    return str(file)


def cross_examine(claims: Any, arguments: Namespace) -> int:
    """Every theorem of `claims` on every family of problems; 1 if one is violated."""
    subject = len(subjects(claims))
    print(f"cross-examining {subject} theorems for {arguments.budget:g} s", file=sys.stderr)
    violated = lost = ended = 0
    for found in across(claims, arguments.budget, arguments.alpha, arguments.seed):
        judged = {room: cell for room, cell in found.cells.items() if cell.judged}
        shown = [f"{room} ({c.judged}, worst {c.worst:.3g})" for room, c in judged.items()]
        word = "VIOLATED" if found.module is not None else "no violation"
        where = ", ".join(shown) or "nowhere: no assumption was met in the time"
        became = f"ended by {found.error}" if found.error else f"{word}; judged on {where}"
        print(f"{found.theorem}: {became}; {found.seconds:.0f} s", flush=True)
        kept = keep(found.slug, found.module, arguments.out)
        violated += found.module is not None
        lost += found.module is not None and kept is None
        ended += bool(found.error)
    print(f"{violated} of {subject} theorems violated" + f"; {ended} ended by errors" * bool(ended))
    return 2 if lost or ended else int(violated > 0)


def line(found: Findings, told: bool = False) -> str:
    """What was found, in one line; told: the claim is expected to be REFUTED."""
    if found.error:
        return f"{found.slug}: ended by {found.error}; {found.seconds:.0f} s"
    word = ("refuted, as expected" if told else "VIOLATED") if found.module else "no violation"
    others = [family for family in found.varied if family != found.family]
    varied = "varied, the worst first" if others else "varied"
    return (
        f"{found.slug}: {word}; worst measured/bound {found.ratio:.4g} among {found.candidates} "
        f"instances, {found.seconds:.0f} s; {found.reason}"
        + (f"; {found.edge}" if found.edge else "")
        + (f"; {varied}: {', '.join((found.family, *others))}" if found.family else "")
    )
