"""The certificates of an instance, each checked once and remembered."""

from __future__ import annotations

import hashlib
from typing import Any

import jax
import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import Fault
from convergence.laws.fitting import fitting
from convergence.laws.noises import DRAWS, noise_faults
from convergence.laws.problems import problem_faults
from convergence.noise.base import AbstractNoise
from convergence.precision import precision
from convergence.problems.base import AbstractProblem, started

_KEPT: dict[Any, list[Fault]] = {}  # by content, for the life of the process
KEPT = 4096  # instances; a search makes many


def certificates(
    problem: AbstractProblem, noise: AbstractNoise, lower: tuple[int, ...] | None = None
) -> list[Fault]:
    """Every certificate of the two that is found false, in the words of `Fault`; lower: another
    shape for which the noise is drawn."""
    with precision("float64"):
        start = started(problem)
        c = noise.constants(start.shape)
        place = _bytes(start) if not c.get("additive") else b""
        about = [(content(problem), None), (content(noise), (start.shape, place))]
        checks = [lambda: problem_faults(problem), lambda: _of_noise(noise, start, c)]
        if lower is not None:
            other = np.zeros(lower)
            about.append((content(noise), (lower, b"lower")))
            checks.append(lambda: _of_noise(noise, other, noise.constants(lower)))
        for key, check in zip(about, checks, strict=True):
            if key not in _KEPT:
                if len(_KEPT) >= KEPT:
                    _KEPT.clear()
                _KEPT[key] = check()
        return [fault for key in about for fault in _KEPT[key]]


def _of_noise(noise: AbstractNoise, start: Any, c: Constants) -> list[Fault]:
    return fitting(noise, c, start.shape, lambda c: noise_faults(noise, start, c))


def content(module: Any) -> Any:
    """What a module is: its structure, static fields and numbers."""
    leaves, structure = jax.tree_util.tree_flatten(module)
    arrays = [np.asarray(leaf) for leaf in leaves]
    return structure, tuple((a.shape, a.dtype.str, _bytes(a)) for a in arrays)


def _bytes(array: np.ndarray) -> bytes:
    """What tells an array from others: its numbers, or of many a hash, which is kept for good."""
    found = array.tobytes()
    return found if len(found) <= 256 else hashlib.blake2b(found).digest()


def problem_laws(problem: AbstractProblem) -> list[str]:
    """∇f is the derivative of f, and all that is certified agrees with f, ∇f and ∇²f near x_0, on
    paths of descent and at their ends. In float64."""
    name = type(problem).__name__
    return [f"{name}: {fault}" for fault in problem_faults(problem)]


def noise_laws(noise: AbstractNoise, x: Any, seed: int = 0) -> list[str]:
    """Same key, same sample; the shape and dtype of x; and all that is certified agrees with the
    atoms of the law, or with samples at level 1e-9 a certificate. In float64."""
    wrong: list[str] = []
    name = type(noise).__name__
    key = jax.random.key(seed)
    one, two = noise.draw(x, key), noise.draw(x, key)
    if not np.array_equal(np.asarray(one), np.asarray(two)):
        wrong.append(f"{name}: one key gave two samples")
    if one.shape != x.shape or one.dtype != x.dtype:
        wrong.append(f"{name}: drew {one.dtype}{one.shape} for an iterate {x.dtype}{x.shape}")
    return wrong + [f"{name}: {fault}" for fault in noise_faults(noise, x, seed=seed, most=DRAWS)]
