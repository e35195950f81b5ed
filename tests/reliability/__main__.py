"""`python -m tests.reliability [--large] [--write] [--seed S] [NAME…]`: the campaigns, each with
what it tried and what survived; exit code 1 if anything did not. `--write` fills
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.reliability import inputs, kills
from tests.reliability.page import write
from tests.reliability.tally import Tally

# (campaign, how many in the default run of the tests, how many in the large one); the first four
# fork, and so come before anything starts a backend of JAX.
CAMPAIGNS = {
    "verify": (kills.of_verify, 2, 200),
    "writers": (kills.of_writers, 60, 2000),
    "figures": (kills.of_figures, 2, 50),
    "together": (kills.side_by_side, 4, 40),
    "records": (inputs.corrupted_records, 300, 3000),
    "reports": (inputs.mutated_documents, 40, 2000),
    "modules": (inputs.bad_modules, 8, 200),
    "arguments": (inputs.argument_vectors, 15, 500),
}


def main(argv: list[str] | None = None) -> int:
    """Run the campaigns that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CAMPAIGNS))
    parser.add_argument("--large", action="store_true", help="as many as docs/reliability.md says")
    parser.add_argument("--write", action="store_true", help="write that page")
    parser.add_argument("--seed", type=int, default=0, help="of all chances (0)")
    asked = parser.parse_args(argv)
    found: dict[str, tuple[Tally, float]] = {}
    for name, (campaign, few, many) in CAMPAIGNS.items():
        if asked.names and name not in asked.names:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder).resolve() / name
            tally = campaign(many if asked.large else few, place, asked.seed)
        found[name] = tally, time.monotonic() - began
        print(f"{name}: {tally}, {found[name][1]:.1f} s", flush=True)
        for wrong in tally.wrong[:5]:
            print(f"  {wrong}", file=sys.stderr)
    if asked.write:
        write(found)
    return int(any(tally.wrong for tally, _ in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
