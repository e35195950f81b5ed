"""`convergence falsify`: look for an instance that violates a claim."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from convergence.cli.gather import gather
from convergence.store import write_whole
from convergence.testing.falsify import Findings, falsify


def search(arguments: Namespace) -> int:
    """Search for each claim in turn; 1 if some is violated."""
    found = []
    for claim in gather([arguments.target]):
        print(f"{claim.slug}: searching for {arguments.budget:g} s", file=sys.stderr)
        outcome = falsify(
            claim,
            arguments.budget,
            arguments.alpha,
            arguments.seed,
            lambda text: print(f"  {text}", file=sys.stderr),
        )
        found.append(outcome)
        print(line(outcome))
        if outcome.module is not None:
            file = arguments.out / f"{claim.slug.replace('-', '_')}_violated.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(Path(file), outcome.module.encode())
            print(f"  kept: convergence verify {file}")
    return int(any(outcome.module is not None for outcome in found))


def line(found: Findings) -> str:
    """What was found, in one line."""
    word = "VIOLATED" if found.module is not None else "no violation"
    return (
        f"{found.slug}: {word}; worst measured/bound {found.ratio:.4g} among {found.candidates} "
        f"instances ({found.family}), {found.seconds:.0f} s; {found.reason}"
    )
