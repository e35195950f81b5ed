"""`convergence figures`: scripts of paper_figures/, and figures of stored reports."""

from __future__ import annotations

import fnmatch
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from convergence.cli.gather import load, told, unknown
from convergence.errors import InvalidInput
from convergence.figures import rate, verdicts
from convergence.store import Store

SCRIPTS = Path("paper_figures")


def draw(arguments: Namespace) -> int:
    """Draw what `names` ask for, or everything; 2 if a script failed."""
    reports = {report["slug"]: report for report in Store(arguments.results).reports()}
    known = drawers(reports)
    chosen: dict[str, Callable[[Path], Any]] = {}
    for name in arguments.names or known:
        matched = [key for key in known if fnmatch.fnmatchcase(key, name)]
        if not matched:
            raise unknown(name, known, "figure", "run `convergence verify` first to have reports")
        chosen |= {key: known[key] for key in matched}
    if not chosen:
        raise InvalidInput(
            "There is nothing to draw: no folder paper_figures/ here and no report in "
            f"{str(arguments.results)!r}; run `convergence verify` first."
        )
    failed = 0
    for name, drawer in chosen.items():
        try:
            drawer(arguments.out)
        except Exception as error:
            print(f"convergence: figure {name!r} failed: {told(error)}", file=sys.stderr)
            failed += 1
    print(f"{len(chosen) - failed} of {len(chosen)} figures in {arguments.out}")
    return 2 if failed else 0


def drawers(reports: Mapping[str, Mapping[str, Any]]) -> dict[str, Callable[[Path], Any]]:
    """Every figure by name: scripts first, then `verdicts`, then one a report."""
    found: dict[str, Callable[[Path], Any]] = {}
    if SCRIPTS.is_dir():
        for path in sorted(SCRIPTS.glob("[!_]*.py")):
            found[path.stem] = lambda out, path=path: script(path)(out)
    if reports:
        found["verdicts"] = lambda out: verdicts.draw(list(reports.values()), out)
    for slug, report in reports.items():
        found.setdefault(slug, lambda out, report=report: rate.draw(report, out / "claims"))
    return found


def script(path: Path) -> Callable[[Path], Any]:
    """The function `draw(out)` of a script."""
    drawer = getattr(load(path), "draw", None)
    if drawer is None:
        raise InvalidInput(f"{str(path)!r} has no function draw(out); give it one")
    return drawer
