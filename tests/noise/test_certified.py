"""What noises made of noises certify, word for word."""

from __future__ import annotations

import inspect
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.laws import noise_laws
from convergence.noise.agents import Levels, OneDraw, PerEntry
from convergence.noise.aligned import Aligned
from convergence.noise.base import AbstractNoise
from convergence.noise.coin import Coin
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto, exponential
from convergence.noise.matrix import BatchMean, CornerSign
from convergence.noise.pair import Pair, Points
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import three_point
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic

HEAVY = three_point(1.5, 2.0, 0.3, d=3)
ALIKE = Levels(PerEntry(2.0), PerEntry(2.0), PerEntry(2.0))
WIDE = 1.5**0.5  # √(d/2) of three entries
SPIKY = HEAVY.moment(2.0) ** 0.5
MOVES: dict[str, Any] = {"additive": False, "symmetric": True}
CERTIFIED: dict[str, tuple[AbstractNoise, dict[str, Any]]] = {
    "Ripple": (Ripple(Gaussian(3.0), 0.7), {
        "p": 2.0, "noise_lipschitz": 0.7, "noise_lipschitz_p": 0.7, "light_tailed": True,
        "sigma": (9 + 0.49 * 1.5) ** 0.5, "sigma_p": (9 + 0.49 * 1.5) ** 0.5, **MOVES}),
    "RippleOnSpikes": (Ripple(HEAVY, 0.7), {
        "p": 1.5, "noise_lipschitz": 0.7, "noise_lipschitz_p": 0.7, "light_tailed": True,
        "sigma": (SPIKY**2 + 0.49 * 1.5) ** 0.5, **MOVES,
        "sigma_p": (SPIKY**2 + 0.49 * 1.5) ** 0.5}),
    "RippleOnRareSpikes": (Ripple(three_point(1.5, 2.0, 0.01, d=3), 0.7), {
        "p": 1.5, "noise_lipschitz": 0.7, "noise_lipschitz_p": 0.7, "light_tailed": False,
        "sigma": (4 * 0.01 ** (-1 / 3) + 0.49 * 1.5) ** 0.5, "sigma_p": 2 + 0.7 * WIDE, **MOVES}),
    "Swell": (Ripple(Gaussian(2.0), 0.7, Gaussian(3.0)), {
        "p": 2.0, "noise_lipschitz": 2.1, "noise_lipschitz_p": 2.1, "light_tailed": True,
        "sigma": (4 + 4.41 * 1.5) ** 0.5, "sigma_p": (4 + 4.41 * 1.5) ** 0.5, **MOVES}),
    "HeavySwell": (Ripple(HEAVY, 0.7, Pareto.of(1.5, 3.0)), {
        "p": 1.5, "noise_lipschitz_p": 2.1, "light_tailed": False, "sigma_p": 2 + 2.1 * WIDE,
        **MOVES}),
    "LightUnderHeavySwell": (Ripple(Gaussian(2.0), 0.7, Pareto.of(2.0, 3.0, 2.5)), {
        "p": 2.0, "noise_lipschitz": 2.1, "noise_lipschitz_p": 2.1, "light_tailed": False,
        "sigma": (4 + 4.41 * 1.5) ** 0.5, "sigma_p": (4 + 4.41 * 1.5) ** 0.5, **MOVES}),
    "BatchOfRipples": (BatchMean(Ripple(Gaussian(3.0), 0.7), 4), {
        "p": 2.0, "noise_lipschitz": 0.35, "light_tailed": True, **MOVES,
        "sigma": (9 + 0.49 * 1.5) ** 0.5 / 2, "sigma_p": (9 + 0.49 * 1.5) ** 0.5 / 2}),
    "RippleOnRipple": (Ripple(Ripple(Gaussian(3.0), 2.4), 0.7), {
        "p": 2.0, "noise_lipschitz": 2.5, "noise_lipschitz_p": 3.1, "light_tailed": True,
        "sigma": (9 + 6.25 * 1.5) ** 0.5, "sigma_p": (9 + 6.25 * 1.5) ** 0.5, **MOVES}),
    "RippleOnABatchOfRipples": (Ripple(BatchMean(Ripple(Gaussian(3.0), 4.8), 4), 0.7), {
        "p": 2.0, "noise_lipschitz": 2.5, "noise_lipschitz_p": 3.1, "light_tailed": True,
        "sigma": (2.25 + 6.25 * 1.5) ** 0.5, "sigma_p": (2.25 + 6.25 * 1.5) ** 0.5, **MOVES}),
    "RippleOnWhatTurns": (Ripple(Aligned(3.0), 0.7), {
        "p": 2.0, "light_tailed": True, **MOVES,
        "sigma": (9 + 0.49 * 1.5) ** 0.5, "sigma_p": (9 + 0.49 * 1.5) ** 0.5}),
    "RippleOnLevels": (Ripple(ALIKE, 0.7), {
        "p": 2.0, "noise_lipschitz": 0.7, "noise_lipschitz_p": 0.7, "light_tailed": False,
        **MOVES}),
    "BatchOfLevels": (BatchMean(ALIKE, 4), {
        "s": 1.0, "symmetric": True, "additive": True, "isotropic_noise": True,
        "equal_noise": True, "light_tailed": False, "independent": True}),
    "BatchOfOneDraw": (BatchMean(OneDraw(2.0), 4), {
        "sigma": 3.0**0.5, "symmetric": True, "additive": True, "light_tailed": True,
        "independent": False}),
    "BatchOfSpikes": (BatchMean(HEAVY, 9), {
        "p": 1.5, "sigma": SPIKY / 3, "sigma_p": 2 / 3 ** (1 / 1.5), "light_tailed": True,
        "symmetric": True, "additive": True}),
    "TwoOfACoin": (BatchMean(Coin(0.4, 3.0, 1.1), 2), {
        "p": 1.1, "sigma_p": Coin(0.4, 3.0, 1.1).constants((3,)).sigma_p, "additive": False,
        "light_tailed": False, "symmetric": False}),
    "BatchOfBatches": (BatchMean(BatchMean(CornerSign(3.0, 2), 2), 3), {
        "sigma": 3.0**0.5, "corner": 3.0, "corner_rank": 2, "batch": 6, "light_tailed": True,
        "symmetric": True, "additive": True}),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFIED)
