"""Parts of a method that are of a user's class, beneath a theorem of the package: its proof takes
them for what they certify."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.laws.faults import ROUNDING, Fault
from convergence.laws.noises import exceeds
from convergence.laws.origin import ours
from convergence.parts.compressors import AbstractCompressor
from convergence.philox import PHILOX
from convergence.problems.base import start_shape

DRAWS, LEAST = 4096, 64  # of a random compressor
ENTRIES = 2**22  # of all its draws together
AXES, TOGETHER = 64, 32  # next to which messages are, and of them at once
SCALES = 1e-6, 1e-3, 1.0, 1e3, 1e6  # of messages


def part_faults(theorem: Any, problem: Any) -> Iterator[Fault]:
    """A compressor of messages of the problem's size that contracts less than it certifies; any
    other part, of which no look tells that it is what the proof takes it for. In float64."""
    if not type(theorem).__module__.startswith("convergence."):
        return
    for field in dataclasses.fields(theorem):
        part = getattr(theorem, field.name, None)
        kinds = (kind.__module__ for kind in type(part).__mro__)
        if ours(part) or not any(kind.startswith("convergence.parts.") for kind in kinds):
            continue
        if isinstance(part, AbstractCompressor):
            yield from _contracts(part, math.prod(start_shape(problem)))
        else:
            what = "no look can check it; take one of the package, or state a theorem of your own"
            yield Fault(field.name, type(part).__name__, None, what)


@hastily
def _sent(compressor: Any, V: Any, keys: Any) -> Any:
    return jax.vmap(lambda key: compressor(V, key))(jax.random.wrap_key_data(keys, impl=PHILOX))


def _contracts(compressor: Any, d: int) -> Iterator[Fault]:
    """E‖C(v) − v‖² ≤ (1 − δ)‖v‖², of messages drawn, flat, and next to axes, of many sizes."""
    rng = np.random.default_rng(0)
    unit = np.vstack([rng.standard_normal((8, d)), np.ones(d), _beside(d, 0)])
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    # The entry that is left out may be any.
    most = min(d, AXES, max(1, ENTRIES // (LEAST * d)))
    axes = np.vstack([_beside(d, int(k)) for k in rng.choice(d, most, replace=False)])
    # One that ranks entries compares all pairs of a message: so many at once, and no more.
    some = np.array_split(axes, -(-most // TOGETHER))
    for V in (np.concatenate([scale * unit for scale in SCALES]), *some):
        if found := list(_less(compressor, V, d, rng)):
            yield from found
            return


def _beside(d: int, k: int) -> np.ndarray:
    """Nearly the axis k."""
    return np.where(np.arange(d) == k, 1.0, 1e-7)


def _less(compressor: Any, V: np.ndarray, d: int, rng: np.random.Generator) -> Iterator[Fault]:
    """Messages V of which less arrives than is certified, or not surely the same."""
    # Axes share an eighth: a random message may cost a sort, and what is left out is left for good.
    entries = ENTRIES if len(V) > TOGETHER else ENTRIES // 16
    count = int(min(DRAWS, max(LEAST, entries // V.size)))
    keys = rng.integers(0, 2**32, (count, 2), dtype=np.uint32)
    sent = np.asarray(_sent(compressor, jnp.asarray(V), keys))
    if not compressor.random and np.any(sent != sent[:1]):
        off = float(np.max(np.abs(sent - sent[:1])))
        yield Fault("random", False, off, f"between two keys {type(compressor).__name__} moves by")
    delta = float(compressor.contraction(d))
    left = np.sum((sent - V) ** 2, axis=2) / np.sum(V**2, axis=1)  # (draws, messages)
    k = int(np.argmax(left.mean(axis=0)))
    bound = 1 - delta + ROUNDING
    if not compressor.random:  # one draw is all
        over = not np.all(left <= bound)
    else:
        over = not np.all(np.isfinite(left)) or any(exceeds(row, bound) for row in left.T)
    if over:
        what = f"of {count} messages by {type(compressor).__name__} 1 − E‖C(v) − v‖²/‖v‖²"
        yield Fault("delta", delta, 1 - left[:, k].mean(), what)
