"""`convergence worst-case`: measured, worst case and theorem side by side."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any


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
    good = [table(claim, arguments) for claim in claims]
    print(f"values of a floating-point solver, right to about {TOLERANCE:g}; no certificate")
    return int(not all(good))


def table(claim: Any, arguments: Namespace) -> bool:
    """Print the rows of a claim as they come; whether all are in order."""
    from convergence.search.worst import beside

    print(f"{claim.slug}: {claim.theorem.statement}")
    print(f"{'T':>4}  {'measured':>12}  {'worst case':>12}  {'theorem':>12}   worst/theorem")
    good = True
    for T in arguments.horizons:
        row = beside(claim, T, arguments.limit)
        good &= row.ordered
        numbers = (row.measured * row.theorem, row.worst * row.theorem, row.theorem)
        told = "  ".join(f"{v:12.6g}" for v in numbers)
        wrong = "" if row.ordered else "   not in order"
        print(f"{T:4d}  {told}   {row.worst:.6f}{wrong}", flush=True)
    if not good:
        print(f"{claim.slug}: measured ≤ worst case ≤ theorem fails", file=sys.stderr)
    return good