def test_noises_of_noises(name: str) -> None:
    noise, wanted = CERTIFIED[name]
    found = dict(noise.constants((3, 3) if name == "BatchOfBatches" else (3,)))
    assert found == {k: v if isinstance(v, bool) else pytest.approx(v) for k, v in wanted.items()}


def test_atoms_at_five_standard_deviations() -> None:
    """A spike of 25 beside 25 of −1: σ² = 25. The odds of a pair: 1/25."""
    rows = np.array([[-1.0]] * 25 + [[25.0]])
    assert Points(rows).constants((1,)).light_tailed
    assert not Points(np.array([[-1.0]] * 26 + [[26.0]])).constants((1,)).light_tailed
    for p, light in ((1 / 26, True), (0.0384, False), (0.9616, False), (0.9615, True)):
        assert Pair(np.ones(1), p).constants((1,)).light_tailed is light


def test_points_of_any_shape_and_size() -> None:
    """Matrices of four ones: E‖ξ‖² = 4. A mean is no 0 because it is small."""
    ones = np.ones((2, 2))
    c = Points(np.stack([ones, -ones])).constants((2, 2))
    assert c.sigma == 2
    assert c.light_tailed
    for size in 1e-12, 1.0, 1e12:
        third = np.array([[0.1], [0.2], [-0.3]]) * size
        assert Points(third).constants((1,)).sigma == pytest.approx(size * (0.14 / 3) ** 0.5)
        with pytest.raises(InvalidInput, match="rows that sum to 0"):
            Points(np.array([[1.0], [2.0]]) * size)


def test_the_end_of_a_tail_is_told_of_the_line_that_draws() -> None:
    """Three calls above: a noise draws a radius, which asks for an exponential number."""
    raw: Any = inspect.unwrap(exponential)
    x, u = jnp.zeros(2, jnp.float32), jnp.zeros((), jnp.float32)

    def radius() -> None:
        raw(u, x, 3.0)

    def draw() -> None:
        radius()

    def caller() -> None:
        draw()

    with pytest.warns(UserWarning, match="truncated") as met:
        caller()
    assert met[0].lineno == inspect.getsourcelines(caller)[1] + 1


def test_what_noises_of_a_coin_are_handed() -> None:
    """A vector no longer than the coin's own bound, not the iterate."""
    coin = Coin(0.4, 3.0)
    for noise in BatchMean(coin, 2), Ripple(coin, 0.5), Ripple(BatchMean(coin, 2), 0.5):
        assert not noise.of_iterate
        assert float(noise.size) == 3
        with precision("float64"):
            assert not noise_laws(noise, jnp.full(2, 100.0))
        with pytest.raises(InvalidInput, match="hands it the iterate"):
            Oracle(Isotropic([1.0]), noise)
    assert BatchMean(Gaussian(), 2).of_iterate
    assert Ripple(Gaussian(), 0.5, PerEntry(1.0)).of_iterate


def test_a_number_is_no_stack_of_agents() -> None:
    with pytest.raises(InvalidInput, match="a stack of agents is needed"):
        OneDraw(1.0).constants(())


def test_a_number_is_one_entry() -> None:
    assert PerEntry(2.0).constants(()) == PerEntry(2.0).constants((1,))
