"""A certificate: what a run found, in a file that others can check by running a part of it again.

Its integrity digest shows that the file was altered by somebody who did not recompute the digest.
Against somebody who did, only re-running helps: `convergence reproduce`.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from convergence.claims.notary import Notary
from convergence.claims.report import Report
from convergence.errors import InvalidInput, shown
from convergence.files import write_json, write_whole
from convergence.report.document import formed, parse

SCHEMA = "convergence-certificate/1"
SEEDS = 2**20
ADVICE = "make one with `convergence verify --certificate FILE`"


def digest(report: Report, seen: Sequence[str]) -> str:
    """A hash over the bits of a claim's records, of which a notary has seen hashes, and of the
    numbers made of them."""
    found = report.to_json()
    judged = {key: found[key] for key in ("verdict", "slack", "power", "horizons")}
    return hashed([list(seen), judged])


def certify(run: Mapping[str, Any], reports: Iterable[Report], witness: Notary) -> dict[str, Any]:
    """The certificate of a run that was finished."""
    claims = [
        {"slug": r.slug, "verdict": str(r.verdict), "expect": str(r.expect),
         "grade": str(r.judgement.grade) if r.judgement and r.judgement.grade else "",
         "look": r.look, "digest": digest(r, witness.of(r.slug))}
        for r in reports
    ]  # fmt: skip
    content = {"schema": SCHEMA, "run": dict(run), "claims": claims}
    return {**content, "integrity": hashed(content)}


def hashed(content: Any) -> str:
    """SHA-256 of JSON in one spelling."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def write(path: Path, certificate: Mapping[str, Any]) -> None:
    """The certificate, and its badge beside it."""
    write_json(path, certificate)
    write_whole(path.with_suffix(".svg"), badge(certificate).encode())


def read(path: Path) -> dict[str, Any]:
    """A certificate whose digest fits its content; `InvalidInput` otherwise."""
    found = parse(path, ADVICE)
    if found.get("schema") != SCHEMA:
        raise InvalidInput(
            f"{str(path)!r} has the schema {shown(found.get('schema'))} and {SCHEMA!r} is needed; "
            f"{ADVICE}."
        )
    content = {key: value for key, value in found.items() if key != "integrity"}
    if hashed(content) != found.get("integrity"):
        raise InvalidInput(
            f"{str(path)!r} was altered after it was made: its content has the digest "
            f"{hashed(content)[:12]}… and it says {str(found.get('integrity'))[:12]}…; get it "
            "again from where it was published."
        )
    formed(found, "certificate", path, ADVICE)
    each_once((claim["slug"] for claim in found["claims"]), path)
    seeds = found["run"]["seeds"]
    if seeds is not None and seeds > SEEDS:
        raise InvalidInput(
            f"{str(path)!r} asks for {seeds} seeds, and no more than {SEEDS} are run on a "
            "certificate's word; run its claims by `convergence verify --seeds`."
        )
    return found


def each_once(slugs: Iterable[str], path: Path) -> None:
    """Refuse two entries of one claim: only one of them would be made again."""
    for slug, times in Counter(slugs).items():
        if times > 1:
            raise InvalidInput(
                f"{str(path)!r} has {times} entries of the claim {shown(slug)} and one is needed; "
                "get it again from where it was published."
            )


def sample(slugs: Sequence[str], number: int, seed: int) -> list[str]:
    """So many of the slugs, all if there are no more, at random and in their order."""
    chosen = set(random.Random(seed).sample(range(len(slugs)), min(number, len(slugs))))
    return [slug for place, slug in enumerate(slugs) if place in chosen]


def difference(entry: Mapping[str, Any], verdict: str, digest: str, exact: bool) -> str | None:
    """How a claim run again differs from its entry; None if it does not.

    exact: the machine and the versions are those of the certificate, so that bits must agree.
    """
    if verdict != entry["verdict"]:
        return f"{verdict}, certified as {entry['verdict']}"
    if exact and digest != entry["digest"]:
        return f"{verdict} again, but from other bits"
    return None


def badge(certificate: Mapping[str, Any]) -> str:
    """A small SVG: how many verdicts are as expected, and on which day."""
    claims, run = certificate["claims"], certificate["run"]
    good = sum(entry["verdict"] == entry["expect"] for entry in claims)
    color = "#00694d" if good == len(claims) else "#8a4b00"
    left, right = "convergence", f"{good}/{len(claims)} as expected · {run['date'][:10]}"
    a, b = 12 + 6.6 * len(left), 12 + 6.6 * len(right)
    title = escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{a + b:.0f}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{a:.1f}" height="20" fill="#3b3b3b"/>'
        f'<rect x="{a:.1f}" width="{b:.1f}" height="20" fill="{color}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
        'text-anchor="middle">'
        f'<text x="{a / 2:.1f}" y="14" textLength="{a - 12:.0f}">{escape(left)}</text>'
        f'<text x="{a + b / 2:.1f}" y="14" textLength="{b - 12:.0f}">{escape(right)}</text>'
        "</g></svg>\n"
    )
