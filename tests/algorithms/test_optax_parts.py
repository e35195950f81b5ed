"""What the optax adapter says of itself, cuts and counts, on numbers that tell them apart."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

from convergence.algorithms.optax_adapter import FromOptax, finished, parts, seeded
from convergence.errors import InvalidInput
from tests.algorithms.asked import KEY, Asked, check


def test_what_it_says_of_itself() -> None:
    method = FromOptax(optax.adam, learning_rate=0.1, nesterov=True, every=2)
    said = {"algorithm": "optax.adam", "learning_rate": 0.1, "nesterov": True, "every": 2}
    assert method.hyper() == said
    assert FromOptax(optax.sgd(0.1), per_example=3).hyper() == {
        "algorithm": "optax.chain", "per_example": 3,
    }  # fmt: skip
    assert FromOptax(optax.MultiSteps(optax.sgd(0.1), 2)).name == "optax.MultiSteps"
    made = optax.adam, optax.sgd(0.1), optax.MultiSteps(optax.sgd(0.1), 2)
    assert [finished(thing) for thing in made] == [False, True, True]
    for name in ("every", "per_example"):
        counts: dict[str, Any] = {name: 0}
        with pytest.raises(InvalidInput, match=f"{name} = 0"):
            FromOptax(optax.sgd(0.1), **counts)


def test_parameters_are_cut_and_joined() -> None:
    method = FromOptax(optax.sgd(0.1), parameters={"b": (2,), "a": (1, 2), "c": (1,)})
    x = jnp.arange(10.0).reshape(2, 5)
    found = method.cut(x[0])
    assert {k: v.tolist() for k, v in found.items()} == {"b": [0, 1], "a": [[2, 3]], "c": [4]}
    assert method.join(found, x[0]).tolist() == x[0].tolist()
    many = method.cut(x, (2,))
    assert many["a"].tolist() == [[[2, 3]], [[7, 8]]]
    for wrong, lead in ((x, ()), (x[:, :4], (2,))):
        with pytest.raises(InvalidInput, match="with 5 entries"):
            method.cut(wrong, lead)


def test_keys_of_a_state_are_those_of_the_run() -> None:
    leaf, mine = jnp.arange(3), jax.random.key(4)
    assert seeded(leaf, KEY) is leaf
    wanted = jax.random.fold_in(mine, jax.random.bits(KEY))
    assert bool(seeded(mine, KEY) == wanted)
    steps = optax.MultiSteps(optax.sgd(0.1), 2).init(leaf * 1.0)
    free = optax.contrib.schedule_free(optax.sgd(0.1), 0.1).init(leaf * 1.0)
    assert parts((steps, leaf, [free]))[::2] == [steps, free]


def test_gradients_of_a_step_have_keys_of_their_own() -> None:
    def fold(a: Any, i: int) -> Any:
        return jax.random.fold_in(a.key, i)

    def one(a: Any, t: int, x: Any, p: Any) -> Any:
        p = p - 0.3 * a.g(p)
        return p, p

    def several(a: Any, t: int, x: Any, p: Any) -> Any:
        for i in range(3):
            p = p - 0.3 * a.g(p, fold(a, i))
        return p, p

    def examples(a: Any, t: int, x: Any, p: Any) -> Any:
        p = p + sum((i + 1) * a.g(p, fold(a, i)) for i in range(3))
        return p, p

    def weighed(grads: Any, state: Any, params: Any = None) -> Any:
        return jnp.tensordot(jnp.arange(1.0, 4), grads, 1), state

    told: Any = weighed
    rows = optax.GradientTransformation(lambda params: optax.EmptyState(), told)

    def both(a: Any, x0: Any) -> Any:
        return x0, x0

    check(FromOptax(optax.scale(-0.3)), one, both)
    check(FromOptax(optax.scale, step_size=-0.3), one, both)
    check(FromOptax(optax.scale(-0.3), every=3), several, both, whole=True)
    check(FromOptax(rows, per_example=3), examples, both)

    def cut(a: Any, t: int, x: Any, first: Any, last: Any) -> Any:
        p = one(a, t, x, np.concatenate([last, first]))[0]
        return p, p[1:], p[:1]

    pieces = FromOptax(optax.scale(-0.3), parameters={"b": (1,), "a": (2,)})
    check(pieces, cut, lambda a, x0: [x0, x0[1:], x0[:1]])
    with jax.enable_x64(True):
        x0 = np.array([0.7, -1.1, 1.6])
        oracle, double = Asked(), jnp.float64
        method = FromOptax(optax.MultiSteps(optax.scale(-0.3), 3, accumulator_dtype=double))
        state = method.init(jnp.asarray(x0), oracle, KEY)
        after = method.step(jnp.asarray(0), state, oracle, KEY).x
        seen = [oracle.grad(x0, jax.random.fold_in(KEY, i)) for i in range(3)]
        np.testing.assert_allclose(after, x0 - 0.3 * np.mean(seen, axis=0), rtol=1e-12)
