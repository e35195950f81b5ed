"""`convergence report` and `convergence reproduce`: what a run leaves for others."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from convergence.cli.streams import print_json
from convergence.errors import InvalidInput, told
from convergence.files import LARGEST, read_regular, write_whole
from convergence.report.trend import changes

ASKED = ("dtype", "tier", "seed", "seeds", "alpha", "rng", "targets")
SHOWN = 20  # changes that are printed
MARK = '<meta name="generator" content="convergence report">'  # stands in page.html


def report(arguments: Namespace) -> int:
    """Write DIR/index.html and DIR/badge.json from the JSON of a run, and what changed since
    another one."""
    from convergence.report.document import read
    from convergence.report.page import build

    document = read(arguments.later or arguments.file)
    earlier = read(arguments.file) if arguments.later else None
    page = arguments.out / "index.html"
    refuse_foreign(arguments.out, page)
    kept = document["run"].get("certificate")
    certificate = os.path.relpath(kept, arguments.out) if kept and Path(kept).is_file() else None
    content = build(document, earlier, certificate).encode(errors="replace")
    write_whole(page, content)
    write_whole(page.with_name("badge.json"), json.dumps(badge(document["claims"])).encode())
    print(f"{len(document['claims'])} claims in {page}", file=sys.stderr)
    found = changes(earlier, document) if earlier else []
    if arguments.json:
        made = {"page": str(page), "badge": str(page.with_name("badge.json"))}
        since = earlier["run"]["date"] if earlier else None
        print_json({"schema": "convergence-page/1", **made, "claims": len(document["claims"]),
                    "since": since, "changes": [change._asdict() for change in found]})  # fmt: skip
    elif earlier:
        for change in found[:SHOWN]:
            print(f"{change.slug}: {change.what} {change.before} → {change.after}")
        more = f", {len(found) - SHOWN} more of them on the page" if len(found) > SHOWN else ""
        print(f"{len(found)} changes since {earlier['run']['date']}{more}")
    return 0


def badge(claims: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a service that draws badges reads (the endpoint schema of shields.io)."""
    good = sum(claim["verdict"] == claim["expect"] for claim in claims)
    color = "brightgreen" if good == len(claims) else "orange"
    message = f"{good}/{len(claims)} as expected"
    return {"schemaVersion": 1, "label": "convergence", "message": message, "color": color}


def refuse_foreign(folder: Path, page: Path) -> None:
    """A folder may be new, empty, or hold a page of ours; nothing else is written into."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        found = read_regular(page, LARGEST) or b""
    except OSError:
        found = b""
    if MARK.encode() not in found:
        raise InvalidInput(
            f"{str(folder)!r} exists and holds something other than a report; name a new folder "
            "with --out."
        )


def reproduce(arguments: Namespace) -> int:
    """Run a random sample of a certificate again; 1 if a claim comes out otherwise."""
    from convergence.cli.audit_certificate import again as cells_again
    from convergence.report.certificate import read, sample

    found = read(arguments.file)
    entries = {entry["slug"]: entry for entry in found["claims"]}
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    chosen = sample(list(entries), arguments.sample, seed)
    again = cells_again if "audit" in found["run"] else claims_again
    known, judged, same = again(found["run"], entries, chosen, arguments)
    print(
        f"{len(chosen)} of {len(entries)} claims again (--sample {len(chosen)} --seed {seed}), "
        + ("bit for bit" if same else "by their verdicts: versions or device differ"),
        file=sys.stderr,
    )
    compared = [entry(slug, known, judged, arguments) for slug in chosen]
    return compare(arguments, compared, about="certificate", exact=same, seed=seed)


def claims_again(
    run: Mapping[str, Any], entries: Mapping[str, Any], chosen: Sequence[str], arguments: Namespace
) -> tuple[Collection[str], Callable[[str], tuple[str, str | None, str]], bool]:
    """The claims that are at hand, a function that judges one of a certificate again, and whether
    bits must agree."""
    from convergence.claims.notary import Notary
    from convergence.claims.settings import Settings
    from convergence.cli.environment import provenance
    from convergence.cli.gather import gather, trusted
    from convergence.report.certificate import difference, digest

    known = {claim.slug: claim for claim in gather(trusted(run["targets"], arguments))}
    here = provenance(Namespace(**{name: run[name] for name in ASKED}))
    same = all(here[k] == run[k] for k in ("versions", "platform", "device", "devices"))
    settings = Settings(
        tier=run["tier"],
        seed=run["seed"],
        alpha=run["alpha"],
        claims=run["shared"],
        seeds=run["seeds"],
        dtype=run["dtype"],
        rng=run["rng"],
    )

    def judged(slug: str) -> tuple[str, str | None, str]:
        witness = Notary()
        look = dataclasses.replace(settings, look=entries[slug]["look"])
        again = known[slug].verify(look, witness)
        why = difference(entries[slug], str(again.verdict), digest(again, witness.of(slug)), same)
        return str(again.verdict), why, str(again.verdict)

    return known, judged, same


def entry(
    slug: str,
    known: Collection[str],
    judged: Callable[[str], tuple[str, str | None, str]],
    arguments: Namespace,
) -> dict[str, Any]:
    """What came of a claim that is judged again, said as it comes; one that cannot be judged has no
    verdict, and those after it are judged all the same."""
    verdict, said = None, ""
    try:
        if slug not in known:
            raise InvalidInput(
                f"there is no such claim here; run this where its file is, with the version of "
                f"convergence-lab that {str(arguments.file)!r} names"
            )
        verdict, why, said = judged(slug)
    except (Exception, SystemExit) as error:
        why = f"could not be judged: {told(error)}"
    if not arguments.json:
        mark = "!" if verdict is None else "✗" if why else "✓"
        print(f"{mark} {slug}: {why or said}", flush=True)
    return {"slug": slug, "verdict": verdict, "difference": why}


def compare(arguments: Namespace, compared: Sequence[Mapping[str, Any]], **how: Any) -> int:
    """Say whether all came out as the file says; 1 if not, 2 if some could not be judged."""
    different = sum(entry["difference"] is not None for entry in compared)
    without = sum(entry["verdict"] is None for entry in compared)
    if arguments.json:
        print_json({"schema": "convergence-reproduction/1", "file": str(arguments.file), **how,
                    "reproduced": not different, "claims": list(compared)})  # fmt: skip
    else:
        count = len(compared)
        less = f", {without} without a verdict" if without else ""
        failed = f"NOT reproduced: {different} of {count} differ{less}"
        print(failed if different else "reproduced")
    return 2 if without else int(different > 0)
