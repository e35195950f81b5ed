"""Claims judged by the exact second moments of methods with random masks or projectors."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.algorithms.subspace.projected import Subspace
from convergence.claims.exact import Exact
from convergence.moments.masks import compressed_moments, projected_moments
from convergence.theorems.exact_moments import Moment


@dataclasses.dataclass(frozen=True)
class ExactMasks(Exact):
    """The statement on E[M ⊗ M] of the method's own code: no Monte Carlo, no seeds, no alpha.

    With how="both" the simulation has to agree.
    """

    def exact(self, T: int, rival: bool = False) -> tuple[float, float, str]:
        problem, noise, c = self.instance(T)
        prescribe = self.theorem.rival if rival else self.theorem.prescribe
        method = prescribe(c, T)
        oracle = self.oracle(problem, noise)
        if isinstance(method, Subspace):
            found = projected_moments(problem, oracle, method)
        else:
            found = compressed_moments(problem, oracle, method)
        metric: Any = self.theorem.metric(c, T)
        asked = {
            Moment.RADIUS: lambda: found.radius,
            Moment.GAP: lambda: 1 - found.radius,
            Moment.STABLE: lambda: float(found.radius < 1),
            Moment.BIAS: lambda: found.bias(metric),
            Moment.VARIANCE: lambda: found.variance(metric),
            Moment.STEADY: lambda: found.steady(metric),
            Moment.EXPECTED: lambda: float(found.expected(metric, [T])[0]),
        }
        value = asked[self.quantity]()
        return value, self.number(c, T), f"spectral radius {found.radius:.8g}"
