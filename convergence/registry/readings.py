"""A control beside a claim: a false reading of its statement, refuted on the same instance."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from convergence.constants import Constants
from convergence.statistics import Verdict
from convergence.theorems.misreading import Misreading


def misread(
    known: Mapping[str, Any],
    of: str,
    slug: str,
    told: str,
    number: Callable[[Any, Constants, int], Any],
    note: str = "",
    **changes: Any,
) -> Any:
    """The claim `of` with another number in the place of its own; `changes` are fields of it."""
    claim = known[of]
    theorem = changes.pop("theorem", claim.theorem)
    return dataclasses.replace(
        claim, slug=slug, theorem=Misreading(theorem, told, number), expect=Verdict.REFUTED,
        instead=of, note=note, more={}, **changes,
    )  # fmt: skip
