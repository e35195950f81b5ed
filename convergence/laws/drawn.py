"""What a class says of its law, against what it draws: for a law that the package does not prove.

Atoms, `of_unit` and the flags of a corner are read by exact moments, enumeration and assumptions;
the runs see samples. A test of one equality is at level `ALPHA`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy

from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.derivatives import slope_along
from convergence.errors import InvalidInput
from convergence.laws.entries import ALPHA, limit, misses
from convergence.laws.faults import ROUNDING, Fault, close
from convergence.noise.base import AbstractNoise
from convergence.philox import PHILOX

PARTS = 2**21  # differences of entries of samples from those of atoms


def drawn_faults(
    noise: AbstractNoise, shape: tuple[int, ...], c: Constants, sample: np.ndarray
) -> Iterator[Fault]:
    """Samples (N, d) of a noise that are not of the law that it states."""
    d = math.prod(shape)
    law = noise.atoms(shape)
    if law is not None:
        yield from _of_atoms(np.asarray(law[0], float), np.reshape(law[1], (-1, d)), sample)
    if noise.of_unit(jnp.zeros(shape)) is not None:
        units = jnp.eye(d).reshape((d, *shape))
        images = np.asarray(jax.vmap(noise.of_unit)(units)).reshape(d, d)
        total = float(np.linalg.norm(images))
        if c.get("additive") and "sigma" in c and not close(c.sigma, total, 0.0):
            yield Fault("sigma", c.sigma, total, "of of_unit (E‖ξ‖²)^½")
        yield from _of_unit(images, noise.normal, sample)
    if "corner_rank" in c and c.corner > 0 and len(shape) == 2:
        v = sample[:, -1] / c.corner
        if c.get("two_point") and np.abs(np.abs(v) - 1).max() > 1e-9:
            yield Fault("two_point", True, np.abs(np.abs(v) - 1).max(), "a sample off ±1 by")
        if c.get("gaussian") and off_normal(v, 1.0):
            yield Fault("gaussian", True, np.mean(np.abs(v)), "no normal law: the mean |v|")
    if c.get("independent") and len(shape) == 2 and shape[0] > 1:
        yield from _shared(sample.reshape(-1, *shape))


def _shared(sample: np.ndarray) -> Iterator[Fault]:
    """Samples (N, n, d) of n agents that depend on each other: along directions of their own, or
    along one for all, which shows what they share whatever d is."""
    rng = np.random.default_rng(2)
    own, one = rng.standard_normal(sample.shape[1:]), rng.standard_normal(sample.shape[2])
    i, j = np.triu_indices(sample.shape[1], 1)
    for w in own, np.broadcast_to(one, own.shape):
        line = np.einsum("pij,ij->pi", sample, w)
        size = np.maximum(np.abs(line).max(axis=0), 1e-300)
        bounded = line / size  # products of signs and sizes at most 1: all tails are light
        for name, part in (("signs", np.sign(line)), ("sizes", bounded**2)):
            part = part - part.mean(axis=0)
            off = np.abs(misses(part[:, i] * part[:, j], 0.0))
            if off.max() > limit(2 * len(i)) + 1:
                yield Fault("independent", True, off.max(), f"of {name} of two agents, the miss/σ")
                return


@hastily
def _pairs(noise: Any, x: Any, v: Any, keys: Any) -> Any:
    def pair(key: Any) -> Any:
        slope = slope_along(lambda y: noise.potential(y, key), x, v)
        along = noise.draw(x, key) * v
        return slope, jnp.sum(along), jnp.sum(jnp.abs(along))

    return jax.vmap(pair)(jax.random.wrap_key_data(keys, impl=PHILOX))


def potential_faults(noise: AbstractNoise, x: np.ndarray) -> Iterator[Fault]:
    """Samples at x that are not the gradient of the function that a noise gives for them."""
    if type(noise).potential is AbstractNoise.potential:
        return
    rng = np.random.default_rng(4)
    keys = rng.integers(0, 2**32, (16, 2), dtype=np.uint32)
    v = rng.standard_normal(x.shape)
    try:
        slope, along, size = map(np.asarray, _pairs(noise, jnp.asarray(x), jnp.asarray(v), keys))
    except InvalidInput:
        return  # it gives none
    off = float(np.max(np.abs(slope - along)))
    if not off <= ROUNDING * max(float(np.max(size)), 1e-300):
        yield Fault("potential", "that of ξ", off, "its slope along a direction less a sample's")


def _of_atoms(w: np.ndarray, v: np.ndarray, sample: np.ndarray) -> Iterator[Fault]:
    """Every sample is an atom, as often as is said."""
    size = max(float(np.abs(v).max(initial=0.0)), float(np.abs(sample).max()), 1e-300)
    part = sample[: max(4096, PARTS // v.size)]
    apart = np.abs(part[:, None, :] - v[None]).max(axis=2)
    hit = apart <= 1e-9 * size
    if not hit.any(axis=1).all():
        k = int(np.argmin(hit.any(axis=1)))
        yield Fault("atoms", "all", apart[k].min(), "of a sample, the distance to the nearest atom")
        return
    chances = np.where(hit, w[None], 0.0)
    near = (np.abs(v[:, None] - v[None]).max(axis=2) <= 1e-9 * size) @ w  # atoms may repeat
    share = hit.mean(axis=0)
    # By Chernoff: of a rare atom far fewer samples tell than Hoeffding's bound asks for.
    odd = len(part) * _divergence(share, near) > math.log(2 * len(w) / ALPHA)
    k = int(np.argmax(np.where(odd, 2.0, 0.0) + np.abs(share - near)))
    if odd[k] or np.any(chances.sum(axis=1) <= 0):
        yield Fault("atoms", near[k], share[k], f"of {len(part)} samples, the share of that atom")


def _divergence(share: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Of one coin from another: P(a share as far off) ≤ exp(−N · divergence), on either side."""
    chance = np.clip(chance, 0.0, 1.0)
    off = scipy.special.rel_entr(share, chance) + scipy.special.rel_entr(1 - share, 1 - chance)
    return np.where(np.abs(share - chance) <= ROUNDING, 0.0, off)


def _of_unit(images: np.ndarray, normal: bool, sample: np.ndarray) -> Iterator[Fault]:
    """⟨ξ, v⟩ has the variance |images v|², and is normal if that is said."""
    d = len(images)
    rng = np.random.default_rng(3)
    ways = np.vstack([np.eye(d)[: min(d, 4)], rng.standard_normal((2, d)) / d**0.5])
    for way in ways:
        line, size = sample @ way, float(np.linalg.norm(images @ way))
        if normal:
            if off_normal(line, size):
                yield Fault("of_unit", size, line.std(), "of samples no normal law; the deviation")
                return
        elif abs(misses(line[:, None] ** 2, size**2)[0]) > limit(len(ways)) + 1:
            yield Fault("of_unit", size, float(np.mean(line**2)) ** 0.5, "the deviation of samples")
            return


def off_normal(line: np.ndarray, size: float) -> bool:
    """Whether samples are not of N(0, size²), by Dvoretzky, Kiefer and Wolfowitz."""
    if size == 0.0:
        return bool(np.any(line != 0))
    F = scipy.special.ndtr(np.sort(line) / size)
    n = len(line)
    gap = np.max(np.maximum(np.arange(1, n + 1) / n - F, F - np.arange(n) / n))
    return 2 * math.exp(-2 * n * gap**2) < ALPHA
