"""Families for statements about one kind of problem, and a claim's own instance, varied."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.noise.base import Noiseless
from convergence.noise.coin import Coin
from convergence.noise.gaussian import Gaussian
from convergence.parts import graphs
from convergence.problems.agent_basins import AgentBasins
from convergence.problems.attention import Attention, KeyQuery
from convergence.problems.base import AbstractProblem, start_shape
from convergence.problems.boxed import Boxed
from convergence.problems.chain import HIDDEN, Chain
from convergence.problems.clients import GatedClients
from convergence.problems.gated import GatedLeastSquares
from convergence.problems.huber import Huber
from convergence.problems.linear import Linear
from convergence.problems.max_abs import MaxAbs
from convergence.problems.pairs import WeightedPairs
from convergence.problems.regression import Regression
from convergence.problems.saddle import SaddleQuadratic, bilinear
from convergence.problems.shifted import Shifted
from convergence.problems.units import UnitQuadratics
from convergence.problems.valley import Valley
from convergence.search.graphs import share
from convergence.search.instances import piecewise
from convergence.search.parts import (
    OWN,
    Part,
    Room,
    corner_noises,
    made_of,
    plain_noises,
    snapped,
    stack_noises,
    worker_noises,
)
from convergence.search.variations import variations

OTHERS = 100
QUIET = (Part("no noise", 0, lambda z: Noiseless()),)


def _linear(shape: tuple[int, ...]) -> Part:
    k = int(np.prod(shape))

    def make(z: np.ndarray) -> AbstractProblem:
        return Linear(1.0 + z[:k].reshape(shape), snapped(z[k]) * np.ones(shape))

    return Part("linear functions", k + 1, make)


def _shifted(shape: tuple[int, ...]) -> Part:
    k = int(np.prod(shape))

    def make(z: np.ndarray) -> AbstractProblem:
        x0, star = (snapped(v).reshape(shape) for v in np.split(z[1:], 2))
        return Shifted(1.0 + x0, star, np.exp(z[0]))

    return Part("spheres around a minimizer", 1 + 2 * k, make)


def _regression(m: int, n: int) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        W, Y, x0 = np.split(z, [m * n, m * n + m])
        W = np.eye(m, n) + snapped(W).reshape(m, n)
        return Regression(W, snapped(Y).reshape(1, m), 1.0 + x0.reshape(1, n))

    return Part("least squares through a layer", m * n + m + n, make)


def _boxed(z: np.ndarray) -> AbstractProblem:
    x0, h, g = np.split(z, 3)
    return Boxed(np.array([share(v) for v in x0]), np.exp(np.minimum(h, 0.0)), snapped(g))


def _pairs(z: np.ndarray) -> AbstractProblem:
    k, g, e, theta = np.split(z[1:], [4, 8, 12])
    bend = np.maximum(0.0, snapped(k)).reshape(2, 2)
    e = np.array([[1.0, 1.0], [0.0, 0.0]]) + snapped(e).reshape(2, 2)
    return WeightedPairs(bend, snapped(g).reshape(2, 2, 1), e, theta, np.exp(z[0]))


def _saddle(z: np.ndarray) -> AbstractProblem:
    P, A, Q = (v.reshape(2, 2) for v in np.split(z[:12], 3))
    return SaddleQuadratic(P @ P.T, np.eye(2) + A, Q @ Q.T, 1.0 + z[12:])


def _clients(z: np.ndarray) -> AbstractProblem:
    h, b, gates, x0 = np.split(z, [6, 12, 18])
    open_ = (gates.reshape(3, 2) > -1).astype(float)
    return GatedClients(np.exp(snapped(h)).reshape(3, 2), b.reshape(3, 2), open_, 1.0 + x0)


def _gated(z: np.ndarray) -> AbstractProblem:
    A, b, theta, gates = np.split(z, [6, 9, 11])
    rows = np.eye(3, 2) + A.reshape(3, 2)
    return GatedLeastSquares(rows, 1.0 + b, theta, np.array([share(v) for v in gates]))


def _tokens(z: np.ndarray) -> Attention:
    X, q, x0 = np.split(z, [8, 12])
    tokens = np.eye(2)[None] + X.reshape(2, 2, 2)
    return Attention(tokens, np.eye(2) + q.reshape(2, 2), [[1.0, 0.0]] * 2, x0.reshape(2, 2))


def _factors(z: np.ndarray) -> AbstractProblem:
    return KeyQuery(_tokens(z[:16]), 0.5 + z[16:].reshape(2, 2, 2))


def _units(z: np.ndarray) -> AbstractProblem:
    y, c = z[:18].reshape(3, 3, 2), z[18:].reshape(3, 2)
    orders = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    apart = 5.0 * np.arange(3)[None, :, None]  # units that matching tells apart
    return UnitQuadratics(graphs.complete(3), apart + y, c, orders)


def _basins(z: np.ndarray) -> AbstractProblem:
    pulls = np.array([1.0, -1.0, 0.5, -0.5]) + z[:4]
    pulls = np.round(pulls * 2.0**30) / 2.0**30  # sums of these are exact
    pulls[3] = -pulls[:3].sum()
    return AgentBasins(graphs.lazy(graphs.ring(4)), pulls[:, None], np.sinh(snapped(z[4])))


def special_rooms() -> tuple[Room, ...]:
    """Families for which some statements were made, under the noises that fit them."""
    line, plane, square = (1,), (2,), (2, 2)
    plain = plain_noises(plane)
    coin = Part("a coin that hides", 1, lambda z: Coin(share(z[0] - 1), HIDDEN, 2.0))
    noisy = (*QUIET, Part("Gaussian noise", 1, lambda z: Gaussian(np.exp(z[0]))))
    return (
        Room(_linear(line), plain_noises(line)),
        Room(_linear(plane), plain),
        Room(_linear(square), QUIET),
        Room(_shifted(plane), plain),
        Room(_shifted(square), plain_noises(square)),
        Room(_regression(4, 2), noisy),
        Room(_regression(3, 1), noisy),
        Room(_regression(2, 2), noisy),
        Room(Part("a chain", 2, lambda z: Chain(4, np.exp(z[0]), np.exp(z[1]))), (coin,)),
        Room(Part("Huber's function", 2, lambda z: Huber(np.exp(z[0]), 1 + z[1])), noisy),
        Room(Part("a corner", 3, lambda z: MaxAbs(1 + snapped(z))), noisy),
        Room(Part("a valley", 2, lambda z: Valley(
            np.array([2 * np.round(z[0]) + 1, 0.0]) * 2.0**-7, share(z[1]))), QUIET),
        Room(Part("piecewise quadratics", *piecewise(plane)), plain),
        Room(Part("a box", 6, _boxed), QUIET),
        Room(Part("bilinear games", 8, lambda z: bilinear(
            np.eye(2) + snapped(z[:4]).reshape(2, 2), 1 + z[4:])), noisy),
        Room(Part("quadratic games", 16, _saddle), noisy),
        Room(Part("weighted pairs of losses", 14, _pairs), QUIET),
        Room(Part("masked clients", 20, _clients), worker_noises(2)[:2]),
        Room(Part("gated least squares", 13, _gated), QUIET),
        Room(Part("attention", 16, _tokens), QUIET),
        Room(Part("keys and queries", 24, _factors), QUIET),
        Room(Part("agents made of units", 24, _units), QUIET),
        Room(Part("agents in basins", 5, _basins), noisy),
    )  # fmt: skip


def home(claim: Any) -> Room:
    """The claim's own instance at its first horizon with its numbers varied, under its own noise,
    what is made of it, none, and every other that fits an iterate of up to `OTHERS` entries."""
    problem, noise, c = claim.instance(claim.horizons[0])
    shape = start_shape(problem)
    size, make = variations(problem)
    law = Part("its own noise", *variations(noise))
    noises = (law,) if isinstance(noise, Noiseless) else (law, *QUIET, *made_of(law))
    others: tuple[Part, ...] = ()
    if not shape or int(np.prod(shape)) > OTHERS:
        pass
    elif hasattr(problem, "grads"):
        others = worker_noises(shape[-1]) if len(shape) == 1 else ()
    elif "agents" in c and len(shape) == 2:
        others = stack_noises(*shape)
    else:
        others = plain_noises(shape)
        if len(shape) == 2 and shape[0] == shape[1] > 1:
            others += corner_noises(shape[0])
    return Room(Part(OWN, size, make), (*noises, *(n for n in others if n.name != "no noise")))
