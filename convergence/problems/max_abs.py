"""A corner: the largest entry, whose subgradient shows one coordinate at a time."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, Scalar, Vector, real

APART = 1e-4  # of neighboring coordinates' starts, relative to their size


class MaxAbs(AbstractProblem):
    """f(x) = G max_i |x_i|, f* = 0 at 0, with the subgradient G sign(x_i) e_i of the first largest
    entry.

    Convex, and ‖∇f‖ = G wherever it exists; no L. A step from t + 1 entries of one size leaves t of
    them: whatever a method does with T steps, T + 1 entries keep f from falling.
    """

    x0: Reals = eqx.field(converter=real)
    G: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        shape = np.shape(self.x0)
        require(len(shape) == 1, f"x0 of shape {shape}", "a vector", "ravel it")
        require(float(self.G) > 0, f"G = {float(self.G):g}", "G > 0", "give a positive slope")

    @classmethod
    def corner(cls, count: int, size: float = 1.0, d: int | None = None) -> MaxAbs:
        """`count` entries of one size, less parts of 1e-4 that order them; 0 in the rest."""
        d = count if d is None else d
        require(1 <= count <= d, f"a corner of {count} of {d} entries", "1 ≤ count ≤ d", "raise d")
        return cls(np.pad(size * (1 - APART * np.arange(count)), (0, d - count)))

    def value(self, x: Vector) -> Scalar:
        return self.G * jnp.max(jnp.abs(x))

    def grad(self, x: Vector) -> Vector:
        first = jnp.arange(x.size) == jnp.argmax(jnp.abs(x))
        return self.G * jnp.where(first, jnp.sign(x), 0.0)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Vector:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x0, G = np.asarray(self.x0), float(self.G)
        top = float(np.max(np.abs(x0)))
        return Constants(
            L=float("inf"), G=G, Delta=G * top, f_star=0.0, x_star=0.0, d=x0.size,
            R=float(np.linalg.norm(x0)), grad0=G if top > 0 else 0.0, convex=True,
        )  # fmt: skip
