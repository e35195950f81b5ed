"""Claims judged by the exact second moments of methods with random masks or projectors."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.claims.exact import AbstractExact, read
from convergence.moments.masks import exact_moments
from convergence.moments.second_moment import SecondMoments


@dataclasses.dataclass(frozen=True)
class ExactMasks(AbstractExact):
    """The statement on E[M ⊗ M] of the method's own code: no Monte Carlo, no seeds, no alpha.

    With how="both" the simulation has to agree.
    """

    def exact(self, T: int, rival: bool = False) -> tuple[float, float, str]:
        _, _, c = self.instance(T)
        found = exact_moments(self.experiment(T, rival))
        metric: Any = self.theorem.metric(c, T)
        value = read(found, self.theorem.quantity, metric, T)
        return value, self.number(c, T), f"spectral radius {found.radius:.8g}"

    def solved(self, T: int) -> SecondMoments:
        return exact_moments(self.experiment(T))
