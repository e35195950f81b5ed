"""Judges planted faults and records the outcome for the report: `python -m docs.make.mutants`.

With names of families only these are judged anew, and the others keep what was recorded.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from convergence.files import write_whole
from convergence.report.page import MUTANTS
from tests.mutants import FAMILIES


def judged(family: str) -> list[dict[str, Any]]:
    """The outcome for every fault of a family."""
    found = []
    for mutant in FAMILIES[family]:
        claim, caught = mutant.claim().slug, mutant.caught()
        found.append({"family": family, "name": mutant.name, "claim": claim, "caught": caught})
        print(f"{'caught' if caught else 'MISSED'} {family} {mutant.name}", flush=True)
    return found


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(FAMILIES)
    unknown = sorted(set(chosen) - set(FAMILIES))
    if unknown:
        sys.exit(f"Got {', '.join(unknown)}, but families are needed: {', '.join(FAMILIES)}.")
    record = json.loads(MUTANTS.read_text(encoding="utf-8"))
    old = record["mutants"] if sys.argv[1:] else []
    found = [
        entry
        for family in FAMILIES
        for entry in (
            judged(family) if family in chosen else [e for e in old if e["family"] == family]
        )
    ]
    text = json.dumps(record | {"mutants": found}, indent=1, ensure_ascii=False) + "\n"
    write_whole(MUTANTS, text.encode())
    print(f"{sum(m['caught'] for m in found)} of {len(found)} caught; written to {MUTANTS}")
