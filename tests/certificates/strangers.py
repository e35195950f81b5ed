"""Classes of a user's, whose certificates are false where few look."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms import SGD
from convergence.algorithms.base import State
from convergence.constants import Constants
from convergence.noise import AbstractNoise
from convergence.problems import AbstractProblem
from convergence.problems.attention import Attention
from convergence.problems.gated import GatedLeastSquares
from convergence.shapes import Reals, real


class Backwards(SGD):
    """SGD along the gradient in reverse, which respects no zero."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> State:
        return State(state.x - self.eta * oracle.grad(state.x, key)[::-1])


class Low(GatedLeastSquares):
    """A smoothness that is too small."""

    def smoothness(self, v: Any) -> Any:
        return 0.3 * super().smoothness(v)


class Less(Attention):
    """A loss that is not that of its gradient."""

    def log_gap(self, x: Any) -> Any:
        return super().log_gap(x) - 5.0


class Nearly(AbstractProblem):
    """½(1 + 9·10⁻⁸)‖x‖² with L = 1."""

    x0: Reals = eqx.field(converter=real)

    def value(self, x: Any) -> Any:
        return 0.5 * (1 + 9e-8) * jnp.sum(x**2)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        square, a = float(np.sum(np.asarray(self.x0) ** 2)), 1 + 9e-8
        return Constants(
            L=1.0, mu=1.0, Delta=0.5 * a * square, f_star=0.0, grad0=a * square**0.5,
            d=np.size(self.x0), R=square**0.5, x_star=0 * np.asarray(self.x0), convex=True,
        )  # fmt: skip


class Bump(AbstractProblem):
    """x²/4 and a narrow bump at a: of the slope, or of the value where `top`."""

    x0: Reals = eqx.field(converter=real)
    a: Reals = eqx.field(converter=real)
    top: bool = eqx.field(static=True, default=False)

    def value(self, x: Any) -> Any:
        u = (x - self.a) / 1e-4
        bump = 100 * jnp.exp(-(u**2)) if self.top else -1e-3 * jnp.exp(-((u - 0.5) ** 2))
        return jnp.sum(0.25 * x**2 + bump)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x = float(np.asarray(self.x0)[0])
        return Constants(
            L=1.0, mu=0.5, convex=True, R=abs(x), f_star=0.0, x_star=np.zeros(1),
            Delta=0.25 * x * x, grad0=0.5 * abs(x), d=1,
        )  # fmt: skip


class Terms(AbstractProblem):
    """f_1, f_2 = x²/2 ± a bump beside ½, which their mean does not show."""

    x0: Reals = eqx.field(converter=real)
    n = 2

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.sum(x**2)

    def grads(self, x: Any) -> Any:
        bump = 0.3 * jnp.exp(-(((x - 0.5) / 1e-3) ** 2))
        return jnp.stack([x + bump, x - bump])

    def f_star(self) -> float:
        return 0.0

    def x_star(self) -> Any:
        return jnp.zeros(1)

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        return Constants(
            L=1.0, mu=1.0, L_max=1.0, agents=2, all_convex=True, zeta=0.0, R=1.0,
            x_star=np.zeros(1), f_star=0.0, Delta=0.5, grad0=1.0, d=1, convex=True,
        )  # fmt: skip


class Blind(Bump):
    """Without its minimizer."""

    def constants(self) -> Constants:
        return Constants(L=1.0, mu=0.5, convex=True, R=0.9, f_star=0.0, Delta=0.25, grad0=0.5, d=1)


class Hidden(AbstractNoise):
    """Loud within 10⁻³ of a."""

    a: Reals = eqx.field(converter=real)

    def draw(self, x: Any, key: Any) -> Any:
        size = jnp.where(jnp.abs(x - self.a) < 1e-3, 1e3, 1e-6)
        return size * jax.random.rademacher(key, x.shape, x.dtype)

    def constants(self, shape: Any) -> Constants:
        return Constants(sigma=1e-6, symmetric=True, additive=False, light_tailed=True)
