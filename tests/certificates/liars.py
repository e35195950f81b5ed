"""Classes of a user's own that certify what is false of them."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import Oracle
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import WorkerQuadratics
from convergence.shapes import Reals, real


class Own(AbstractProblem):
    """A function of |x_i|, added up, with constants of its own making."""

    x0: Reals = eqx.field(converter=real)
    lie: float = eqx.field(static=True, default=1.0)

    def one(self, x: Any) -> Any:
        raise NotImplementedError

    def value(self, x: Any) -> Any:
        return jnp.sum(self.one(x))

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def size(self) -> float:
        return float(np.linalg.norm(self.x0))

    def true(self) -> dict[str, Any]:
        x = self.start()
        return {"d": x.size, "grad0": float(jnp.linalg.norm(self.grad(x)))}


class Bowl(Own):
    """½‖x‖², said to be isotropic but not quadratic; R times `lie`."""

    def one(self, x: Any) -> Any:
        return 0.5 * x**2

    def constants(self) -> Constants:
        r = self.size()
        return Constants(
            L=1.0, Delta=r**2 / 2, f_star=0.0, R=self.lie * r, isotropic=True, **self.true()
        )


class Low(Own):
    """Σ log cosh, f* less by `lie`."""

    def one(self, x: Any) -> Any:
        return jnp.logaddexp(x, -x) - jnp.log(2.0)

    def f_star(self) -> float:
        return -self.lie

    def constants(self) -> Constants:
        top = float(self.value(self.start())) + self.lie
        return Constants(
            L=1.0, Delta=top, f_star=-self.lie, R=self.size(), convex=True, **self.true()
        )


class Strong(Low):
    """x²/2 + log cosh, f* less by `lie`."""

    def one(self, x: Any) -> Any:
        return 0.5 * x**2 + super().one(x)

    def constants(self) -> Constants:
        found = dict(super().constants())
        return Constants(**{k: v for k, v in found.items() if k != "R"} | {"L": 2.0, "mu": 1.0})


class Flat(Own):
    """Σ √(1 + x⁴) − 1, R times `lie`."""

    def one(self, x: Any) -> Any:
        return jnp.sqrt(1 + x**4) - 1

    def f_star(self) -> float:
        return 0.0

    def constants(self) -> Constants:
        top = float(self.value(self.start()))
        return Constants(
            L=3.1, Delta=top, f_star=0.0, R=self.lie * self.size(), convex=True, **self.true()
        )


class Wall(Own):
    """x²/2, and steeper by 20 beyond 60, where descents do not come."""

    def one(self, x: Any) -> Any:
        return 0.5 * x**2 + 10 * jnp.maximum(jnp.abs(x) - 60, 0.0) ** 2

    def f_star(self) -> float:
        return 0.0

    def constants(self) -> Constants:
        r = self.size()
        return Constants(L=1.0, Delta=r**2 / 2, f_star=0.0, **self.true())


class NoValley(Own):
    """|x_1 + 2x_2|/2 + |x_1 − x_2|."""

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.abs(x[0] + 2 * x[1]) + jnp.abs(x[0] - x[1])

    def constants(self) -> Constants:
        return Constants(d=2, x0=np.asarray(self.x0), f_star=0.0, valley=True, convex=True)


class OtherStar(Isotropic):
    """f_star() is not what it certifies."""

    def f_star(self) -> float:
        return -1.0


class NotUnit(WorkerQuadratics):
    """Hessians that are not I."""

    def constants(self) -> Constants:
        return super().constants().but(unit=True)


class NotOpposed(WorkerQuadratics):
    """Not the three workers of `opposed_workers`."""

    def constants(self) -> Constants:
        return super().constants().but(opposed=True)


class NotMonotone(AbstractProblem):
    """x²e^{−x²}/2 + xy − y²/2: convex in x near 0 alone."""

    z0: Reals = eqx.field(converter=real)

    def value(self, x: Any) -> Any:
        a, b = x
        return 0.5 * a**2 * jnp.exp(-(a**2)) + a * b - 0.5 * b**2

    def start(self) -> Any:
        return jnp.asarray(self.z0)

    def x_star(self) -> Any:
        return jnp.zeros(2)

    def constants(self) -> Constants:
        way = float(np.linalg.norm(self.z0))
        return Constants(L=3.0, d=2, split=1, saddle=np.zeros(2), R_saddle=way, mu_saddle=0.0)


class Said(AbstractNoise):
    """A noise that certifies independent entries of variance 1."""

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(
            sigma=float(np.prod(shape)) ** 0.5, symmetric=True, additive=True, light_tailed=True
        )


class TwiceItsAtoms(Said):
    """±2, its atoms ±1."""

    def draw(self, x: Any, key: Any) -> Any:
        return 2.0 * jax.random.rademacher(key, x.shape, x.dtype)

    def atoms(self, shape: tuple[int, ...]) -> Any:
        return np.array([0.5, 0.5]), np.array([[1.0], [-1.0]])


class OtherAtoms(Said):
    """Uniform of variance 1, its atoms ±1."""

    def draw(self, x: Any, key: Any) -> Any:
        return jax.random.uniform(key, x.shape, x.dtype, -(3**0.5), 3**0.5)

    def atoms(self, shape: tuple[int, ...]) -> Any:
        return np.array([0.5, 0.5]), np.array([[1.0], [-1.0]])


class TwiceItsRoot(Said):
    """N(0, 4I), said to be N(0, I)."""

    normal = True

    def draw(self, x: Any, key: Any) -> Any:
        return 2.0 * jax.random.normal(key, x.shape, x.dtype)

    def of_unit(self, unit: Any) -> Any:
        return unit


class NotNormal(Said):
    """Signs, said to be normal: one variance and another law."""

    normal = True

    def draw(self, x: Any, key: Any) -> Any:
        return jax.random.rademacher(key, x.shape, x.dtype)

    def of_unit(self, unit: Any) -> Any:
        return unit


class OneForAll(Said):
    """One draw for all agents, said to be independent ones."""

    def draw(self, x: Any, key: Any) -> Any:
        return jnp.broadcast_to(jax.random.normal(key, x.shape[1:], x.dtype), x.shape)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape) | {"independent": True, "equal_noise": True}


class NotTwoPoint(AbstractNoise):
    """A corner times a uniform number, said to be a sign."""

    def draw(self, x: Any, key: Any) -> Any:
        m, n = x.shape
        corner = np.zeros((m, n))
        corner[np.arange(m - 4, m), np.arange(n - 4, n)] = 1.0
        return jax.random.uniform(key, (), x.dtype, -(3**0.5), 3**0.5) * jnp.asarray(corner)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(
            sigma=2.0, corner=1.0, corner_rank=4, two_point=True, batch=1, symmetric=True,
            additive=True, light_tailed=True,
        )  # fmt: skip


class Loud(Oracle):
    """Three times its noise."""

    def grad(self, x: Any, key: Any) -> Any:
        return self.problem.grad(x) + 3 * self.noise.draw(x, key)


class Halved(Oracle):
    """Half the gradient."""

    def grad(self, x: Any, key: Any) -> Any:
        return 0.5 * self.problem.grad(x) + self.noise.draw(x, key)


class OtherValues(Oracle):
    """Values of which its gradients are not the slopes."""

    def value(self, x: Any, key: Any) -> Any:
        return 2 * super().value(x, key)
