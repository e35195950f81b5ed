"""What is drawn follows the law that is certified: randomized parts against their own `patterns`.

Finitely many outcomes are counted and tested by exact binomial tests, continuous ones against
their distribution functions. `ALPHA` is shared by the outcomes of one part.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from convergence.algorithms.estimators.ist import IST
from convergence.algorithms.subspace.frugal import BernoulliMask
from convergence.algorithms.subspace.rso import GaussianFrame
from convergence.algorithms.zeroth_order.lozo import LOZO
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.parts.compressors import AbstractCompressor, Bernoulli, RandK
from convergence.parts.matrix_products import CRS, WTA, chances
from convergence.parts.projectors import AbstractProjector, Coordinates, Haar
from convergence.parts.quantizers import dequantize, quantize, round_stochastic
from convergence.problems.quadratic import Isotropic

ALPHA = 1e-7  # of a false alarm, for each part
MANY = 2**15
COINS = 2**18  # a coin of .49 is 10 standard errors from one of .5


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def drawn(draw: Any, seed: int, many: int = MANY) -> np.ndarray:
    """(many, …) independent draws."""
    keys = jax.random.split(jax.random.key(seed), many)
    return np.asarray(jax.jit(jax.vmap(draw))(keys))


def check_counts(found: np.ndarray, outcomes: np.ndarray, p: np.ndarray) -> None:
    """Every draw is one of the outcomes, and each comes up as often as its chance allows."""
    flat = found.reshape(len(found), -1)
    rows, seen = np.unique(np.round(flat, 9), axis=0, return_counts=True)
    counted = {tuple(row): int(n) for row, n in zip(rows, seen, strict=True)}
    expected: dict[tuple[float, ...], float] = {}
    for outcome, chance in zip(outcomes.reshape(len(outcomes), -1), p, strict=True):
        key = tuple(np.round(outcome, 9))
        expected[key] = expected.get(key, 0.0) + float(chance)
    assert set(counted) <= set(expected), "an outcome that the law does not have"
    for outcome, chance in expected.items():
        n = counted.get(outcome, 0)
        tail = stats.binomtest(n, len(found), min(chance, 1.0)).pvalue
        assert tail > ALPHA / len(expected), (outcome, n / len(found), chance)


@pytest.mark.parametrize("C", [Bernoulli(0.3), Bernoulli(0.5), RandK(2)], ids=repr)
def test_compressors_draw_their_patterns(C: AbstractCompressor, test_seed: int) -> None:
    n, d = 2, 4
    p, masks = C.patterns(n, d)
    found = drawn(lambda key: C(jnp.ones((n, d)), key), test_seed, COINS)
    check_counts(found, masks, p)


def test_coordinate_frames_are_their_patterns(test_seed: int) -> None:
    """As projections; a row drawn twice would leave PᵀP = I."""
    p, frames = Coordinates().patterns(5, 2)
    square = np.einsum("kir,kjr->kij", frames, frames)

    def projection(key: Any) -> Any:
        P = Coordinates().frame(jnp.asarray(0), jnp.zeros((5, 3)), key, 2)
        return P @ P.T

    check_counts(drawn(projection, test_seed), square, p)


@pytest.mark.parametrize("r", [1, 3])
def test_haar_frames_are_uniform(r: int, test_seed: int) -> None:
    """uᵀΠu ~ Beta(r/2, (m − r)/2) for every unit vector u, and its first two moments are those of
    `patterns` and `squeeze`."""
    m, u = 5, np.array([0.6, 0.0, -0.8, 0.0, 0.0])

    def seen(key: Any) -> Any:
        P = Haar().frame(jnp.asarray(0), jnp.zeros((m, 4)), key, r)
        return jnp.stack([jnp.sum((u @ P) ** 2), (P @ P.T)[1, 1]])

    found = drawn(seen, test_seed)
    law = stats.beta(r / 2, (m - r) / 2)
    for column in found.T:
        assert stats.kstest(column, law.cdf).pvalue > ALPHA / 2
    weights, P = Haar().patterns(m, r)
    along = np.sum((u @ P) ** 2, axis=1)
    assert weights @ along == pytest.approx(law.mean(), abs=1e-9)
    assert weights @ along**2 == pytest.approx(law.moment(2), abs=1e-9)
    M = np.outer(u, u)
    assert u @ Haar().squeeze(M, r) @ u == pytest.approx(law.moment(2), abs=1e-12)


@pytest.mark.parametrize("frame", [Haar(), GaussianFrame()], ids=repr)
def test_frames_spread_evenly(frame: AbstractProjector, test_seed: int) -> None:
    """E PPᵀ = (r/m) I; entries of a Gaussian frame are N(0, 1/m)."""
    m, r = 6, 4

    def seen(key: Any) -> Any:
        return frame.frame(jnp.asarray(0), jnp.zeros((m, 3)), key, r)

    P = drawn(seen, test_seed)
    square = np.einsum("kir,kjr->kij", P, P)
    error = square.std(axis=0) / len(P) ** 0.5
    z = np.abs(square.mean(axis=0) - r / m * np.eye(m)) / error
    assert z.max() < stats.norm.isf(ALPHA / m**2)
    if isinstance(frame, GaussianFrame):
        assert stats.kstest(P[:, 1, 2], stats.norm(0, m**-0.5).cdf).pvalue > ALPHA


def test_lazy_factors_of_lozo(test_seed: int) -> None:
    """A row of a Stiefel V has |v|²/n ~ Beta(r/2, (n − r)/2), a Gaussian one |v|² ~ χ²_r."""
    n, r, x = 6, 2, jnp.zeros((3, 6))
    for law, reference in (
        ("stiefel", stats.beta(r / 2, (n - r) / 2, scale=n)),
        ("gaussian", stats.chi2(r)),
    ):
        method = LOZO(0.1, 1, r, law=law)
        found = drawn(lambda key, m=method: jnp.sum(m.factor(x, key)[3] ** 2), test_seed)
        assert stats.kstest(found, reference.cdf).pvalue > ALPHA


def test_random_masks_of_frugal(test_seed: int) -> None:
    masks = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    p = np.prod(np.where(masks == 1, 0.3, 0.7), axis=1)
    split = BernoulliMask(0.3)
    found = drawn(lambda key: split.draw(jnp.asarray(0), jnp.zeros(3), key), test_seed, COINS)
    check_counts(found, masks, p)


def test_stochastic_rounding(test_seed: int) -> None:
    """Up with the fraction as the chance, also below zero and on a group's grid."""
    y = jnp.array([0.13, -0.07])
    found = drawn(lambda key: round_stochastic(y, 0.1, key) / 0.1, test_seed)
    outcomes = np.array([[1.0, -1.0], [1.0, 0.0], [2.0, -1.0], [2.0, 0.0]])
    check_counts(found, outcomes, np.array([0.7 * 0.7, 0.7 * 0.3, 0.3 * 0.7, 0.3 * 0.3]))
    w = jnp.array([-3.0, 0.4, 0.0, 12.0])  # scale 1, zero 3 at four bits
    held = drawn(lambda key: dequantize(quantize(w, 4, 4, key), w.shape)[1], test_seed)
    check_counts(held, np.array([0.0, 1.0]), np.array([0.6, 0.4]))


