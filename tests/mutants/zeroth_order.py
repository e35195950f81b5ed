"""Faults planted in the zeroth-order methods: sampling, scaling, laziness, momentum, statements."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.registry.zeroth_order.methods import CLAIMS
from tests.mutants.base import Mutant, altered, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


def swap(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return lambda: tamper(CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, **changes))


def scaled(slug: str, name: str, factor: float) -> Any:
    """A mutant of `slug` with one hyper-parameter multiplied."""
    return lambda: tamper(
        CLAIM[slug],
        algorithm=lambda a: dataclasses.replace(a, **{name: factor * getattr(a, name)}),
    )


def identity(slug: str, **changes: Any) -> Any:
    """A mutant of an identity claim whose theorem has some fields replaced."""
    claim = CLAIM[slug]
    theorem = altered(claim.theorem, **changes)
    return lambda: dataclasses.replace(claim, theorem=theorem)


def shrunk(slug: str) -> Any:
    """A mutant of `slug` with its bound multiplied by 0.8."""
    return lambda: tamper(CLAIM[slug], number=lambda b, T: 0.8 * b)


MUTANTS = (
    Mutant("lozo-rank-not-divided", swap("lozo-period-factor-nu1", divide=False)),
    Mutant("lozo-coordinate-factor", swap("lozo-period-factor-nu5", law="coordinates")),
    Mutant("lozo-gaussian-factor", swap("lozo-second-moment-stiefel", law="gaussian")),
    Mutant("lozo-unshared-sample", swap("lozo-second-moment-stiefel", slope="unshared")),
    Mutant("lozo-one-sided", swap("lozo-second-moment-gaussian", slope="forward", eps=1.0)),
    Mutant("lozo-never-redrawn", swap("lozo-period-factor-nu5", nu=10**6)),
    Mutant("lozo-redrawn-always", swap("lozo-period-factor-nu20", nu=1)),
    Mutant("lozo-step-halved", scaled("lozo-floor-nu7", "alpha", 0.5)),
    Mutant("lozo-wrong-sign", scaled("lozo-quadratic-noisy", "alpha", -1.0)),
    Mutant("lozo-momentum-weight", scaled("lozo-momentum-law-nu1", "beta", 0.9)),
    Mutant("lozo-momentum-as-coded", swap("lozo-momentum-law-nu1", semantics="code")),
    Mutant("lozo-bound-shrunk", shrunk("lozo-quadratic-tight")),
    Mutant(
        "lozo-floor-raised",
        lambda: tamper(CLAIM["lozo-frozen-stalls"], number=lambda b, T: 1.1 * b),
    ),
    Mutant(
        "lozo-exponent-improved",
        lambda: tamper(CLAIM["lozo-rate"], number=lambda b, T: b / T**0.25),
    ),
    Mutant("mezo-one-sided", swap("mezo-second-moment", slope="forward", mu=1.0)),
    Mutant("zo-sgd-bound-shrunk", shrunk("zo-sgd-sharp")),
    Mutant(
        "accelerated-bound-shrunk",
        lambda: tamper(CLAIM["zo-accelerated-sharp"], number=lambda b, T: 0.4 * b),
    ),
    Mutant("accelerated-center-too-fast", scaled("zo-accelerated-sharp", "theta", 16.0)),
    Mutant("lozo-layers-apart", identity("lozo-layers", alone=True)),
    Mutant("lozo-width-constant-low", identity("lozo-finite-width", factor=0.9)),
    Mutant("lozo-width-constant-high", identity("lozo-finite-width", factor=1.1)),
    Mutant("zo-sgd-unshared-sample", swap("zo-sgd-sharp", slope="unshared")),
)
