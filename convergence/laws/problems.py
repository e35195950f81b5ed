"""What a problem certifies, against what is seen of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws.attention import attention
from convergence.laws.bends import bends
from convergence.laws.between import BLURRED, between, fallen, pulled
from convergence.laws.climbed import bent, steepest
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.fitting import fitting
from convergence.laws.games import games
from convergence.laws.look import DENSE, LARGE, Look, affine, downhill, grain, look, rough, values
from convergence.laws.origin import origin, ours
from convergence.laws.structure import structure
from convergence.laws.unformed import unformed
from convergence.laws.units import units
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_shape


def problem_faults(problem: AbstractProblem, c: Constants | None = None) -> list[Fault]:
    """Every certificate of `problem` that is false where it was looked at. In float64."""
    c = problem.constants() if c is None else c
    shape = start_shape(problem)
    seen = look(problem, float(c.get("L", math.nan)), c.get("x_star"), affine(c))
    if not seen.starts:
        return [Fault("x_0", "finite", "not finite", "f, ∇f or ∇²f at x_0")]
    return fitting(problem, c, shape, lambda c: _found(problem, shape, seen, c))


def _found(
    problem: AbstractProblem, shape: tuple[int, ...], seen: Look, c: Constants
) -> list[Fault]:
    return [
        *_shape(shape, c),
        *_slope(problem, seen, c),
        *_curvature(seen, c),
        *between(problem, seen, c),
        *pulled(problem, seen, c),
        *bent(problem, seen, c),
        *_values(problem, seen, c),
        *_below(seen, c),
        *_answers(problem, seen, c),
        *bends(problem, seen, c),
        *structure(problem, seen, c),
        *games(problem, seen, c),
        *units(problem, seen, c),
        *unformed(problem, seen, c),
        *attention(problem, c),
        *origin(problem, c),
    ]


def _shape(shape: tuple[int, ...], c: Constants) -> Iterator[Fault]:
    true = {"d": math.prod(shape)}
    if len(shape) == 2:
        true |= {"m": shape[0], "n": shape[1]}
    for name, value in c.only("d", "m", "n").items():
        if value != true.get(name, value if name in true else None):
            yield Fault(name, value, true.get(name, math.nan), f"that of x_0 of shape {shape}")


def _slope(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """∇f is the derivative of f, and its size at x_0 and everywhere."""
    found, stated = (s.fore - s.aft) / (2 * s.h), np.sum(s.g * s.v, axis=1)
    # A central difference is the mean of the slope between its ends, which jumps at a kink, and off
    # by ε|f|/h from rounding.
    size = np.maximum(np.abs(s.f), np.maximum(np.abs(s.fore), np.abs(s.aft)))
    steep = np.linalg.norm(s.g, axis=1)
    with np.errstate(invalid="ignore"):
        turn = np.max(np.abs(s.ends - stated), axis=0, initial=0.0)
        allowed = 1e-5 * steep + 2 * turn + 1e-13 * size / s.h + 1e-12
        off = np.where(np.isfinite(found + turn), np.abs(found - stated) - allowed, -1.0)
    k = int(np.argmax(off))
    if off[k] > 0:
        yield Fault("∇f", stated[k], found[k], "the slope of f along the same direction")
    scale = steep[0] + float(c.get("L", 0.0) if math.isfinite(c.get("L", 0.0)) else 0.0) * s.far
    rounded = abs(float(c.get("grad0", 0.0)) - steep[0]) <= grain(s)
    if "grad0" in c and not (rounded or close(c.grad0, steep[0], scale)):
        yield Fault("grad0", c.grad0, steep[0], "‖∇f(x_0)‖")
    if "G" in c:
        most = float(steep.max())
        enough = 0.9 if ours(problem) else 1.0  # near a false G points may lie, and none above it
        few = s.H is not None or (s.x.shape[1] < LARGE and not ours(problem))
        if most < enough * c.G < math.inf and few:
            most = max(most, steepest(problem, s))
        if most > c.G * (1 + ROUNDING) + 1e-12 * scale:
            yield Fault("G", c.G, most, "‖∇f‖ at a point")


def _curvature(s: Look, c: Constants) -> Iterator[Fault]:
    """L, mu, rho and the flags, by Hessians and by differences of gradients between all points."""
    i, j = np.triu_indices(len(s.x), 1)
    far, rise, inner = _pairs(s)
    size, at, reach = *(np.linalg.norm(v, axis=1) for v in (s.g, s.x)), np.max(s.top, initial=0.0)
    noise = 1e-13 * (size[i] + size[j]) + 1e-15 * reach * (at[i] + at[j]) + grain(s) + 1e-300
    # Points that descent has brought together tell rounding, of x too, apart, and no curvature.
    ok = far > 1e-6 * max(float(np.max(far, initial=0.0)), s.far)
    far, rise, noise, inner = far[ok], rise[ok], noise[ok], inner[ok]
    steepest = max(float(reach), float(np.max((rise - noise) / far, initial=0.0)))
    slack = CURVED * max(steepest, 1e-300)
    if "L" in c and steepest > c.L + slack:
        yield Fault("L", c.L, steepest, "the largest curvature seen")
    least = float(np.min(np.concatenate([s.low, inner / far**2 + noise / far]), initial=math.inf))
    if "mu" in c and least < c.mu - slack:
        yield Fault("mu", c.mu, least, "the least curvature seen")
    if c.get("convex") and least < -slack:
        yield Fault("convex", True, least, "the least curvature seen")
    round_ = abs(least - steepest) <= slack and abs(c.get("L", least) - least) <= slack
    if c.get("isotropic") and not round_:
        yield Fault("isotropic", True, least, f"beside L and {steepest:.6g}, the least curvature")
    if s.H is None:
        return
    if affine(c):
        apart = s.x - s.x[:1]
        left = np.linalg.norm(s.g - s.g[:1] - apart @ s.H[0].T, axis=1)
        most = CURVED * (steepest * np.linalg.norm(apart, axis=1) + size + size[0])
        most = most + 1e-12 * size.max() + 2 * grain(s) + 1e-15 * reach * (at + at[0])
        k = int(np.argmax(left - most))
        if left[k] > most[k]:
            flag = "quadratic" if c.get("quadratic") else "isotropic"
            yield Fault(flag, True, left[k], "‖∇f(x) − ∇f(x_0) − ∇²f(x_0)(x − x_0)‖")


def _pairs(s: Look) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """‖x − y‖, ‖∇f(x) − ∇f(y)‖ and their inner product for all pairs, those of a point at a time:
    all at once would take the square of the memory."""
    found = []
    for k in range(len(s.x)):
        dx, dg = s.x[k] - s.x[k + 1 :], s.g[k] - s.g[k + 1 :]
        found.append((*(np.linalg.norm(v, axis=1) for v in (dx, dg)), np.sum(dx * dg, axis=1)))
    far, rise, inner = (np.concatenate(column) for column in zip(*found))
    return far, rise, inner


def _values(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """f_star, Delta, x_star, R and mu_PL."""
    low = downhill(problem, s) if "f_star" in c or "Delta" in c else math.inf
    steep = np.linalg.norm(s.g, axis=1)
    rounded = grain(s) * s.far / ROUNDING  # what roundings of ∇f make of f
    scale = abs(s.f[0]) + abs(float(c.get("f_star", low))) + steep[0] * s.far + rounded
    scale += rough(s) / ROUNDING
    if s.H is not None and affine(c):
        low = min(low, _bottom(s))
    if "f_star" in c:
        if low < c.f_star - ROUNDING * scale:
            yield Fault("f_star", c.f_star, low, "inf f, or a value that f takes,")
        elif affine(c) and s.H is not None and not close(c.f_star, low, scale):
            yield Fault("f_star", c.f_star, low, "inf f")
    if "Delta" in c:
        gap = float(s.f[0]) - float(c.get("f_star", low))
        known = "f_star" in c
        what = "f(x_0) − f_star" if known else "from x_0 a descent"
        if gap > c.Delta + ROUNDING * scale or (known and not close(c.Delta, gap, scale)):
            yield Fault("Delta", c.Delta, gap, what)
        elif known and ROUNDING * scale > BLURRED * c.Delta:
            yield from fallen(problem, s, c)
    if "mu_PL" in c and "f_star" in c:
        lack = 2 * c.mu_PL * (s.f - c.f_star - ROUNDING * (scale + np.abs(s.f))) - steep**2
        k = int(np.argmax(lack))
        if lack[k] > 0:
            true = steep[k] ** 2 / (2 * (s.f[k] - c.f_star))
            yield Fault("mu_PL", c.mu_PL, true, "at a point ‖∇f‖²/2(f − f*)")
    yield from _distance(problem, s, c, scale)


def _distance(problem: AbstractProblem, s: Look, c: Constants, scale: float) -> Iterator[Fault]:
    """x_star is a minimizer and R the way to it."""
    steep = np.linalg.norm(s.g, axis=1)
    reach = float(np.max(s.top, initial=0.0))
    if "x_star" in c:
        if (k := s.star) is None:
            yield Fault("x_star", "finite", "not finite", "f or ∇f there")
            return
        star = s.x[k]
        flat = steep[k] <= 1e-7 * (steep[0] + reach * s.far) + 1e-12 * steep.max() + grain(s)
        if not (flat or (not math.isfinite(c.get("L", math.inf)) and _kink(problem, s, k, scale))):
            yield Fault("x_star", c.x_star, steep[k], "‖∇f‖ there")
        if "f_star" in c and not close(float(s.f[k]), c.f_star, scale):
            yield Fault("f_star", c.f_star, s.f[k], "f(x_star)")
        if "R" in c and not close(c.R, float(np.linalg.norm(s.x[0] - star)), s.far):
            yield Fault("R", c.R, np.linalg.norm(s.x[0] - star), "‖x_0 − x_star‖")
        return
    if "R" not in c:
        return
    # Without x_star: descents, slopes and the ends of descent bound the way to any minimizer.
    if "L" in c and steep[0] > c.L * c.R * (1 + CURVED):
        yield Fault("R", c.R, steep[0] / c.L, "‖∇f(x_0)‖/L, no more than the way to a minimizer")
    mu = float(c.get("mu", 0.0))
    if c.get("isotropic") and "L" in c and c.L > 0:
        way = float(steep[0] / c.L)
        if not close(c.R, way, s.far):
            yield Fault("R", c.R, way, "‖∇f(x_0)‖/L, the way to the minimizer,")
    elif c.get("quadratic") and s.H is not None:
        way = float(np.linalg.norm(np.linalg.lstsq(s.H[0], s.g[0], rcond=CURVED)[0]))
        if way * (1 - CURVED) > c.R or (mu > 0 and way * (1 + CURVED) < c.R):
            yield Fault("R", c.R, way, "the way to the nearest minimizer")
    elif mu > 0:
        k = int(np.argmin(steep))
        way = float(np.linalg.norm(s.x[0] - s.x[k]))
        if abs(way - c.R) > steep[k] / mu + 1e-6 * max(way, c.R):
            yield Fault("R", c.R, way, "the way to the minimizer")


def _kink(problem: AbstractProblem, s: Look, k: int, scale: float) -> bool:
    """Whether f, which need not be smooth, is lower nowhere against its slope at a point, all of it
    or an entry: there 0 is a slope of it, too."""
    g = s.g[k] / np.linalg.norm(s.g[k])
    ways = np.vstack([g, np.diag(np.sign(g))[: DENSE * (len(g) <= DENSE)]])
    x = s.x[k] - max(s.far, 1e-12) * np.geomspace(1e-6, 1.0, 32)[:, None, None] * ways
    least = np.min(values(problem, x.reshape(-1, *start_shape(problem))))
    return bool(least >= s.f[k] - ROUNDING * scale)


def _below(s: Look, c: Constants) -> Iterator[Fault]:
    """f_star is the infimum and no number below it, where curvature or a way to a minimizer tells.

    f(y) − f* ≤ ‖∇f(y)‖²/(2μ), and ≤ ⟨∇f(y), y − x*⟩ ≤ ⟨∇f(y), y − x_0⟩ + ‖∇f(y)‖R of convex f.
    """
    if "f_star" not in c and "Delta" not in c:
        return
    least = float(c.get("f_star", s.f[0] - c.get("Delta", 0.0)))
    steep, mu = np.linalg.norm(s.g, axis=1) + grain(s), float(c.get("mu", 0.0))
    with np.errstate(invalid="ignore", over="ignore"):
        way = np.linalg.norm(s.x - s.x[0], axis=1) + s.far
        size = np.abs(s.f) + abs(least) + steep * way
        gap = s.f - least - ROUNDING * (size + 1e-6 * abs(s.f[0] - least)) - grain(s) * way
        gap -= rough(s)
        if 0 < mu < math.inf:
            k = int(np.argmax(gap - (1 + CURVED) * steep**2 / (2 * mu)))
            if gap[k] > (1 + CURVED) * steep[k] ** 2 / (2 * mu):
                true = s.f[k] - steep[k] ** 2 / (2 * mu)
                yield Fault("f_star", least, true, "inf f is at least f − ‖∇f‖²/2μ at a point")
        if c.get("convex") and "R" in c:
            short = gap - np.sum(s.g * (s.x - s.x[0]), axis=1)
            k = int(np.argmax(short - (1 + CURVED) * steep * c.R))
            if short[k] > (1 + CURVED) * steep[k] * c.R:
                if steep[k] * c.R > 1e-6 * gap[k]:
                    way = short[k] / steep[k]
                    yield Fault("R", c.R, way, f"with f* = {least:.6g}, no more than the way to x*")
                else:
                    yield Fault("f_star", least, s.f[k], "where ∇f vanishes, and so inf f,")


@plainly
def _asked(problem: Any, name: str) -> Any:
    return getattr(problem, name)()


def asked(problem: Any, name: str) -> Any:
    """What a method without arguments gives; one that needs the numbers themselves gets them."""
    try:
        return _asked(problem, name)
    except jax.errors.JAXTypeError:
        return getattr(problem, name)()


def _answers(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """What metrics ask the problem itself is what it certifies."""
    given, star = getattr(problem, "f_star", None), getattr(problem, "x_star", None)
    if callable(given) and "f_star" in c:
        try:
            value = float(np.asarray(asked(problem, "f_star")))
        except InvalidInput:  # no metric can ask it either
            value = float(c.f_star)
        scale = abs(float(s.f[0])) + float(np.linalg.norm(s.g[0])) * s.far
        if not close(c.f_star, value, scale):
            yield Fault("f_star", c.f_star, value, "f_star() of the problem")
    stacked = "agents" in c and not hasattr(problem, "grads")  # x* is that of a copy, see `goal`
    name = "saddle" if "saddle" in c else "x_star"
    if callable(star) and name in c and not stacked:
        there = np.broadcast_to(np.asarray(asked(problem, "x_star")), start_shape(problem))
        off = float(np.max(np.abs(there - np.asarray(c[name])), initial=0.0))
        # Where x* is 0 but for rounding, terms of ∇f cancel there.
        rounded = 1e-12 * float(np.max(np.linalg.norm(s.g, axis=1)))
        reach = float(np.max(s.top, initial=0.0))
        size = max(s.far, float(np.max(np.abs(there), initial=0.0)))
        if off > CURVED * size and off * reach > rounded:
            yield Fault(name, c[name], off, "off x_star() of the problem by")


def _bottom(s: Look) -> float:
    """inf f of a quadratic with the Hessian seen at x_0: −∞ where it has a direction down."""
    assert s.H is not None
    h, Q = np.linalg.eigh(0.5 * (s.H[0] + s.H[0].T))
    z = Q.T @ s.g[0]
    flat = np.abs(h) <= CURVED * np.abs(h).max()
    if np.any(h[~flat] < 0) or np.any(np.abs(z[flat]) > 1e-6 * np.linalg.norm(s.g[0])):
        return -math.inf
    return float(s.f[0] - 0.5 * np.sum(z[~flat] ** 2 / h[~flat]))
