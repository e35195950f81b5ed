"""`convergence figures SLUG --for-paper`: a claim's figures without slug, verdict or ratio."""

from __future__ import annotations

import fnmatch
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convergence.claims.base import AbstractOnInstance
from convergence.cli.gather import beyond, gather, unknown
from convergence.cli.streams import print_json
from convergence.cli.values import is_path
from convergence.errors import InvalidInput, require, shown, told
from convergence.figures import style
from convergence.figures.rate import draw_for_paper
from convergence.figures.runs import picture, trajectory
from convergence.files import name_for
from convergence.store import Store


def draw(arguments: Namespace) -> int:
    """Two figures a claim: what was measured against T, and its runs against t."""
    require(arguments.names, "--for-paper without a name", "a slug", "`convergence list` has them")
    out = arguments.out / "paper"
    stored = {r["slug"]: r for r in Store(arguments.results).reports()}
    drawn = []
    for name in arguments.names:
        matched = [slug for slug in stored if fnmatch.fnmatchcase(slug, name)]
        if not matched:
            raise unknown(name, stored, "report", f"run `convergence verify {name}` first")
        for slug in matched:
            made: list[Path] = []
            error = None
            try:
                made += draw_for_paper(stored[slug], out)
                made += runs(stored[slug], out, arguments.trust)
            except (Exception, SystemExit) as failure:
                error = told(failure)
                print(f"convergence: figures of {slug!r} failed: {error}", file=sys.stderr)
            files = [str(path.relative_to(arguments.out)) for path in made]
            drawn.append({"name": slug, "files": files, "drawn": bool(made), "error": error})
            pictures = ", ".join(p.name for p in made if p.suffix == ".pdf") or "nothing to draw"
            print(f"{slug}: {pictures} in {out}", file=sys.stderr)
    failed = sum(figure["error"] is not None for figure in drawn)
    if failed:
        print(f"the figures of {failed} of {len(drawn)} claims failed", file=sys.stderr)
    if arguments.json:
        from convergence.cli.drawing import document

        print_json(document(drawn, arguments.out))
    return 2 if failed else 0


def runs(report: Mapping[str, Any], out: Path, trust: bool) -> list[Path]:
    """The figure of the claim's runs; a sentence on why there is none."""
    slug = report["slug"]
    try:
        found = trajectory(claim_of(report, trust))
    except InvalidInput as error:
        print(f"{slug}: no picture of its runs: {error}", file=sys.stderr)
        return []
    with style.styled():
        return style.save(picture(found), out, f"{name_for(slug)}_run", found.columns())


def claim_of(report: Mapping[str, Any], trust: bool) -> AbstractOnInstance:
    """The claim that a stored report is about, from where it was found then. A report may be a
    stranger's: outside the working directory its files are run for those alone who `trust` it."""
    slug, targets = report["slug"], report.get("run", {}).get("targets", [])
    files = [target for target in targets if is_path(target)]
    if not trust and (far := beyond(files)):
        raise InvalidInput(
            f"its report names {shown(far[0])}, which is not below the working directory, and what "
            "a report names is not run unasked; go there, or trust it with --trust"
        )
    claims = {claim.slug: claim for claim in gather(files)} if files else {}
    claim = claims.get(slug) or gather([slug])[0]
    if not isinstance(claim, AbstractOnInstance):
        raise InvalidInput(f"{slug!r} is no claim about runs")
    return claim
