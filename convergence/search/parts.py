"""What families of instances are made of: maps from Rᵏ to problems and to noises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convergence.noise.agents import PerAgent, PerEntry
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.noise.pair import ATOMS, Pair, Points
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import three_point, two_point
from convergence.search.graphs import share

OWN = "its own instance, varied"
Make = Callable[[np.ndarray], Any]


class Part(NamedTuple):
    """A map from Rᵏ, k = `size`, to problems or to noises."""

    name: str
    size: int
    make: Make


class Room(NamedTuple):
    """A family of problems and the noises that fit it."""

    problem: Part
    noises: tuple[Part, ...]


def snapped(z: Any) -> Any:
    """z with what is small set to 0, so that starts at a minimizer and equal entries occur."""
    return np.where(np.abs(z) < 0.3, 0.0, z)


def along(z: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A unit direction: the first axis at z = 0."""
    e = np.zeros(shape)
    e.flat[0] = 1.0
    e = e + snapped(z[: e.size]).reshape(shape)
    return e / max(float(np.linalg.norm(e)), 1e-9)


def _atoms(law: Any, shape: tuple[int, ...]) -> Make:
    def make(z: np.ndarray) -> AbstractNoise:
        return law(1 + share(z[0] + 1), np.exp(z[1]), share(2 * z[2] - 3), along(z[3:], shape))

    return make


def plain_noises(shape: tuple[int, ...]) -> tuple[Part, ...]:
    """Noises of vectors and matrices of this shape."""
    k = int(np.prod(shape))
    return (
        Part("no noise", 0, lambda z: Noiseless()),
        Part("Gaussian noise", 1, lambda z: Gaussian(np.exp(z[0]))),
        Part("uneven Gaussian noise", k, lambda z: DiagonalGaussian(np.exp(2 * z).reshape(shape))),
        Part("two-point noise", 3 + k, _atoms(two_point, shape)),
        Part("three-point noise", 3 + k, _atoms(three_point, shape)),
        Part("Pareto noise", 3, lambda z: Pareto.of(
            1 + share(z[0] + 1), np.exp(z[1]), 1.05 + share(z[0] + 1) + np.exp(z[2] - 1))),
        Part("noise that moves with x", 2, lambda z: Ripple(Gaussian(np.exp(z[0])), np.exp(z[1]))),
    )  # fmt: skip


def worker_noises(d: int) -> tuple[Part, ...]:
    """Noises of each worker."""
    found = (
        Part("no noise", 0, lambda z: Noiseless()),
        Part("Gaussian noise", 1, lambda z: Gaussian(np.exp(z[0]))),
        Part("two-point noise", 3 + d, _atoms(two_point, (d,))),
        Part(
            "a pair of atoms", 1 + d, lambda z: Pair(1.0 + z[1:] - 0.3 * np.arange(d), share(z[0]))
        ),
    )
    three = Part("three atoms", 1, lambda z: Points(np.exp(z[0]) * 0.3**0.5 * ATOMS))
    return (*found, three) if d == 2 else found


def corner_noises(n: int) -> tuple[Part, ...]:
    """Noises of the corner of an n × n matrix."""

    def r(z: float) -> int:
        return 1 + round((n - 2) * share(z))

    return (
        Part("signs in a corner", 2, lambda z: CornerSign(np.exp(z[0]), r(z[1]))),
        Part("Gaussians in a corner", 2, lambda z: CornerGaussian(np.exp(z[0]), r(z[1]))),
        Part("a batch in a corner", 3, lambda z: BatchMean(
            CornerSign(np.exp(z[0]), r(z[1])), 1 + round(3 * share(z[2])))),
    )  # fmt: skip


def stack_noises(n: int, d: int) -> tuple[Part, ...]:
    """Noises of a stack of n agents, and two that move all of them at once."""

    def tied(law: Any) -> Make:
        def make(z: np.ndarray) -> AbstractNoise:
            way = (1.0 + snapped(z[3:])).reshape(n, d)
            way = way / max(float(np.linalg.norm(way)), 1e-9)
            return law(1 + share(z[0] + 1), np.exp(z[1]), share(2 * z[2] - 3), way)

        return make

    return (
        Part("no noise", 0, lambda z: Noiseless()),
        Part("noise of equal agents", 1, lambda z: PerEntry(np.exp(z[0]))),
        Part("noise of unequal agents", n,
             lambda z: PerEntry(np.exp(z[:, None]) * np.ones((n, d)))),
        Part("noise of unequal entries", d, lambda z: PerEntry(np.exp(z) * np.ones((n, d)))),
        Part("covariances of unequal agents", n * d * d,
             lambda z: PerAgent(np.eye(d) + z.reshape(n, d, d))),
        Part("two atoms for all agents", 3 + n * d, tied(two_point)),
        Part("three atoms for all agents", 3 + n * d, tied(three_point)),
    )  # fmt: skip


def made_of(own: Part) -> tuple[Part, ...]:
    """Noises made of another: the mean of a few draws, and with a ripple on top."""
    return (
        Part(f"a batch of {own.name}", own.size + 1, lambda z: BatchMean(
            own.make(z[:-1]), 1 + round(3 * share(z[-1])))),
        Part(f"a ripple on {own.name}", own.size + 1, lambda z: Ripple(
            own.make(z[:-1]), np.exp(z[-1]))),
    )  # fmt: skip
