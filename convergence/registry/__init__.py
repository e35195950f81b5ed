"""The catalogue: every claim of the package, a folder a family, a tuple CLAIMS a module."""

from __future__ import annotations

import functools
import importlib

from convergence.claims.base import AbstractClaim

FAMILIES = {
    "subspace": ("galore", "errata", "rso", "frugal", "gwt", "qgalore", "natural_galore"),
    "classical": ("methods", "tight", "stochastic", "laws", "false"),
    "adaptive": ("linear", "online", "steps", "matrices"),
    "parameter_free": ("pathwise",),
    "zeroth_order": ("methods",),
    "estimators": ("methods",),
    "compression": ("methods",),
    "decentralized": ("single_level", "nonconvex", "dimat", "bilevel", "flatness"),
    "federated": ("averaging", "gating"),
    "games": ("saddle", "adawac"),
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
    modules = (f"convergence.registry.{family}.{name}" for name in FAMILIES[family])
    found = tuple(c for module in modules for c in importlib.import_module(module).CLAIMS)
    for claim in found:
        claim.join(family)
    return found
