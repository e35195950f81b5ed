"""Functions that laws ask optimizers about: value, gradient and diagonal curvature on the host.

An iterate is a list of arrays, as an optimizer of several parameters sees it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Arrays = list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Function:
    """f_t: what the optimizer is told at step t = 0, 1, … and iterate x.

    value(t, x) is a number, grad(t, x) a list of arrays like x, in which None means that this
    parameter got no gradient, and curvature(t, x) the diagonal of the Hessian.
    """

    value: Callable[[int, Arrays], float]
    grad: Callable[[int, Arrays], list[Any]]
    curvature: Callable[[int, Arrays], Arrays] = lambda t, x: [np.zeros_like(v) for v in x]


def sequence(gradients: Callable[[int], Sequence[Any]]) -> Function:
    """f_t(x) = ⟨g_t, x⟩ + 100: gradients that do not depend on x, and values that stay positive
    for a while, as steps that are computed from f(x) − f* want them."""

    def value(t: int, x: Arrays) -> float:
        pairs = zip(gradients(t), x)
        return 100.0 + float(sum(np.real(np.vdot(g, v)) for g, v in pairs if g is not None))

    return Function(value, lambda t, x: list(gradients(t)))


def linear(*g: Any) -> Function:
    """f(x) = ⟨g, x⟩ + 100."""
    return sequence(lambda t: g)


def quadratic(h: Sequence[Any], a: Sequence[Any] | None = None) -> Function:
    """f(x) = ½ Σ h_i (x_i − a_i)²."""
    a = [0.0] * len(h) if a is None else a

    def value(t: int, x: Arrays) -> float:
        return float(sum((k * (v - b) ** 2).sum() / 2 for k, v, b in zip(h, x, a)))

    return Function(
        value,
        lambda t, x: [k * (v - b) for k, v, b in zip(h, x, a)],
        lambda t, x: [k + np.zeros_like(v) for k, v in zip(h, x)],
    )


def scaled(f: Function, c: float) -> Function:
    """c f."""
    return Function(
        lambda t, x: c * f.value(t, x),
        lambda t, x: [None if g is None else c * g for g in f.grad(t, x)],
        lambda t, x: [c * h for h in f.curvature(t, x)],
    )


def derivative(slope: Callable[[np.ndarray], np.ndarray]) -> Function:
    """A function on the line, known by its derivative; the value is that of a trapezoid rule."""

    def value(t: int, x: Arrays) -> float:
        at = np.linspace(0.0, float(x[0].ravel()[0]), 2001)
        return float(np.trapezoid(slope(at), at))

    return Function(value, lambda t, x: [slope(v) for v in x])


def draws(shapes: Sequence[tuple[int, ...]], T: int, seed: int = 0) -> list[Arrays]:
    """T lists of gradients whose entries are away from 0: ±(½ + uniform on [0, 1])."""
    rng = np.random.default_rng(seed)
    return [[rng.choice([-1.0, 1.0], s) * (0.5 + rng.random(s)) for s in shapes] for _ in range(T)]
