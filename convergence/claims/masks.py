"""Claims judged by the exact second moments of methods with random masks or projectors."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx

from convergence.algorithms.subspace import Subspace
from convergence.claims.exact import Exact
from convergence.parts.compressors import Masks
from convergence.parts.momenta import Plain
from convergence.parts.projectors import Frozen
from convergence.runner.second_moment import SecondMoments, second_moments
from convergence.runner.tape import NotAffine
from convergence.theorems.moments import Moment


def compressed_moments(problem: Any, oracle: Any, algorithm: Any) -> SecondMoments:
    """The exact second moments of a compressed method whose compressor is a random mask."""
    d = problem.start().shape[0]
    chances, patterns = algorithm.compressor.patterns(problem.n, d)
    return second_moments(problem, oracle, algorithm, _masked, chances, patterns)


def _masked(algorithm: Any, omega: Any) -> Any:
    return eqx.tree_at(lambda method: method.compressor, algorithm, Masks(omega))


def projected_moments(problem: Any, oracle: Any, algorithm: Subspace) -> SecondMoments:
    """The exact second moments of GoLore-SGD with a fresh projector at every step.

    X⁺ = X − ηΠG is linear in Π = PPᵀ, so that all is known from E Π ⊗ Π.
    """
    memory = type(algorithm.inner).__name__
    for refused, given in (
        (not isinstance(algorithm.inner, Plain), f"{memory} inside a subspace"),
        (bool(algorithm.tau != 1), f"a subspace held for tau = {int(algorithm.tau)} steps"),
    ):
        if refused:
            raise NotAffine(
                f"Got {given}, but a step that is linear in PPᵀ is needed for exact second "
                "moments; use the plain method with tau = 1, or a simulation."
            )
    m = algorithm.rows(problem.start().shape)
    chances, frames = algorithm.projector.patterns(m, algorithm.r)
    return second_moments(problem, oracle, algorithm, _held, chances, frames)


def _held(algorithm: Any, P: Any) -> Any:
    return eqx.tree_at(lambda method: method.projector, algorithm, Frozen(P))


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
