"""`convergence collect`: what several machines measured becomes one run.

Each ran `verify --shard i/n` and kept records, looks and reports in a folder. Their records are
checked and joined, and every claim is judged again from them at its share of the α of the whole;
nothing is measured but a record that is missing or unsound.
"""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convergence import records
from convergence.cli.gather import gather, unknown
from convergence.cli.verify import judge
from convergence.errors import InvalidInput, NotWritten, require, told
from convergence.files import read_regular, write_whole
from convergence.store import LOOK, Store

# What shards of one run have in common; a machine may differ, the numbers that judge may not.
COMMON = ("versions", "dtype", "rng", "tier", "seed", "seeds", "alpha", "shared", "targets")


def collect(arguments: Namespace) -> int:
    """Join the folders, judge, and write what was asked for."""
    found: dict[str, Mapping[str, Any]] = {}
    for folder in arguments.folders:
        found |= {entry["slug"]: entry["run"] for entry in Store(folder).reports()}
    require(
        bool(found),
        f"{len(arguments.folders)} folders without a report of a claim",
        "folders that `convergence verify --shard I/N --out DIR` filled",
        "check the paths",
    )
    run = agreed(found)
    if run["targets"] != arguments.targets:
        words = shlex.join(run["targets"])
        raise InvalidInput(
            f"The shards were run on {words or 'all claims'}, and no file is imported that nobody "
            f"names; call it {f'with --claims {words}' if words else 'without --claims'}."
        )
    claims = gather(arguments.targets)
    if strange := sorted(set(found) - {claim.slug for claim in claims}):
        raise unknown(strange[0], (c.slug for c in claims), "claim", "run this where its file is")
    joined = [join(folder, arguments.out) for folder in arguments.folders]
    count, lost = (sum(column) for column in zip(*joined))
    print(f"{count} records of {len(joined)} folders in {arguments.out}", file=sys.stderr)
    absent = [
        {"slug": claim.slug, "error": "not run: no folder has a report of it"}
        for claim in claims
        if claim.slug not in found
    ]
    if lost:
        absent.append({"slug": "--out", "error": f"{lost} files could not be copied there"})
    wanted = Namespace(**{**vars(arguments), **{key: run[key] for key in COMMON}})
    return judge(wanted, [c for c in claims if c.slug in found], run["shared"], absent)


def agreed(found: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """What the runs have in common; refuses runs that were made otherwise."""
    (slug, first), *others = found.items()
    for other, run in others:
        for key in COMMON:
            if run.get(key) != first.get(key):
                raise InvalidInput(
                    f"{other} was run with {key} = {run.get(key)!r} and {slug} with "
                    f"{first.get(key)!r}, but shards of one run have it in common; run one of the "
                    "two shards again."
                )
    if missing := [key for key in COMMON if key not in first]:
        raise InvalidInput(
            f"The report of {slug} does not say its {missing[0]}; run the shard again with this "
            "version of convergence-lab."
        )
    return first


def join(folder: Path, out: Path) -> tuple[int, int]:
    """Copy records and looks from a folder to another that may have some; how many records there
    are, and how many files could not be copied."""
    if folder.resolve() == out.resolve():
        return len(list(out.glob("*/*.record"))), 0
    count = lost = 0
    for path in sorted([*folder.glob("*/*.record"), *folder.glob("*/looks/[!.]*")]):
        place = out / path.relative_to(folder)
        try:
            if path.suffix == ".record":
                count += _record(path, place)
            elif path.is_file() and not place.exists():
                write_whole(place, read_regular(path, LOOK) or b"")
        except NotWritten as error:
            print(told(error), file=sys.stderr)
            lost += 1
        except (OSError, records.Unsound) as error:
            print(f"{path} is left out: {error}", file=sys.stderr)
    return count, lost


def _record(path: Path, place: Path) -> bool:
    """Copy a record unless a longer one is there."""
    raw = read_regular(path, records.LARGEST) or b""
    seeds = records.unpack(raw, {"digest": path.stem}).seeds
    try:
        have = records.load(place, {"digest": path.stem})
    except (OSError, records.Unsound):
        have = None
    if have is None or have.seeds < seeds:
        write_whole(place, raw)
    return True
