"""Moments by enumeration and quadrature, samplers by their distribution functions at the draws."""

from __future__ import annotations

import itertools
import math
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from convergence.errors import InvalidInput
from convergence.noise.atoms import Atoms
from convergence.noise.coin import Coin
from convergence.noise.heavy import (
    Pareto,
    Stable,
    StudentT,
    truncated_pareto,
)
from convergence.noise.lomax import OneSidedLomax
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import as_order, dyadic, three_point, two_point
from convergence.oracles.ripple import RippleOracle
from convergence.problems.nonconvex import bowl

POWERS = (1.1, 1.5, 1.9)
SEED = int(os.environ.get("CONVERGENCE_TEST_SEED", "0"))
E1 = np.array([1.0, 0.0])
# Quadrature is asked for 1e-11 relative; a decade more covers its own error estimate.
QUADRATURE = 1e-10


def by_density(density, p: float, low: float = 0.0, high: float = math.inf) -> float:
    """∫ r^p density(r) dr in the variable log r, in which power tails are exponentials."""
    end = 230.0 if math.isinf(high) else math.log(high)
    start = math.log(low) if low > 0 else -60.0
    inner = [u for u in (-20.0, -5.0, 0.0, 5.0, 20.0, 100.0) if start < u < end]
    edges = [start, *inner, end]
    return sum(
        integrate.quad(
            lambda u: math.exp(u * (p + 1)) * density(math.exp(u)), a, b, epsrel=1e-11, limit=200
        )[0]
        for a, b in itertools.pairwise(edges)
    )


@pytest.mark.parametrize("p", [*POWERS, 2.0])
@pytest.mark.parametrize("q", [0.001, 0.2, 0.5])
def test_spikes_have_the_moment_they_were_asked_for(p, q):
    for noise in (two_point(p, 1.7, q), three_point(p, 1.7, q), dyadic(p, 1.7, 30)):
        c = noise.constants((2,))
        # Sums of at most 60 rounded terms.
        assert c.sigma_p == pytest.approx(1.7, rel=1e-13)
        assert as_order(noise, 2.0).constants((2,)).sigma_p == pytest.approx(c.sigma, rel=1e-13)
    assert two_point(p, 1.0, q).constants((2,)).symmetric == (q == 0.5)
    assert three_point(p, 1.0, q).constants((2,)).symmetric


def test_the_skewed_formula_and_the_variance_of_the_symmetric_one():
    p, q, s = 1.5, 0.05, 3.0
    closed = s**p * (q + q**p * (1 - q) ** (1 - p))
    noise = Atoms([s, -s * q / (1 - q)], [q, 1 - q], E1, p)
    assert noise.moment(p) == pytest.approx(closed, rel=1e-14)
    sym = three_point(p, 2.0, q).constants((2,))
    assert sym.sigma == pytest.approx(2.0 * q ** (0.5 - 1 / p), rel=1e-14)


def test_every_scale_of_the_dyadic_law_carries_its_share():
    noise, p = dyadic(1.5, 1.0, 20), 1.5
    share = np.asarray(noise.chances) * np.abs(np.asarray(noise.values)) ** p
    k = np.arange(20)
    assert share[:20] * 2 * np.sum(1 / (k + 1.0) ** 2) == pytest.approx(1 / (k + 1.0) ** 2)


@pytest.mark.parametrize("p", POWERS)
def test_pareto_lomax_and_truncated_pareto(p):
    beta, s = p + 0.3, 1.3
    pareto, lomax = Pareto(beta, s, p), Pareto(beta, s, p, 1.0)
    got = by_density(lambda r: beta * s**beta * r ** (-beta - 1), p, s)
    assert pareto.moment(p) == pytest.approx(got, rel=QUADRATURE)
    got = by_density(lambda r: beta / s * (1 + r / s) ** (-beta - 1), p)
    assert lomax.moment(p) == pytest.approx(got, rel=1e-8)  # the cut-off e^(-60) of the range
    cut = truncated_pareto(p, s, 50.0)
    mass = 1 - (s / 50.0) ** p
    for order in (p, 1.0, 2.0):
        got = by_density(lambda r: p * s**p * r ** (-p - 1) / mass, order, s, 50.0)
        assert cut.moment(order) == pytest.approx(got, rel=QUADRATURE)
    assert Pareto.of(p, 2.5).constants((3,)).sigma_p == pytest.approx(2.5, rel=1e-13)


