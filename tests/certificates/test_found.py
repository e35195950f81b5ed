"""What the cross-examination found, and what is asked of noise that moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates
from convergence.laws.along import muted, valueless
from convergence.laws.noises import noise_faults
from convergence.laws.problems import problem_faults
from convergence.metrics.pointwise import AbstractPointwise
from convergence.moments.affine import analyse
from convergence.moments.tape import NotAffine
from convergence.noise.agents import PerAgent
from convergence.noise.aligned import Aligned
from convergence.noise.coin import Coin
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Stable
from convergence.noise.matrix import BatchMean, CornerSign
from convergence.noise.pair import Points
from convergence.noise.ripple import Ripple
from convergence.oracles.base import Oracle
from convergence.oracles.finite_workers import Workers
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.problems.huber import Huber
from convergence.problems.nonconvex import Welsch, log_cosh, quad_cos
from convergence.problems.piecewise import PiecewiseQuadratic
from convergence.problems.quadratic import Isotropic
from convergence.problems.separable import RotatedSeparable, spiked
from convergence.problems.workers import WorkerQuadratics, random_workers
from convergence.runner.checks import check_step
from convergence.runner.experiment import Experiment
from convergence.theorems.classical.coordinates import GreedyCoordinateDescent
from convergence.theorems.classical.stochastic_laws import Sampled
from convergence.theorems.heavy_tailed.fatkhullin2025 import SGDHoelder
from tests.certificates.liars import Said
from tests.certificates.test_certificates import lying


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


def test_a_coordinate_of_a_matrix_is_one_entry() -> None:
    """One row was moved at a time, and not far enough."""
    problem = Isotropic(np.array([[1.0, 1.1], [0.3, -2.0]]))
    claim = Claim("c", GreedyCoordinateDescent(), problem, horizons=(64,))
    assert verify(claim).verdict is Verdict.CONSISTENT


def test_coins_that_fell_alike_under_two_keys_are_no_recursion() -> None:
    """A true law of sampling was refuted by the moments of one key."""
    pulls = [[1.0, -1.0], [-2.0, 0.0], [1.0, 1.0]]
    workers = WorkerQuadratics([3.0, -3.0], np.stack([np.eye(2)] * 3), pulls)
    claim = Exact("c", Sampled(), workers, oracle=Workers, horizons=(3,))
    with pytest.raises(NotAffine, match="randomness other than through its noise"):
        verify(claim)


def test_values_of_noise_that_moves_are_those_of_its_potential() -> None:
    """⟨ξ(x), x⟩ has another gradient than ξ(x): a method of values is not run on it."""

    class Moving(Said):
        def draw(self, x: Any, key: Any) -> Any:
            return jnp.cos(x + jax.random.uniform(key, x.shape))

    assert valueless(Moving(), Constants(additive=False))
    assert not valueless(Ripple(Gaussian(0.1)), Constants(additive=False))
    problem = Isotropic([1.0, 1.0])
    oracle = Oracle(problem, muted(Moving()))
    check_step(Experiment(problem, oracle, SGD(0.1)))
    with pytest.raises(InvalidInput, match="potential"):
        check_step(Experiment(problem, oracle, ZOSGD(0.1)))


@pytest.mark.parametrize("width", [1.0, 50.0, 1e5])
def test_what_is_affine_near_the_origin_alone_has_no_exact_moments(width: float) -> None:
    """A true bound was refuted by the moments of the bowl that Huber's function is there."""
    claim = Exact("c", SGDHoelder(), Huber(width, 2.2 * width), Gaussian(1.0), horizons=(128,))
    with pytest.raises(NotAffine, match="not affine in state and samples"):
        verify(claim)


class OneSided(Isotropic):
    """½ Σ max(x, 0)², whose gradient has no slope at 0."""

    def grad(self, x: Any) -> Any:
        return jnp.where(x > 0, x, 0.0)


class Cut(AbstractPointwise):
    """‖x‖², at most 99."""

    def at(self, problem: Any, state: Any) -> Any:
        return jnp.minimum(jnp.sum(state.x**2), 99.0)


def test_one_side_of_a_kink_and_a_metric_that_is_cut_are_no_quadratics() -> None:
    def run(problem: Any) -> Experiment:
        return Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1))

    with pytest.raises(NotAffine, match="not affine in state and samples"):
        analyse(run(OneSided([1.0])))
    found = analyse(run(Isotropic([1.0])))
    with pytest.raises(NotAffine, match="quadratic in the state"):
        found.expected(Cut(), [3])


@pytest.mark.parametrize(("noise", "batch"), [(1, 2), (1, 3), (1, 0), (4, 2), (4, 8), (2, 1)])
def test_a_false_batch_of_signs_is_named(noise: int, batch: int) -> None:
    """Signs are a mean of two, of four without a zero, …: by the law of their sum."""
    problem, signs = Counterexample.pure(6, 2, 0.5), BatchMean(CornerSign(0.5, 2), noise)
    assert not certificates(problem, signs)
    found = certificates(problem, lying(signs, batch=batch))
    assert {fault.name for fault in found} == {"batch"}, [str(fault) for fault in found]


