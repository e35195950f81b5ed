"""Faults planted in FRUGAL: in the split, the residual, the memory, the step and the statements."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.algorithms.subspace.frugal import Columns, FixedMask
from convergence.parts.projectors import Haar
from convergence.registry.subspace.frugal import CLAIMS
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Leaky(Columns):
    """PPᵀG scaled by 0.9: part of the stateful share goes to the residual."""

    def part(self, data: Any, G: Any) -> Any:
        return 0.9 * super().part(data, G)


class Doubled(FixedMask):
    """The stateful coordinates are stepped along twice."""

    def draw(self, t: Any, G: Any, key: Any) -> Any:
        return 2.0 * jnp.ones_like(G)


def swap(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return lambda: tamper(CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, **changes))


MUTANTS = (
    Mutant("frugal-residual-dropped", swap("frugal-counterexample-converges", residual="none")),
    Mutant("frugal-residual-added", swap("frugal-none-is-galore", residual="sgd")),
    Mutant("frugal-residual-sign", swap("frugal-counterexample-converges", residual="sign")),
    Mutant(
        "frugal-projection-leaks",
        swap("frugal-none-is-galore", split=Leaky(Haar(), 4)),
    ),
    Mutant(
        "frugal-stateful-part-doubled",
        swap("frugal-fixed-split", split=Doubled(1.0)),
    ),
    Mutant(
        "frugal-bound-shrunk",
        lambda: tamper(CLAIM["frugal-fixed-split"], number=lambda b, T: 0.8 * b),
    ),
    Mutant(
        "frugal-exponent-improved",
        lambda: tamper(CLAIM["frugal-rate"], number=lambda b, T: b / T**0.2),
    ),
    Mutant("frugal-rate-of-a-fixed-step", swap("frugal-rate", alpha=np.asarray(0.1))),
    Mutant(
        "frugal-wrong-sign",
        lambda: tamper(
            CLAIM["frugal-random-split"],
            algorithm=lambda a: dataclasses.replace(a, alpha=-a.alpha),
        ),
    ),
)
