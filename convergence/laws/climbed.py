"""How steep and how bent f is at most: ascents from the most extreme points seen, for points that
are drawn miss a bound that is nearly attained somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.derivatives import along, value_and_slope
from convergence.laws.faults import CURVED, Fault
from convergence.laws.look import Look, affine, grain, slopes
from convergence.laws.origin import ours
from convergence.plainly import by_rows, plainly
from convergence.problems.base import start_shape

CLIMBERS, STEPS = 4, 60
STRIDES = 1e-2, 1e-3, 1e-4  # of differences, relative to what is seen


@by_rows
def _rise(problem: Any, x: Any) -> Any:
    """‖∇f‖² and its slope."""
    height, _, slope = value_and_slope(lambda x: (jnp.sum(problem.grad(x) ** 2), None), x)
    return height, slope


def steepest(problem: Any, s: Look) -> float:
    """The largest ‖∇f‖ that is found: at points seen, and uphill from the steepest of them, by
    steps that grow while they gain and are halved where they do not."""
    best = np.argsort(-np.sum(s.g**2, axis=1))[:CLIMBERS]
    shape = (-1, *start_shape(problem))
    x = np.resize(s.x[best], (CLIMBERS, s.x.shape[1])).reshape(shape)
    stride = np.full(CLIMBERS, max(s.far, 1e-6))
    rise = _rise.of(problem)
    height, slope = map(np.asarray, rise(x))
    wide = (CLIMBERS, *(1,) * (x.ndim - 1))
    for _ in range(STEPS):
        flat = np.sqrt(np.sum(slope.reshape(CLIMBERS, -1) ** 2, axis=1))
        way = slope / np.where(flat > 0, flat, 1.0).reshape(wide)
        y = x + stride.reshape(wide) * way
        after, turned = map(np.asarray, rise(y))
        with np.errstate(invalid="ignore"):
            gained = np.isfinite(after) & (after > height)
        x, slope = (
            np.where(gained.reshape(wide), y, x),
            np.where(gained.reshape(wide), turned, slope),
        )
        height, stride = np.where(gained, after, height), np.where(gained, 2.0, 0.5) * stride
    return float(np.sqrt(np.max(height, initial=0.0)))


def reach(s: Look) -> float:
    """The length by which a look measures, 1 where the start and its minimizer are the origin."""
    return s.far if s.far > 1e-12 else 1.0


@plainly
def _bend(problem: Any, x: Any, v: Any, shift: Any) -> Any:
    """(P,) the ‖(shift − ∇²f(x))v‖² and its slope in x, and (shift − ∇²f(x))v."""

    def square(x: Any, v: Any) -> Any:
        w = shift * v - along(problem.grad, x, v, f"{type(problem).__name__}.grad")[1]
        return jnp.sum(w**2), w

    def one(x: Any, v: Any) -> Any:
        height, w, slope = value_and_slope(lambda x: square(x, v), x)
        return height, slope, w

    return jax.vmap(one)(x, v)


def most_bent(problem: Any, s: Look, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Points x and unit directions v (P, d) at which ‖(shift − ∇²f(x))v‖ is the largest found:
    uphill in x, v turned by every step, no farther than a thousand times what is seen."""
    assert s.H is not None
    curves, ways = np.linalg.eigh(0.5 * (s.H + np.swapaxes(s.H, 1, 2)))
    size = np.abs(shift - curves)
    best = np.argsort(-size.max(axis=1))[:CLIMBERS]
    best = np.resize(best, CLIMBERS)
    shape, unit = (CLIMBERS, *start_shape(problem)), reach(s)
    x, v = s.x[best], ways[best, :, np.argmax(size[best], axis=1)]

    def seen(x: np.ndarray, v: np.ndarray) -> Any:
        found = _bend(problem, x.reshape(shape), v.reshape(shape), np.asarray(shift))
        return [np.asarray(part).reshape(CLIMBERS, -1) for part in found]

    height, slope, w = seen(x, v)
    stride = np.full((CLIMBERS, 1), unit)
    for _ in range(STEPS):
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            flat = np.linalg.norm(slope, axis=1, keepdims=True)
            turned = np.where(height > 0, w / np.sqrt(height), v)
            y = x + stride * slope / np.where(flat > 0, flat, 1.0)
            after, steep, bent = seen(y, turned)
            near = np.linalg.norm(y - s.x[:1], axis=1, keepdims=True) <= 1e3 * unit
            gained = np.isfinite(after) & (after > height) & near
        if not gained.any() and (stride < 1e-9 * unit).all():
            break
        x, v, height, slope, w = (
            np.where(gained, new, old)
            for new, old in ((y, x), (turned, v), (after, height), (steep, slope), (bent, w))
        )
        stride = np.where(gained, 2.0, 0.5) * stride
    return x, v


def bent(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    """L, mu and convexity where ∇²f is found to be the most extreme, by differences of ∇f."""
    least = c.get("mu", 0.0 if c.get("convex") else -np.inf)
    if s.H is None or affine(c) or ours(problem):
        return
    top = float(np.max(s.top, initial=0.0))
    for name, shift in (("L", 0.0), ("mu" if "mu" in c else "convex", top)):
        if name not in c or c[name] is False:
            continue
        x, v = most_bent(problem, s, shift)
        for h in (share * reach(s) for share in STRIDES):
            ends = np.concatenate([x + h * v, x - h * v]).reshape((-1, *start_shape(problem)))
            g = slopes(problem, ends).reshape(2, CLIMBERS, -1)
            with np.errstate(invalid="ignore"):
                rise, size = g[0] - g[1], np.linalg.norm(g, axis=2).sum(axis=0)
                noise = 1e-13 * size + grain(s) + 1e-300
                steepest = float(np.nanmax((np.linalg.norm(rise, axis=1) - noise) / (2 * h)))
                low = float(np.nanmin((np.sum(rise * v, axis=1) + noise) / (2 * h)))
            slack = CURVED * max(top, steepest, 1e-300)
            if name == "L" and steepest > c.L + slack:
                yield Fault("L", c.L, steepest, "the largest curvature found uphill")
                break
            if name != "L" and low < least - slack:
                yield Fault(name, c[name], low, "the least curvature found downhill")
                break
