"""Random bits by Philox, and the normal law made of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammainc, ndtr, ndtri
from scipy.stats import chi2, kstest

from convergence.claims.base import Claim
from convergence.compiling import carefully, hastily
from convergence.draws import _quantile, _unit, normal, radial, table
from convergence.keys import claim_key, run_key, run_keys, slug_seed
from convergence.philox import PHILOX, ROUNDS, beside, philox, root
from convergence.precision import precision
from convergence.registry import registry
from convergence.runner.run import _hasty, checkpoints, trajectory
from convergence.tiers import GENERATORS

ALPHA = 1e-6  # of each statistical test here

# Known answers published with Random123: counter and key, block (philox2x32, ten rounds).
KNOWN = [
    ((0x00000000, 0x00000000), 0x00000000, (0xFF1DAE59, 0x6CD10DF2)),
    ((0xFFFFFFFF, 0xFFFFFFFF), 0xFFFFFFFF, (0x2C3F628B, 0xAB4FD7AD)),
    ((0x243F6A88, 0x85A308D3), 0x13198A2E, (0xDD7CE038, 0xF62A4C12)),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("counter", "key", "block"), KNOWN)
def test_philox_gives_the_published_blocks(
    counter: tuple[int, int], key: int, block: tuple[int, int], dtype: str
) -> None:
    with precision(dtype):
        found = philox(*(jnp.asarray([word], jnp.uint32) for word in (*counter, key)))
    assert tuple(int(word[0]) for word in found) == block


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", [0, 7, -3, 2**31 - 1, 2**40 + 5])
def test_keys_made_on_the_host_are_those_of_jax(seed: int, dtype: str, generator: str) -> None:
    impl = PHILOX if generator == "philox" else "threefry2x32"
    with precision(dtype):
        key = jax.random.key(seed, impl=impl)
        for number in (slug_seed("c"), 64):
            key = jax.random.fold_in(key, number)
        found = claim_key("c", seed, 64, generator)
        assert found.dtype == key.dtype
        assert np.array_equal(jax.random.key_data(found), jax.random.key_data(key))
        (own,) = jax.random.key_data(run_keys(key, jnp.array([2**31 + 9], jnp.uint32)))
        assert np.array_equal(jax.random.key_data(run_key(found, 2**31 + 9)), own)
        indices = np.array([0, 1, 255, 2**31 + 9], np.uint32)
        made = beside(found, indices)
        assert made.dtype == key.dtype
        beyond = run_keys(key, jnp.asarray(indices))
        assert np.array_equal(jax.random.key_data(made), jax.random.key_data(beyond))


def test_keys_made_of_keys_share_no_word() -> None:
    with precision("float64"):
        key = root(5)
        made = [jax.random.fold_in(key, i) for i in range(50)]
        made += [*list(jax.random.split(key, 50)), root(6), key]
        words = np.concatenate([np.asarray(jax.random.bits(k, (20,), jnp.uint64)) for k in made])
        assert len(set(words.tolist())) == len(words)
        assert jnp.all(jax.random.bits(key, (7,)) == jax.random.bits(root(5), (9,))[:7])


def test_the_first_runs_do_not_depend_on_the_width_of_a_draw_or_on_vmap() -> None:
    with precision("float64"):
        keys = jax.random.split(root(1), 6)
        together = jax.vmap(lambda k: normal(k, (3,), jnp.float64))(keys)
        assert np.array_equal(together, np.stack([normal(k, (3,), jnp.float64) for k in keys]))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 2e-6)])
def test_every_word_becomes_its_quantile(dtype: str, tolerance: float) -> None:
    """|x − Φ⁻¹(v)| φ(x): the error as one of the distribution function, over words of all sizes."""
    with precision(dtype):
        word = np.uint64 if dtype == "float64" else np.uint32
        width = 8 * word(0).itemsize
        rng = np.random.default_rng(0)
        drawn = rng.integers(0, 2**width, 200_000, dtype=word) >> rng.integers(
            0, width, 200_000
        ).astype(word)
        ends = np.array([0, 1, 2, 3, 2**width - 1, 2**width - 2, 2 ** (width - 1)], word)
        bits = np.concatenate([drawn, ends])
        x = np.asarray(_quantile(jnp.asarray(bits), dtype), np.float64)
        v = np.asarray(_unit(jnp.asarray(bits), dtype), np.float64) / 2
        assert np.all(np.isfinite(x))
        assert np.all((x > 0) == (bits % 2 == 1))
        tail = ndtr(-np.abs(x))
        # float32: also the rounding of v itself, 2^-24 of 1/2
        assert np.max(np.abs(tail - v)) < tolerance
        assert np.max(np.abs(tail / v - 1)) < (1e-12 if dtype == "float64" else 1e-4)
        assert np.max(np.abs(x)) > (8.0 if dtype == "float64" else 6.0)


def test_moments_of_the_table_are_those_of_the_normal_law() -> None:
    """Every row integrated over its own v: E|x|^k/2 on (0, 1/2), up to k = 8."""
    coefficients = table("float64")
    octaves, m = 53, 5
    nodes, weights = np.polynomial.legendre.leggauss(20)
    row = np.arange(coefficients.shape[1])
    y = (nodes + 1) / 2 ** (m + 1)
    x = sum(c[:, None] * y**i for i, c in enumerate(coefficients))
    mass = np.ldexp(1.0, (row >> m) - octaves - 1 - m - 1)[:, None] * weights
    for k, exact in ((0, 1), (2, 1), (4, 3), (6, 15), (8, 105)):
        inside = exact * gammainc((k + 1) / 2, ndtri(2.0**-54) ** 2 / 2)  # v > 2^-54
        assert 2 * np.sum(mass * x**k) == pytest.approx(inside, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_normals_keep_the_law_across_words_keys_and_seeds(dtype: str, test_seed: int) -> None:
    with precision(dtype):
        key = claim_key("draws", test_seed, 1)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(20_000))
        rows = np.asarray(jax.vmap(lambda k: normal(k, (10,), jnp.dtype(dtype)))(keys), np.float64)
    assert kstest(rows.ravel(), "norm").pvalue > ALPHA
    assert kstest(np.sqrt(10) * rows.mean(axis=1), "norm").pvalue > ALPHA
    assert kstest((rows**2).sum(axis=1), chi2(10).cdf).pvalue > ALPHA
    between = np.atleast_2d(np.corrcoef(np.concatenate([rows[1:], rows[:-1]], axis=1).T))
    off = between[~np.eye(20, dtype=bool)]
    assert np.max(np.abs(off)) < 6 / np.sqrt(len(rows))  # 190 pairs beyond 6σ: 4e-7


def test_bits_are_balanced_one_by_one_and_in_pairs(test_seed: int) -> None:
    with precision("float64"):
        key = claim_key("bits", test_seed, 1)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(2**12, dtype=jnp.uint32))
        words = np.asarray(jax.vmap(lambda k: jax.random.bits(k, (8,), jnp.uint64))(keys))
    ones = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1).astype(float)
    n = len(ones)
    assert np.max(np.abs(ones.mean(axis=0) - 0.5)) < 6 * 0.5 / np.sqrt(n)  # 64 bits: 1.3e-7
    pairs = np.corrcoef(ones.T)[~np.eye(64, dtype=bool)]
    assert np.max(np.abs(pairs)) < 6.5 / np.sqrt(n)  # 2016 pairs: 1.6e-7
    changes = (ones[8:] != ones[:-8]).mean(axis=0)  # of one key to the next
    assert np.max(np.abs(changes - 0.5)) < 6 * 0.5 / np.sqrt(n)


def test_a_radial_draw_is_a_uniform_and_independent_normals(test_seed: int) -> None:
    with precision("float64"):
        key = claim_key("radial", test_seed, 1)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(20_000))
        u, z = jax.vmap(lambda k: radial(k, 2, jnp.float64))(keys)
    u, z = np.asarray(u), np.asarray(z)
    assert kstest(u, "uniform").pvalue > ALPHA
    assert kstest(z.ravel(), "norm").pvalue > ALPHA
    assert np.all(np.abs(np.corrcoef(np.column_stack([u, z]).T)[0, 1:]) < 6 / np.sqrt(len(u)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_radial_draw_on_the_line_is_a_uniform_and_a_sign(dtype: str, test_seed: int) -> None:
    with precision(dtype):
        key = claim_key("line", test_seed, 1)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(20_000))
        u, z = jax.vmap(lambda k: radial(k, 1, jnp.dtype(dtype)))(keys)
    u, z = np.asarray(u), np.asarray(z)[:, 0]
    assert set(z) == {-1.0, 1.0}
    assert kstest(u, "uniform").pvalue > ALPHA
    for moment in (z, z * u, z * (u < 0.01) * 10):
        assert abs(moment.mean()) < 6 / np.sqrt(len(z))


def test_a_compiled_step_makes_its_random_bits_once() -> None:
    """Made again in each loop that read them, they took four fifths of the time of this one."""
    claim = next(c for c in registry() if c.slug == "lozo-floor-nu7")
    assert isinstance(claim, Claim)
    with precision("float64"):
        experiment = claim.experiment(7)
        keys = run_keys(root(0), jnp.arange(1024, dtype=jnp.uint32))
        given = trajectory, experiment, checkpoints(7), keys
        compiled = _hasty.lower(*given).compile().compiled.as_text()
    xors = [part.count(" xor(") for part in compiled.split("\n\n")]
    # Keys: of init, of steps, of the parts of a step; numbers: V twice, U, a noise for both points.
    assert 5 <= sum(made >= 2 * ROUNDS for made in xors) <= 12


@pytest.mark.parametrize("compiled", [hastily, carefully])
def test_a_loop_draws_what_is_read_twice_once_and_carries_nothing_for_it(compiled: Any) -> None:
    """Without the barrier of `philox` a loop carried the key of each of its ten rounds, and a
    sample that is read at two points was drawn twice: a claim about LOZO took twice the time."""

    def steps(x: Any, T: Any, key: Any) -> Any:
        def body(t: Any, x: Any) -> Any:
            once = jax.random.fold_in(key, t)
            first, second = (normal(once, x.shape, x.dtype) for _ in range(2))
            return x * first + second

        return jax.lax.fori_loop(0, T, body, x)

    with precision("float64"):
        keys = run_keys(root(0), jnp.arange(1024, dtype=jnp.uint32))
        program = compiled(jax.vmap(steps, (None, None, 0))).lower(jnp.ones(4), 9, keys)
    text = program.compile().compiled.as_text()
    xors = [made for part in text.split("\n\n") if (made := part.count(" xor("))]
    assert sum(made >= 2 * ROUNDS for made in xors) == 2  # the key of a step, the draw
    assert len(xors) < 2 + ROUNDS
