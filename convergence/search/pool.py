"""Every family of problems with every family of noises: what a theorem is cross-examined on.

A room is a family of problems; each has the noises that fit the shape of its iterates. At z = 0 an
instance is plain, and special: a start at the minimizer, one curvature, one atom a line.
"""

from __future__ import annotations

import numpy as np

from convergence.parts import graphs
from convergence.problems.agents import common, heterogeneous
from convergence.problems.base import AbstractProblem
from convergence.problems.bilevel import random_bilevel
from convergence.problems.counterexample import Counterexample
from convergence.problems.nonconvex import log_cosh
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import WorkerQuadratics, unit_workers
from convergence.search.graphs import share
from convergence.search.instances import matrices, separables, vectors
from convergence.search.parts import (
    Part,
    Room,
    corner_noises,
    plain_noises,
    snapped,
    stack_noises,
    worker_noises,
)
from convergence.search.pool_special import special_rooms


def network(n: int, z: np.ndarray) -> np.ndarray:
    """A mixing matrix of n agents: complete with a weight, a ring or a star, lazy or not."""
    kind, weight, still = z[:3]
    if kind < -0.3:
        W = graphs.adjusted_ring(n, share(weight))
    elif kind > 0.3:
        W = graphs.star(n)
    else:
        W = graphs.lazy_complete(n, min(1.999, 2 * share(weight) * 10 ** min(0.0, weight)))
    lazy = max(0.0, np.tanh(still))
    return (1 - lazy) * W + lazy * np.eye(n)


def _isotropic(shape: tuple[int, ...]) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        return Isotropic(1.0 + snapped(z[1:]).reshape(shape), np.exp(snapped(z[:1]))[0])

    return Part(
        "spheres" if len(shape) == 1 else "spheres of matrices", 1 + int(np.prod(shape)), make
    )


def _log_cosh(z: np.ndarray) -> AbstractProblem:
    return log_cosh([3 * np.exp(z[0]), 3 * z[1]], np.exp(z[2]), np.exp(z[3]))


def _corner(z: np.ndarray) -> AbstractProblem:
    return Counterexample.pure(8, 1 + round(5 * share(z[0])), np.exp(z[1] - 1))


def _agents(n: int, d: int) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        far, spread, h = z[3], z[4], np.exp(snapped(z[5 : 5 + d]))
        beta = z[5 + d :].reshape(n, d) + np.cos(np.arange(n))[:, None]
        beta = max(0.0, np.tanh(1 + spread)) * (beta - beta.mean(axis=0))
        return common(network(n, z), h, beta, np.sinh(snapped(far)))

    return Part("agents with a common Hessian", 5 + d + n * d, make)


def _unequal(n: int, d: int) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        low, high = np.exp(-1 - abs(z[3])), np.exp(z[4])
        return heterogeneous(
            network(n, z), d, low, low + high, np.exp(z[5]), round(20 * share(z[6]))
        )

    return Part("agents with Hessians of their own", 7, make)


def _bilevel(n: int) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        het, other = max(0.0, np.tanh(1 + z[3])), max(0.0, np.tanh(z[4]))
        return random_bilevel(network(n, z), 2, 2, 2 * het, 0.5 * other, round(20 * share(z[5])))

    return Part("bilevel agents", 6, make)


def _unit_workers(n: int, d: int) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        beta = max(0.0, np.tanh(z[0])) * (np.eye(n, d) + z[1 : 1 + n * d].reshape(n, d))
        beta = np.round(np.clip(beta, -99, 99) * 2.0**30) / 2.0**30  # sums of these are exact
        beta[-1] = -beta[:-1].sum(axis=0)
        start = snapped(z[1 + n * d :]) * (np.arange(d) == d - 1) ** float(z[0] < 1)
        return unit_workers(beta, start)

    return Part("workers on spheres", 1 + n * d + d, make)


def _workers(n: int, d: int) -> Part:
    def make(z: np.ndarray) -> AbstractProblem:
        root, b, x0 = np.split(z, [n * d * d, n * d * d + n * d])
        root = np.eye(d) + root.reshape(n, d, d)
        return WorkerQuadratics(1.0 + x0, root @ np.swapaxes(root, 1, 2), b.reshape(n, d))

    return Part("workers with Hessians of their own", n * d * (d + 1) + d, make)


def _bent_workers(n: int, d: int) -> Part:
    """Workers of one minimizer that curve either way, convex together."""

    def make(z: np.ndarray) -> AbstractProblem:
        x0, root, bent = np.split(z, [d, d + d * d])
        root, bent = np.eye(d) + root.reshape(d, d), bent.reshape(n, d, d)
        bent = bent + np.swapaxes(bent, 1, 2) + np.cos(np.arange(n))[:, None, None] * np.eye(d)
        H = 0.1 * np.eye(d) + root @ root.T + bent - bent.mean(axis=0)
        return WorkerQuadratics(1.0 + x0, H, np.zeros((n, d)))

    return Part("workers that curve either way", d + d * d * (n + 1), make)


def rooms() -> tuple[Room, ...]:
    """All families of problems, with all of their noises."""
    vector, matrix, square = (2,), (4, 6), (8, 8)
    rank_one = matrices(matrix)
    return (
        Room(Part("quadratics", *vectors(2)), plain_noises(vector)),
        Room(_isotropic(vector), plain_noises(vector)),
        Room(Part("separable functions", *separables(vector)), plain_noises(vector)),
        Room(Part("log cosh", 4, _log_cosh), plain_noises(vector)),
        Room(Part("matrix quadratics", *rank_one), plain_noises(matrix)),
        Room(_isotropic(matrix), plain_noises(matrix)),
        Room(Part("GaLore's counterexample", 2, _corner),
             (*plain_noises(square)[:2], *corner_noises(8))),
        Room(_agents(4, 2), stack_noises(4, 2)),
        Room(_unequal(4, 2), stack_noises(4, 2)),
        Room(_bilevel(4), stack_noises(4, 2)),
        Room(_unit_workers(3, 2), worker_noises(2)),
        Room(_unit_workers(3, 1), worker_noises(1)),
        Room(_workers(3, 2), worker_noises(2)),
        Room(_workers(1, 2), worker_noises(2)),
        Room(_bent_workers(3, 2), worker_noises(2)),
        *special_rooms(),
    )  # fmt: skip
