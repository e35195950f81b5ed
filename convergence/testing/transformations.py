"""Laws that every optax transformation obeys, and two that only some do."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from convergence.errors import require
from convergence.problems.base import AbstractProblem

# Compiled and interpreted updates differ by a few roundings of an update's size.
ROUNDINGS = 64
# A damping ε ≤ 1e-7 beside gradients of size 1 moves a scale-invariant update by this much.
DAMPING = 1e-4


def transformation_laws(
    tx: Any,
    shape: tuple[int, ...] = (4,),
    dtype: Any = jnp.float32,
    scale_invariant: bool = False,
    decreases: AbstractProblem | None = None,
    steps: int = 8,
) -> list[str]:
    """What is wrong with `tx`, a sentence each; nothing if it obeys the laws.

    Always: updates have the shape and dtype of the parameters, the state keeps its structure,
    shapes and dtypes; a second step compiles nothing; equal arguments give equal results whatever
    was computed in between, and the arguments stay as they were; compiled and interpreted updates
    agree. scale_invariant: c·g for every gradient g gives the same updates, c = 1024.
    decreases: with exact gradients of this problem f never rises within `steps`.
    """
    require(
        isinstance(tx, optax.GradientTransformation),
        f"{type(tx).__name__}",
        "an optax.GradientTransformation",
        "use algorithm_laws for an algorithm",
    )
    rng = np.random.default_rng(0)
    params = jnp.asarray(rng.standard_normal(shape), dtype)
    gradients = [jnp.asarray(rng.standard_normal(shape), dtype) for _ in range(steps)]
    wrong = shapes(tx, params, gradients[0]) + recompiles(tx, params, gradients)
    if not wrong:
        wrong = pure(tx, params, gradients)
    if not wrong and scale_invariant:
        wrong = scales(tx, params, gradients)
    if not wrong and decreases is not None:
        wrong = rises(tx, decreases, steps)
    return wrong


def shapes(tx: Any, params: Any, gradient: Any) -> list[str]:
    """Shape and dtype of updates and state, found without computing anything."""
    state = jax.eval_shape(tx.init, params)
    updates, after = jax.eval_shape(tx.update, gradient, state, params)
    wrong = []
    if (updates.shape, updates.dtype) != (params.shape, params.dtype):
        wrong.append(f"updates are {updates.dtype}{updates.shape}, parameters "
                     f"{params.dtype}{params.shape}")  # fmt: skip
    if jax.tree.structure(state) != jax.tree.structure(after):
        return [*wrong, "update returns a state of another structure than init"]
    for (path, old), new in zip(
        jax.tree_util.tree_flatten_with_path(state)[0], jax.tree.leaves(after), strict=True
    ):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            wrong.append(f"update turns state{jax.tree_util.keystr(path)} from {old.dtype}"
                         f"{old.shape} into {new.dtype}{new.shape}")  # fmt: skip
    return wrong


def recompiles(tx: Any, params: Any, gradients: list[Any]) -> list[str]:
    """A step after the first traces the update again: Python values or weak types in the state."""
    traced = 0

    @jax.jit
    def update(gradient: Any, state: Any, params: Any) -> Any:
        nonlocal traced
        traced += 1
        return tx.update(gradient, state, params)

    state = tx.init(params)
    for gradient in gradients[:3]:
        updates, state = update(gradient, state, params)
        params = optax.apply_updates(params, updates)
    if traced == 1:
        return []
    return [f"three steps compiled the update {traced} times; give the state's arrays their dtypes"]


def pure(tx: Any, params: Any, gradients: list[Any]) -> list[str]:
    """Hidden state, changed arguments, or a compiled update that differs."""
    before = [np.array(g) for g in gradients]
    first, again = path(tx, params, gradients), path(tx, params, gradients)
    wrong = []
    if not np.array_equal(first, again, equal_nan=True):
        wrong.append("equal arguments gave different updates: something is kept between calls")
    if any(not np.array_equal(np.asarray(g), b) for g, b in zip(gradients, before, strict=True)):
        wrong.append("update changed the gradients that it was given")
    compiled = path(tx, params, gradients, jax.jit(tx.update))
    tolerance = ROUNDINGS * float(jnp.finfo(params.dtype).eps) * max(1.0, np.abs(first).max())
    if not np.allclose(first, compiled, rtol=0, atol=tolerance, equal_nan=True):
        wrong.append("the compiled update differs from the interpreted one")
    return wrong


def path(tx: Any, params: Any, gradients: list[Any], update: Any = None) -> np.ndarray:
    """(steps, …): the updates along given gradients."""
    state, found = tx.init(params), []
    for gradient in gradients:
        updates, state = (update or tx.update)(gradient, state, params)
        found.append(np.asarray(updates, np.float64))
    return np.stack(found)


def scales(tx: Any, params: Any, gradients: list[Any]) -> list[str]:
    """Updates that change with the unit of the gradient."""
    one = path(tx, params, gradients)
    many = path(tx, params, [1024 * g for g in gradients])
    error = float(np.abs(one - many).max() / max(np.abs(one).max(), 1e-300))
    if error <= DAMPING:
        return []
    return [f"gradients in another unit (× 1024) change the updates by {error:.2g} of their size"]


def rises(tx: Any, problem: AbstractProblem, steps: int) -> list[str]:
    """The first step with exact gradients after which f is larger."""
    x = problem.start()
    state, value = tx.init(x), float(problem.value(x))
    rounding = ROUNDINGS * float(jnp.finfo(x.dtype).eps)
    for t in range(steps):
        updates, state = tx.update(problem.grad(x), state, x)
        x = jnp.asarray(optax.apply_updates(x, updates))
        after = float(problem.value(x))
        if not after <= value + rounding * max(1.0, abs(value)):
            return [
                f"f rises from {value:.6g} to {after:.6g} at step {t} on {type(problem).__name__}"
            ]
        value = after
    return []
