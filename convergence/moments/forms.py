"""Metrics as quadratics of a flat state, and whether what was probed is affine or quadratic."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.moments.probe import SCALES, unravel
from convergence.moments.tape import NotAffine
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem

# Probes at unit scale in float64: sums over a few thousand entries lose at most about 1e-12.
AFFINE = 1e-9
EPS = float(np.finfo(np.float64).eps)


class Form(NamedTuple):
    """A quadratic on flat states: q(s) = base + slope·s + ½ sᵀ curve s."""

    base: float
    slope: np.ndarray
    curve: np.ndarray

    def mean(self, m: np.ndarray) -> float:
        """q(m)."""
        return self.base + float(self.slope @ m) + 0.5 * float(m @ self.curve @ m)

    def spread(self, K: np.ndarray) -> float:
        """½ tr(curve K Kᵀ)."""
        return 0.5 * float(np.sum(K * (self.curve @ K)))


def rounding(form: Form, square: float, T: int) -> float:
    """Eight roundings a step of the terms of a quadratic, none of which are larger than those of a
    state whose entries have second moments up to `square`."""
    size = abs(form.base) + float(np.sum(np.abs(form.slope))) * square**0.5
    size += 0.5 * float(np.sum(np.abs(form.curve))) * square
    return 8 * EPS * (T + 1) * size


def missed(values: np.ndarray, affine: np.ndarray) -> str:
    """Where a map, seen at `SCALES` times a point (scales, …), is not affine; or ''."""
    for scale, value, stated in zip(SCALES, values, affine, strict=True):
        miss = float(np.max(np.abs(value - stated), initial=0.0))
        size = 1 + abs(scale) + float(np.max(np.abs(stated), initial=0.0))
        if not miss <= AFFINE * size:
            return f"(a probe at the scale {scale:g} misses by {miss:.2g})"
    return ""


def _refusal(metric: Any) -> NotAffine:
    given = f"Got the metric {type(metric).__name__}, but one"
    return NotAffine(f"{given} quadratic in the state is needed for exact moments; simulate it.")


def form_of(problem: AbstractProblem, metric: AbstractMetric, like: Any) -> Form:
    """A metric as a quadratic of flat states shaped like `like`; any other is refused."""
    refusal = _refusal(metric)
    if not isinstance(metric, AbstractPointwise):
        raise refusal
    with jax.enable_x64(True):
        size = sum(v.size for v in jax.tree.leaves(like))
        s = np.random.default_rng(0).standard_normal(size)
        base, slope, curve, exact = map(np.asarray, _form(problem, metric, like, s))
    bent = 0.5 * float(s @ curve @ s)
    for scale, value in zip(SCALES, exact, strict=True):
        flat = float(base) + scale * float(slope @ s) + scale**2 * bent
        if not abs(float(value) - flat) <= AFFINE * (1 + scale**2 + abs(flat)):
            raise refusal
    return Form(float(base), slope, curve)


@plainly
def _form(problem: Any, metric: Any, like: Any, s: Any) -> Any:
    """Value, slope and curvature at 0, and the values at `SCALES` times s."""

    def q(s: Any) -> Any:
        return metric.at(problem, unravel(like, s))

    zero = jnp.zeros_like(s)
    base = q(zero)
    if jnp.shape(base):
        raise _refusal(metric)
    seen = jax.vmap(lambda scale: q(scale * s))(jnp.asarray(SCALES, s.dtype))
    return base, jax.grad(q)(zero), jax.jacfwd(jax.grad(q))(zero), seen
