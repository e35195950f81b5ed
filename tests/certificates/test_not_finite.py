"""What is not finite hides no fault, and an instance that can be called is one all the same."""

import jax.numpy as jnp
import pytest

from convergence import Claim, Verdict, verify
from convergence.laws import certificates
from convergence.noise import Noiseless, Pareto
from convergence.precision import precision
from convergence.problems import Huber, Isotropic
from convergence.theorems import GradientDescentConvex


class Half(Isotropic):
    """Its gradient is false, and beyond the start it is none."""

    def grad(self, x):
        return jnp.where(x > self.x0 * (1 + 1e-9), jnp.nan, 1.01 * super().grad(x))


def test_a_slope_without_a_value_hides_no_false_one():
    with precision("float64"):
        found = certificates(Half([1.0]), Noiseless())
    assert any(fault.name == "∇f" for fault in found)


class Tame(Pareto):
    """Certifies a variance that is infinite."""

    def constants(self, shape):
        return super().constants(shape) | {"sigma": 1.0}


@pytest.mark.parametrize("beta", [1.4, 1.9])
def test_no_finite_sigma_stands_where_the_tail_has_none(beta: float):
    with precision("float64"):
        found = certificates(Isotropic([1.0]), Tame.of(1.2, 1.0, beta=beta))
    assert any(fault.name == "sigma" for fault in found)


class Called(Huber):
    """A problem that is its own function."""

    def __call__(self, x):
        return self.value(x)


def test_an_instance_that_can_be_called_is_no_function_of_the_horizon():
    claim = Claim("called", GradientDescentConvex(), Called(1 / 9), Noiseless(), horizons=(4,))
    assert not claim.varies
    report = verify(claim)
    assert report.verdict is Verdict.CONSISTENT, report.reason
