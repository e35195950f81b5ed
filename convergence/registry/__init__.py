"""The catalogue: every claim of the package, a folder a family, a tuple CLAIMS a module."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.claims.base import AbstractClaim

INDEX = Path(__file__).with_name("index.json")  # `python -m docs.make.gallery`
FAMILIES = {
    "subspace": ("galore", "errata", "rso", "frugal", "gwt", "qgalore", "natural_galore"),
    "classical": ("methods", "tight", "stochastic", "sums", "laws", "false", "readings"),
    "adaptive": ("linear", "online", "steps", "feedback", "matrices", "readings"),
    "parameter_free": ("pathwise", "readings"),
    "zeroth_order": ("methods",),
    "estimators": ("methods",),
    "compression": ("methods",),
    "decentralized": ("single_level", "nonconvex", "dimat", "bilevel", "flatness"),
    "federated": ("averaging", "gating"),
    "games": ("saddle", "adawac", "readings"),
    "attention": ("svm", "skeletons"),
    "identities": ("methods",),
    "heavy_tailed": ("bounds", "tight", "lower", "false"),
}


@functools.cache
def registry() -> tuple[AbstractClaim, ...]:
    """All claims of the package, family by family."""
    return tuple(claim for family in FAMILIES for claim in claims_of(family))


@functools.cache
def claims_of(family: str) -> tuple[AbstractClaim, ...]:
    """The claims of one family, which the table names."""
    return tuple(claim for name in FAMILIES[family] for claim in claims_in(family, name))


@functools.cache
def claims_in(family: str, name: str) -> tuple[AbstractClaim, ...]:
    """The claims of one module."""
    found = tuple(importlib.import_module(f"convergence.registry.{family}.{name}").CLAIMS)
    for claim in found:
        claim.join(family)
    return found


@functools.cache
def index() -> dict[str, list[dict[str, Any]]]:
    """What is said of each claim where they are listed, by `family/module`."""
    return json.loads(INDEX.read_text(encoding="utf-8"))


def indexed() -> list[dict[str, Any]]:
    """A row a claim, without importing any."""
    return [row for rows in index().values() for row in rows]


def named(slug: str) -> AbstractClaim | None:
    """The claim of that name, for which its module alone is imported; None where the index, which
    may be older than the modules, has none."""
    for module, rows in index().items():
        if any(row["slug"] == slug for row in rows):
            found = claims_in(*module.split("/"))
            return next((claim for claim in found if claim.slug == slug), None)
    return None
