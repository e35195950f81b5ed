"""Proofs of refutations in a file, and whether they come out again elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from convergence.claims.report import Report
from convergence.errors import InvalidInput
from convergence.report.certificate import each_once, hashed
from convergence.report.document import formed, parse

SCHEMA = "convergence-proof/1"
ADVICE = "make one with `convergence prove SLUG --json FILE`"
RUN = "versions", "dtype", "rng", "seed", "targets"


def document(run: Mapping[str, Any], reports: Iterable[Report]) -> dict[str, Any]:
    """What a file of proofs holds, with a digest over all of it."""
    proofs = [{"statement": r.statement, **r.proof.to_json()} for r in reports if r.proof]
    content = {"schema": SCHEMA, "run": {k: run[k] for k in RUN}, "proofs": proofs}
    return {**content, "integrity": hashed(content)}


def holds_proofs(path: Path) -> bool:
    """Whether a file says that it holds proofs."""
    return parse(path, ADVICE).get("schema") == SCHEMA


def read(path: Path) -> dict[str, Any]:
    """Proofs whose digest fits them; `InvalidInput` otherwise."""
    found = parse(path, ADVICE)
    content = {key: value for key, value in found.items() if key != "integrity"}
    if hashed(content) != found.get("integrity"):
        raise InvalidInput(
            f"{str(path)!r} was altered after it was made: its digest does not fit its content; "
            "get it again from where it was published."
        )
    formed(found, "proof", path, ADVICE)
    each_once((proof["slug"] for proof in found["proofs"]), path)
    if not all(_numbers(proof) for proof in found["proofs"]):
        raise InvalidInput(f"{str(path)!r} has an enclosure that is no two numbers; {ADVICE}.")
    return found


def _numbers(proof: Mapping[str, Any]) -> bool:
    """Whether the enclosure is two numbers."""
    try:
        return len([float(end) for end in proof["metric"]]) == 2
    except (TypeError, ValueError):
        return False


def difference(entry: Mapping[str, Any], report: Report) -> str | None:
    """How a proof made again differs; None if it does not.

    On the same instance the two enclosures hold one number, so they meet; on another machine the
    last digits of an instance may be others, and then only the refutation has to come out again.
    """
    again = report.proof
    if again is None:
        return f"{report.verdict}, not proved again"
    if (again.T, again.run) != (entry["T"], entry["run"]):
        return None  # another run is the worst one here, and proves it as well
    if again.instance != entry["instance"]:
        return None
    low, high = map(float, entry["metric"])
    if float(again.metric[1]) < low or float(again.metric[0]) > high:
        return f"the metric lies in {list(again.metric)}, certified as {entry['metric']}"
    return None if again.draws == entry["draws"] else "other draws from the same keys"
