"""What a noise certifies, against a law that is known: finitely many values, or normal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import ROUNDING, Fault, close
from convergence.noise.base import AbstractNoise
from convergence.plainly import plainly

# E exp(‖ξ‖²/(8σ²)) ≤ 2 holds for normal laws and for a spike of five standard deviations.
LIGHT = 8.0
SQUARE = 2**12


def known(noise: AbstractNoise, shape: tuple[int, ...], c: Constants) -> Iterator[Fault] | None:
    """The false certificates of a noise that gives its law, or None: then samples must tell, as
    they do where a covariance would have more than `SQUARE` rows."""
    if math.prod(shape) > SQUARE:
        return None
    if _speaks_for(noise, "atoms"):
        law = noise.atoms(shape)
        if law is not None:
            w, v = np.asarray(law[0], float), np.asarray(law[1], float)
            return _atoms(w, v.reshape(len(w), -1), shape, c)
    if noise.normal and _speaks_for(noise, "normal") and "sigma_p" not in c:
        d = math.prod(shape)
        images = np.asarray(_images(noise, np.eye(d).reshape((d, *shape)))).reshape(d, d)
        return _second(images.T @ images, shape, c)
    return None


@plainly
def _images(noise: AbstractNoise, units: Any) -> Any:
    return jax.vmap(noise.of_unit)(units)


def _speaks_for(noise: AbstractNoise, law: str) -> bool:
    """Whether no subclass draws otherwise than the class that states the law."""
    order = type(noise).__mro__

    def place(name: str) -> int:
        return next((k for k, cls in enumerate(order) if name in vars(cls)), len(order))

    return place(law) <= min(place("draw"), place("of_unit") if noise.normal else len(order))


def _second(cov: np.ndarray, shape: tuple[int, ...], c: Constants) -> Iterator[Fault]:
    """Second moments by the covariance (d, d)."""
    total, d = float(np.trace(cov)), len(cov)
    if "sigma" in c and not close(c.sigma, total**0.5, 0.0):
        yield Fault("sigma", c.sigma, total**0.5, "(E‖ξ‖²)^½")
    variances = np.diag(cov)
    if "s" in c and not close(c.s, float(variances.max()) ** 0.5, 0.0):
        yield Fault("s", c.s, variances.max() ** 0.5, "the largest standard deviation of an entry")
    stated = {
        "isotropic_noise": total / d * np.eye(d) if c.get("isotropic_noise") else None,
        "covariance": np.diag(np.ravel(c.covariance)) if "covariance" in c else None,
    }
    for name, matrix in stated.items():
        off = 0.0 if matrix is None else np.max(np.abs(cov - matrix), initial=0.0)
        if off > ROUNDING * total:
            yield Fault(name, c[name], off, "off by an entry of E ξξᵀ")
    if len(shape) != 2:
        return
    n, m = shape
    blocks = cov.reshape(n, m, n, m)[np.arange(n), :, np.arange(n), :]
    same = np.broadcast_to(blocks[:1], blocks.shape) if c.get("equal_noise") else None
    between = cov.reshape(n, m, n, m) * (1 - np.eye(n))[:, None, :, None]
    if c.get("independent") and np.max(np.abs(between), initial=0.0) > ROUNDING * total:
        yield Fault("independent", True, np.max(np.abs(between)), "E of a product between agents")
    for name, each in (("covariances", c.get("covariances")), ("equal_noise", same)):
        off = 0.0 if each is None else np.max(np.abs(blocks - each), initial=0.0)
        if off > ROUNDING * total:
            yield Fault(name, c[name], off, "off by an entry of an agent's covariance")


def _atoms(w: np.ndarray, v: np.ndarray, shape: tuple[int, ...], c: Constants) -> Iterator[Fault]:
    """A law of K atoms v (K, d) with chances w."""
    size = np.linalg.norm(v, axis=1)
    mean, spread, second = w @ v, float(w @ size), float(w @ size**2)
    if abs(w.sum() - 1) > ROUNDING or w.min() < 0:
        yield Fault("chances", 1.0, w.sum(), "their sum")
    if np.max(np.abs(mean), initial=0.0) > ROUNDING * spread:
        yield Fault("mean", 0.0, np.linalg.norm(mean), "‖E ξ‖")
    yield from _second((w[:, None] * v).T @ v, shape, c)
    if "sigma_p" in c:
        true = float(w @ size**c.p) ** (1 / c.p)
        if true > c.sigma_p * (1 + ROUNDING):
            yield Fault("sigma_p", c.sigma_p, true, f"(E‖ξ‖^{c.p:g})^(1/{c.p:g})")
    if c.get("symmetric"):
        off = float(np.max(np.abs(_mass(v, -v, w) - _mass(v, v, w))))
        if off > ROUNDING:
            yield Fault("symmetric", True, off, "a chance of an atom less that of its opposite")
    if c.get("light_tailed") and second > 0:
        heavy = float(w @ np.exp(np.minimum(size**2 / (LIGHT * second), 700.0)))
        if heavy > 2.0:
            yield Fault("light_tailed", True, heavy, "E exp(‖ξ‖²/8σ²), which may be 2,")
    seen = size[w > 0]
    for name, true in (("top", seen.max()), ("q", w[w > 0].min())):
        if name in c and not close(c[name], float(true), 0.0):
            yield Fault(name, c[name], true, f"the {name} of the atoms")


def _mass(v: np.ndarray, u: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The chance of each v_i of a law with the atoms u and chances w; atoms may repeat."""
    size = np.linalg.norm(v, axis=1)
    apart = np.linalg.norm(v[:, None] - u[None], axis=2)
    return (apart <= ROUNDING * (size[:, None] + size[None])) @ w
