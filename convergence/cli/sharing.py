"""`convergence records`: what was measured, for others and from others."""

from __future__ import annotations

import dataclasses
import secrets
import sys
from argparse import Namespace
from collections import Counter

from convergence.cli.gather import gather
from convergence.cli.streams import print_json
from convergence.cluster.sharing import Moved, pull, push
from convergence.files import write_json

SCHEMA = "convergence-moved/1"
SHOWN = 10  # records that are named for one reason


def move(arguments: Namespace) -> int:
    """Push or pull; 1 if a record was refused."""
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    claims = gather(arguments.targets) if arguments.targets or arguments.way == "pull" else None
    if arguments.way == "push":
        slugs = None if claims is None else {claim.slug for claim in claims}
        moved = push(arguments.out, arguments.place, slugs)
    else:
        moved = pull(arguments.place, arguments.out, claims or (), arguments.sample, seed)
    tell(moved, arguments, seed)
    if arguments.json is not None:
        document = {
            "schema": SCHEMA,
            "way": arguments.way,
            "place": arguments.place,
            "seed": seed,
            "records": [dataclasses.asdict(found) for found in moved],
        }
        print_json(document) if str(arguments.json) == "-" else write_json(arguments.json, document)
    return int(any(found.outcome == "refused" for found in moved))


def tell(moved: list[Moved], arguments: Namespace, seed: int) -> None:
    """What was moved, for people."""
    count = Counter(found.outcome for found in moved)
    verb = {"push": "pushed to", "pull": "taken from"}[arguments.way]
    print(
        f"{count['taken']} records {verb} {arguments.place}, {count['there']} were there already",
        file=sys.stderr,
    )
    again = Counter(found.again for found in moved if found.again)
    if arguments.way == "pull":
        said = ", ".join(f"{n} {WORDS[how]}" for how, n in again.items()) or "none"
        print(f"run again in part (--seed {seed}): {said}", file=sys.stderr)
    reasons = Counter((found.outcome, found.why) for found in moved if found.why)
    for (outcome, why), number in reasons.items():
        names = [f"{m.slug} at T = {m.T}" for m in moved if (m.outcome, m.why) == (outcome, why)]
        more = f" and {number - SHOWN} more" if number > SHOWN else ""
        print(f"{outcome}: {', '.join(names[:SHOWN])}{more}: {why}", file=sys.stderr)


WORDS = {
    "bits": "the same bit for bit",
    "rounding": "the same but for rounding, as on another processor",
    "otherwise": "otherwise",
}
