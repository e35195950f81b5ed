"""Laws through bands at their edges: on which horizons, with which constants, and which first."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from convergence.statistics import terms
from convergence.statistics.fits import (
    FittedLaw,
    exponents,
    law,
    laws,
    part,
    possible,
    simplest,
    supremum,
)  # fmt: skip
from convergence.statistics.rates import Curve
from convergence.statistics.terms import TwoTerms, passes, plainness, two_terms

INF = math.inf
T = 2.0 ** np.arange(3, 11)


def band(values: np.ndarray, wide: float = 0.0, times: np.ndarray = T) -> Curve:
    y = np.log(values)
    return Curve(np.log(times), y, y - wide, y + wide)


def found(curve: Curve, shape: str) -> FittedLaw:
    one = law(curve, shape)
    assert one is not None
    return one


@pytest.mark.parametrize("good", [8, 6, 5, 4])
def test_horizons_of_a_power(good: int) -> None:
    """Wrong before: two too large, in turns. Four of factor 2 cover 8 alone, less than 16."""
    values = 3.0 / T
    values[: 8 - good] *= [7.0, 2.0, 9.0, 2.0][: 8 - good]
    one = law(band(values), "power")
    if good == 4:
        assert one is None
        return
    assert one is not None
    assert (one.first, one.last, one.horizons) == (round(T[8 - good]), 1024, good)
    rest = band(values[8 - good :], 0.0, T[8 - good :])
    assert one.exponent == possible(rest, "power")
    assert one.guess == 1.0
    assert one.constant == pytest.approx((3.0, 3.0))
    assert one.second is None


def test_a_span_of_16_allows_for_rounding() -> None:
    """exp(log 3·2^k) differs from 3·2^k: some quotients of 16 fall below it by a digit."""
    below = 0
    for first in range(3, 100):
        times = first * 2.0 ** np.arange(5)
        seen = np.exp(np.log(times))
        below += seen[-1] / seen[0] < 16
        assert found(band(1 / times, 0.0, times), "power").horizons == 5
    assert below > 3


def test_a_geometric_law_needs_four_horizons_of_any_span() -> None:
    times = np.arange(2.0, 10.0)
    values = 5.0 * 0.7**times
    values[:4] *= [7.0, 2.0, 9.0, 2.0]
    one = found(band(values, 0.0, times), "geometric")
    assert (one.first, one.last, one.horizons) == (6, 9, 4)
    ends = exponents(times[4:], np.log(values[4:]), np.log(values[4:]))
    assert one.exponent == pytest.approx(ends, rel=1e-12)
    assert one.guess == one.exponent[0]
    assert one.constant == pytest.approx((max(values[4:] * np.exp(one.guess * times[4:])),) * 2)
    values[4] *= 3.0
    assert law(band(values, 0.0, times), "geometric") is None


def test_open_limits_leave_the_constant_open() -> None:
    y = -np.log(T)
    high = np.append(np.full(7, INF), y[-1])
    one = found(Curve(np.log(T), y, y, high), "power")
    assert one.exponent[0] < 1.0 < one.exponent[1] == INF
    assert one.guess == one.exponent[0]
    assert one.constant == (0.0, INF)


def test_exponents_of_no_law_are_those_without_a_shift() -> None:
    for end in (0, -1):
        values = np.ones(8)
        values[end] = 9.0
        curve = band(values)
        low, high = possible(curve, "power")
        assert (low, high) == pytest.approx(exponents(np.log(T), np.log(values), np.log(values)))
        assert low > high
    flat = band(1 / (T + 4.0))
    shifted = [exponents(np.log(T + s), flat.low, flat.high) for s in np.linspace(0, 4, 17)]
    shifted = [(a, b) for a, b in shifted if a <= b]
    assert possible(flat, "power") == pytest.approx(
        (min(a for a, _ in shifted), max(b for _, b in shifted))
    )
    near = 2 * math.log(1.01) / math.log(T[-1] / T[0])
    bare = exponents(np.log(T), -np.log(T), -np.log(T))
    assert bare == pytest.approx((1 - near, 1 + near))


def test_levels_suprema_and_parts() -> None:
    ends: dict = {"first": 8, "last": 64, "horizons": 4, "guess": 0.4, "constant": (1.0, 2.0)}
    for low, high, level in ((-0.1, 0.2, True), (0.1, 0.2, False), (-0.2, -0.1, False),
                             (0.0, 0.2, True), (-0.2, 0.0, True), (2.0, 3.0, False)):  # fmt: skip
        assert FittedLaw("power", exponent=(low, high), **ends).level is level
    curve = Curve(np.array([0.0, 1.0]), np.zeros(2), np.array([0.0, -2.0]), np.array([1.0, 0.5]))
    assert supremum(curve, curve.x, 0.75) == pytest.approx((1.0, math.exp(1.25)))
    far = Curve(curve.x, curve.y, np.full(2, 800.0), np.full(2, 900.0))
    assert supremum(far, far.x, 0.0) == (math.exp(700.0), math.exp(700.0))
    rest = part(band(1 / T), 3)
    for end in (rest.x, -rest.y, -rest.low, -rest.high):
        assert end == pytest.approx(np.log(T[3:]))


@pytest.mark.parametrize(
    ("interval", "plain"),
    [((0.45, 1.0), 1.0), ((0.416, 0.4171), 5 / 12), ((0.454, 0.455), 5 / 11),
     ((0.4614, 0.4617), 0.46155), ((1.9, 2.3), 2.0), ((-0.34, -0.32), -1 / 3),
     ((0.5, 0.5), 0.5), ((0.3, 0.5), 0.5)],
)  # fmt: skip
def test_the_plainest_fraction(interval: tuple[float, float], plain: float) -> None:
    assert simplest(*interval) == pytest.approx(plain, rel=1e-12)


def test_which_law_comes_first() -> None:
    wide = laws(band(T**-0.5, 0.3))
    assert [one.shape for one in wide] == ["power", "geometric"]
    assert wide[0].horizons == 8 > wide[1].horizons
    times = np.arange(2.0, 18.0)
    both = laws(band(0.7**times, 0.5, times))
    assert both[0].shape == "geometric"
    assert both[0].horizons == 16
    two = laws(band(T**-0.5 + 4 / T))
    assert two[0].second == pytest.approx((1.0, 4.0))
    assert (two[0].first, two[0].last, two[0].horizons, two[0].guess) == (8, 1024, 8, 0.5)
    assert two[0].constant == pytest.approx((1.0, 1.0))
    assert all(one.second is None for one in laws(band(3 / T)))
    values = 1 / T + 0.3 / T**2
    values[:2] *= [9.0, 4.0]
    assert [one.second for one in laws(band(values)) if one.shape == "power"] == [None]


def test_two_terms_on_the_last_six_horizons_over_a_factor_16() -> None:
    values = T**-0.5 + 4 / T
    for bad, first in ((0, 8), (1, 16), (2, 32)):
        values[:bad] = [9.0, 2.0][:bad]
        one = two_terms(band(values))
        assert one is not None
        assert (one.first, one.horizons) == (first, 8 - bad)
        assert (one.p, one.q, one.C, one.D) == pytest.approx((0.5, 1.0, 1.0, 4.0))
    values[2] = 5.0
    assert two_terms(band(values)) is None
    close = np.array([64.0, 80, 100, 120, 150, 180, 200])
    assert two_terms(band(close**-0.5 + 4 / close, 0.0, close)) is None
    times = 7 * 2.0 ** (np.arange(6) * 0.8)
    seen = np.exp(np.log(times))
    assert seen[-1] / seen[0] < 16  # by rounding alone
    assert two_terms(band(times**-0.5 + 4 / times, 0.0, times)) is not None
    y = np.log(T**-0.5 + 4 / T)
    assert two_terms(Curve(np.log(T), y, y, np.append(y[:-1], INF))) is None


def test_two_terms_among_few_exponents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the horizons begin and end, with 1/2, 1 and 2 to choose from."""
    monkeypatch.setattr(terms, "PLAIN", [Fraction(1, 2), Fraction(1), Fraction(2)])

    def of(times: np.ndarray, bad: int = 0, C: float = 1.0, D: float = 4.0) -> TwoTerms | None:
        values = C * times**-0.5 + D / times
        values[:bad] *= [9.0, 2.0, 7.0][:bad]
        return two_terms(band(values, 0.0, times))

    for bad, first in ((0, 8), (1, 16), (2, 32)):
        one = of(T, bad)
        assert one is not None
        assert (one.first, one.horizons, one.p, one.q) == (first, 8 - bad, 0.5, 1.0)
        assert pytest.approx((1.0, 4.0)) == (one.C, one.D)
        assert one.slowest == (0.5, 0.5)
    assert of(T, 3) is None
    assert of(T[-6:]) is not None
    assert of(4 * T[-6:] ** 2) is not None
    assert of(4 * T[-6:] ** 2, 1) is None  # five are left, over a factor 256
    assert of(np.array([64.0, 80, 100, 120, 150, 180, 200])) is None
    for k in range(3, 8):  # a factor 16, but for rounding
        times = k * 2.0 ** (np.arange(6) * 0.8)
        assert of(times) is not None
        assert of(times * 2.0 ** (np.arange(6) * -1e-6)) is None
    assert of(T, 0, 0.3, 0.4) is not None
    for C, D in ((0.0, 3.0), (3.0, 0.0)):
        assert of(T, 0, C, D) is None  # one power
    y = np.log(T**-0.5 + 4 / T)
    for low, high in ((-INF, y[0]), (y[0], INF)):
        ends = np.append(low, y[1:]), np.append(high, y[1:])
        assert two_terms(Curve(np.log(T), y, *ends)) is None


