"""What NumPy makes of many points by the program of one is what JAX makes of each."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import plain_rows
from convergence.draws import normal
from convergence.philox import PHILOX
from convergence.plainly import LONG, by_rows
from convergence.precision import precision
from convergence.work import AS_LONG, LARGE
from tests.certificates.test_plainly import FUNCTIONS, A


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_program_of_one_point_gives_what_it_gives_of_many(name: str):
    one = FUNCTIONS[name]
    with precision("float64"):
        x = np.stack([A, 2 * A, np.sin(A), np.zeros_like(A), -A[::-1]])
        with np.errstate(all="ignore"):
            ours = by_rows(lambda module, x: (one(x), one(module)))(A, x)
        theirs = jax.vmap(lambda x: (one(x), one(jnp.asarray(A))))(x)
        for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            assert np.asarray(a).dtype == b.dtype
            np.testing.assert_allclose(np.asarray(a), b, rtol=1e-12, atol=1e-12)  # roundings


PRODUCTS: dict[str, Any] = {
    "before": lambda c, x: jnp.einsum("ij,jk->ik", c @ c.T, x),
    "after": lambda c, x: jnp.einsum("ji,jk->ik", x, c),
    "both": lambda c, x: jnp.einsum("ij,kj->ik", x, x + c),
    "batch": lambda c, x: jnp.einsum("bij,ij->bi", jnp.stack([c, 2 * c]), x),
    "batches": lambda c, x: jnp.einsum("ij,ij->i", c, x) + jnp.einsum("ij,ij->i", x, c),
    "last": lambda c, x: jnp.einsum("ki,bkj->bij", x, jnp.stack([c, c + 1])),
    "number": lambda c, x: c * jnp.max(x) + jnp.where(jnp.sum(x) > 0, x, c),
    "padded": lambda c, x: jnp.pad(c, 1, constant_values=x[0, 0]) + jnp.pad(x, 1),
    "joined": lambda c, x: (jnp.concatenate([x, c]), jnp.stack([c, x], axis=1)),
    "taken": lambda c, x: (
        c[jnp.argmax(x, axis=1) % 4],
        x[jnp.argmin(c[:2], axis=1)],
        jnp.take_along_axis(x, (c > 0).astype(int), 0),
        jnp.take_along_axis(c, (x > 0).astype(int), 0),
    ),
    "cut": lambda c, x: (x[1:3, ::2], x[-1], c[0], jnp.flip(x, 1).T, x.reshape(2, -1)[:, None]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_what_depends_on_the_point_meets_what_does_not(name: str):
    one = PRODUCTS[name]
    with precision("float64"):
        x = np.stack([A, 2 * A, np.sin(A), -A[::-1], A + 1])
        program = jax.make_jaxpr(one)(A, A)
        assert plain_rows.serves(program.jaxpr)
        theirs = jax.vmap(lambda x: one(jnp.asarray(A), x))(x)
        for a, b in zip(jax.tree.leaves(by_rows(one)(A, x)), jax.tree.leaves(theirs), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)  # a few roundings


@pytest.mark.parametrize("impl", [PHILOX, "threefry2x32"], ids=["philox", "threefry"])
def test_each_key_of_many_draws_what_it_draws_alone(impl: Any):
    def drawn(shift: Any, words: Any) -> Any:
        key = jax.random.wrap_key_data(words, impl=impl)
        one, *more = jax.random.split(key, 3)
        folded = jax.random.fold_in(one, 7)
        keys = jax.random.split(folded, (2, 2))
        return (
            jax.random.bits(one, (3,)), jax.random.bits(more[0], (2, 2), np.uint64),
            jax.random.bits(more[1], (), np.uint8), normal(folded, (2,), float) + shift,
            jax.vmap(jax.random.bits)(keys[1]), jax.random.key_data(keys),
        )  # fmt: skip

    with precision("float64"):
        words = np.random.default_rng(0).integers(0, 2**32, (9, 2), dtype=np.uint32)
        assert plain_rows.serves(jax.make_jaxpr(drawn)(1.0, words[0]).jaxpr)
        ours = by_rows(drawn)(np.asarray(1.0), words)
        theirs = jax.vmap(functools.partial(drawn, 1.0))(words)
        for a, b in zip(ours, theirs, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-15 if a.dtype == float else 0)


def test_keys_of_other_generators_are_drawn_from_by_jax():
    def drawn(shift: Any, words: Any) -> Any:
        return jax.random.bits(jax.random.wrap_key_data(words, impl="rbg"), (2,)) + shift

    words = np.arange(12, dtype=np.uint32).reshape(3, 4)
    assert not plain_rows.serves(jax.make_jaxpr(drawn)(np.uint32(1), words[0]).jaxpr)
    theirs = jax.vmap(functools.partial(drawn, np.uint32(1)))(words)
    assert np.array_equal(by_rows(drawn)(np.uint32(1), words), theirs)


def test_any_number_of_points_is_of_one_form():
    traced = []

    def counted(shift: Any, x: Any) -> Any:
        traced.append(np.shape(x))
        return 2 * x + shift

    double, shift = by_rows(counted), np.asarray([3, 4])
    at = double.of(shift)
    for many in (1, 5, 5, 9):
        x = np.arange(2 * many).reshape((many, 2))
        assert np.array_equal(double(shift, x), 2 * x + shift)
        assert np.array_equal(at(x), 2 * x + shift)
    assert traced == [(2,)]


def test_entries_of_many_points_take_time_too():
    double = by_rows(lambda module, x: 2 * x)
    many = np.zeros((LARGE // 4, 4))
    calls = int(LONG / (1 + LARGE / AS_LONG))
    assert all(isinstance(double(0, many), np.ndarray) for _ in range(calls))
    assert isinstance(double(0, many), jax.Array)
    assert isinstance(by_rows(lambda module, x: 2 * x)(0, np.zeros((LARGE, 2))), jax.Array)


def test_entries_take_time_also_where_a_loop_keeps_points_together():
    """Of a user's draws by rejection, say, which NumPy would make turn by turn."""

    def turned(module: Any, x: Any) -> Any:
        return jax.lax.fori_loop(0, 300, lambda k, y: jnp.cos(y) + x, x)

    few, many = np.zeros((8, 4)), np.zeros((LARGE // 4, 4))
    assert isinstance(by_rows(turned)(0, few), np.ndarray)
    assert isinstance(by_rows(turned)(0, many), jax.Array)
