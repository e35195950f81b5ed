"""Families of admissible instances, each a map from Rᵏ: what `falsify` searches.

Quadratics belong to every class of convex smooth functions, and so do piecewise ones, which may
trap what is fast on quadratics; the separable ones are nonconvex or of bounded gradient. Constants
are in closed form. At z = 0 an instance is plain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.heavy import Pareto
from convergence.noise.two_point import three_point, two_point
from convergence.problems.base import AbstractProblem
from convergence.problems.in_turn import LossesInTurn
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.nonconvex import Separable
from convergence.problems.piecewise import PiecewiseQuadratic
from convergence.problems.quadratic import Quadratic

Instance = tuple[AbstractProblem, AbstractNoise]


class Instances(NamedTuple):
    """`make(z)` is an `Instance` or a noise `Law` for every z ∈ Rᵏ, k = `size`; `noisy` if runs of
    it differ."""

    name: str
    size: int
    make: Callable[[np.ndarray], Any]
    noisy: bool


def families(shape: tuple[int, ...], sigma: float, p: float | None) -> tuple[Instances, ...]:
    """Problems of this shape under noises whose moment is near the given one.

    sigma = 0: no noise. p: the order of the moment for heavy tails, or None for a finite variance.
    """
    laws = noises(shape, sigma, p) if sigma > 0 else (("no noise", 0, lambda z: Noiseless()),)
    problems = (
        ("quadratics", *(vectors(shape[0]) if len(shape) == 1 else matrices(shape))),
        ("separable functions", *separables(shape)),
        ("piecewise quadratics", *piecewise(shape)),
    )
    return tuple(
        Instances(
            f"{problem} under {name}",
            count + more,
            lambda z, make=make, law=law, count=count: (make(z[:count]), law(z[count:])),
            sigma > 0,
        )
        for problem, count, make in problems
        for name, more, law in laws
    )


def curvatures(z: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1), zero where z ≤ −1: directions in which f is flat occur."""
    return np.maximum(np.tanh(1.0 + z), 0.0)


def vectors(d: int) -> tuple[int, Callable[[np.ndarray], AbstractProblem]]:
    """½ xᵀ Q diag(h) Qᵀ x: h, the Cayley transform Q of a skew abᵀ − baᵀ, the start, the scale."""

    def make(z: np.ndarray) -> AbstractProblem:
        h, a, b, start, (size, L) = (*np.split(z[: 4 * d], 4), z[4 * d :])
        skew = np.outer(a, b) - np.outer(b, a)
        Q = np.linalg.solve(np.eye(d) + skew, np.eye(d) - skew)
        return Quadratic((1.0 + start) * np.exp(size), np.exp(L) * curvatures(h), Q)

    return 4 * d + 2, make


def matrices(shape: tuple[int, ...]) -> tuple[int, Callable[[np.ndarray], AbstractProblem]]:
    """½ Σ H_ij X_ij² with H of rank one, X_0 of rank one plus a diagonal."""
    m, n = shape

    def make(z: np.ndarray) -> AbstractProblem:
        a, b, u, v, (size, L) = np.split(z, np.cumsum([m, n, m, n]))
        H = np.exp(L) * np.outer(curvatures(a), curvatures(b))
        return EntryQuadratic(np.exp(size) * (np.eye(m, n) + np.outer(u, v)), H)

    return 2 * (m + n) + 2, make


def separables(shape: tuple[int, ...]) -> tuple[int, Callable[[np.ndarray], AbstractProblem]]:
    """½c w² + a(1 − cos(w/l)) + b k log cosh(w/k) in every entry; c and a are often 0, so that
    the gradient is bounded or f convex."""
    d = int(np.prod(shape))

    def make(z: np.ndarray) -> AbstractProblem:
        start, (size, c, a, l, b, k) = z[:d].reshape(shape), z[d:]
        full = dict(
            c=max(0.0, np.tanh(c)), a=max(0.0, np.sinh(a)), l=np.exp(l), b=np.exp(b),
            k=np.exp(k), L_h=0.0, r=0.0,
        )  # fmt: skip
        given = {name: np.full(shape, float(v)) for name, v in full.items()}
        return Separable((1.0 + start) * np.exp(size), **given)

    return d + 6, make


def losses(problem: AbstractProblem) -> tuple[Instances, ...]:
    """As many linear losses in turn, for claims about such."""
    if not isinstance(problem, LossesInTurn):
        return ()

    def make(z: np.ndarray) -> Instance:
        return LossesInTurn(1.0 + z), Noiseless()

    return (Instances("losses in turn", problem.n, make, False),)


PIECES = 4


def piecewise(shape: tuple[int, ...]) -> tuple[int, Callable[[np.ndarray], AbstractProblem]]:
    """Convex functions whose curvature takes a few values in every entry, often the extreme ones:
    on them a method cannot tell which quadratic it is on."""
    d = int(np.prod(shape))

    def make(z: np.ndarray) -> AbstractProblem:
        start, (size, L, mu), knots, slopes = np.split(z, [d, d + 3, d + 2 + PIECES])
        least = 10.0 ** -np.clip(1.0 + mu, 0.0, 4.0)
        share = np.clip(0.5 + slopes, 0.0, 1.0)
        where = np.cumsum(np.exp(knots)) - 0.5  # most knots lie on the side of the start
        return PiecewiseQuadratic(
            (2.0 + start.reshape(shape)) * np.exp(size),
            where * np.exp(size),
            np.exp(L) * (least + (1.0 - least) * share),
        )

    return d + 2 + 2 * PIECES, make


def noises(
    shape: tuple[int, ...], sigma: float, p: float | None
) -> tuple[tuple[str, int, Callable[[np.ndarray], AbstractNoise]], ...]:
    """Laws of a certified moment, the first entry of z its logarithm relative to sigma."""

    def spread(z: np.ndarray) -> np.ndarray:
        """Weights that may differ by orders from row to row and from column to column."""
        rows = np.exp(1.5 * z[: shape[0]])
        weights = rows if len(shape) == 1 else np.outer(rows, np.exp(1.5 * z[shape[0] :]))
        return weights / weights.sum()

    def gaussian(z: np.ndarray) -> AbstractNoise:
        return DiagonalGaussian((sigma * np.exp(z[0])) ** 2 * spread(z[1:]))

    def along(z: np.ndarray) -> np.ndarray:
        direction = np.ones(shape[0]) + z[: shape[0]]
        if len(shape) == 2:
            direction = np.diag(direction) @ np.eye(*shape) + np.outer(z[: shape[0]], z[shape[0] :])
        return direction / max(float(np.linalg.norm(direction)), 1e-12)

    def chance(z: float) -> float:
        return float(0.5 / (1.0 + np.exp(-2.0 * z)) + 1e-3) if z < 0 else 0.25 + 0.25 * np.tanh(z)

    def atoms(make: Any) -> Callable[[np.ndarray], AbstractNoise]:
        return lambda z: make(p or 2.0, sigma * np.exp(z[0]), chance(z[1]), along(z[2:]))

    def pareto(z: np.ndarray) -> AbstractNoise:
        order = float(p or 2.0)
        return Pareto(order + 0.05 + np.exp(z[1] - 1), sigma * np.exp(z[0]) / 3, order)

    k = sum(shape)
    first: Any = ("Gaussian noise", 1 + k, gaussian) if p is None else ("Pareto noise", 2, pareto)
    return (
        first,
        ("three-point noise", 2 + k, atoms(three_point)),
        ("two-point noise", 2 + k, atoms(two_point)),
    )
