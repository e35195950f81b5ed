"""Lies that no chance point or direction shows: names are looked at where they are tight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.constants import Constants
from convergence.laws.noises import noise_faults
from convergence.laws.problems import problem_faults
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.attention import three_tokens, two_inputs
from convergence.problems.double_well import double_well
from convergence.problems.nonconvex import Welsch, log_cosh
from convergence.problems.pairs import random_pairs
from convergence.problems.quadratic import Isotropic
from tests.certificates.liars import Said
from tests.certificates.test_certificates import ALIKE, lying


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


def named(found: Any) -> set[str]:
    return {fault.name for fault in found} - {"three_tokens"}  # which a subclass cannot certify


# The largest ‖∇²f‖ by 4 million points, the best of them moved about thirty times.
STEEPEST = {"three tokens": (three_tokens(1.0), 0.5212), "two inputs": (two_inputs(), 0.6254)}


@pytest.mark.parametrize("name", STEEPEST)
def test_a_curvature_that_is_found_uphill_alone(name: str) -> None:
    problem, true = STEEPEST[name]
    for share in (0.9, 0.8, 0.5):
        assert named(problem_faults(lying(problem, L=share * true))) == {"L"}
    assert not named(problem_faults(lying(problem, L=1.01 * true)))


def test_half_of_an_L_that_is_not_attained_is_no_lie() -> None:
    """What is proved of these problems is more than twice what is so."""
    wells = double_well(graphs.ring(5))
    bend = jax.vmap(jax.grad(jax.grad(wells.wells)))(jnp.linspace(-6.0, 6.0, 20_001))
    assert float(jnp.abs(bend).max()) < 0.5 * wells.constants().L
    known = {type(wells).__name__: (wells, float(jnp.abs(bend).max())), **STEEPEST}
    for problem, true in known.values():
        half = 0.5 * problem.constants().L
        assert true < half
        assert not named(problem_faults(lying(problem, L=half)))


@pytest.mark.parametrize("problem", [Welsch([1.0, 2.0, 0.3]), two_inputs()], ids=["Welsch", "head"])
def test_a_least_curvature_that_is_found_downhill_alone(problem: Any) -> None:
    for mu, said in ((-0.44, {"mu"}), (-0.7, set[str]())):
        assert named(problem_faults(lying(problem, mu=mu))) == said


def test_a_right_class_of_ones_own_is_not_accused_uphill() -> None:
    for problem in (log_cosh([1.0, -2.0]), Welsch([3.0, 0.1]), Isotropic([1.0, 2.0])):
        assert not problem_faults(lying(problem))


@pytest.mark.parametrize("d", [5, 20])
def test_losses_that_come_near_each_other_on_one_way_alone(d: int) -> None:
    pairs = random_pairs(3, d, r=0.2)
    least = float(pairs.constants().delta_least)
    assert not problem_faults(lying(pairs))
    for share in (1.02, 2.0):
        assert named(problem_faults(lying(pairs, delta_least=share * least))) == {"delta_least"}


class Turning(Said):
    """√2 sin(3x_d + φ) e_1, φ uniform: it moves with x_d alone, three times as fast."""

    def draw(self, x: Any, key: Any) -> Any:
        phase = jax.random.uniform(key, (), x.dtype, maxval=2 * jnp.pi)
        return jnp.zeros_like(x).at[0].set(2**0.5 * jnp.sin(3 * x[-1] + phase))

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(
            sigma=1.0, symmetric=True, additive=False, light_tailed=True, noise_lipschitz=3.001
        )


@pytest.mark.parametrize("d", [2, 20])
def test_noise_that_moves_along_one_way_alone(d: int) -> None:
    noise = Turning()
    assert not noise_faults(noise, np.ones(d))
    assert named(noise_faults(lying(noise, noise_lipschitz=2.7), np.ones(d))) == {"noise_lipschitz"}


@pytest.mark.parametrize(
    "name", ["ball", "delta_least", "modes", "zeta_all", "mu_saddle", "box_R", "mu_star", "gaps"]
)
def test_a_name_that_is_looked_at_beside_another_is_not_believed_alone(name: str) -> None:
    liar = lying(Isotropic([1.0, 2.0]), **{name: np.ones(2) if name in ("modes", "gaps") else 0.5})
    assert [str(f) for f in problem_faults(liar) if f.name == name and f.true is None]


def test_modes_are_held_against_what_they_are_made_of() -> None:
    true = np.asarray(ALIKE.constants().modes)
    for share in (0.9, 1.1):
        assert "modes" in named(problem_faults(lying(ALIKE, modes=share * true)))
