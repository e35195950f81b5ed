"""`convergence falsify`: look for an instance that violates a claim."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from convergence.cli.gather import gather
from convergence.files import name_for, write_whole
from convergence.search.falsify import Findings, sweep
from convergence.statistics import Verdict


def search(arguments: Namespace) -> int:
    """Search for each claim in turn; 1 if some is violated."""
    claims = gather(arguments.targets)
    if not arguments.targets:
        claims = tuple(c for c in claims if c.expect is Verdict.CONSISTENT)
    found, several = [], len(claims) > 1
    print(f"searching {len(claims)} claims for {arguments.budget:g} s", file=sys.stderr)

    def tell(text: str) -> None:
        print(f"  {text}", file=sys.stderr)

    for outcome in sweep(
        claims, arguments.budget, arguments.alpha, arguments.seed, None if several else tell
    ):
        found.append(outcome)
        print(line(outcome), flush=True)
        if outcome.module is not None:
            file = arguments.out / f"{name_for(outcome.slug).replace('-', '_')}_violated.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(Path(file), outcome.module.encode())
            print(f"  kept: convergence verify {file}", flush=True)
    violated = sum(outcome.module is not None for outcome in found)
    if several:
        print(
            f"{violated} of {len(found)} claims violated; {len(claims) - len(found)} of "
            f"{len(claims)} have no bound, law or graph to search"
        )
    return int(violated > 0)


def line(found: Findings) -> str:
    """What was found, in one line."""
    word = "VIOLATED" if found.module is not None else "no violation"
    return (
        f"{found.slug}: {word}; worst measured/bound {found.ratio:.4g} among {found.candidates} "
        f"instances ({found.family}), {found.seconds:.0f} s; {found.reason}"
        + (f"; {found.edge}" if found.edge else "")
    )
