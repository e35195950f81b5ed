"""One small program a primitive, with the range of its arguments."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax


class Case(NamedTuple):
    """A program of arrays of the given shapes with entries between `low` and `high`."""

    name: str
    program: Any
    shapes: tuple[tuple[int, ...], ...] = ((5,),)
    low: float = -2.0
    high: float = 2.0
    wide: bool = True  # whether balls with a radius are decided
    rtol: float = 1e-9  # of float64 on well-conditioned arguments


def spd(x: Any) -> Any:
    """A positive definite matrix."""
    return x @ x.T + jnp.eye(len(x))


@jax.custom_jvp
def twice(x: Any) -> Any:
    return 2 * x


twice.defjvp(lambda p, t: (twice(*p), 2 * t[0]))


@jax.custom_vjp
def thrice(x: Any) -> Any:
    return 3 * x


thrice.defvjp(lambda x: (3 * x, None), lambda _, g: (3 * g,))


@jax.custom_batching.custom_vmap
def doubled(x: Any) -> Any:
    return 2 * x


@doubled.def_vmap
def _doubled(axis_size: int, batched: Any, x: Any) -> Any:
    return x + x, True


def branching(x: Any) -> Any:
    return lax.cond(x[0] > 3, lambda v: v, lambda v: -v, x)


def counting(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, jnp.sin(c[1])), (0, x))[1]


def each_counting(x: Any) -> Any:
    def own(v: Any) -> Any:
        return lax.while_loop(lambda c: c[0] < v, lambda c: (c[0] + 1, jnp.sin(c[1])), (0.0, v))[1]

    return jax.vmap(own)(x)


def backward(x: Any) -> Any:
    return lax.scan(lambda c, v: (c + v, c * v), 1.0, x, reverse=True)


def powers(x: Any) -> Any:
    return x**3, x**-2, x**4, x**0.5, jnp.power(x, x)


def onto(x: Any) -> Any:
    return jax.ops.segment_sum(x, jnp.array([0, 1, 0, 2, 1]), 3), x.at[jnp.array([3, 1])].set(x[:2])


def picked(x: Any) -> Any:
    k = jnp.argmax(x)
    return x[k], lax.dynamic_slice(x, (k,), (2,)), lax.dynamic_update_slice(x, x[:2] * 3, (k,))


POSITIVE: dict[str, Any] = {"low": 0.5, "high": 3.0}
INSIDE: dict[str, Any] = {"low": -0.9, "high": 0.9}
TWO = ((5,), (5,))
SQUARE = ((4, 4),)
CASES = (
    *(Case(f.__name__, f) for f in (
        jnp.exp, jnp.sin, jnp.cos, jnp.tanh, jnp.sinh, jnp.cosh, jnp.abs, jnp.negative, jnp.floor,
        jnp.ceil, jnp.sign, jnp.round, jnp.expm1, jnp.arctan, jnp.arcsinh, jnp.cbrt, jnp.square,
        jnp.exp2, jax.nn.sigmoid, lax.erf, lax.erfc, jnp.isfinite)),
    *(Case(f.__name__, f, **POSITIVE) for f in (
        jnp.sqrt, jnp.log, jnp.log1p, lax.rsqrt, lax.lgamma, lax.digamma, powers)),
    *(Case(f.__name__, f, **INSIDE) for f in (
        lax.erf_inv, jnp.arcsin, jnp.arccos, jnp.arctanh, jnp.tan)),
    Case("acosh", jnp.arccosh, low=1.5, high=3.0),
    Case("half away from 0", lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO)),
    *(Case(name, getattr(jnp, name), TWO) for name in (
        "add", "subtract", "multiply", "divide", "maximum", "minimum")),
    Case("rem", lax.rem, TWO, 0.5, 4.0), Case("atan2", jnp.arctan2, TWO, 0.5, 3.0),
    Case("clamp", lambda x: lax.clamp(-1.0, x, 1.0)),
    *(Case(f"compare {name}", lambda x, y, f=f: jnp.where(f(x, y), x, -y), TWO) for name, f in (
        ("<", jnp.less), ("≤", jnp.less_equal), (">", jnp.greater), ("≥", jnp.greater_equal),
        ("=", jnp.equal), ("≠", jnp.not_equal))),
    Case("logic", lambda x, y: jnp.where(((x > 0) & (y > 0)) ^ ~((x < 1) | (y < 1)), x, y), TWO),
    Case("truth as numbers", lambda x: (x > 0).astype(float) + jnp.any(x > 1) * jnp.all(x < 1)),
    Case("integer parts", lambda x: (x * 10).astype(int), wide=False),
    Case("a selected bool", lambda x: jnp.where(jnp.where(x > 0, x < 1, x > -1), x, 1.0)),
    Case("reductions", lambda x: (x.sum(0), x.prod(1), x.max(), x.min(0)), ((3, 4),)),
    Case("running", lambda x: (jnp.cumsum(x, 0), jnp.cumprod(x, 1), lax.cummax(x, 0, reverse=True),
                               lax.cummin(x, 1)), ((3, 4),)),
    Case("order", lambda x: (jnp.argsort(x), jnp.argmax(x), jnp.argmin(x), jnp.sort(x), *lax.top_k(
        x, 3)), wide=False),
    Case("sorted values", lambda x: jnp.sort(x, axis=0), ((3, 4),)),
    Case("products", lambda x, y: (x @ y, jnp.einsum("ij,ij->i", x, y.T), jnp.vdot(x, x)),
         ((3, 4), (4, 3))),
    Case("moves", lambda x: (x.T, x.reshape(2, 6), x[1:, ::2], x[::-1], jnp.pad(x, 1),
                             jnp.concatenate([x, x]), jnp.stack([x, x], 1), x[None], x[:, 0],
                             jnp.split(x, 3)[1], jnp.tile(x, (2, 1)), jnp.expand_dims(x, 0),
                             jnp.unstack(x)[1]),
         ((3, 4),)),
    Case("picked", picked, wide=False), Case("onto", onto),
    Case("cond", branching), Case("scan", backward),
    Case("while", counting), Case("while of rows", each_counting),
    Case("jit", lambda x: eqx.filter_jit(jnp.sin)(x)),
    Case("custom derivatives", lambda x: twice(x) + thrice(x) + doubled(x)),
    Case("remat", lambda x: jax.grad(lambda v: jax.checkpoint(jnp.sin)(v).sum())(x)),
    Case("search", lambda x: [jnp.searchsorted(jnp.sort(x), 0.3, side) for side in (
        "left", "right")], wide=False),
    Case("platform", lambda x: lax.platform_dependent(x, cpu=jnp.sin, default=jnp.cos)),
    Case("two cotangents", lambda x: jax.grad(lambda v: (jnp.sin(v) * v).sum())(x)),
    Case("kept", lambda x: lax.stop_gradient(x) + lax.reduce_precision(x, 11, 52) + x.copy()),
    Case("float32", lambda x: jnp.sum(x.astype(jnp.float32).astype(float) * 3), rtol=1e-6),
    Case("eigh", lambda x: jnp.linalg.eigh(spd(x)), SQUARE, wide=False),
    Case("eigenvalues", lambda x: jnp.linalg.eigvalsh(spd(x)), SQUARE, wide=False),
    Case("svd", lambda x: jnp.linalg.svd(x, full_matrices=False), ((4, 3),), wide=False),
    Case("singular values", lambda x: jnp.linalg.svd(x, compute_uv=False), ((3, 4),), wide=False),
    Case("svd of zeros", lambda x: jnp.linalg.svd(x * jnp.array([[1.0], [0.0], [2.0]]))[1],
         ((3, 3),), wide=False),
    Case("qr", jnp.linalg.qr, ((4, 3),), wide=False),
    Case("cholesky", lambda x: jnp.linalg.cholesky(spd(x)), SQUARE),
    Case("solve", lambda x: jnp.linalg.solve(spd(x), x[0]), SQUARE),
    Case("inverse", lambda x: jnp.linalg.inv(spd(x)), SQUARE),
    Case("triangular", lambda x, b: (
        jax.scipy.linalg.solve_triangular(x + 4 * jnp.eye(4), b, lower=True, trans=1),
        lax.linalg.triangular_solve(x + 4 * jnp.eye(4), b, lower=False, unit_diagonal=True)),
        ((4, 4), (4, 4))),
    Case("a batch", lambda x: jnp.linalg.eigvalsh(x @ jnp.swapaxes(x, 1, 2)), ((2, 3, 3),),
         wide=False),
)  # fmt: skip
