"""Records the proofs of refuted pathwise claims for the gallery: `python -m docs.make.proofs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from convergence.claims.settings import Settings
from convergence.files import write_whole
from convergence.registry import registry
from convergence.statistics import Verdict
from convergence.theorems.base import Kind

RECORD = Path(__file__).with_name("proofs.json")
KEPT = ("slug", "T", "run", "metric", "bound", "granted", "precision")


def refuted() -> list[Any]:
    """The pathwise claims of the registry that are expected to be refuted."""
    pathwise = [c for c in registry() if c.kind is Kind.PATHWISE]
    return [c for c in pathwise if c.expect is Verdict.REFUTED]


def proved(claim: Any) -> dict[str, Any]:
    """What the gallery says of a proof."""
    found = claim.verify(Settings()).proof.to_json()
    return {key: found[key] for key in KEPT}


def sentence(entry: dict[str, Any]) -> str:
    """A proof in one line, with nine digits."""
    low, high = map(float, entry["metric"])
    bounds = [float(b) for b in entry["bound"]]
    limit = bounds[1] if high > bounds[1] else bounds[0]
    return (
        f"Refuted, with a proof, by `{entry['slug']}`: at T = {entry['T']} the metric is "
        f"{(low + high) / 2:.9g}, enclosed in ball arithmetic, and the bound {limit:.9g}.\n"
    )


if __name__ == "__main__":
    text = json.dumps([proved(c) for c in refuted()], indent=1, ensure_ascii=False) + "\n"
    write_whole(RECORD, text.encode())
