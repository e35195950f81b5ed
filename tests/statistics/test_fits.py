"""Power and geometric laws through bands: what is possible, where, and how often it errs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.statistics import Limit
from convergence.statistics.fits import FittedLaw, exponents, law, laws, simplest
from convergence.statistics.rates import Curve, curve

T = np.array([8, 16, 32, 64, 128, 256, 512, 1024])


def exactly(values: np.ndarray, times: np.ndarray = T) -> Curve:
    """A curve known exactly."""
    bands = [(Limit(v, v, upper=False), Limit(v, v)) for v in values]
    return curve([int(t) for t in times], [float(v) for v in values], bands, [1.0] * len(times))


@pytest.mark.parametrize("p", [0.25, 0.5, 2 / 3, 1.0, 2.0])
@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5])
def test_a_power_is_found(p: float, shift: float) -> None:
    found = law(exactly(3.0 * (T + shift) ** -p), "power")
    assert found is not None
    assert found.exponent[0] < p < found.exponent[1]
    # 1 % over a factor 128 leaves 2 · log 1.01 / log 128 = .004 on either side, a shift a little.
    assert found.width < 0.03
    assert found.guess == pytest.approx(p)
    assert found.first == 8
    assert laws(exactly(3.0 * (T + shift) ** -p))[0].shape == "power"


def test_a_power_after_a_transient() -> None:
    found = law(exactly(1.0 / T + 30.0 * np.exp(-T / 4.0)), "power")
    assert found is not None
    assert found.first == 64
    assert found.guess == 1


def test_a_geometric_law_is_found_and_no_power() -> None:
    times = np.arange(2, 14, 2)
    found = laws(exactly(5.0 * 0.7**times, times))
    assert [one.shape for one in found] == ["geometric"]
    low, high = found[0].exponent
    assert low < -math.log(0.7) < high
    assert found[0].constant[0] == pytest.approx(5.0, rel=0.03)  # 2 · 1 %, and r at its least
    assert found[0].width < 0.02


def test_a_level_is_one() -> None:
    found = laws(exactly(0.3 + np.exp(-T / 4.0)))[0]
    assert found.level
    assert found.first == 16 or found.first == 32
    assert found.guess == 0


def test_no_law_is_none() -> None:
    assert laws(exactly(1.0 / np.log(T))) == () or laws(exactly(1.0 / np.log(T)))[0].first > 8
    assert laws(exactly(np.exp(np.sin(np.log(T) * 3.0)) / T)) == ()
    assert law(exactly(1.0 / T[:3], T[:3]), "power") is None
    assert law(exactly(1.0 / np.arange(8, 13), np.arange(8, 13)), "power") is None  # no factor 16


def test_exponents_by_hand() -> None:
    """Through [0, 1] at u = 0 and [−2, −1] at u = 1: slopes 1 − 0 … 1 + 2, no tolerance."""
    low, high = exponents(np.array([0.0, 1.0]), np.array([0.0, -2.0]), np.array([1.0, -1.0]), 0.0)
    assert (low, high) == (1.0, 3.0)
    three = np.array([0.0, 1.0, 2.0])
    bent = np.array([0.0, -1.0, -1.0])
    low, high = exponents(three, bent, bent, 0.0)
    assert low > high  # no line
    low, high = exponents(three, bent, bent, 0.25)
    assert low == pytest.approx(0.5)
    assert high == pytest.approx(0.5)  # the only one: ¼ above, ¼ below, ¼ above


def test_an_open_limit_leaves_exponents_open() -> None:
    low, high = exponents(np.array([0.0, 1.0]), np.array([0.0, -1.0]), np.array([np.inf, -1.0]))
    assert low < 1 < high == math.inf


@pytest.mark.parametrize(
    ("interval", "plain"),
    [((0.48, 0.53), 0.5), ((0.6, 0.7), 2 / 3), ((0.98, 1.01), 1.0), ((-0.1, 0.1), 0.0),
     ((0.4141, 0.4143), 0.4142), ((0.24, 0.26), 0.25), ((0.1, 1.9), 1.0)],
)  # fmt: skip
def test_the_plainest_fraction(interval: tuple[float, float], plain: float) -> None:
    assert simplest(*interval) == pytest.approx(plain)


def test_the_true_exponent_is_missed_as_rarely_as_promised(test_seed: int) -> None:
    """Normal means of known spread, limits at α/(2K): at most a share α = .2 of 400 curves misses
    it. The tolerance of 1 % only widens, so that the spread is taken far above it. P(more than 110
    of 400 | .2) < 1e-4."""
    rng = np.random.default_rng((test_seed, 11))
    spread, n = 0.3, 400
    z = 2.241  # of α/(2 · 8) = .0125
    missed = 0
    for _ in range(n):
        y = -0.5 * np.log(T) + spread * rng.standard_normal(len(T))
        found = law(Curve(np.log(T), y, y - z * spread, y + z * spread), "power")
        missed += found is None or not found.exponent[0] <= 0.5 <= found.exponent[1]
    assert missed <= 110


def test_the_width_of_an_interval_of_exponents_by_hand() -> None:
    """Of a power as it is, of a geometric law relative to its faster end."""
    ends: dict = {"first": 8, "last": 64, "horizons": 4, "guess": 0.4, "constant": (1.0, 2.0)}
    assert FittedLaw("power", exponent=(0.2, 0.5), **ends).width == pytest.approx(0.3)
    assert FittedLaw("geometric", exponent=(0.2, 0.5), **ends).width == pytest.approx(0.6)
    assert FittedLaw("geometric", exponent=(-0.8, 0.2), **ends).width == pytest.approx(1.25)