@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("d", [1, 2, 5])
def test_student_t(p, d):
    nu, s = p + 0.4, 0.7
    noise = StudentT(nu, s, p)

    def density(r: float) -> float:  # ‖ξ‖²/(d s²) has the F distribution with (d, nu)
        return stats.f.pdf(r**2 / (d * s**2), d, nu) * 2 * r / (d * s**2)

    assert noise.moment(p, d) == pytest.approx(by_density(density, p), rel=1e-7)  # cut-off
    assert noise.constants((d,)).sigma_p == pytest.approx(noise.moment(p, d) ** (1 / p))


@pytest.mark.parametrize("p", [1.1, 1.3, 1.5])
def test_stable(p):
    """E|v|^p = C ∫ (1 − Re φ(t)) t^{−1−p} dt for 0 < p < 2, with 1/C = ∫ (1 − cos t) t^{−1−p} dt,
    which is −Γ(−p) cos(πp/2)."""
    a, s = 1.7, 0.6
    inverse = -math.gamma(-p) * math.cos(math.pi * p / 2)
    got = by_density(lambda t: -math.expm1(-((s * t) ** a)) * t ** (-1 - 2 * p), p) / inverse
    assert Stable(a, E1, s, p).moment(p) == pytest.approx(got, rel=2e-5)  # cut-off e^(-60(a-p))


@pytest.mark.parametrize("p", POWERS)
def test_one_sided_lomax(p):
    beta = p + 0.2
    mu = 1 / (beta - 1)
    above = by_density(lambda y: beta * (1 + mu + y) ** (-beta - 1), p)
    below = by_density(lambda y: beta * (1 + mu - y) ** (-beta - 1), p, 0.0, mu)
    noise = OneSidedLomax(beta, E1, 1.0, p)
    assert noise.moment(p) == pytest.approx(above + below, rel=1e-8)  # the cut-off of the range
    assert OneSidedLomax.of(p, E1, 3.0).constants((2,)).sigma_p == pytest.approx(3.0)


def test_a_coin_hides_without_bias():
    c = Coin(0.1, 2.0, 1.5).constants((3,))
    assert c.sigma_p**1.5 == pytest.approx(2.0**1.5 * (0.1 * 9**1.5 + 0.9))


def draws(noise, d: int = 2, n: int = 4000):
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(SEED), n)
        return np.asarray(jax.vmap(lambda k: noise.draw(jnp.zeros(d), k))(keys))


# Kolmogorov–Smirnov at alpha = 1e-6 each, six of them: distribution functions, never moments.
@pytest.mark.parametrize(
    ("noise", "law"),
    [
        (Pareto(1.6, 0.5, 1.5), lambda r: stats.pareto.cdf(r / 0.5, 1.6)),
        (Pareto(1.6, 0.5, 1.5, 1.0), lambda r: stats.lomax.cdf(r / 0.5, 1.6)),
        (
            truncated_pareto(1.5, 1.0, 9.0),
            lambda r: (1 - np.clip(r, 1, None) ** -1.5) / (1 - 9**-1.5),
        ),
        (StudentT(1.8, 0.5, 1.5), lambda r: stats.f.cdf(r**2 / (2 * 0.25), 2, 1.8)),
        (StudentT(1.8, 1.0, 1.5), lambda r: stats.f.cdf(r**2 / 2, 2, 1.8)),
        (Stable(1.7, E1, 1.0, 1.5), lambda r: 2 * np.asarray(stats.levy_stable.cdf(r, 1.7, 0)) - 1),
    ],
)
def test_the_sampler_has_the_law(noise, law):
    r = np.linalg.norm(draws(noise, n=60 if isinstance(noise, Stable) else 4000), axis=1)
    assert stats.kstest(r, law).pvalue > 1e-6


def test_student_t_on_the_line_has_the_law():
    x = draws(StudentT(1.8, 0.5, 1.5), d=1)[:, 0]
    assert stats.kstest(x / 0.5, stats.t(1.8).cdf).pvalue > 1e-6


def test_the_skewed_sampler_has_the_law_and_its_sign():
    x = draws(OneSidedLomax(1.6, E1, 0.5, 1.5))
    assert np.all(x[:, 1] == 0)
    y = x[:, 0] / 0.5 + 1 / 0.6
    assert stats.kstest(y, lambda r: stats.lomax.cdf(r, 1.6)).pvalue > 1e-6


