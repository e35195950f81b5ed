"""What a user wrote that JAX differentiates in one direction alone."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.constants import Constants
from convergence.derivatives import along, slope_along, value_and_slope
from convergence.errors import InvalidInput
from convergence.laws import certificates
from convergence.moments.affine import analyse
from convergence.moments.tape import NotAffine
from convergence.noise import Gaussian
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.oracles import Oracle
from convergence.problems.base import AbstractProblem
from convergence.runner.experiment import Experiment
from convergence.theorems import SGDNonconvex


@jax.custom_vjp
def square(x: Any) -> Any:
    """½‖x‖², its rule as JAX's own pages write one: it works backward, and once."""
    return 0.5 * jnp.sum(x**2)


square.defvjp(lambda x: (square(x), x), lambda x, g: (g * x,))


class OneWay(AbstractProblem):
    """½‖x‖² by that rule."""

    quadratic: bool = False

    def value(self, x: Any) -> Any:
        return square(x)

    def grad(self, x: Any) -> Any:
        return jax.grad(square)(x)

    def start(self) -> Any:
        return jnp.ones(3)

    def constants(self) -> Constants:
        known = {"quadratic": True} if self.quadratic else {}
        return Constants(L=1.0, Delta=1.5, f_star=0.0, d=3, grad0=3**0.5, **known)


class Looped(AbstractProblem):
    """Σ log cosh(x_i), of which the gradient is the end of a loop of unknown length."""

    G: float = 3**0.5

    def value(self, x: Any) -> Any:
        return jnp.sum(jnp.log(jnp.cosh(x)))

    def grad(self, x: Any) -> Any:
        start = jnp.zeros_like(x), jnp.ones((), x.dtype)
        return jax.lax.while_loop(lambda c: c[1] > 0.3, lambda c: (jnp.tanh(x), c[1] / 2), start)[0]

    def start(self) -> Any:
        return jnp.ones(3)

    def constants(self) -> Constants:
        value, slope = 3 * np.log(np.cosh(1.0)), 3**0.5 * np.tanh(1.0)
        return Constants(L=1.0, G=self.G, Delta=value, f_star=0.0, d=3, grad0=slope)


class Potential(AbstractNoise):
    """N(0, I), with a potential ⟨ξ, x⟩ that works backward alone."""

    scale: float = 1.0

    def draw(self, x: Any, key: Any) -> Any:
        return jax.random.normal(key, x.shape, x.dtype)

    def potential(self, x: Any, key: Any) -> Any:
        xi = self.scale * self.draw(x, key)
        return square(x + xi) - square(x) - square(xi)

    def constants(self, shape: Any) -> Constants:
        return Constants(sigma=3**0.5)


def test_what_goes_backward_alone_is_told_in_a_sentence():
    x = jnp.arange(3.0)
    with pytest.raises(InvalidInput, match=r"Got a name .* backward alone .*jax\.custom_jvp"):
        along(square, x, x, "a name")
    with pytest.raises(InvalidInput, match=r"Got OneWay\.grad with a derivative"):
        certificates(OneWay(), Noiseless())
    with pytest.raises(TypeError, match="unsupported"):  # another fault is told as it is
        along(lambda y: y + {}, x, x, "a name")


def test_slopes_are_found_whichever_way_is_open():
    x, v = jnp.arange(3.0), jnp.array([1.0, -2.0, 0.5])
    assert float(slope_along(square, x, v)) == pytest.approx(float(x @ v))
    problem = Looped()

    def steep(x: Any) -> Any:
        g = problem.grad(x)
        return jnp.sum(g**2), 2 * g

    with pytest.raises(ValueError, match="Reverse-mode"):
        jax.grad(lambda x: steep(x)[0])(x)
    value, more, slope = value_and_slope(steep, x)
    assert float(value) == pytest.approx(float(jnp.sum(jnp.tanh(x) ** 2)))
    assert np.allclose(more, 2 * jnp.tanh(x))
    assert np.allclose(slope, 2 * jnp.tanh(x) * (1 - jnp.tanh(x) ** 2))


def test_a_gradient_from_a_loop_is_climbed_like_any_other():
    assert certificates(Looped(), Noiseless()) == []
    (fault,) = certificates(Looped(G=1.4), Noiseless())  # the start has 1.32
    assert fault.name == "G"


def test_a_potential_that_works_backward_alone_is_looked_at():
    assert not [f for f in certificates(Looped(), Potential()) if f.name == "potential"]
    found = certificates(Looped(), Potential(scale=1.5))
    assert "potential" in [f.name for f in found]


def test_exact_moments_of_what_goes_backward_alone_are_none():
    problem = OneWay(quadratic=True)
    oracle = Oracle(problem, Gaussian(sigma=1.0))
    c = problem.constants() | oracle.noise.constants((3,))
    method = SGDNonconvex(scale=0.1).prescribe(c, 4)
    with pytest.raises(NotAffine, match="derivatives backward alone; use its simulation"):
        analyse(Experiment(problem, oracle, method))
