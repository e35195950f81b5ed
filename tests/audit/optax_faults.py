"""Small transformations in the manner of optax, right and with one planted fault each."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

tree = jax.tree.map
Transformation: Any = optax.GradientTransformation


def momentum(learning_rate: Any = 1e-2, decay: float = 0.9, shift: int = 0) -> Any:
    """m ← βm + g, x ← x − η_t m, η_t a number or a schedule of the count."""

    def init(params: Any) -> Any:
        return jnp.zeros([], jnp.int32), tree(jnp.zeros_like, params)

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        count, m = state
        m = tree(lambda a, g: decay * a + g, m, grads)
        lr: Any = learning_rate(count + shift) if callable(learning_rate) else learning_rate
        return tree(lambda a: (-lr * a).astype(a.dtype), m), (count + 1, m)

    return Transformation(init, update)


def late_schedule(learning_rate: Any = 1e-2, decay: float = 0.9) -> Any:
    """The schedule at the count after the step."""
    return momentum(learning_rate, decay, 1)


def early_schedule(learning_rate: Any = 1e-2, decay: float = 0.9) -> Any:
    return momentum(learning_rate, decay, -1)


def wide_updates(learning_rate: Any = 1e-2) -> Any:
    """Updates in float32 whatever the parameters are."""

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        return tree(lambda g: -learning_rate * g.astype(jnp.float32), grads), state

    return Transformation(lambda p: optax.EmptyState(), update)


def wide_state(learning_rate: Any = 1e-2) -> Any:
    """A momentum that turns to float32 in the first step."""

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        m = tree(lambda a, g: 0.9 * a + g.astype(jnp.float32), state, grads)
        return tree(lambda a, g: (-learning_rate * a).astype(g.dtype), m, grads), m

    return Transformation(lambda p: tree(jnp.zeros_like, p), update)


def counted_in_python(learning_rate: Any = 1e-2) -> Any:
    """The step number is a Python integer."""
    seen = {"t": 0}

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        seen["t"] += 1
        return tree(lambda g: -learning_rate / seen["t"] * g, grads), state

    return Transformation(lambda p: optax.EmptyState(), update)


def branches_in_python(learning_rate: Any = 1e-2) -> Any:
    def update(grads: Any, state: Any, params: Any = None) -> Any:
        size = sum(float(jnp.sum(g * g)) for g in jax.tree.leaves(grads))
        return tree(lambda g: -learning_rate * g * (0.5 if size > 4 else 1), grads), state

    return Transformation(lambda p: optax.EmptyState(), update)


def lists_only(learning_rate: Any = 1e-2) -> Any:
    """Takes parameters for a flat sequence."""

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        return [-learning_rate * g for g in grads], state

    return Transformation(lambda p: optax.EmptyState(), update)


def shuffled_tree(learning_rate: Any = 1e-2) -> Any:
    """Keeps momenta by the order of a dictionary's insertion, not of its leaves."""

    def leaves(t: Any) -> list[Any]:
        if isinstance(t, dict):
            return [v for key in t for v in leaves(t[key])]
        return [v for e in t for v in leaves(e)] if isinstance(t, list | tuple) else [t]

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        scale = [1.0 + i for i in range(len(leaves(grads)))]
        flat, made = jax.tree.flatten(grads)
        order = [next(i for i, g in enumerate(leaves(grads)) if g is h) for h in flat]
        moved = [-learning_rate * g * scale[i] for g, i in zip(flat, order, strict=True)]
        return jax.tree.unflatten(made, moved), state

    return Transformation(lambda p: optax.EmptyState(), update)


def inverted_mask(learning_rate: Any = 1e-2, weight_decay: float = 1e-2, mask: Any = None) -> Any:
    """Decays where the mask is False."""

    def flipped(params: Any) -> Any:
        kept = mask(params) if callable(mask) else tree(lambda _: False, params)
        return tree(lambda v: not v, kept)

    return optax.chain(optax.add_decayed_weights(weight_decay, flipped), optax.sgd(learning_rate))


def masked(learning_rate: Any = 1e-2, weight_decay: float = 1e-2, mask: Any = None) -> Any:
    return optax.chain(optax.add_decayed_weights(weight_decay, mask), optax.sgd(learning_rate))