def test_atoms_are_drawn_with_their_chances():
    noise = two_point(1.5, 1.0, 0.2, E1)
    x = draws(noise)[:, 0]
    top = float(np.asarray(noise.values)[0])
    hits = int(np.sum(np.isclose(x, top)))
    assert stats.binomtest(hits, 4000, 0.2).pvalue > 1e-6
    # The values of a law are copied, not computed.
    assert set(np.round(x, 12)) == set(np.round(np.asarray(noise.values)[:2], 12))


def test_a_ripple_is_a_gradient_and_symmetric_and_lipschitz():
    noise = Ripple(three_point(1.5, 1.0, 0.3), 0.5)
    oracle = RippleOracle(bowl(np.ones(2)), noise)
    with jax.enable_x64(True):
        x, y, key = jnp.array([0.3, -2.0]), jnp.array([0.7, 1.0]), jax.random.key(SEED)
        slope = np.asarray(jax.grad(oracle.value)(x, key))
        assert slope == pytest.approx(np.asarray(oracle.grad(x, key)), rel=1e-12)
        gap = jnp.linalg.norm(noise.draw(x, key) - noise.draw(y, key))
        assert gap <= 0.5 * jnp.linalg.norm(x - y)
    zeta = three_point(1.5, 1.0, 0.01)
    c = Ripple(zeta, 0.5).constants((2,))
    assert c.symmetric
    assert c.noise_lipschitz == 0.5
    assert c.sigma**2 == pytest.approx(zeta.moment(2.0) + 0.25)
    assert c.sigma_p == pytest.approx(1.5)  # 1 + 0.5·√(2/2)


def test_a_ripple_of_random_height_is_smooth_in_the_means_that_its_height_has():
    noise = Ripple(three_point(1.5, 1.0, 0.3), 0.5, Pareto.of(1.5, 1.0))
    oracle = RippleOracle(bowl(np.ones(2)), noise)
    with jax.enable_x64(True):
        x, key = jnp.array([0.3, -2.0]), jax.random.key(SEED)
        slope = np.asarray(jax.grad(oracle.value)(x, key))
        assert slope == pytest.approx(np.asarray(oracle.grad(x, key)), rel=1e-12)
        heights = [float(noise.parts(x, jax.random.key(i))[2]) for i in range(20)]
        assert len(set(heights)) == 20
    c = noise.constants((2,))
    assert c.noise_lipschitz_p == pytest.approx(0.5)
    assert c.sigma_p == pytest.approx(1.5)  # 1 + 0.5·√(2/2)
    assert c.symmetric
    assert not c.light_tailed
    assert "noise_lipschitz" not in c
    assert "sigma" not in c
    # E A² = q^{1−2/p} for E|A|^p = 1: 10^{1/3} at q = 0.1, p = 1.5.
    swell = three_point(1.5, 1.0, 0.1, 1.0)
    c = Ripple(three_point(1.5, 1.0, 0.3), 0.5, swell).constants((2,))
    assert c.noise_lipschitz == pytest.approx(0.5 * 10 ** (1 / 6))
    with pytest.raises(InvalidInput, match=r"a swell of order 1\.2"):
        Ripple(three_point(1.5), 0.5, Pareto.of(1.2)).constants((2,))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: two_point(1.0), "p = 1"),
        (lambda: three_point(2.5), "p = 2.5"),
        (lambda: Pareto(1.5, 1.0, 1.5), "does not exist"),
        (lambda: StudentT(1.2, 1.0, 1.5), "does not exist"),
        (lambda: Stable(1.4, E1, 1.0, 1.5), "does not exist"),
        (lambda: two_point(1.5, q=1.0), "0 < q < 1"),
        (lambda: truncated_pareto(1.5, 1.0, 0.5), "M > scale"),
        (lambda: Atoms([1.0, 0.0], [0.5, 0.5], E1), "mean zero"),
        (lambda: Atoms([1.0, -1.0], [0.5, 0.6], E1), "sum to 1"),
        (lambda: Atoms([1.0, -1.0], [0.5, 0.5], 2 * E1), "unit vector"),
        (lambda: two_point(1.5, d=3).constants((2,)), "the iterate's shape"),
    ],
)
def test_bad_input_says_what_to_do(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()


def test_float32_tails_are_announced_with_their_end():
    with pytest.warns(UserWarning, match=r"truncated at 3.28e\+04 times"):
        Pareto(1.6, 1.0, 1.5).draw(jnp.zeros(2, jnp.float32), jax.random.key(0))
