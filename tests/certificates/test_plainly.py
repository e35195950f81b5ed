"""What NumPy makes of a traced program is what XLA makes of it."""

from __future__ import annotations

import functools
from typing import Any

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence import memory
from convergence.claims.base import AbstractOnInstance
from convergence.compiling import hastily
from convergence.laws import look
from convergence.laws.look import affine
from convergence.plain_rules import RULES
from convergence.plainly import LONG, plainly
from convergence.precision import precision
from convergence.problems.huber import Huber
from convergence.problems.nonconvex import log_cosh
from convergence.problems.regression import power_law
from convergence.problems.saddle import bilinear
from convergence.problems.units import PermutedNet
from convergence.registry import registry
from convergence.work import LARGE

A = np.random.default_rng(0).standard_normal((4, 3))


def integers(n: Any) -> Any:
    """Operations on whole numbers, at their ends too."""
    ends = jnp.array([np.iinfo(np.int32).min, np.iinfo(np.int32).max, 0, -7, 7], np.int32)
    ends = ends + 0 * n[0, 0]
    some = jnp.where(ends == 0, 3, ends)[::-1]  # XLA in haste dies of a division by 0
    by = jnp.array([0, 1, 31, 32, 40], np.int32)
    return (
        jax.lax.div(ends, some), jax.lax.rem(ends, some), ends << by, ends >> by,
        jax.lax.shift_right_logical(ends, by), jnp.sum(n, dtype=n.dtype), jnp.all(n != 0),
        jax.lax.dot(n.astype(jnp.int8), n.T.astype(jnp.int8), preferred_element_type=jnp.int32),
        jax.lax.reduce_and(n, (0,)), ends * ends, jax.lax.population_count(ends),
    )  # fmt: skip


def halved(row: Any) -> Any:
    """A loop of which each row makes as many turns as it needs, drawing under a key of its own."""

    def turn(carry: Any) -> Any:
        x, key, turns = carry
        key = jax.random.fold_in(key, turns)
        return x / 2 + jax.random.uniform(key, (3,), x.dtype), key, turns + 1

    start = (10 * jnp.abs(row), jax.random.key(0), jnp.zeros((), jnp.int32))
    x, _, turns = jax.lax.while_loop(lambda c: c[0][0] + c[0][1] > 4, turn, start)
    return x + turns