def test_a_coin_that_is_handed_another_vector_gives_another_sample() -> None:
    coin = Coin(0.3, 1.0, 1.5)
    assert not noise_faults(coin, [2.0, -1.0, 0.5])
    (found,) = noise_faults(coin, [2.0, -1.0, 0.5], coin.constants((3,)).but(additive=True))
    assert found.name == "additive"


def test_what_any_radius_serves_is_not_accused() -> None:
    """Curvatures between 1 and 2, and constant ones."""
    for problem in (
        spiked(4, 0.1),
        RotatedSeparable([2.0, -1.0, 0.5], [1.0, 2.0, 3.0], shape="square"),
    ):
        assert not problem_faults(problem, problem.constants().but(radius=1e3))


@pytest.mark.parametrize("size", [1e-3, 1e-8, 1e-12])
def test_a_start_near_the_minimizer_is_not_accused(size: float) -> None:
    """Slopes of values that cancel to so little are seen over a stride that does not show it."""
    x0 = size * np.array([3.0, -2.0])
    near = [quad_cos(x0), Welsch(x0), Huber(1e-3, 3 * size), Huber(size, 1.0)]
    # The values of this one are differences of numbers of size 1.
    near += [log_cosh(x0)] if size >= 1e-3 else []
    for problem in near:
        assert not problem_faults(problem), type(problem)


@pytest.mark.parametrize("shape", [(2,), (4, 3), (50,)])
def test_moving_noise_is_looked_at_in_any_size(shape: tuple[int, ...]) -> None:
    noise = Ripple(Gaussian(0.1), 0.5)
    assert not noise_faults(noise, np.ones(shape))
    true = noise.constants(shape)
    found = noise_faults(noise, np.ones(shape), true.but(noise_lipschitz=0.2))
    assert {fault.name for fault in found} == {"noise_lipschitz"}


@pytest.mark.parametrize(
    ("name", "value", "true"), [("mu", 1.4, "= 1"), ("L", 20.0, "= 25"), ("mu", 1.0, "")]
)
def test_a_piece_between_points_that_are_seen(name: str, value: float, true: str) -> None:
    """Curvature 1 between 1 and 2, where neither a point that is drawn nor a step falls."""
    problem = lying(PiecewiseQuadratic([3.3], knots=[1, 2], slopes=[25, 1, 25]), **{name: value})
    found = [str(fault) for fault in problem_faults(problem) if fault.name == name]
    assert all(text.endswith(true) for text in found)
    assert bool(found) == bool(true), found


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_workers_that_part_far_off_the_most(share: float) -> None:
    """(1/n) Σ‖∇f_i‖² outgrows B²‖∇f‖² along one way only, and far off, where ζ_B is little; what is
    proved has a factor √2 to spare."""
    workers = random_workers(5, 3, seed=1)
    liar = lying(workers, B=share * float(workers.constants().B))
    assert [f.name for f in problem_faults(liar)] == (["zeta_B"] if share < 0.5**0.5 else [])


@pytest.mark.parametrize("shape", [(3,), (3, 5), (5, 3)])
def test_a_corner_that_the_iterate_does_not_have(shape: tuple[int, ...]) -> None:
    """Indices below 0 count from the other end, and a vector has none of them."""
    claim = Claim("c", SGDHoelder(0.5), Isotropic(np.ones(shape)), CornerSign(1.0, 4))
    with pytest.raises(InvalidInput, match="a matrix of at least 4 rows and columns"):
        verify(claim)


ROWS = Points(np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, -1.0]]))
OTHERS = [
    (ROWS, (5,), "not (2,)"),
    (ROWS, (3, 7), "not (2,)"),
    (ROWS, (4, 2), "not (2,)"),  # it would be spread over four rows
    (Stable(1.8, np.array([0.6, 0.8])), (4, 2), "not (2,)"),
    (PerAgent(np.ones((2, 3, 3))), (2, 2), "not ValueError"),
    (Aligned(), (3,), "not IndexError"),
    (Aligned(), (2, 2, 2), "not (1, 2, 2)"),
]


@pytest.mark.parametrize(("noise", "shape", "said"), OTHERS)
def test_samples_of_another_shape_than_the_iterate(noise: Any, shape: Any, said: str) -> None:
    claim = Claim("c", SGDHoelder(0.5), Isotropic(np.ones(shape)), noise)
    with pytest.raises(InvalidInput) as error:
        verify(claim)
    text = str(error.value)
    assert f"for an iterate of shape {shape}, but samples of that shape are needed, {said}" in text
    assert text.endswith("give its fields that shape, or take another noise.")
    assert "\n" not in text
