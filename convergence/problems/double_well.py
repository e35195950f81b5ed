"""A sharp and a flat minimum on a line, tilted differently at each agent."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.graphs import check_mixing
from convergence.problems.agents import eigen
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


class DoubleWell(AbstractProblem):
    """J(w) = −log(e^{−sharp (w+1)²/2} + e^{−flat (w−1)²/2}); agent k adds the tilt −b_k w.

    The tilts b sum to zero, so that (1/n)Σ f_k = J. The value of a stack is Σ_k J(x_k) − b_k x_k.
    Every agent starts at −1, in the sharp well.
    L = max(sharp, flat) + 2(sharp − flat) max(m, e^{m−1}), m = −min u with u = sharp(w+1)²/2 −
    flat(w−1)²/2. Proof: J'' = E_π h − π(1 − π) u'², π(1 − π) ≤ e^{−|u|}, u'² = 2(sharp − flat)
    (u + m), and (u + m)e^{−|u|} ≤ max(m, e^{m−1}).
    """

    W: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real)
    sharp: Reals = eqx.field(converter=real, default=8.0)
    flat: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        if not isinstance(self.W, np.ndarray):
            return
        check_mixing(self.W)
        tilt = abs(float(np.sum(self.b)))
        require(
            np.shape(self.b) == (len(self.W), 1)
            and tilt <= 1e-9 * (1 + float(np.max(np.abs(self.b)))),
            f"tilts of shape {np.shape(self.b)} with sum {tilt:.2g}",
            "one an agent, (n, 1), with Σ b = 0",
            "subtract their mean",
        )
        require(
            float(self.sharp) > float(self.flat) > 0,
            f"curvatures {float(self.sharp):g} and {float(self.flat):g}",
            "sharp > flat > 0",
            "swap them",
        )

    def wells(self, w: Any) -> Any:
        """J, entrywise."""
        return -jnp.logaddexp(-0.5 * self.sharp * (w + 1) ** 2, -0.5 * self.flat * (w - 1) ** 2)

    def value(self, x: Iterate) -> Scalar:
        return jnp.sum(self.wells(x) - self.b * x)

    def start(self) -> Iterate:
        return -jnp.ones((len(self.W), 1))

    def constants(self) -> Constants:
        s, f = float(self.sharp), float(self.flat)
        w0 = -(s + f) / (s - f)
        m = 0.5 * f * (w0 - 1) ** 2 - 0.5 * s * (w0 + 1) ** 2
        slope = -2 * f / (1 + np.exp(2 * f)) - np.asarray(self.b)  # J'(−1) − b_k
        return Constants(
            agents=len(self.W), W=np.asarray(self.W), lam=eigen(self.W)[0],
            grad0=float(np.linalg.norm(slope)), **shape_constants((len(self.W), 1)),
            L=float(max(s, f) + 2 * (s - f) * max(m, np.exp(m - 1))),
        )  # fmt: skip


def double_well(W: Any, het: float = 3.0, sharp: float = 8.0, flat: float = 1.0) -> DoubleWell:
    """Tilts b = het √n u₂ along the slowest mode of W."""
    slow = eigen(W)[1][:, 1:2]
    return DoubleWell(W, het * len(slow) ** 0.5 * (slow - slow.mean()), sharp, flat)
