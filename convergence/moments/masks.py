"""Exact second moments of methods whose random part is a mask or a projector."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.subspace.projected import Subspace
from convergence.moments.second_moment import SecondMoments, second_moments
from convergence.moments.tape import NotAffine
from convergence.parts.compressors import Masks
from convergence.parts.momenta import Plain
from convergence.parts.projectors import Frozen


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
