"""Instances that trap a heavy ball: their numbers, and the search that finds them unaided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.claims.base import Claim
from convergence.errors import InvalidInput
from convergence.laws import problem_laws
from convergence.oracles.finite_workers import Workers
from convergence.problems.in_turn import LossesInTurn
from convergence.problems.piecewise import PiecewiseQuadratic
from convergence.problems.polygon import Polygon
from convergence.problems.quadratic import Isotropic
from convergence.registry.classical.false import LESSARD, TRIANGLE
from convergence.search.falsify import falsify
from convergence.theorems.adaptive.losses import AdamInTurn, AMSGradInTurn
from convergence.theorems.classical.lessard2016 import PolyakStronglyConvex, polyak


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def walk(problem: Any, eta: float, beta: float, steps: int, start: Any = None) -> np.ndarray:
    """(steps + 1, d): the heavy ball from x_{−1} = x_0, or from two given points."""
    last, x = (problem.start(),) * 2 if start is None else map(jnp.asarray, start)
    grad, found = jax.jit(lambda x: problem.grad(x)), [x]
    for _ in range(steps):
        last, x = x, x - eta * grad(x) + beta * (x - last)
        found.append(x)
    return np.array(found)


def test_a_piecewise_quadratic_is_what_its_pieces_say():
    x = jnp.asarray([-3.0, -0.5, 0.5, 1.5, 3.0])
    found = PiecewiseQuadratic(x, [1.0, 2.0], [25.0, 1.0, 25.0]).grad(x)
    np.testing.assert_allclose(found, [-75.0, -12.5, 12.5, 25.5, 51.0], rtol=1e-15)
    two_sided = PiecewiseQuadratic(np.reshape([1.0, -2.0, 0.3, -4.0], (2, 2)),
                                   [-3.0, -1.0, 0.0, 0.5], [2.0, 1.0, 0.0, 3.0, 0.5])  # fmt: skip
    assert not problem_laws(two_sided)
    for knots, slopes in (([2.0, 1.0], [1.0, 1.0, 1.0]), ([1.0], [1.0, -1.0]), ([1.0], [1.0])):
        with pytest.raises(InvalidInput):
            PiecewiseQuadratic([1.0], knots, slopes)


def test_lessards_cycle():
    method = polyak(LESSARD.constants())
    assert float(method.eta) == pytest.approx(1 / 9, abs=1e-15)
    assert float(method.beta) == pytest.approx(4 / 9, abs=1e-15)
    path = walk(LESSARD, 1 / 9, 4 / 9, 300)[-3:, 0]
    # The three points to the printed digits, whichever comes first.
    np.testing.assert_allclose(sorted(path), [-1.802449, 0.646531, 2.115918], atol=5e-7)
    started = PiecewiseQuadratic([2.5], [1.0, 2.0], [25.0, 1.0, 25.0])
    assert abs(walk(started, 1 / 9, 4 / 9, 300)[-1, 0]) < 1e-12  # many starts go to 0


@pytest.mark.parametrize(
    ("K", "kappa"), [(3, 9 - 4 * 5**0.5), (4, 0.0395661), (5, 0.0227968)], ids=str
)
def test_cycles_of_polyaks_rule_and_where_they_begin(K: int, kappa: float):
    def cycle(kappa: float) -> tuple[Polygon, float, float]:
        rho = (1 - kappa**0.5) / (1 + kappa**0.5)
        eta, beta = 4 / (1 + kappa**0.5) ** 2, rho**2
        return Polygon.cycle(eta, beta, K, 1.0, kappa), eta, beta

    problem, eta, beta = cycle(kappa * (1 - 1e-5))
    assert not problem_laws(problem)
    roots = [[np.cos(a), np.sin(a)] for a in (0.0, 2 * np.pi / K)]
    path = walk(problem, eta, beta, K * 5, roots)
    np.testing.assert_allclose(path[K::K], np.tile(path[0], (5, 1)), atol=1e-9)
    with pytest.raises(InvalidInput, match="a cycle, which these do not have"):
        cycle(kappa * (1 + 1e-5))


def test_the_triangle_attracts():
    c = TRIANGLE.constants()
    path = walk(TRIANGLE, float(polyak(c).eta), float(polyak(c).beta), 3000)
    np.testing.assert_allclose(np.linalg.norm(path[-3:], axis=1), 1.0, atol=1e-9)


def test_losses_in_turn_certify_what_they_are():
    assert not problem_laws(LossesInTurn([3.0, -1.0, -1.0]))
    with pytest.raises(InvalidInput, match="a list of numbers, one a loss"):
        LossesInTurn(1.0)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(5))
def test_the_search_finds_a_cycle_from_a_plain_quadratic(seed: int):
    claim = Claim("polyak", PolyakStronglyConvex(), Isotropic(np.ones(1)),
                  horizons=(64, 256, 1024, 4096), seeds=1)  # fmt: skip
    found = falsify(claim, budget=240, seed=seed)
    assert found.module is not None
    assert "piecewise" in found.family


def in_turn(theorem: Any) -> Claim:
    """About three equal losses, on which Adam falls as it should."""
    return Claim("turns", theorem, LossesInTurn(np.ones(3)), horizons=(192,), seeds=1,
                 oracle=Workers)  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("seed", range(5))
def test_the_search_finds_reddis_climb_from_equal_losses(seed: int):
    found = falsify(in_turn(AdamInTurn()), budget=240, seed=seed)
    assert found.module is not None
    assert found.family == "losses in turn"
    assert found.reason.startswith("proved")


def test_the_search_finds_no_climb_of_amsgrad(test_seed: int):
    found = falsify(in_turn(AMSGradInTurn()), budget=2, seed=test_seed)
    assert found.module is None
    assert 0 < found.ratio < 1
