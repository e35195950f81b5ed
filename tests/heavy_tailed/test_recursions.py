"""Every recursion against numbers worked by hand, with a scripted oracle instead of a noise."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd import (
    NSGD,
    NSGDM,
    HeavyBallAfterNormalizing,
    clip,
    unit,
)
from convergence.algorithms.heavy_tailed.nsgd_clip import NSGDC
from convergence.algorithms.heavy_tailed.storm import STORM, STORMTwoSamples
from convergence.errors import InvalidInput
from convergence.oracles.base import AbstractOracle

KEYS = [jax.random.key(i) for i in range(4)]
ROUND = 1e-14  # a few operations on numbers of order 1


class Scripted(AbstractOracle):
    """g(x; ξ) = x + ξ on the plane; ξ is looked up by the key, (0, 0) for any other key."""

    script: tuple[tuple[float, float], ...]

    def grad(self, x, key):
        xi = jnp.zeros(2, x.dtype)
        for k, v in zip(KEYS, self.script):
            same = jnp.all(jax.random.key_data(key) == jax.random.key_data(k))
            xi = jnp.where(same, jnp.asarray(v, x.dtype), xi)
        return x + xi


def iterates(algorithm, script, x0=(3.0, 4.0), steps=2):
    with jax.enable_x64(True):
        oracle = Scripted(script)
        state = algorithm.init(jnp.asarray(x0, jnp.float64), oracle, KEYS[3])
        out = []
        for t in range(steps):
            state = algorithm.step(jnp.asarray(t), state, oracle, KEYS[t])
            out.append((np.asarray(state.x), np.asarray(state.m) if hasattr(state, "m") else None))
        return out


def test_nsgd_normalizes_the_mean_of_the_batch():
    # A batch asks derived keys, hence no noise: g = x, |x| = 5, a step of length 1 along (.6, .8).
    (x, m), _ = iterates(NSGD(1.0, 3), ())
    assert m == pytest.approx([3, 4], rel=ROUND)
    assert x == pytest.approx([2.4, 3.2], rel=ROUND)


def test_nsgdm():
    # t=0: m = g = (3,4)+(0,0); x = (2.4, 3.2). t=1: g = (2.4, 3.2)+(1.6, -3.2) = (4, 0),
    # m = ¾(3,4) + ¼(4,0) = (3.25, 3), |m|² = 10.5625 + 9 = 19.5625.
    (x, _), (y, m) = iterates(NSGDM(1.0, 0.25), ((0, 0), (1.6, -3.2)))
    assert x == pytest.approx([2.4, 3.2], rel=ROUND)
    assert m == pytest.approx([3.25, 3.0], rel=ROUND)
    assert y == pytest.approx(np.array([2.4, 3.2]) - np.array([3.25, 3]) / 19.5625**0.5, rel=ROUND)


def test_nsgdc_clips_before_it_averages():
    # t=0: clip_2.5 (3,4) = (1.5, 2). t=1: g = (4, 0) -> (2.5, 0), m = ¾(1.5, 2) + ¼(2.5, 0).
    (x, m0), (_, m1) = iterates(NSGDC(1.0, 0.25, 2.5), ((0, 0), (1.6, -3.2)))
    assert m0 == pytest.approx([1.5, 2.0], rel=ROUND)
    assert x == pytest.approx([2.4, 3.2], rel=ROUND)
    assert m1 == pytest.approx([1.75, 1.5], rel=ROUND)


def test_storm_asks_one_sample_twice():
    # m_0 from the initial batch: no noise. t=1, ξ = (1, -1): g = (3.4, 2.2), before = (4, 3),
    # m = g + ¾(m_0 − before) = (3.4, 2.2) + ¾(−1, 1) = (2.65, 2.95).
    (x, m0), (_, m1) = iterates(STORM(1.0, 0.25), ((9, 9), (1, -1)))
    assert m0 == pytest.approx([3, 4], rel=ROUND)  # the sample of step 0 is not used
    assert x == pytest.approx([2.4, 3.2], rel=ROUND)
    assert m1 == pytest.approx([2.65, 2.95], rel=ROUND)


def test_storm_clipped():
    # As above with h = 2: m_0 = (1.2, 1.6); m_1 = ¾(m_0 + g − before) + ¼ clip_2(g),
    # g − before = (−.6, −.8), |g|² = 11.56 + 4.84 = 16.4.
    _, (_, m1) = iterates(STORM(1.0, 0.25, 1, 2.0), ((9, 9), (1, -1)))
    clipped = 2 * np.array([3.4, 2.2]) / 16.4**0.5
    assert m1 == pytest.approx(0.75 * np.array([0.6, 0.8]) + 0.25 * clipped, rel=ROUND)


def test_storm_with_two_samples_does_not_cancel():
    # The second sample is a derived key, hence without noise: before = (3, 4).
    _, (_, m1) = iterates(STORMTwoSamples(1.0, 0.25), ((9, 9), (1, -1)))
    assert m1 == pytest.approx([3.4, 2.2], rel=ROUND)


def test_nigt_looks_ahead():
    # t=0: m = (3,4), x = (2.4, 3.2). t=1, α = ½: v = x + (x − x_prev) = (1.8, 2.4), ξ = (0, 1):
    # m = ½(3, 4) + ½(1.8, 3.4) = (2.4, 3.7).
    (x, _), (_, m) = iterates(NIGT(1.0, 0.5), ((0, 0), (0, 1)))
    assert x == pytest.approx([2.4, 3.2], rel=ROUND)
    assert m == pytest.approx([2.4, 3.7], rel=ROUND)


def test_clipped_sgd_and_plain_sgd():
    (x, _), _ = iterates(ClippedSGD(0.5, 2.5), ((0, 0), (0, 0)))
    assert x == pytest.approx([3 - 0.75, 4 - 1.0], rel=ROUND)
    (x, _), _ = iterates(ClippedSGD(0.5), ((1, 0), (0, 0)))
    assert x == pytest.approx([1.0, 2.0], rel=ROUND)


def test_a_heavy_ball_after_normalizing_makes_long_steps():
    # v_0 = (.6, .8); x = (2.4, 3.2); v_1 = ½ v_0 + (.6, .8) = (.9, 1.2).
    (x, _), (y, _) = iterates(HeavyBallAfterNormalizing(1.0, 0.5), ((0, 0), (0, 0)))
    assert x == pytest.approx([2.4, 3.2], rel=ROUND)
    assert y == pytest.approx([1.5, 2.0], rel=ROUND)


def test_edges_of_clipping_and_normalizing():
    with jax.enable_x64(True):
        zero, g = jnp.zeros(2), jnp.array([3.0, 4.0])
        assert np.all(np.asarray(unit(zero)) == 0)
        assert np.all(np.asarray(clip(zero, 1.0)) == 0)
        assert np.all(np.asarray(clip(g, jnp.inf)) == np.asarray(g))
        assert np.all(np.asarray(clip(g, 5.0)) == np.asarray(g))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: NSGDM(1.0, 0.0), "momentum theta = 1"),
        (lambda: NSGDM(1.0, 1.5), "momentum theta = -0.5"),
        (lambda: NSGDC(1.0, 0.5, 0.0), "clip level h = 0"),
        (lambda: ClippedSGD(1.0, -1.0), "clip level h = -1"),
        (lambda: NSGD(0.0), "gamma = 0"),
        (lambda: HeavyBallAfterNormalizing(1.0, 1.0), "momentum theta = 1"),
    ],
)
def test_bad_input_says_what_to_do(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
