"""What a noise certifies, against its law where it has finitely many values, else its samples.

A sampled certificate is given up at level `ALPHA` a test: by e-values for what a moment bounds
(valid without any assumption), by Student-t on tails that are certified light, by two-sample
Kolmogorov–Smirnov for what equates two laws. With 2¹⁶ draws a σ off by 2 % does not survive; the
p-th moment of a tail index near p hides in rare draws and survives far more. A noise of the
package, whose moments its tests hold against as many, is met with a quarter of them before a run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.laws.drawn import drawn_faults, potential_faults
from convergence.laws.entries import ALPHA, apart, entry_faults, limit, misses, uncentered, uneven
from convergence.laws.exact import LIGHT, SQUARE, known
from convergence.laws.faults import Fault
from convergence.laws.look import DENSE
from convergence.laws.origin import origin, ours, unlisted, unproved
from convergence.laws.tails import tail_faults
from convergence.noise.agents import Levels
from convergence.noise.base import AbstractNoise
from convergence.philox import PHILOX
from convergence.plainly import by_rows
from convergence.statistics.eprocess import log_e_above

DRAWS, OWN = 2**16, 2**14  # of any noise, and of one of the package
ENTRIES = 2**18  # of all draws together
MOST, AFTER = 2**24, 1e-4  # entries of the draws after a refutation, and the level of its tests
MANY = 64  # parts of the draws, one of which tells a direction
FEW, KEPT = 64, 2**10  # draws of a large iterate, and entries kept of each at least


@by_rows
def _draw(at: Any, key: Any) -> Any:
    noise, x = at
    return noise.draw(x, jax.random.wrap_key_data(key, impl=PHILOX))


def draws(
    noise: AbstractNoise, x: np.ndarray, seed: int, places: int = 1, most: int = DRAWS
) -> np.ndarray:
    """(N, d) samples at x, one of several places; at most so many at all of them."""
    count = max(64, min(most, ENTRIES * most // (DRAWS * max(1, x.size)))) // places
    keys = np.random.default_rng(seed).integers(0, 2**32, (count, 2), dtype=np.uint32)
    return np.asarray(_draw((noise, x), keys)).reshape(count, -1)


def noise_faults(
    noise: AbstractNoise,
    start: Any,
    c: Constants | None = None,
    seed: int = 0,
    most: int | None = None,
) -> list[Fault]:
    """Every certificate of `noise` for iterates like `start` that is found false, by so many draws
    at most. In float64."""
    x = np.asarray(start, dtype=np.float64)
    most = most or (OWN if ours(noise) else DRAWS)
    c = noise.constants(x.shape) if c is None else c
    if odd := list(_orders(c)):
        return odd
    if isinstance(noise, Levels):
        each = Levels.levels(noise, x.shape).values()  # which an oracle draws, whatever it shows
        parts = [
            fault
            for part, shape in each
            for fault in noise_faults(part, x if shape == x.shape else np.zeros(shape), most=most)
        ]
        if parts or type(noise) is Levels:
            return parts
        if "sigma" not in c:  # of tails that are light on the scale of each part
            c = c.but(light_tailed=False)
    law = known(noise, x.shape, c)
    if law is not None and ours(noise):
        return list(law)
    if x.size > SQUARE and noise.of_iterate:  # so few draws tell nothing of entries
        part, square, line = map(np.asarray, _thin(noise, x, np.arange(FEW), seed))
        found = list(_moments(part, square, line, c))
        return found if ours(noise) else [*found, *origin(noise, c), *unlisted(noise, x.shape, c)]
    rng = np.random.default_rng(seed)
    unit = max(float(np.sqrt(np.mean(x**2))), 1e-12) if np.any(x) else 1.0
    places = [x]
    if not noise.of_iterate:
        places = [rng.standard_normal(x.shape)]
        given: Any = noise
        places[0] *= float(given.size) / np.linalg.norm(places[0])
    elif not c.get("additive"):
        places += [x + unit * scale * rng.standard_normal(x.shape) for scale in (0.1, 1.0, 30.0)]
    seen = [draws(noise, place, seed + k, len(places), most) for k, place in enumerate(places)]
    found = []
    for sample in seen:
        if not np.all(np.isfinite(sample)):
            return [Fault("ξ", "finite", "not finite", "a sample")]
        v = np.random.default_rng(1).standard_normal(sample.shape[1])
        line = sample @ (v / np.linalg.norm(v))
        if not c.get("light_tailed"):
            found += uncentered(sample, c, ours(noise))
        found = found or [*_moments(sample, np.sum(sample**2, axis=1), line, c, own=ours(noise)),
                          *entry_faults(sample, x.shape, c, ours(noise))]  # fmt: skip
    found += tail_faults(noise, x.shape, c, seen[0])
    if not ours(noise):
        found += [*(law or ()), *drawn_faults(noise, x.shape, c, seen[0]), *origin(noise, c)]
        found += unlisted(noise, x.shape, c)
        found += [fault for place in places for fault in potential_faults(noise, place)]

    def again(place: np.ndarray) -> np.ndarray:
        """What the first draws would be there."""
        return draws(noise, place, seed, len(places), most)

    return found or list(_moves(noise, places[0], unit, seen[0], c, seed, again))


def rare_faults(noise: AbstractNoise, start: Any, c: Constants, count: int) -> list[Fault]:
    """Its moments against at least `count` draws at x, for what few draws do not show. In float64.

    At level `AFTER`: what stands on a false accusation here is no verdict but INAPPLICABLE.
    """
    x = np.asarray(start, dtype=np.float64)
    if not noise.of_iterate:
        return []
    v = np.random.default_rng(1).standard_normal(x.size)
    squares, lines, many = [], [], 0
    while many < min(count, MOST // max(1, x.size)):
        sample = draws(noise, x, seed=1 + len(squares))
        if not np.all(np.isfinite(sample)):
            return [Fault("ξ", "finite", "not finite", "a sample")]
        squares.append(np.sum(sample**2, axis=1))
        lines.append(sample @ (v / np.linalg.norm(v)))
        many += len(sample)
    if not squares:
        return []
    line = np.concatenate(lines)
    return list(_moments(line[:, None], np.concatenate(squares), line, c, AFTER))


def _orders(c: Constants) -> Iterator[Fault]:
    """What the names alone leave possible: 1 < p ≤ 2, and sigma ≤ sigma_p where p = 2."""
    if "p" in c and not 1 < c.p <= 2:
        yield Fault("p", c.p, None, "an order 1 < p ≤ 2 is what it means")
    elif c.get("p") == 2 and c.get("sigma", 0.0) > c.get("sigma_p", math.inf) * (1 + 1e-12):
        yield Fault("sigma", c.sigma, c.sigma_p, "with p = 2 at most sigma_p")


def exceeds(values: np.ndarray, bound: float, alpha: float = ALPHA) -> bool:
    """Whether the e-value against E values ≤ bound is 1/alpha or more."""
    return bool(log_e_above(values, bound) >= math.log(1 / alpha))


@hastily
def _thin(noise: Any, x: Any, numbers: Any, seed: Any) -> Any:
    """Of draws made one at a time: entries at even distances, ‖ξ‖² and ⟨ξ, v⟩ along signs v."""
    root = jax.random.key(seed, impl=PHILOX)
    v = jax.random.rademacher(jax.random.fold_in(root, 2**31), x.shape, x.dtype) / x.size**0.5

    def one(number: Any) -> Any:
        draw = noise.draw(x, jax.random.fold_in(root, number))
        return draw.ravel()[:: x.size // KEPT], jnp.sum(draw**2), jnp.sum(v * draw)

    return jax.lax.map(one, numbers)


def _moments(
    sample: np.ndarray,
    square: np.ndarray,
    line: np.ndarray,
    c: Constants,
    alpha: float = ALPHA,
    own: bool = True,
) -> Iterator[Fault]:
    """The mean and the certified moments of N samples (N, d) at one x, or of some of their entries,
    by their ‖ξ‖² and ⟨ξ, v⟩ for a unit v; whether the class is the package's `own`, whose entries
    are as symmetric as it proves."""
    N, d = sample.shape
    light, sigma = bool(c.get("light_tailed")), c.get("sigma")
    if light and sigma is not None:
        if uneven(square[:, None], sigma**2, math.inf, 1)[0]:
            yield Fault("sigma", sigma, square.mean() ** 0.5, f"of {N} draws (mean ‖ξ‖²)^½")
        off = np.abs(misses(np.column_stack([sample, line]), 0.0))
        if off.max() > limit(d + 1):
            yield Fault("mean", 0.0, np.linalg.norm(sample.mean(axis=0)), f"of {N} draws ‖mean ξ‖")
        if sigma > 0 and exceeds(
            np.exp(np.minimum(square / (LIGHT * sigma**2), 700.0)), 2.0, alpha
        ):
            top = square.max() ** 0.5 / sigma
            yield Fault("light_tailed", True, top, f"of {N} draws max ‖ξ‖/σ")
    else:
        if light:
            top = square.max() ** 0.5
            yield Fault("light_tailed", True, top, f"with no sigma for scale, of {N} draws max ‖ξ‖")
        if sigma is not None and exceeds(square, sigma**2, alpha):
            yield Fault("sigma", sigma, square.mean() ** 0.5, f"of {N} draws (mean ‖ξ‖²)^½")
        yield from centered(line, c)
    if "sigma_p" in c:
        power = square ** (c.p / 2)
        if exceeds(power, c.sigma_p**c.p, alpha):
            true = power.mean() ** (1 / c.p)
            yield Fault("sigma_p", c.sigma_p, true, f"of {N} draws that moment")
    if c.get("symmetric"):
        ways = [line] if own else [line, *sample.T]
        if off := [way for way in ways if apart(way[::2], -way[1::2], len(ways))]:
            share = np.mean(off[0] > 0)
            yield Fault("symmetric", True, share, "laws of ±⟨ξ, v⟩ part: P(⟨ξ, v⟩ > 0)")


def centered(line: np.ndarray, c: Constants) -> Iterator[Fault]:
    """E ξ = 0 under a heavy tail: clipped at h the mean is at most σ_p^p h^{1−p}."""
    p, sigma = float(c.get("p", 2.0)), c.get("sigma_p", c.get("sigma"))
    if sigma is None or not sigma > 0:
        return
    h = 100.0 * sigma
    clipped = np.clip(line, -h, h)
    error = limit(1) * clipped.std(ddof=1) / len(line) ** 0.5
    if abs(clipped.mean()) > sigma**p * h ** (1 - p) + error:
        yield Fault("mean", 0.0, clipped.mean(), f"of {len(line)} clipped draws the mean ⟨ξ, v⟩")


def _moves(
    noise: AbstractNoise,
    x: np.ndarray,
    unit: float,
    here: np.ndarray,
    c: Constants,
    seed: int,
    again: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Fault]:
    """Whether a sample depends on x, and how fast it moves with it; `here` are draws at x, and
    `again` gives those of the same keys elsewhere."""
    away = x + unit * np.random.default_rng(seed + 1).standard_normal(x.shape)
    if not noise.of_iterate:
        away *= np.linalg.norm(x) / np.linalg.norm(away)  # of what may be asked
    if c.get("additive"):
        yield from _apart_from(here, again(away))
        return
    if not noise.of_iterate:
        return
    asked = c.only("noise_lipschitz", "noise_lipschitz_p")
    heavy = len(asked) == 1 and not c.get("light_tailed")
    if heavy and "noise_lipschitz_p" in asked and not ours(noise):  # rare draws carry it
        yield unproved("noise_lipschitz_p", c, noise)
        return
    ways = [away - x, *_fastest(noise, x, unit, seed)] if asked and not ours(noise) else [away - x]
    for way, scale in itertools.product(ways, (1.0, 1e-3) if asked else ()):
        there = again(x + scale * way)
        moved = np.linalg.norm(there - here, axis=1) / (scale * np.linalg.norm(way))
        for name, value in asked.items():
            power = 2.0 if name == "noise_lipschitz" else float(c.get("p", 2.0))
            if exceeds(moved**power, value**power):
                true = np.mean(moved**power) ** (1 / power)
                yield Fault(name, value, true, "of the draws that mean")


def _apart_from(here: np.ndarray, there: np.ndarray) -> Iterator[Fault]:
    """Samples at one place that are others at another."""
    off = float(np.max(np.abs(here - there)))
    if not off <= 1e-12 * float(np.max(np.abs(here), initial=1e-300)):
        yield Fault("additive", True, off, "the change of a sample between two x")


def strayed_faults(noise: AbstractNoise, start: Any, x: Any) -> list[Fault]:
    """Whether a noise that is said to be additive draws at x what it draws at x_0, and gives there
    a function for it. In float64."""
    places = np.asarray(start, np.float64), np.asarray(x, np.float64)
    moved = _apart_from(*(draws(noise, place, seed=0) for place in places))
    return [*moved, *potential_faults(noise, places[1])]


def _fastest(noise: AbstractNoise, x: np.ndarray, unit: float, seed: int) -> Iterator[np.ndarray]:
    """The way from x on which other samples than those of the tests move the fastest, which a
    chance direction misses by the root of the dimension."""
    if x.size > DENSE:
        return
    here = draws(noise, x, seed + 2, MANY)
    basis = np.eye(x.size).reshape((-1, *x.shape))
    moved = [draws(noise, x + 1e-3 * unit * e, seed + 2, MANY) - here for e in basis]
    energy = np.einsum("ikd,jkd->ij", moved, moved)
    yield unit * np.linalg.eigh(energy)[1][:, -1].reshape(x.shape)
