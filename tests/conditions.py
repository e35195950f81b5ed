"""What tests of conditions share: a statement outside its proof is not judged, or not built."""

from __future__ import annotations

from typing import Any, NamedTuple

from convergence.claims.base import Claim
from convergence.claims.separation import Separation
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.theorems.base import AbstractSeparation


class Case(NamedTuple):
    """An instance on which `failed` is the name of an assumption that fails."""

    failed: str
    theorem: Any
    problem: Any
    noise: Any = Noiseless()
    T: int = 20
    oracle: Any = Oracle

    def failing(self) -> list[str]:
        """The assumptions that fail; nothing runs."""
        kind = Separation if isinstance(self.theorem, AbstractSeparation) else Claim
        claim = kind(
            "case", self.theorem, self.problem, self.noise, horizons=(self.T,), oracle=self.oracle
        )
        with precision("float64"):
            return [found.name for found in claim.check(self.T) if not found.holds]


def named(cases: list[Case]) -> list[str]:
    """An id a case."""
    return [f"{type(case.theorem).__name__}-{case.failed.replace(' ', '-')}" for case in cases]
