"""Exact second moments of methods whose random part is a mask, a projector, a choice of clients or
the function of a sum that a step takes."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.classical.reshuffling import AbstractDrawn
from convergence.algorithms.compression.compressed_sgd import AbstractCompressed
from convergence.algorithms.federated.averaging import AbstractAveraging
from convergence.algorithms.subspace.projected import Subspace
from convergence.moments.second_moment import SecondMoments, second_moments
from convergence.moments.tape import NotAffine
from convergence.parts.compressors import Masks
from convergence.parts.indices import GivenIndices
from convergence.parts.momenta import Plain
from convergence.parts.participation import GivenClients
from convergence.parts.projectors import Frozen
from convergence.problems.base import start_shape
from convergence.runner.experiment import Experiment


def compressed_moments(experiment: Experiment) -> SecondMoments:
    """The exact second moments of a compressed method whose compressor is a random mask."""
    problem: Any = experiment.problem
    algorithm: Any = experiment.algorithm
    chances, patterns = algorithm.compressor.patterns(problem.n, start_shape(problem)[0])
    return second_moments(experiment, _masked, chances, patterns)


def averaged_moments(experiment: Experiment) -> SecondMoments:
    """The exact second moments of a federated method that samples its clients."""
    problem: Any = experiment.problem
    algorithm: Any = experiment.algorithm
    chances, outcomes = algorithm.clients.patterns(problem.n)
    return second_moments(experiment, _given, chances, outcomes)


def _given(algorithm: Any, outcome: Any) -> Any:
    given = GivenClients(algorithm.clients.m, outcome)
    return eqx.tree_at(lambda method: method.clients, algorithm, given)


def drawn_moments(experiment: Experiment) -> SecondMoments:
    """The exact second moments of a method that takes functions of a sum at random."""
    problem: Any = experiment.problem
    algorithm: Any = experiment.algorithm
    chances, outcomes = algorithm.indices.patterns(problem.n, algorithm.places)
    return second_moments(experiment, _taken, chances, outcomes)


def _taken(algorithm: Any, which: Any) -> Any:
    return eqx.tree_at(lambda method: method.indices, algorithm, GivenIndices(which))


def exact_moments(experiment: Experiment) -> SecondMoments:
    """The exact second moments of a method of any of these kinds."""
    algorithm = experiment.algorithm
    if isinstance(algorithm, Subspace):
        return projected_moments(experiment)
    if isinstance(algorithm, AbstractCompressed):
        return compressed_moments(experiment)
    if isinstance(algorithm, AbstractAveraging):
        return averaged_moments(experiment)
    if isinstance(algorithm, AbstractDrawn):
        return drawn_moments(experiment)
    raise NotAffine(
        f"Got {type(algorithm).__name__}, but a method with random masks, projectors, clients or "
        "functions is needed for their exact second moments; use `Exact`, or a simulation."
    )


def _masked(algorithm: Any, omega: Any) -> Any:
    return eqx.tree_at(lambda method: method.compressor, algorithm, Masks(omega))


def projected_moments(experiment: Experiment) -> SecondMoments:
    """The exact second moments of GoLore-SGD with a fresh projector at every step.

    X⁺ = X − ηΠG is linear in Π = PPᵀ, so that all is known from E Π ⊗ Π.
    """
    algorithm = experiment.algorithm
    assert isinstance(algorithm, Subspace)
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
    m = algorithm.rows(start_shape(experiment.problem))
    chances, frames = algorithm.projector.patterns(m, algorithm.r)
    return second_moments(experiment, _held, chances, frames)


def _held(algorithm: Any, P: Any) -> Any:
    return eqx.tree_at(lambda method: method.projector, algorithm, Frozen(P))
