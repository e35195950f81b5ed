"""Linear losses that come in turn, on an interval: where methods that adapt may climb."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Matrix, Reals, Scalar, real


class LossesInTurn(AbstractProblem):
    """f = (1/n) Σ f_i on [−1, 1], f_i(x) = c_i x, from 0.

    L = 0. The least value is −|c̄|, c̄ the mean of c, at −sign(c̄); G = max |c_i|.
    """

    c: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        c = np.asarray(self.c)
        require(
            c.ndim == 1 and bool(np.all(np.isfinite(c))) and c.size > 0,
            f"slopes {c}",
            "a list of numbers, one a loss",
            "give the slopes in the order in which they come",
        )

    @property
    def n(self) -> int:
        """How many losses."""
        return int(np.shape(self.c)[0])

    def value(self, x: Iterate) -> Scalar:
        return jnp.mean(jnp.asarray(self.c)) * jnp.sum(x)

    def grad(self, x: Iterate) -> Iterate:
        return jnp.mean(jnp.asarray(self.c)) + jnp.zeros_like(x)

    def grads(self, x: Iterate) -> Matrix:
        """(n, 1) the slopes."""
        return jnp.asarray(self.c)[:, None] + jnp.zeros_like(x)

    def start(self) -> Iterate:
        return jnp.zeros(1)

    def constants(self) -> Constants:
        c = np.asarray(self.c)
        mean = float(c.mean())
        given: dict[str, Any] = dict(
            box_low=-1.0, box_high=1.0, box_star=np.array([-np.sign(mean)]), box_least=-abs(mean),
            box_Delta=abs(mean), box_R=float(mean != 0), box_D=2.0,
        )  # fmt: skip
        return Constants(
            L=0.0,
            mu=0.0,
            convex=True,
            quadratic=True,
            agents=c.size,
            turns=c,
            d=1,
            grad0=abs(mean),
            **given,
        )