FUNCTIONS: dict[str, Any] = {
    "ends": jax.vmap(halved),
    "elementary": lambda x: jnp.tanh(x) + jnp.cosh(x) ** -2 + jnp.log1p(x**2),
    "cut": lambda x: jnp.concatenate([x[::-1, 1:], jnp.roll(x, 1, axis=0)[:, :2]], axis=1),
    "reduced": lambda x: (
        x.sum(axis=0) + x.max() - jnp.prod(x[0]) + jnp.argmin(x) + jnp.cumsum(x[0])
    ),
    "products": lambda x: jnp.einsum("ij,kj->ik", x, x) @ jnp.linalg.solve(jnp.eye(4) + x @ x.T, x),
    "branches": lambda x: (
        jax.lax.cond(x[0, 0] > 0, lambda: x, lambda: -x)
        + jnp.where(x > 0, x, jnp.clip(x, -0.5, 0.2))
    ),
    "loops": lambda x: jax.lax.fori_loop(0, 7, lambda k, y: 0.5 * y + k * jnp.sin(y), x),
    "scanned": lambda x: jax.lax.scan(lambda y, z: (y + z, y * z), jnp.zeros(3), x, reverse=True),
    "indexed": lambda x: x[jnp.array([2, 0])] + jax.lax.dynamic_slice(x, (9, 0), (2, 3)),
    "pointed": lambda x: (x[jnp.array([[0, 3], [1, 2]]), jnp.array([2, 0])], x[:, jnp.array(7)],
                          jnp.take(x, jnp.array([1, 9]), axis=0), x[jnp.argmax(x[:, 0])]),
    "gathered": jax.vmap(lambda row: row[jnp.argsort(row)[:2]] * row[jnp.argmax(row)]),
    "padded": lambda x: (jnp.pad(x, ((1, 0), (0, 2)), constant_values=2.0),
                         jax.lax.pad(x, jnp.zeros((), x.dtype), ((-1, 2, 1), (0, -1, 0)))),
    "solved": lambda x: jnp.linalg.solve(jnp.stack([jnp.eye(3) + k * x.T @ x for k in (1, 2)]),
                                         jnp.ones((2, 3, 1), x.dtype)),
    "fitted": lambda x: (jnp.linalg.lstsq(x, x @ x.T)[0], jnp.linalg.pinv(x),
                         jnp.linalg.svd(x.T @ x, compute_uv=False)),
    "ranked": lambda x: jnp.searchsorted(jnp.arange(-1.0, 2.0, dtype=x.dtype), x.ravel() * 2 // 1),
    "number": lambda x: x[0] @ x[1],
    "other": lambda x: (jax.scipy.special.erf(x), jnp.tile(x, (2, 1)), jnp.arange(3) * x[0]),
    "sorted": lambda x: (jnp.sort(x, axis=0), jnp.linalg.eigvalsh(x.T @ x)),
    "slopes": jax.grad(lambda x: jnp.sum(jax.nn.logsumexp(x, axis=1) * jnp.abs(x[:, 0]))),
    "whole": lambda x: (x[0] > 0).astype(jnp.int32) // 2 + jnp.int32(-7) // jnp.int32(2),
    "integers": lambda x: integers((100 * x).astype(jnp.int32)),
    "words": lambda x: (
        jax.lax.bitcast_convert_type(x, np.uint16), jnp.sort(x, axis=0), jnp.unstack(x),
        jax.lax.bitcast_convert_type(jnp.arange(8, dtype=jnp.uint8).reshape(2, 4), np.int32),
        jax.lax.sort((jnp.round(x), x, 2 * x), dimension=0, num_keys=2)),
    "put": lambda x: (
        x.at[1].set(0.0), x.at[:, jnp.array([2, 0, 2])].add(x), x.at[jnp.array([9, 1])].set(5.0),
        x.at[jnp.array([9, 1])].set(x[:2], mode="clip"), x.at[0, jnp.array([1, 7])].add(1.0),
        jax.vmap(lambda row, k: row.at[k].set(-row[k]))(x, jnp.array([0, 2, 5, 1])),
        jnp.arange(3, dtype=jnp.uint32).at[jnp.array([1, 5])].get(mode="fill")),
    "none": lambda x: jax.lax.scan(lambda y, z: (y + z, 2 * z), x[0], x[:0]),
    "parted": lambda x: jnp.split(x, (1, 3)),
    "drawn": lambda x: x + jax.vmap(lambda k: jax.random.uniform(k, (3,), x.dtype))(
        jax.random.split(jax.random.fold_in(jax.random.key(0), 3), 4)),
    "mapped": jax.vmap(lambda x: jnp.linalg.norm(x) * jnp.outer(x, x)),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_program_gives_what_it_gives_compiled(name: str, dtype: Any):
    with precision(dtype):
        x = jnp.asarray(A, dtype)
        ours, theirs = plainly(FUNCTIONS[name])(x), hastily(FUNCTIONS[name])(x)
        for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            assert np.asarray(a).dtype == b.dtype
            assert np.shape(a) == b.shape
            # A few operations on numbers of size 1, which XLA fuses.
            tolerance = 100 * float(np.finfo(dtype).eps)
            np.testing.assert_allclose(np.asarray(a), b, rtol=tolerance, atol=tolerance)


@given(st.integers(0, 6), st.integers(-7, 7), st.integers(-7, 7), st.integers(0, 3))
def test_padding_of_either_sign_and_within_is_that_of_jax(n: int, low: int, high: int, step: int):
    hypothesis.assume(low + high + n + step * max(n - 1, 0) >= 0)
    x, edges = np.arange(2.0 * n, dtype=np.float32).reshape(n, 2), ((low, high, step), (1, -1, 0))
    wanted = jax.lax.pad(x, np.float32(7), edges)
    assert np.array_equal(RULES["pad"]({"padding_config": edges}, x, np.float32(7)), wanted)


def test_division_by_zero_is_that_of_jax():
    with precision("float64"):
        a, b = np.array([3, -2, 0], np.int32), np.zeros(3, np.int32)
        for divide in (jax.lax.div, jax.lax.rem):
            assert np.array_equal(plainly(divide)(a, b), divide(a, b))


@pytest.mark.parametrize("calls", [1, 8], ids=["long", "often"])
def test_what_is_long_or_asked_often_is_compiled(calls: int):
    def turns(x: Any) -> Any:
        return jax.lax.fori_loop(0, LONG // calls, lambda k, y: y + 1, x)

    asked = plainly(turns)
    found = [asked(A) for _ in range(calls)]
    assert isinstance(found[-1], jax.Array)
    assert calls == 1 or isinstance(found[0], np.ndarray)
    np.testing.assert_array_equal(found[0], found[-1])


def test_what_makes_large_arrays_is_compiled():
    assert isinstance(plainly(lambda x: x + 1)(np.zeros(LARGE + 1)), jax.Array)


def test_programs_are_dropped_with_compiled_ones():
    traced = []

    def counted(x: Any) -> Any:
        traced.append(0)
        return 2 * x

    double = plainly(counted)
    double(A)
    memory.release()
    double(A)
    assert len(traced) == 2


def test_a_rule_that_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(RULES, "tanh", lambda p, x: np.tanh(x) * (1 + 1e-9))
    with pytest.raises(AssertionError):
        test_a_program_gives_what_it_gives_compiled("elementary", "float64")


def test_what_is_singular_has_no_finite_solution_and_stops_nothing():
    solve = plainly(lambda a: jax.lax.linalg.triangular_solve(a, jnp.ones((2, 2, 1)), lower=True,
                                                              left_side=True))  # fmt: skip
    with precision("float64"):
        found = solve(np.stack([2 * np.eye(2), np.zeros((2, 2))]))
        assert np.array_equal(found[0], np.full((2, 1), 0.5))
        assert not np.isfinite(found[1]).any()
        assert np.isnan(plainly(jnp.linalg.pinv)(np.full((2, 3), np.nan))).all()


def test_what_no_output_depends_on_is_not_made(monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []

    def counted(name: str, rule: Any) -> Any:
        return lambda *args: made.append(name) or rule(*args)

    for name in ("sin", "cos", "mul"):
        monkeypatch.setitem(RULES, name, counted(name, RULES[name]))
    plainly(lambda x: jax.jvp(jnp.sin, (x,), (x,))[1])(np.asarray(1.0))
    assert made == ["cos", "mul"]


def test_a_program_is_traced_once_a_form():
    traced = []

    def counted(x: Any) -> Any:
        traced.append(np.shape(x))
        return 2 * x

    double = plainly(counted)
    for x in (np.ones(2), np.zeros(2), np.ones(3)):
        assert np.array_equal(double(x), 2 * x)
    assert traced == [(2,), (3,)]


PROGRAMS = "_values", "_slopes", "_turns", "_power"


class Compiled:
    """A program of a module and points, compiled at once."""

    def __init__(self, program: Any):
        self._compiled = hastily(program.__wrapped__)

    def __call__(self, *args: Any) -> Any:
        return self._compiled(*args)

    def of(self, module: Any) -> Any:
        return functools.partial(self._compiled, module)


def agree(problem: Any, L: float, star: Any = None, affine: bool = False) -> None:
    """The two looks at a problem are one up to rounding."""
    ours = look.look(problem, L, star, affine)
    kept = {name: getattr(look, name) for name in PROGRAMS}
    try:
        for name, program in kept.items():
            setattr(look, name, Compiled(program))
        theirs = look.look(problem, L, star, affine)
    finally:
        for name, program in kept.items():
            setattr(look, name, program)
    # Ninety-six steps of descent, each of a few roundings, of numbers of the size that f has.
    for name in ("x", "f", "g", "fore", "aft", "ends", "top", "low"):
        a, b = getattr(ours, name), getattr(theirs, name)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * float(np.abs(b).max()))


LOOKED = [log_cosh([1.0, -2.0]), Huber(0.5), power_law(5, 3), bilinear(np.eye(2), np.ones(4))]


@pytest.mark.parametrize("problem", LOOKED, ids=lambda problem: type(problem).__name__)
def test_a_look_by_numpy_sees_what_a_compiled_one_sees(problem: Any):
    with precision("float64"):
        agree(problem, float(problem.constants().L))


@pytest.mark.full
def test_every_problem_of_the_registry_is_seen_alike():
    with precision("float64"):
        seen: dict[Any, Any] = {}
        for claim in registry():
            if isinstance(claim, AbstractOnInstance):
                problem, _, c = claim.instance(claim.horizons[0])
                # The order in which units are matched is a tie at its start, and f jumps there.
                if type(problem) is not PermutedNet:
                    seen.setdefault((type(problem), affine(c)), (problem, c))
        for problem, c in seen.values():
            agree(problem, float(c.get("L", float("nan"))), c.get("x_star"), affine(c))


def test_programs_that_another_thread_drops_are_not_missed():
    class Dropped(dict[Any, Any]):
        """What is kept is gone at once."""

        def __setitem__(self, key: Any, value: Any) -> None:
            pass

    double = plainly(lambda x: 2 * x)
    double._kept = Dropped()  # pyright: ignore[reportPrivateUsage]
    assert np.array_equal(double(np.ones(3)), 2 * np.ones(3))
