"""Families without runs: agents on graphs, and finite noise laws, each a map from Rᵏ."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convergence.noise.agents import PerEntry
from convergence.parts import graphs
from convergence.problems.agents import common
from convergence.search.instances import Instances, curvatures
from convergence.theorems.heavy_tailed.lemmas import FiniteLaw, plain

DIMENSION = 2  # curvatures of the agents' common Hessian


def share(z: float) -> float:
    """A number in (0, 1)."""
    return 0.5 + 0.5 * math.tanh(z)


def _edges(n: int, z: float) -> np.ndarray:
    """A ring with about n further edges, drawn by the bits of z."""
    rng = np.random.default_rng(np.frombuffer(np.float64(z).tobytes(), np.uint32))
    ring = np.roll(np.eye(n), 1, axis=1)
    extra = np.triu(rng.random((n, n)) < 2 / n, 1)
    return ((ring + ring.T + extra + extra.T) > 0).astype(float)


# Name, number of agents, mixing matrix of one drawn number: few numbers, so that few shapes
# compile; well-known graphs first.
GRAPHS: tuple[tuple[str, int, Callable[[float], np.ndarray]], ...] = (
    ("a complete graph of 9", 9, lambda z: graphs.complete(9)),
    ("a star of 9", 9, lambda z: graphs.star(9)),
    ("a ring of 16", 16, lambda z: graphs.ring(16)),
    ("a torus of 9", 9, lambda z: graphs.torus(3)),
    ("a torus of 16", 16, lambda z: graphs.torus(4)),
    ("a random graph of 9", 9, lambda z: graphs.metropolis(_edges(9, z))),
    ("a ring of 16 with a self-weight", 16, lambda z: graphs.adjusted_ring(16, share(z))),
    ("a complete graph of 9 with a weight", 9, lambda z: graphs.lazy_complete(9, 2 * share(z))),
)


def crowds(noise: Any) -> tuple[Instances, ...]:
    """Agents on graphs: topology, laziness, curvatures, offsets, start, size of the noise."""

    def family(name: str, n: int, mix: Callable[[float], np.ndarray]) -> Instances:
        def make(z: np.ndarray) -> Any:
            detail, still, size, start, loud = z[:5]
            lazy = max(0.0, math.tanh(still))  # half of all graphs are not lazy
            W = (1 - lazy) * mix(detail) + lazy * np.eye(n)
            h, beta = z[5 : 5 + DIMENSION], z[5 + DIMENSION :].reshape(n, DIMENSION)
            beta = beta + np.cos(np.arange(n))[:, None]  # heterogeneous at z = 0
            law = noise
            if isinstance(noise, PerEntry):
                law = PerEntry(float(noise.s) * math.exp(loud))
            h = math.exp(size) * np.maximum(curvatures(h), 0.05)
            return common(W, h, beta - beta.mean(axis=0), math.sinh(start)), law

        return Instances(f"agents on {name}", 5 + DIMENSION * (1 + n), make, False)

    return tuple(family(*graph) for graph in GRAPHS)


def laws() -> tuple[Instances, ...]:
    """Centered laws of two or three values: order p, n summands, a point x and a direction."""

    def make(z: np.ndarray, values: int) -> FiniteLaw:
        order, count, at, turn = z[:4]
        chances = np.exp(-2 * np.abs(z[4 : 4 + values]) * np.arange(values))
        chances = chances / chances.sum()
        v = z[4 + values : 4 + 2 * values] + np.arange(values)
        v = v - chances @ v
        n = 1 + round(24 * share(count))
        return plain(1 + share(order), n, v, chances, math.tanh(at) / 2, turn)

    def even(z: np.ndarray) -> FiniteLaw:
        law = make(z, 3)
        s, q = abs(law.values[2]), share(z[5])
        return law._replace(values=(s, 0.0, -s), chances=(q / 2, 1 - q, q / 2))

    two = Instances("laws of two values", 8, lambda z: make(z, 2), False)
    three = Instances("laws of three values", 10, lambda z: make(z, 3), False)
    return (two, three, Instances("symmetric laws", 10, even, False))
