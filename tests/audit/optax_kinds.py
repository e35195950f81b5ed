"""Other transformations in the manner of optax, right and with one planted fault each."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tests.audit.optax_faults import Transformation, tree


def adamw(learning_rate: Any = 1e-2, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8,
          weight_decay: float = 1e-2, mask: Any = None, fault: str = "") -> Any:  # fmt: skip
    """AdamW with a mask; `fault` names a planted one."""

    def init(params: Any) -> Any:
        kind = jnp.bfloat16 if fault == "half" else None
        m = tree(lambda p: jnp.zeros_like(p, dtype=kind), params)
        return jnp.zeros([], jnp.int32), m, tree(jnp.zeros_like, params)

    def kept(params: Any) -> Any:
        if mask is None:
            return tree(lambda _: True, params)
        found = mask(params) if callable(mask) else mask
        if fault == "any":
            return tree(lambda _: any(jax.tree.leaves(found)), found)
        return found

    def update(grads: Any, state: Any, params: Any) -> Any:
        count, m, v = state
        now = count if fault == "clock" else count + 1
        now = jnp.maximum(now, 1)
        m = tree(lambda a, g: (b1 * a + (1 - b1) * g).astype(a.dtype), m, grads)
        v = tree(lambda a, g: b2 * a + (1 - b2) * (g * g.conj()).astype(a.dtype), v, grads)
        lr: Any = learning_rate(count) if callable(learning_rate) else learning_rate
        rate: Any = learning_rate(0) if callable(learning_rate) else learning_rate
        rate = rate if fault == "first rate" else lr

        def one(a: Any, s: Any, p: Any, g: Any, decays: Any) -> Any:
            hat = a.astype(p.dtype) / (1 - b1**now), s / (1 - b2**now)
            u = hat[0] / (jnp.sqrt(hat[1]) + eps)
            what = g if fault == "gradient" else p
            factor = lr * rate if fault == "twice" else rate
            return (-lr * u - (factor * weight_decay * what if decays else 0)).astype(p.dtype)

        return tree(one, m, v, params, grads, kept(params)), (count + 1, m, v)

    return Transformation(init, update)


def planted(fault: str) -> Any:
    """A factory of `adamw` with a fault."""

    def factory(learning_rate: Any = 1e-2, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8,
                weight_decay: float = 1e-2, mask: Any = None) -> Any:  # fmt: skip
        return adamw(learning_rate, b1, b2, eps, weight_decay, mask, fault)

    factory.__name__ = fault.replace(" ", "_")
    return factory


mask_of_all = planted("any")
decay_of_gradient = planted("gradient")
decay_with_rate_twice = planted("twice")
decay_at_first_rate = planted("first rate")
state_in_half = planted("half")
clock_behind = planted("clock")


def right(learning_rate: Any = 1e-2, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8,
          weight_decay: float = 1e-2, mask: Any = None) -> Any:  # fmt: skip
    return adamw(learning_rate, b1, b2, eps, weight_decay, mask)
