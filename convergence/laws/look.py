"""A problem looked at: f, ∇f and ∇²f at points near its start, on the paths of gradient descent,
and where they end. What a problem certifies has to agree with what is seen."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.derivatives import along
from convergence.errors import require
from convergence.memory import available
from convergence.plainly import by_rows, plainly
from convergence.problems.base import AbstractProblem, start_shape, started

NEAR = 10  # points around x_0, at scales from 1e-4 to 10 of its distance from what is seen
STEPS = 96  # of gradient descent from each
PATH = (0, 1, 3, 7, 15, 31, 63)  # of which these are looked at, from x_0
COPIES = 80  # of a large iterate, while it is looked at
LARGE = 2**15  # entries of an iterate from which two of the points are enough, and no path
DENSE = 144  # entries of an iterate up to which the whole Hessian is formed; else products with it
TOGETHER = 64  # points that a program takes, always as many so that one serves
FEW = 16  # of which a few are enough
STRIDE, LEAST = 1e-6, 0.1  # of a central difference, relative to the size of x, and least size


class Look(NamedTuple):
    """The P points at which all is finite, the first x_0 if `starts`: x, g (P, d), and f (P,).

    fore, aft: f(x ± h v) along unit vectors v (P, d). ends: (2, P) the slopes ∇f(x ± h v)·v.
    H: (P, d, d) up to `DENSE` entries, else None. top, low: (P,) the largest |λ| and the least λ of
    ∇²f; without H what power iteration found, a lower and an upper bound. star: the point that was
    given. far: the way to it and 1e-4 ‖x_0‖, whose roundings sizes hold; else ‖x_0‖.
    """

    starts: bool
    x: np.ndarray
    f: np.ndarray
    g: np.ndarray
    v: np.ndarray
    h: float
    fore: np.ndarray
    aft: np.ndarray
    ends: np.ndarray
    H: np.ndarray | None
    top: np.ndarray
    low: np.ndarray
    star: int | None
    far: float


@eqx.filter_jit  # traced once a form, whatever asks
def _grad(problem: Any, x: Any) -> Any:
    return problem.grad(x)


def _along(problem: Any, x: Any, v: Any) -> Any:
    """∇f(x) and ∇²f(x)v."""
    return along(lambda y: _grad(problem, y), x, v, f"{type(problem).__name__}.grad")


@by_rows
def _values(problem: Any, x: Any) -> Any:
    return problem.value(x)


@by_rows
def _slopes(problem: Any, x: Any) -> Any:
    return problem.grad(x)


@by_rows
def _turns(problem: Any, x: Any, v: Any) -> Any:
    return _along(problem, x, v)[1]


def each(program: Any, problem: Any, *points: np.ndarray) -> np.ndarray:
    """What a program gives at each of the points."""
    count, size = len(points[0]), points[0][0].size
    many = TOGETHER if size <= DENSE else count
    found = []
    for k in range(0, count, many):
        part = [p[k : k + many] for p in points]
        short = many - len(part[0])
        if short:
            part = [np.concatenate([p, np.repeat(p[-1:], short, axis=0)]) for p in part]
        found.append(np.asarray(program(problem, *part))[: many - short])
    return np.concatenate(found)


def values(problem: Any, x: np.ndarray) -> np.ndarray:
    """(P,) f at P points."""
    return each(_values, problem, x)


def slopes(problem: Any, x: np.ndarray) -> np.ndarray:
    """∇f at P points."""
    return each(_slopes, problem, x)


def turns(problem: Any, x: np.ndarray, v: np.ndarray) -> np.ndarray:
    """∇²f v at P points, a direction each."""
    return each(_turns, problem, x, v)


def _descend(problem: Any, near: np.ndarray, eta: np.ndarray) -> list[np.ndarray]:
    """Points of a path from x_0, then where paths from all points end."""
    y, path, slopes = near, [], _slopes.of(problem)
    for t in range(STEPS):
        if t in PATH and y[0].size < LARGE:
            path.append(y[:1])
        z = y - eta * np.asarray(slopes(y))
        if np.array_equal(z, y, equal_nan=True):  # and so it stays
            path += [y[:1]] * sum(later > t for later in PATH if y[0].size < LARGE)
            break
        y = z
    return [*path, y]


@plainly
def _power(problem: Any, x: Any, v: Any) -> Any:
    """∇f at points, and the largest |λ| and the least λ of ∇²f by power iteration from v."""

    def rest(v: Any) -> Any:
        return v / jnp.maximum(jnp.sqrt(jnp.sum(v**2)), 1e-300)

    def power(x: Any, v: Any) -> Any:
        def turn(k: Any, carry: Any) -> Any:
            """Power iteration for the largest |λ|, then, shifted by it, for the least λ."""
            v, size, least, _ = carry
            g, w = _along(problem, x, v)
            size = jnp.where(k < 30, jnp.sqrt(jnp.sum(w**2)), size)
            least = jnp.minimum(least, jnp.sum(v * w))
            shifted = size * v - w
            done = jnp.sum(shifted**2) <= 1e-20 * size**2  # v is all of what is left: keep it
            after = jnp.where(k < 30, w, jnp.where(done, v, shifted))
            return rest(jnp.where(jnp.sum(after**2) > 0, after, v)), size, least, g

        zero = jnp.zeros((), x.dtype)
        _, size, least, g = jax.lax.fori_loop(0, 90, turn, (rest(v), zero, zero + jnp.inf, x))
        return g, size, least

    return jax.vmap(power)(x, v)


def _about(problem: Any, x: np.ndarray, v: np.ndarray, h: float) -> Any:
    """f at x and x ± hv, (3, P), and the slopes of f at x ± hv along v, (2, P)."""
    f = values(problem, np.concatenate([x, x + h * v, x - h * v])).reshape((3, -1))
    g = slopes(problem, np.concatenate([x + h * v, x - h * v]))
    return f, np.sum((g * np.concatenate([v, v])).reshape((2, len(x), -1)), axis=2)


def _see(problem: Any, near: np.ndarray, v: np.ndarray, h: float, eta: np.ndarray) -> Any:
    """On descents from `near`: points x, f and slopes about them, ∇f and ∇²f there."""
    x = np.concatenate([near, *_descend(problem, near, eta)])
    d, about = near[0].size, _about(problem, x, v, h)
    if d > DENSE:
        g, top, low = map(np.asarray, _power(problem, x, v))
        return x, *about, g, (top, low)
    basis = np.eye(d).reshape((-1, *near[0].shape))
    pairs = np.repeat(x, d, axis=0), np.concatenate([basis] * len(x))
    return x, *about, slopes(problem, x), each(_turns, problem, *pairs)


def _flat(problem: Any, near: np.ndarray, v: np.ndarray, h: float, span: float) -> Any:
    """As `_see` for an affine gradient: ∇²f is a difference, and descent shows nothing more."""
    basis = np.eye(near[0].size).reshape((-1, *near[0].shape))
    g = slopes(problem, np.concatenate([near, near[0] + span * basis]))
    return near, *_about(problem, near, v, h), g[: len(near)], (g[len(near) :] - g[0]) / span


def look(
    problem: AbstractProblem, L: float = float("nan"), star: Any = None, affine: bool = False
) -> Look:
    """See the problem in float64, on descents of step 1/L (1e-3 if unknown), and at `star`;
    affine: whether ∇f is said to be, so that one Hessian is looked at."""
    x0 = started(problem).astype(np.float64)
    rng = np.random.default_rng(0)
    large = x0.size >= LARGE
    points = 2 if large else NEAR
    if large:
        need, room = COPIES * x0.nbytes, available()
        require(
            room is None or need <= room,
            f"an instance of {x0.size} entries, which to check takes about {need / 2**30:.2g} GiB",
            f"no more than the {(room or 0) / 2**30:.2g} GiB of memory that are left",
            "take a smaller one",
        )
    near = np.tile(x0, (points + 2, *(1,) * x0.ndim)) if x0.ndim else np.full(NEAR + 2, float(x0))
    if star is not None:
        near[-1] = np.broadcast_to(star, x0.shape)
    # Below 1e-12 a distance is the rounding of a zero.
    way, own = _size(near[-1] - x0), _size(x0)
    unit = next((u for u in (way, own) if u > 1e-12), 1.0)
    far = (way + (1e-4 if way > 1e-12 else 1.0) * own) * x0.size**0.5
    for k, scale in enumerate(np.geomspace(1e-4, 10.0, points), start=1):
        near[k] += unit * scale * rng.standard_normal(x0.shape)
    dense = x0.size <= DENSE
    affine = affine and dense
    count = len(near) if affine else 2 * len(near) + len(PATH) * (not large)
    v = rng.standard_normal((count, *x0.shape))
    v /= np.sqrt(np.sum(v.reshape(count, -1) ** 2, axis=1)).reshape((count, *(1,) * x0.ndim))
    # f may be a difference of numbers of size 1, whose roundings a shorter stride would show.
    h = STRIDE * max(unit * x0.size**0.5, float(np.linalg.norm(x0)), LEAST)
    eta = np.asarray(1 / L if math.isfinite(L) and L > 0 else 1e-3)
    with np.errstate(all="ignore"):
        if affine:
            seen = _flat(problem, near, v, h, 2.0 ** np.round(np.log2(h / STRIDE)))
        else:
            seen = _see(problem, near, v, h, eta)
    x, (f, fore, aft), ends, g, bent = seen
    x, g = x.reshape((count, -1)), g.reshape((count, -1))
    kept = np.isfinite(f) & np.all(np.isfinite(x) & np.isfinite(g), axis=1)
    H = None
    if dense:
        H = bent.reshape((-1, x0.size, x0.size))
        if not affine:
            kept &= np.all(np.isfinite(H), axis=(1, 2))
            H = H[kept]
        curves = np.linalg.eigvalsh(0.5 * (H + np.swapaxes(H, 1, 2)))
        top, low = np.abs(curves).max(axis=1), curves[:, 0]
        if affine:
            many = int(kept.sum())
            H, top, low = (np.broadcast_to(a, (many, *a.shape[1:])) for a in (H, top, low))
    else:
        top, low = (b[kept] for b in bent)
    return Look(
        bool(kept[0]), x[kept], f[kept], g[kept], v.reshape((count, -1))[kept], h, fore[kept],
        aft[kept], ends[:, kept], H, top, low,
        int(np.sum(kept[: len(near) - 1])) if star is not None and kept[len(near) - 1] else None,
        far,
    )  # fmt: skip


def affine(c: Constants) -> bool:
    """Whether ∇f is said to be affine."""
    return bool(c.get("quadratic") or c.get("isotropic"))


def grain(s: Look) -> float:
    """How rough ∇f is: it may be a difference of larger numbers, whose roundings its second
    difference shows."""
    return _usual(s.ends.sum(axis=0) - 2 * np.sum(s.g * s.v, axis=1))


def _usual(off: np.ndarray) -> float:
    """Eight times the median of what is off, where it is finite."""
    known = np.abs(off[np.isfinite(off)])
    return 8 * float(np.median(known)) if known.size else 0.0


def _off(f: Any, fore: Any, aft: Any, ends: np.ndarray, g: Any, h: float, d: int) -> float:
    """How far f, at x and x ± hv, is off what slopes along v make of it; of d roundings, which may
    all go one way where entries are alike."""
    rise = 0.5 * h * (ends + g)
    return d**0.5 * _usual(np.stack([fore - f - rise[0], f - aft - rise[1]]))


def rough(s: Look) -> float:
    """How rough f is: it may be a difference of larger numbers, whose roundings its changes show
    beside those that ∇f makes."""
    return _off(s.f, s.fore, s.aft, s.ends, np.sum(s.g * s.v, axis=1), s.h, s.x.shape[1])


def roughness(problem: AbstractProblem) -> tuple[float, float]:
    """`rough` of a few points around x_0, and `grain` there, of d entries. In float64."""
    x0, rng = started(problem).astype(np.float64), np.random.default_rng(0)
    unit = _size(x0) if _size(x0) > 1e-12 else 1.0
    wide = (-1, *(1,) * x0.ndim)
    v, away = rng.standard_normal((2, FEW, *x0.shape))
    v /= np.sqrt(np.sum(v.reshape(FEW, -1) ** 2, axis=1)).reshape(wide)
    x = x0 + unit * np.geomspace(1e-4, 10.0, FEW).reshape(wide) * away
    d, h = x0.size, STRIDE * max(unit * x0.size**0.5, LEAST)
    with np.errstate(all="ignore"):
        (f, fore, aft), ends = _about(problem, x, v, h)
        g = np.sum((slopes(problem, x) * v).reshape(FEW, -1), axis=1)
        return _off(f, fore, aft, ends, g, h, d), d**0.5 * _usual(ends.sum(axis=0) - 2 * g)


def downhill(problem: AbstractProblem, s: Look) -> float:
    """The least f seen along both ends of the direction of least curvature, from each point."""
    if s.H is None or float(np.min(s.low)) >= 0:
        return float(np.min(s.f))
    k = int(np.argmin(s.low))
    e = np.linalg.eigh(0.5 * (s.H[k] + s.H[k].T))[1][:, 0]
    unit = max(s.far, 1e-12) * np.geomspace(1e-2, 1e3, 16)
    ways = np.concatenate([unit, -unit])[:, None] * e
    x = (s.x[k] + ways).reshape((-1, *start_shape(problem)))
    f = values(problem, x)
    return float(min(np.min(s.f), np.min(f[np.isfinite(f)], initial=np.inf)))


def _size(x: Any) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.asarray(x) ** 2)))
