"""`convergence figures`: scripts of paper_figures/, and figures of stored reports.

What has not changed since it was drawn is not drawn again: out/drawn.json holds, for each figure,
a digest of all that goes into it and the files that came out.
"""

from __future__ import annotations

import concurrent.futures
import fnmatch
import functools
import hashlib
import json
import multiprocessing
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from convergence.claims.modules import load
from convergence.cli.gather import unknown
from convergence.cli.meter import meter
from convergence.cli.streams import print_json
from convergence.digest import versions
from convergence.errors import InvalidInput, told
from convergence.figures import rate, verdicts
from convergence.figures.columns import statement, tightest
from convergence.files import read_json, read_regular, write_json
from convergence.store import Store
from convergence.workers import cores, leave_with

PACKAGE = Path(__file__).parents[1]
SCRIPTS = Path("paper_figures")
LARGEST = 2**28  # bytes of a figure
KEPT = "drawn.json"
FEW = 8  # fewer figures than this are drawn faster than processes start


class Drawing(NamedTuple):
    """One figure: `drawer(what, folder)` returns the files; None where that is not known."""

    drawer: Callable[[Any, Path], list[Path] | None]
    what: Any
    folder: Path
    digest: str


def draw(arguments: Namespace) -> int:
    """Draw what `names` ask for, or everything; 2 if a figure failed."""
    if arguments.for_paper:
        from convergence.cli import paper

        return paper.draw(arguments)
    known = drawers(Store(arguments.results).reports(), arguments.out)
    chosen: dict[str, Drawing] = {}
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
    drawn = perform(chosen, arguments.out, cores())
    if arguments.json:
        print_json(document(drawn, arguments.out))
    return 2 if any(figure["error"] for figure in drawn) else 0


def after_a_run(results: Path, out: Path, jobs: int, slugs: Collection[str]) -> int:
    """Draw the papers' figures, `verdicts` and those of claims; how many could not be drawn."""
    known = drawers(Store(results).reports(), out)
    chosen = {n: job for n, job in known.items() if n in slugs or job.folder == out}
    return sum(figure["error"] is not None for figure in perform(chosen, out, jobs))


def document(drawn: Sequence[Mapping[str, Any]], out: Path) -> dict[str, Any]:
    """What `--json` prints."""
    return {"schema": "convergence-figures/1", "out": str(out), "figures": list(drawn)}


def drawers(reports: Sequence[Mapping[str, Any]], out: Path) -> dict[str, Drawing]:
    """Every figure by name: scripts first, then `verdicts`, then one a report."""
    found: dict[str, Drawing] = {}
    if SCRIPTS.is_dir():
        code = sources(PACKAGE.rglob("*.py"), SCRIPTS.glob("*.py"))
        for path in sorted(SCRIPTS.glob("[!_]*.py")):
            found[path.stem] = Drawing(script, path, out, digest(code, path.stem))
    code = sources((PACKAGE / "figures").glob("*.py"))
    shown = [{k: v for k, v in r.items() if k not in ("run", "seconds")} for r in reports]
    if shown:
        found["verdicts"] = Drawing(verdicts.draw, shown, out, digest(code, shown))
    attained = tightest(shown)
    for report in shown:
        tight = attained.get(statement(report))
        one = functools.partial(rate.draw, tight=tight)
        found.setdefault(
            report["slug"], Drawing(one, report, out / "claims", digest(code, (report, tight)))
        )
    return found


def sources(*groups: Iterable[Path]) -> str:
    """A hash of source files, and of the libraries that compute and draw."""
    hasher = hashlib.sha256(repr((versions(), metadata.version("matplotlib"))).encode())
    for group in groups:
        for path in sorted(group):
            hasher.update(path.name.encode() + (read_regular(path, LARGEST) or b""))
    return hasher.hexdigest()


def digest(code: str, content: Any) -> str:
    """A hash of what draws a figure and of what it shows."""
    return hashlib.sha256((code + json.dumps(content, sort_keys=True)).encode()).hexdigest()


def script(path: Path, out: Path) -> list[Path]:
    """Call the function `draw(out)` of a script; the files that it wrote."""
    drawer = getattr(load(path), "draw", None)
    if drawer is None:
        raise InvalidInput(f"{str(path)!r} has no function draw(out); give it one")
    out.mkdir(parents=True, exist_ok=True)
    drawer(out)
    return sorted(out.glob(f"{path.stem}.*"))


def perform(chosen: Mapping[str, Drawing], out: Path, jobs: int) -> list[dict[str, Any]]:
    """Draw what has changed, in processes of its own if it is much; of each figure its name and
    files, whether it was drawn now, and why not where it failed."""
    kept = remembered(out)
    new = {name: job for name, job in chosen.items() if not current(job, kept.get(name), out)}
    failed: dict[str, str] = {}

    def attempt(name: str, action: Callable[[], list[Path] | None]) -> None:
        try:
            made = action()
        except (Exception, SystemExit) as error:
            failed[name] = told(error)
            print(f"convergence: figure {name!r} failed: {failed[name]}", file=sys.stderr)
            return
        files = {str(path.relative_to(out)): checksum(path) for path in made or ()}
        kept[name] = {"digest": new[name].digest, "files": files}

    old = len(chosen) - len(new)
    unchanged = f", {old} of them unchanged" if old else ""
    if len(new) >= FEW:
        print(f"drawing {len(new)} of {len(chosen)} figures", file=sys.stderr)
    if len(new) < FEW or jobs < 2:
        with meter("figures", len(new)) as advance:
            for name, job in new.items():
                attempt(name, lambda job=job: job.drawer(job.what, job.folder))
                advance()
    else:
        # Started afresh, not forked: a fork of a process with XLA's threads can hang.
        context = multiprocessing.get_context("spawn")
        executor = concurrent.futures.ProcessPoolExecutor(
            min(jobs, 8), context, leave_with, (os.getpid(),)
        )
        with executor as pool, meter("figures", len(new)) as advance:
            waiting = {pool.submit(j.drawer, j.what, j.folder): n for n, j in new.items()}
            try:
                for future in concurrent.futures.as_completed(waiting):
                    attempt(waiting[future], future.result)
                    advance()
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    try:
        if new:
            write_json(out / KEPT, kept)
    except OSError as error:
        why = f"what was drawn cannot be noted: {error}"
        print(f"convergence: {why}", file=sys.stderr)
        failed = failed or dict.fromkeys(new, why)
    good = len(chosen) - len(failed)
    print(f"{good} of {len(chosen)} figures in {out}{unchanged}", file=sys.stderr)
    return [
        {
            "name": name,
            "files": [] if name in failed else sorted(kept[name]["files"]),
            "drawn": name in new and name not in failed,
            "error": failed.get(name),
        }
        for name in chosen
    ]


def remembered(out: Path) -> dict[str, Any]:
    """What `drawn.json` says; nothing if it cannot be read."""
    try:
        found = read_json(out / KEPT)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def current(job: Drawing, kept: Any, out: Path) -> bool:
    """Whether a figure was drawn from the same content and its files are as they were."""
    if not isinstance(kept, dict) or kept.get("digest") != job.digest:
        return False
    files = kept.get("files")
    if not isinstance(files, dict) or (not files and isinstance(job.what, Path)):
        return False
    return all(isinstance(s, str) and checksum(out / file) == s for file, s in files.items())


def checksum(path: Path) -> str:
    """Of a file's content; empty where there is none."""
    try:
        return hashlib.sha256(read_regular(path, LARGEST) or b"").hexdigest()
    except OSError:
        return ""
