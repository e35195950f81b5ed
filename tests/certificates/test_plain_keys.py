"""Keys that NumPy makes, and words drawn from them, are JAX's bit for bit."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import philox, plain_keys
from convergence.philox import PHILOX
from convergence.plain_walker import Walker
from convergence.precision import precision

IMPLS: dict[str, Any] = {"philox": PHILOX, "threefry": "threefry2x32"}
WORDS = [((), 32), ((3,), 32), ((2, 5), 64), ((7,), 16), ((4,), 8), ((0,), 32), ((1,), 64)]


def data(keys: Any) -> Any:
    return jax.random.key_data(keys)


def made(key: Any, impl: Any) -> list[Any]:
    keys = jax.random.split(key, (2, 3))
    folded = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.array([0, 1, 2**31 - 1, -5]))
    back = jax.random.wrap_key_data(data(keys), impl=impl)
    drawn = [
        jax.random.bits(k, shape, f"uint{width}")
        for shape, width in WORDS
        for k in (key, keys[0, 1])
        if width < 64 or jax.config.read("jax_enable_x64")
    ]
    drawn.append(jax.vmap(jax.random.bits)(keys[0]))
    moved = [keys[:, 1:].ravel(), keys.T, jnp.where(key[None] == folded, folded, folded[::-1]),
             keys[jnp.array([1, 0])], jnp.concatenate([folded, keys[1]])]  # fmt: skip
    return [*drawn, *map(data, (keys, folded, *moved, back)), jax.random.permutation(key, 9),
            jax.random.randint(key, (5,), -3, 40), jax.random.uniform(key, (3,))]  # fmt: skip


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_bit_is_that_of_jax(impl: str, dtype: str) -> None:
    with precision(dtype):
        for seed in (0, 7, -3, 2**31 - 1, 2**40 + 5 if dtype == "float64" else 11):
            key = jax.random.key(seed, impl=IMPLS[impl])
            program = jax.make_jaxpr(lambda s: jax.random.key(s, impl=IMPLS[impl]))(seed)
            (ours,) = Walker().closed(program, [np.asarray(seed, program.in_avals[0].dtype)])
            assert ours.dtype == np.uint64
            assert np.array_equal(data(plain_keys.raised(ours, key)), data(key))
            act = functools.partial(made, impl=IMPLS[impl])
            found = Walker().closed(jax.make_jaxpr(act)(key), [plain_keys.lowered(key, key)])
            for a, b in zip(found, jax.tree.leaves(jax.jit(act)(key)), strict=True):
                assert (a.dtype, a.shape) == (b.dtype, b.shape)
                assert np.array_equal(a, b)


@pytest.mark.parametrize("impl", IMPLS)
def test_no_program_is_compiled_for_a_key(impl: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = jax.random.key(0, impl=IMPLS[impl])
    program = jax.make_jaxpr(functools.partial(made, impl=IMPLS[impl]))(key)
    compiler: Any = jax._src.compiler  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.delattr(compiler, "compile_or_get_cached")
    Walker().closed(program, [plain_keys.lowered(key, key)])


@pytest.mark.parametrize("shape", [(3 * philox.TOGETHER + 5,), (2, 3, philox.TOGETHER)])
def test_words_that_are_made_some_after_others_are_those_of_jax(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    wide, row, one = (
        rng.integers(0, 2**32, size, dtype=np.uint32) for size in (shape, shape[-1:], (1,))
    )
    for words in ((wide, row, one), (row, one, wide), (wide.T, one, wide[..., :1].T)):
        found = philox._on_host(*words)
        for a, b in zip(found, philox.philox(*map(jnp.asarray, words)), strict=True):
            assert np.array_equal(a, b)


def test_keys_of_other_generators_stay_those_of_jax() -> None:
    key = jax.random.key(0, impl="rbg")
    program = jax.make_jaxpr(lambda k: jax.random.bits(jax.random.split(k)[1], (3,)))(key)
    (found,) = Walker().closed(program, [plain_keys.lowered(key, key)])
    assert np.array_equal(found, jax.random.bits(jax.random.split(key)[1], (3,)))
