"""Faults planted in rounding, in Q-GaLore and in Natural GaLore."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.parts.projectors import Haar
from convergence.registry.subspace.natural_galore import CLAIMS as NATURAL
from convergence.registry.subspace.qgalore import CLAIMS
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in (*CLAIMS, *NATURAL)}


def swap(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return lambda: tamper(CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, **changes))


MUTANTS = (
    Mutant("rounding-to-nearest", swap("qgalore-rounding-unbiased", rounding="nearest")),
    Mutant("rounding-wider-grid", swap("qgalore-stochastic-rounding", h=0.2)),
    Mutant("rounding-stochastic", swap("qgalore-nearest-stagnates", rounding="stochastic")),
    Mutant(
        "rounding-bound-shrunk",
        lambda: tamper(CLAIM["qgalore-stochastic-rounding"], number=lambda b, T: 0.8 * b),
    ),
    Mutant("qgalore-two-bit-weights", swap("qgalore-stalls", weight_bits=2, weight_group=100)),
    Mutant("natural-galore-random-frames", swap("natural-galore-stalls", projector=Haar())),
    Mutant(
        "natural-gradient-wrong-fisher",
        lambda: tamper(
            CLAIM["natural-gradient-cramer-rao"],
            algorithm=lambda a: dataclasses.replace(a, fisher=1.2 * a.fisher),
        ),
    ),
)
