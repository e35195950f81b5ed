"""Tails of heavy-tailed noises beside SciPy's, and the moments that they integrate to."""

from __future__ import annotations

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from convergence.noise.heavy import Pareto, Stable, StudentT
from convergence.noise.lomax import OneSidedLomax, lomax_moment

UP = np.array([0.6, 0.8])
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def from_tail(beyond: Any, p: float, *edges: float) -> float:
    """∫ p r^{p−1} P(R > r) dr by Gauss and Legendre in log r, between edges and whole numbers."""
    cuts = sorted({*map(float, range(-40, 200)), *map(math.log, edges)})
    total = 0.0
    for a, b in itertools.pairwise(cuts):
        u = (a + b) / 2 + (b - a) / 2 * NODES
        total += (b - a) / 2 * float(WEIGHTS @ (p * np.exp(u * p) * beyond(np.exp(u))))
    return total


def test_tails_and_the_moments_that_they_have() -> None:
    """Beyond, at and between the ends of their laws."""
    r = np.array([0.3, 0.7, 1.0, 2.0, 4.9, 6.0])
    for shift, law in (0.0, stats.pareto), (1.0, stats.lomax):
        noise = Pareto(2.5, 0.7, 1.5, shift)
        tail = noise.tail((3, 2))
        np.testing.assert_allclose(tail(r), law.sf(r / 0.7, 2.5), rtol=1e-12)
        for p in (1.2, 1.5):
            assert from_tail(tail, p, 0.7) == pytest.approx(noise.moment(p), rel=1e-8)
        assert noise.moment(2.5) == math.inf == noise.moment(2.6)
        assert noise.moment(2.4) < math.inf
    cut = Pareto(1.7, 0.7, 1.5, 0.0, 5.0)
    law = stats.truncpareto(1.7, 5 / 0.7)
    np.testing.assert_allclose(cut.tail((2,))(r), law.sf(np.maximum(r / 0.7, 1)), atol=1e-14)
    for p in (1.2, 1.7, 2.0):
        assert from_tail(cut.tail((2,)), p, 0.7, 5.0) == pytest.approx(cut.moment(p), rel=1e-8)
    for d in (1, 2, 6):
        noise = StudentT(2.5, 0.7)
        law = stats.f(d, 2.5)
        np.testing.assert_allclose(noise.tail((d,))(r), law.sf((r / 0.7) ** 2 / d), rtol=1e-10)
        assert from_tail(noise.tail((d,)), 1.2, 0.7) == pytest.approx(noise.moment(1.2, d))
        assert noise.moment(2.5, d) == math.inf
    lomax = OneSidedLomax(2.5, UP, 0.7)
    x = stats.lomax(2.5, loc=-1 / 1.5, scale=1.0)
    np.testing.assert_allclose(lomax.tail((2,))(r), x.sf(r / 0.7) + x.cdf(-r / 0.7), rtol=1e-12)
    for p in (1.2, 1.5):
        found = from_tail(lomax.tail((2,)), p, 0.7 / 1.5)
        assert found == pytest.approx(lomax.moment(p), rel=1e-8)
    assert lomax_moment(2.5, 2.5) == math.inf > lomax_moment(2.5, 2.4)


def test_moments_of_stable_laws_by_their_reflection() -> None:
    """E|v|^p = scale^p Γ(1 − p/a)/(Γ(1 − p) cos(πp/2))."""
    noise = Stable(1.7, UP, 0.7, 1.3)
    for p in (1.2, 1.5):
        wanted = 0.7**p * math.gamma(1 - p / 1.7) / math.gamma(1 - p) / math.cos(math.pi * p / 2)
        assert noise.moment(p) == pytest.approx(wanted)
    assert noise.moment(1.7) == math.inf


@pytest.mark.parametrize(
    "make", [Pareto.of, lambda *a, **k: OneSidedLomax.of(a[0], UP, *a[1:], **k)]
)
def test_a_scale_is_found_for_a_moment(make: Any) -> None:
    assert float(make(1.4).beta) == 1.5
    assert make(1.4).moment(1.4) == pytest.approx(1.0)
    noise = make(1.4, 3.0, beta=1.9)
    assert (float(noise.beta), float(noise.p)) == (1.9, 1.4)
    assert noise.moment(1.4) == pytest.approx(3.0**1.4)


def test_what_a_heavy_tail_certifies() -> None:
    light = {"symmetric": True, "additive": True, "light_tailed": False}
    for noise, moment in (
        (Pareto(2.5, 0.7, 1.3), 0.7**1.3 * 2.5 / 1.2), (StudentT(2.5, 0.7, 1.3), None),
        (Stable(1.7, UP, 0.7, 1.3), None), (OneSidedLomax(2.5, UP, 0.7, 1.3), None),
    ):  # fmt: skip
        own: Any = noise
        if moment is None:
            moment = own.moment(1.3, 6) if isinstance(own, StudentT) else own.moment(1.3)
        skewed = {"symmetric": not isinstance(own, OneSidedLomax)}
        wanted = {"p": 1.3, "sigma_p": pytest.approx(moment ** (1 / 1.3)), **light, **skewed}
        assert dict(own.constants((3, 2))) == wanted
    found = dict(Pareto(2.5, 0.7, 2.0).constants((2,)))
    assert found == {"p": 2.0, "sigma_p": 0.7 * 5**0.5, "sigma": 0.7 * 5**0.5, **light}


def test_where_float32_ends_a_tail() -> None:
    """2^{24/3} = 256 where the index is known."""
    x, key = jnp.zeros(3, jnp.float32), jax.random.key(0)
    with pytest.warns(UserWarning, match=r"2\^24 values: the tail is truncated at 256 times"):
        Pareto(3.0).draw(x, key)
    with pytest.warns(UserWarning, match=r"truncated at 2\^\(24/beta\) times"):
        jax.jit(lambda noise: noise.draw(x, key))(Pareto(3.0))