def blocks(N_u: int) -> tuple[IST, np.ndarray]:
    """IST with the chances .1 + .7·(softmax) over three blocks."""
    method = IST(1.0, (0.0, 1.0, 2.0), 0.3, N_u=N_u)
    with jax.enable_x64(True):
        return method, np.asarray(method.chances(jnp.asarray([0.0, 1.0, 2.0])))


def test_blocks_of_ist(test_seed: int) -> None:
    """One by its chance; two without replacement, each by its share of what is left."""
    oracle = Oracle(Isotropic(np.ones((3, 1))), Noiseless())
    for N_u in (1, 2):
        method, p = blocks(N_u)
        soft = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum()
        np.testing.assert_allclose(p, 0.1 + 0.7 * soft, atol=1e-12)
        state = method.init(jnp.ones((3, 1)), oracle, jax.random.key(0))

        def hit(key: Any, method: IST = method, state: Any = state) -> Any:
            return 1 - method.step(jnp.asarray(1), state, oracle, key).x[:, 0]

        chosen = list(itertools.combinations(range(3), N_u))
        outcomes = np.array([[float(i in c) for i in range(3)] for c in chosen])
        odds = [
            sum(np.prod([p[j] / (1 - sum(p[k] for k in o[:i])) for i, j in enumerate(o)])
                for o in itertools.permutations(c))
            for c in chosen
        ]  # fmt: skip
        check_counts(drawn(hit, test_seed), outcomes, np.array(odds))


def test_sampled_pairs(test_seed: int) -> None:
    """CRS draws by p_i ∝ |X_i||Y_i|; WTA keeps the likeliest and draws the others by the rest."""
    X, Y = jnp.array([[1.0, 2.0, 3.0]]), jnp.diag(jnp.array([4.0, 1.0, 1.0]))
    p = np.array([4, 2, 3]) / 9
    np.testing.assert_allclose(chances(X, Y), p, atol=1e-12)
    np.testing.assert_allclose(chances(0 * X, Y), np.full(3, 1 / 3), atol=1e-12)
    inside, rest, _ = WTA(2, 1).split(X * jnp.array([1.0, 0.0, 0.0]), Y)  # nothing is left
    np.testing.assert_allclose([inside, rest], [[1, 0, 0], [1 / 3] * 3], atol=1e-12)
    # The estimate is a row vector with one entry a pair: which one is not 0 tells the draw.
    found = drawn(lambda key: jnp.argmax(jnp.abs(CRS(1)(X, Y, key))[0]), test_seed)
    check_counts(found, np.arange(3.0), p)
    missing = drawn(lambda key: jnp.argmin(jnp.abs(WTA(2, 1)(X, Y, key))[0]), test_seed)
    check_counts(missing, np.array([2.0, 1.0]), np.array([2 / 5, 3 / 5]))


def test_a_draw_at_the_edge_is_not_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers lie in [0, 1): a chance of 0 never comes up, one of 1 always."""
    monkeypatch.setattr(jax.random, "uniform", lambda key, shape, dtype: jnp.full(shape, 0.25))
    key, x = jax.random.key(0), jnp.ones((2, 3))
    assert not np.any(Bernoulli(0.25)(x, key))
    assert not np.any(BernoulliMask(0.25).draw(jnp.asarray(0), x, key))
    y = jnp.array([0.25, 1.25, -0.75])
    assert round_stochastic(y, 1.0, key).tolist() == [0, 1, -1]
