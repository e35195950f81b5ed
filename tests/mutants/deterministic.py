"""Faults planted in first-order methods without noise, and in their bounds."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.accelerated import LastState
from convergence.oracles.base import AbstractOracle
from convergence.registry.classical.methods import CLAIMS
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Late(AbstractAlgorithm):
    """A method whose clock starts at `by`."""

    of: Any
    by: int

    def init(self, x0: Any, oracle: AbstractOracle, key: Any) -> LastState:
        return self.of.init(x0, oracle, key)

    def step(self, t: Any, state: Any, oracle: AbstractOracle, key: Any) -> LastState:
        return self.of.step(t + self.by, state, oracle, key)


def half(a: Any) -> Any:
    """The method at half of its step."""
    return dataclasses.replace(a, eta=a.eta / 2)


MUTANTS = (
    Mutant("nesterov-half-step", lambda: tamper(CLAIM["nesterov-convex"], algorithm=half)),
    Mutant("heavy-ball-half-step", lambda: tamper(CLAIM["heavy-ball-convex"], algorithm=half)),
    Mutant(
        "heavy-ball-late-clock",
        lambda: tamper(CLAIM["heavy-ball-convex"], algorithm=lambda a: Late(a, 1)),
    ),
    Mutant(
        "heavy-ball-bound-shrunk",
        lambda: tamper(CLAIM["heavy-ball-convex"], number=lambda b, T: 0.99 * b),
    ),
    Mutant(
        "gd-nonconvex-bound-shrunk",
        lambda: tamper(CLAIM["gd-nonconvex"], number=lambda b, T: 0.75 * b),
    ),
)
