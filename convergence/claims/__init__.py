"""The registry: every claim of every family, in one explicit tuple of modules."""

from __future__ import annotations

import importlib

from convergence.claims.base import AbstractClaim

FAMILIES = (
    "convergence.claims.subspace",
    "convergence.claims.deterministic",
    "convergence.claims.rso",
    "convergence.claims.frugal",
    "convergence.claims.gwt",
    "convergence.claims.qgalore",
    "convergence.claims.natural_galore",
    "convergence.claims.zeroth_order",
    "convergence.claims.estimators",
    "convergence.claims.compression",
    "convergence.claims.decentralized",
    "convergence.claims.decentralized_bilevel",
    "convergence.claims.decentralized_flatness",
    "convergence.claims.heavy_tailed",
)


def registry() -> tuple[AbstractClaim, ...]:
    """All claims of the package, family by family."""
    return tuple(c for name in FAMILIES for c in importlib.import_module(name).CLAIMS)