def test_how_far_a_law_of_two_powers_is_off() -> None:
    values = T**-0.5 + 4 / T
    C, D, off = passes(band(values), 0.5, 1.0) or (0, 0, 1)
    assert pytest.approx((1.0, 4.0)) == (C, D)
    assert off == pytest.approx(0.0, abs=1e-9)
    bumped = values * np.where(np.arange(8) % 2, 1.008, 1 / 1.008)
    assert (passes(band(bumped), 0.5, 1.0) or (0, 0, 1))[2] == pytest.approx(0.008, rel=0.05)
    bumped = values * np.where(np.arange(8) % 2, 1.012, 1 / 1.012)
    assert passes(band(bumped), 0.5, 1.0) is None
    assert passes(band(bumped, 0.01), 0.5, 1.0) is not None
    assert passes(band(1 / T - 0.01 / T**0.5), 0.5, 1.0) is None  # C and D are no less than 0
    assert plainness(Fraction(1, 2), Fraction(2, 3), 0.0026) == (3, 5)
    assert plainness(Fraction(1, 1), Fraction(5, 4), 0.0004) == (0, 5)


def test_exponents_that_are_possible_together() -> None:
    one = two_terms(band(T**-0.5 + 4 / T, 0.02))
    assert one is not None
    assert one.slowest[0] <= 0.5 <= one.slowest[1]
    assert two_terms(band(T**-0.5 + 4 / T)).slowest == pytest.approx((0.5, 0.5), abs=0.1)  # pyright: ignore
