"""`convergence figures`: scripts of paper_figures/, and figures of stored reports."""

from __future__ import annotations

import concurrent.futures
import fnmatch
import multiprocessing
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convergence.cli.environment import cores
from convergence.cli.gather import load, told, unknown
from convergence.errors import InvalidInput
from convergence.figures import rate, verdicts
from convergence.store import Store

SCRIPTS = Path("paper_figures")
FEW = 8  # fewer figures than this are drawn faster than processes start

Job = tuple[Callable[[Any, Path], Any], Any, Path]  # (drawer, what it draws, folder)


def draw(arguments: Namespace) -> int:
    """Draw what `names` ask for, or everything; 2 if a figure failed."""
    known = drawers(Store(arguments.results).reports(), arguments.out)
    chosen: dict[str, Job] = {}
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
    return 2 if perform(chosen, arguments.out, cores()) else 0


def everything(results: Path, out: Path, jobs: int) -> int:
    """Draw every figure there is; the number that failed."""
    return perform(drawers(Store(results).reports(), out), out, jobs)


def drawers(reports: Sequence[Mapping[str, Any]], out: Path) -> dict[str, Job]:
    """Every figure by name: scripts first, then `verdicts`, then one a report."""
    found: dict[str, Job] = {}
    if SCRIPTS.is_dir():
        for path in sorted(SCRIPTS.glob("[!_]*.py")):
            found[path.stem] = (script, path, out)
    if reports:
        found["verdicts"] = (verdicts.draw, reports, out)
    for report in reports:
        found.setdefault(report["slug"], (rate.draw, report, out / "claims"))
    return found


def script(path: Path, out: Path) -> None:
    """Call the function `draw(out)` of a script."""
    drawer = getattr(load(path), "draw", None)
    if drawer is None:
        raise InvalidInput(f"{str(path)!r} has no function draw(out); give it one")
    drawer(out)


def perform(chosen: Mapping[str, Job], out: Path, jobs: int) -> int:
    """Draw, scripts here and reports in processes of their own if they are many."""
    failed = 0

    def attempt(name: str, action: Callable[[], Any]) -> None:
        nonlocal failed
        try:
            action()
        except Exception as error:
            print(f"convergence: figure {name!r} failed: {told(error)}", file=sys.stderr)
            failed += 1

    apart = {k: job for k, job in chosen.items() if job[0] is not script}
    if len(apart) < FEW or jobs < 2:
        apart = {}
    # Started afresh, not forked: a fork of a process with XLA's threads can hang.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(min(jobs, 8), mp_context=context) as pool:
        waiting = {name: pool.submit(f, what, to) for name, (f, what, to) in apart.items()}
        for name, (f, what, to) in chosen.items():
            if name not in apart:
                attempt(name, lambda f=f, what=what, to=to: f(what, to))
        for name, future in waiting.items():
            attempt(name, future.result)
    print(f"{len(chosen) - failed} of {len(chosen)} figures in {out}", file=sys.stderr)
    return failed
