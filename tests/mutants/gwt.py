"""Faults planted in GWT: in the denominator, the limiter, the level and the statements."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp

from convergence.claims.identity import Identity
from convergence.parts import wavelets
from convergence.registry.subspace.gwt import CLAIMS
from convergence.theorems.subspace import wen2025
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Unnormalized(wen2025.HaarOrthonormal):
    """Averages (g₀ + g₁)/2 instead of (g₀ + g₁)/√2."""

    def discrepancies(self) -> dict[str, float]:
        G = jnp.arange(8.0).reshape(1, 8)
        A, (D,) = wavelets.split(G, 1)
        A, D = A * wavelets.HALF, D * wavelets.HALF
        return {"norm": float(jnp.abs(jnp.sum(A**2) + jnp.sum(D**2) - jnp.sum(G**2)))}


class Interleaved(wen2025.HaarOrthonormal):
    """Details applied fine to coarse."""

    def discrepancies(self) -> dict[str, float]:
        G = jnp.arange(8.0).reshape(1, 8) ** 2
        A, details = wavelets.split(G, 2)
        swapped = (jnp.flip(details[0], -1), details[1])
        return {"inverse": float(jnp.max(jnp.abs(wavelets.merge(A, swapped) - G)))}


def swap(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return lambda: tamper(CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, **changes))


MUTANTS = (
    Mutant("gwt-epsilon-off", swap("gwt-adam-diverges", eps=1.1e-6)),
    Mutant("gwt-no-bias-correction", swap("gwt-adam-diverges", b1=0.0)),
    Mutant("gwt-level-zero", swap("gwt-adam-diverges", level=0)),
    Mutant("gwt-not-orthonormal", lambda: Identity("gwt-haar-orthonormal", Unnormalized())),
    Mutant("gwt-details-flipped", lambda: Identity("gwt-haar-orthonormal", Interleaved())),
    Mutant(
        "gwt-bound-shrunk",
        lambda: tamper(CLAIM["gwt-sgdm-bound"], number=lambda b, T: 0.8 * b),
    ),
)
