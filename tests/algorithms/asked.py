"""One step of a method from a state that no run would reach, beside its formula in NumPy.

A run starts where roles coincide: x_{−1} = x_0, a memory of zeros, a clock of 0. Here every leaf of
a state is another number, and so is every entry, sample and function of the oracle's answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.oracles.base import AbstractOracle

ROUND = 1e-11  # a few dozen float64 operations on numbers of order 1
KEY = jax.random.key(7)
# Few shapes: what JAX compiles for one serves all.
WIDE = np.array([[0.7, -1.1, 1.6, 0.3], [0.2, 0.4, -0.3, -0.8]])
TALL = np.array([[0.7, -1.1], [0.2, 0.4], [1.4, -0.6], [0.1, 1.9]])


class Asked(AbstractOracle):
    """F_i(x; ξ) = Σ (1 + i/3)(h x²/2 + x³/30) + (g + ξ_i) x, F = F_0; h and g differ by entry."""

    n: int = eqx.field(static=True, default=3)

    def sample(self, x: Any, key: Any) -> Any:
        return jax.random.uniform(key, x.shape, x.dtype) - 0.4

    def exact_value(self, x: Any) -> Any:
        h, g = numbers(x.shape)
        return jnp.sum(h * x**2 / 2 + x**3 / 30 + g * x)

    def exact_grad(self, x: Any) -> Any:
        h, g = numbers(x.shape)
        return h * x + x**2 / 10 + g

    def value(self, x: Any, key: Any) -> Any:
        return self.exact_value(x) + jnp.sum(self.sample(x, key) * x)

    def grad(self, x: Any, key: Any) -> Any:
        return self.exact_grad(x) + self.sample(x, key)

    def exact(self, x: Any) -> Any:
        return jnp.stack([(1 + i / 3) * self.exact_grad(x) for i in range(self.n)])

    def grads(self, x: Any, key: Any) -> Any:
        samples = [self.sample(x, jax.random.fold_in(key, i)) for i in range(self.n)]
        return self.exact(x) + jnp.stack(samples)

    def leads(self, x: Any) -> Any:
        return jnp.stack([(1 + i / 3) * self.exact_value(x) + 9 for i in range(self.n)])

    def local(self, X: Any, key: Any) -> Any:
        rows = [self.grad(x, jax.random.fold_in(key, i)) for i, x in enumerate(X)]
        return jnp.stack(rows)

    def success(self, key: Any, dtype: Any) -> Any:
        return jax.random.uniform(key, (), dtype) < 0.6


def numbers(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """h and g."""
    place = np.arange(float(np.prod(shape))).reshape(shape)
    return 0.5 + 0.17 * place, 0.4 - 0.13 * place


class Plain:
    """The oracle's answers as NumPy's arrays, for the key of the step unless another is given."""

    def __init__(self, oracle: Any, key: Any):
        self.oracle, self.key = oracle, key

    def __getattr__(self, name: str) -> Any:
        """An answer of the oracle; the last argument is a key."""
        asked = getattr(self.oracle, name)

        def answer(*at: Any) -> Any:
            given = (v if isinstance(v, str) else jnp.asarray(v) for v in at)
            return jax.tree.map(np.asarray, asked(*given))

        return answer

    def g(self, x: Any, key: Any = None) -> np.ndarray:
        """∇F(x; ξ)."""
        return self.grad(x, self.key if key is None else key)

    def mean(self, x: Any, size: int, key: Any = None) -> np.ndarray:
        """The mean of `size` samples."""
        key = self.key if key is None else key
        return np.mean([self.g(x, jax.random.fold_in(key, b)) for b in range(size)], axis=0)


def check(
    method: Any,
    step: Callable[..., Any],
    begun: Callable[..., Any] | None = None,
    x0: Any = (0.7, -1.1, 1.6),
    clocks: tuple[int, ...] = (0, 1, 5),
    oracle: Any = None,
    states: Sequence[Callable[..., Any]] = (),
    whole: bool = False,
) -> None:
    """`step(ask, t, *leaves)` is the leaves of the state after the step at t, and `begun(ask, x0)`
    those of the first state, by default x_0 and zeros; each of `states` changes the leaves
    before. `whole`:
    a step is compiled once, which is cheaper for one with branches and loops."""
    oracle, x0 = oracle or Asked(), np.asarray(x0)
    usual = {(), x0.shape, (3, *x0.shape)}
    with jax.enable_x64(True):
        first = method.init(jnp.asarray(x0), oracle, KEY)
        leaves, shape = jax.tree.flatten(first)
        assert begun or {v.shape for v in leaves} <= usual
        same(leaves, begun(Plain(oracle, KEY), x0) if begun else [x0, *(0 * v for v in leaves[1:])])
        rng = np.random.default_rng(5)
        made = [
            rng.uniform(0.4, 1.9, v.shape) if jnp.issubdtype(v.dtype, jnp.floating) else v
            for v in leaves
        ]
        made[0] = made[0] * np.where(np.arange(made[0].size) % 2, -1, 1).reshape(made[0].shape)
        begins = [list(state(*made)) for state in states] or [made]

        def stepped(t: Any, before: Any, key: Any) -> Any:
            return method.step(t, before, oracle, key)

        take = jax.jit(stepped) if whole else stepped
        for t, made in itertools.product(clocks, begins):
            key = jax.random.fold_in(KEY, 11 + t)
            before = jax.tree.unflatten(shape, [jnp.asarray(v) for v in made])
            after = take(jnp.asarray(t, jnp.int32), before, key)
            same(jax.tree.leaves(after), step(Plain(oracle, key), t, *map(np.asarray, made)))


def same(found: list[Any], wanted: Any) -> None:
    """All leaves agree; a number stands for an array of it."""
    for a, b in zip(found, wanted, strict=True):
        assert np.shape(b) in ((), np.shape(a))
        np.testing.assert_allclose(np.asarray(a), np.broadcast_to(b, np.shape(a)), atol=ROUND)
