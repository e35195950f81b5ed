"""The laws of optimizers: honest ones pass, and each planted fault is named."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from convergence.errors import InvalidInput
from convergence.problems.quadratic import Isotropic
from convergence.testing import transformation_laws

SQUARE = Isotropic([1.0, -1.0])


HONEST = (
    optax.adam(0.05),
    optax.sgd(0.1, momentum=0.9),
    optax.adamw(0.1),
    optax.lion(0.01),
    optax.chain(optax.clip(1.0), optax.sgd(0.1)),
    optax.rmsprop(0.01),
)


@pytest.mark.parametrize(
    "tx", [HONEST[0], *(pytest.param(tx, marks=pytest.mark.full) for tx in HONEST[1:])]
)
def test_transformations_of_optax_obey_the_laws(tx: Any):
    adam = tx is HONEST[0]
    assert not transformation_laws(tx, scale_invariant=adam, decreases=SQUARE if adam else None)


def test_claims_of_invariance_and_descent():
    found = transformation_laws(optax.sgd(2.1), scale_invariant=True, decreases=SQUARE)
    assert any("another unit" in sentence for sentence in found)
    assert any("f rises" in sentence for sentence in found)
    late = optax.sgd(lambda count: 0.1 * count)  # the first step of its schedule is 0
    assert "step 0 on Isotropic goes nowhere" in transformation_laws(late, decreases=SQUARE)[-1]


def made(init: Any, update: Any) -> optax.GradientTransformation:
    return optax.GradientTransformation(init, update)


def mapped(rule: Any, before: Any = None) -> optax.GradientTransformation:
    """An update of every gradient, leaf by leaf."""
    import jax

    return made(lambda params: (), lambda updates, state, params=None: (
        jax.tree.map(rule, updates), state))  # fmt: skip


def adam_of(power: Any) -> optax.GradientTransformation:
    """Adam with another second moment."""
    import jax

    def init(params: Any) -> Any:
        return jax.tree.map(lambda p: jnp.zeros_like(power(p)), params)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        state = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * power(g), state, updates)
        step = jax.tree.map(lambda g, v: -0.1 * g / (jnp.sqrt(v) + 1e-8), updates, state)
        return step, state

    return made(init, update)


def faults() -> dict[str, tuple[Any, str]]:
    """Transformations with one fault each, and words of the sentence that names it."""
    calls: list[int] = []

    def counting(updates: Any, state: Any, params: Any = None) -> Any:
        import jax

        calls.append(1)
        return jax.tree.map(lambda g: -len(calls) * g, updates), state

    def grows(updates: Any, state: Any, params: Any = None) -> Any:
        return updates, (*state, updates)

    def weak(updates: Any, state: Any, params: Any = None) -> Any:
        return updates, state + jnp.float32(1)

    def wide(g: Any) -> Any:
        """Takes the shorter side from the shape of the first axis."""
        left = jnp.eye(4, dtype=g.dtype)
        return -left @ g if g.ndim == 2 else -g

    python = mapped(lambda g: -g if "Tracer" in type(g).__name__ else g)
    late = made(
        lambda params: jnp.zeros(3),
        lambda updates, state, params=None: (updates, jnp.zeros(3, jnp.int32)),
    )
    return {
        "weak types": (made(lambda params: 0.0, weak), "compiled the update 2 times"),
        "other dtypes": (mapped(lambda g: -g.astype(jnp.float16)), "are float16"),
        "growing state": (made(lambda params: (), grows), "another structure"),
        "hidden state": (made(lambda params: (), counting), "kept between calls"),
        "state of other dtypes": (late, "turns state from float32(3,) into int32"),
        "only compiled": (python, "compiled update differs"),
        "one shape": (mapped(wide), "vector, tall, wide, square at once end in TypeError"),
        "0/0": (mapped(lambda g: -g / jnp.abs(g)), "a zero first gradient: the update is NaN"),
        "noise": (mapped(lambda g: -(g + 1e-3)), "zero gradients from 0: the update is not 0"),
        "no-op": (mapped(jnp.zeros_like), "moves"),
        "uphill": (mapped(lambda g: 0.1 * g), "first step descends"),
        "squares complex numbers": (adam_of(lambda g: g * g), "complex gradients"),
    }  # fmt: skip


@pytest.mark.parametrize("name", faults())
def test_broken_transformations_are_caught(name: str):
    tx, word = faults()[name]
    wrong = transformation_laws(tx)
    assert any(word in sentence for sentence in wrong), (word, wrong)


def test_right_complex_gradients_pass():
    assert not transformation_laws(adam_of(lambda g: jnp.abs(g) ** 2))


def test_what_is_no_optimizer_is_refused():
    with pytest.raises(InvalidInput, match="GradientTransformation"):
        transformation_laws(np.sin)
    with pytest.raises(InvalidInput, match="makes no optimizer from"):
        transformation_laws(optax.adam)
    with pytest.raises(InvalidInput, match="int, but an optax"):
        transformation_laws(3)


def test_torch_is_welcome():
    torch = pytest.importorskip("torch", reason="torch is not installed: make test TORCH=1")

    class Counted(torch.optim.Adam):
        """Raises the step count once a parameter."""

        def step(self, closure: Any = None) -> Any:
            for group in self.param_groups:
                for p in group["params"]:
                    if self.state[p]:
                        self.state[p]["step"] += 1
            return super().step(closure)

    class Deaf(torch.optim.SGD):
        """Ignores its weight decay."""

        def step(self, closure: Any = None) -> Any:
            for group in self.param_groups:
                group["weight_decay"] = 0.0
            return super().step(closure)

    assert not transformation_laws(torch.optim.Adam, scale_invariant=True)
    assert not transformation_laws(torch.optim.SGD, options={"lr": 0.1}, decreases=SQUARE)
    assert not transformation_laws(torch.optim.SGD([torch.zeros(2)], lr=0.1, momentum=0.9))
    assert any("decay" in s for s in transformation_laws(Deaf, options={"lr": 0.1}))
