"""The mutation campaign: `python -m tests.mutants --all`, or a part of it.

--all            every mutant
--sample N       N of them, drawn by --seed (default: today's date)
--room ROOM      only those of a room, e.g. statistics or bounds
--path PART      only those of files with PART in their path
--jobs J         children at a time (2)
--again          judge known survivors again, after tests for them were written
--results FILE   outcomes, one JSON a line; known ones are not judged again (results/mutants.jsonl)
--report         write docs/mutants.md from the outcomes
"""

from __future__ import annotations

import argparse
import datetime
import json
import queue
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from tests.campaign import near, page
from tests.campaign.sites import ROOT, Mutant, every

RESULTS = ROOT / "results/mutants.jsonl"


def chosen(options: argparse.Namespace) -> list[Mutant]:
    """The mutants that are asked for."""
    found = [m for m in every() if options.room in (None, m.room) and options.path in m.path]
    if options.sample is not None:
        found = random.Random(options.seed).sample(found, min(options.sample, len(found)))
    return found


def judged(
    mutants: list[Mutant], results: Path, jobs: int, again: bool = False
) -> Iterator[dict[str, Any]]:
    """The outcome of each, known or new; new ones are kept at once."""
    known = page.outcomes(results)
    known = {name: row for name, row in known.items() if row["by"] or not again}
    new = [m for m in mutants if m.name not in known]
    yield from (known[m.name] for m in mutants if m.name in known)
    results.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        json.dumps([m.name, near.tests_for(m.path, m.top), near.claims_for(m.path, m.top)])
        for m in new
    ]
    ready: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    servers = [Thread(target=served, args=(rows[i::jobs], ready.put)) for i in range(jobs)]
    for server in servers:
        server.start()
    with results.open("a", encoding="utf-8") as out:
        left = jobs
        while left:
            line = ready.get()
            if line is None:
                left -= 1
                continue
            out.write(line)
            out.flush()
            yield json.loads(line)


def served(rows: list[str], put: Callable[[str | None], None]) -> None:
    """Puts the outcomes from a process of its own, which forks one child a mutant; then None."""
    program = [sys.executable, "-m", "tests.campaign.judge"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write("\n".join(rows))
        run.stdin.close()
        for line in run.stdout:
            put(line)
    put(None)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", default=datetime.date.today().isoformat())
    parser.add_argument("--room")
    parser.add_argument("--path", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if options.all or options.sample is not None:
        for outcome in judged(chosen(options), options.results, options.jobs, options.again):
            verdict = f"killed by {outcome['by'][0]}" if outcome["by"] else "SURVIVES"
            print(f"{verdict} ({outcome['seconds']:g} s): {outcome['name']}", flush=True)
    if options.report:
        page.write(options.results)


if __name__ == "__main__":
    main()
