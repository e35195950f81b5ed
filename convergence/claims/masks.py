"""Claims judged by the exact second moments of methods with random masks."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx

from convergence.claims.exact import Exact
from convergence.parts.compressors import Masks
from convergence.runner.second_moment import SecondMoments, second_moments
from convergence.theorems.moments import Moment


def compressed_moments(problem: Any, oracle: Any, algorithm: Any) -> SecondMoments:
    """The exact second moments of a compressed method whose compressor is a random mask."""
    d = problem.start().shape[0]
    chances, patterns = algorithm.compressor.patterns(problem.n, d)

    def masks(omega: Any) -> Any:
        return eqx.tree_at(lambda method: method.compressor, algorithm, Masks(omega))

    return second_moments(problem, oracle, algorithm, masks, chances, patterns)


@dataclasses.dataclass(frozen=True)
class ExactMasks(Exact):
    """The statement on E[M ⊗ M] of the method's own code: no Monte Carlo, no seeds, no alpha."""

    def exact(self, T: int, rival: bool = False) -> tuple[float, float, str]:
        problem, noise, c = self.instance(T)
        prescribe = self.theorem.rival if rival else self.theorem.prescribe  # type: ignore[attr-defined]
        found = compressed_moments(problem, self.oracle(problem, noise), prescribe(c, T))
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
