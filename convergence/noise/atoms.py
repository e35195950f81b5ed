"""Noise with finitely many values: every moment is a finite sum."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Reals, real


def check_power(p: Any) -> None:
    """Refuse a moment order outside (1, 2]."""
    require(
        1 < float(p) <= 2,
        f"p = {float(p):g}",
        "1 < p ≤ 2",
        "with p ≤ 1 no method converges and with p > 2 the variance is finite: use p = 2",
    )


def check_unit(along: Any) -> None:
    """Refuse a direction that is not of length 1, by which every moment would be off."""
    size = float(np.linalg.norm(np.asarray(along)))
    require(
        abs(size - 1) < 1e-9,
        f"a direction of norm {size:g}",
        "a unit vector `along`",
        "divide it by its norm",
    )


class Atoms(AbstractNoise):
    """ξ = v e with P(v = values[k]) = chances[k], e a unit vector: E‖ξ‖^p = Σ chances |values|^p.

    values, chances: (K,), mean zero. along: the unit vector e, of the iterate's shape. p: the
    order of the moment that is certified as sigma_p = (E‖ξ‖^p)^{1/p}. Certifies besides: sigma
    (the root of the variance), symmetric, q (the rarest positive chance), top (the largest
    |value|), light_tailed where top ≤ 5σ: bounded by five
    standard deviations, hence sub-Gaussian on its own scale and no spike rarer than 1/25.
    """

    values: Reals = eqx.field(converter=real)
    chances: Reals = eqx.field(converter=real)
    along: Reals = eqx.field(converter=real)
    p: Reals = eqx.field(converter=real, default=2.0)

    def __check_init__(self) -> None:
        v, w = np.asarray(self.values), np.asarray(self.chances)
        require(
            v.ndim == 1 and v.shape == w.shape,
            f"values of shape {v.shape} and chances of shape {w.shape}",
            "two vectors of one length",
            "give one chance a value",
        )
        # 1e-9: chances such as 1/3 and values such as q^(-1/p) are rounded, and so are their sums.
        require(
            bool(np.all(w >= 0)) and abs(float(w.sum()) - 1) < 1e-9,
            f"chances {w}",
            "chances ≥ 0 that sum to 1",
            "mend them",
        )
        require(
            abs(float(w @ v)) <= 1e-9 * float(w @ np.abs(v)),
            f"a mean of {float(w @ v):g}",
            "mean zero",
            "center the values",
        )
        check_unit(self.along)
        check_power(self.p)

    def draw(self, x: Iterate, key: Key) -> Iterate:
        u = jax.random.uniform(key, (), x.dtype)
        edges = jnp.cumsum(jnp.asarray(self.chances, x.dtype))
        values = jnp.asarray(self.values, x.dtype)
        # Beyond the last edge (round-off of the sum) lies the last value with a positive chance.
        hit = jnp.sum(u >= edges[:-1])
        return values[hit] * jnp.asarray(self.along, x.dtype)

    def atoms(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        return self.chances, np.multiply.outer(np.asarray(self.values), np.asarray(self.along))

    def moment(self, p: float) -> float:
        """E‖ξ‖^p, exactly."""
        return float(np.asarray(self.chances) @ np.abs(np.asarray(self.values)) ** p)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        require(
            np.shape(self.along) == shape,
            f"noise along a vector of shape {np.shape(self.along)}",
            f"the iterate's shape {shape}",
            "give `along` that shape",
        )
        p, v, w = float(self.p), np.asarray(self.values), np.asarray(self.chances)
        second, top = self.moment(2.0) ** 0.5, float(np.abs(v[w > 0]).max())
        return Constants(
            p=p,
            sigma_p=self.moment(p) ** (1 / p),
            sigma=second,
            symmetric=even(v, w),
            additive=True,
            q=float(w[w > 0].min()),
            top=top,
            light_tailed=top <= 5 * second,
        )


def even(values: np.ndarray, chances: np.ndarray) -> bool:
    """Whether v and −v have one law."""
    law: dict[float, float] = {}
    for v, w in zip(values, chances):
        if v != 0 and w > 0:
            law[float(v)] = law.get(float(v), 0.0) + float(w)
    return all(abs(law.get(-v, 0.0) - w) <= 1e-12 for v, w in law.items())


def diagonal(d: int) -> np.ndarray:
    """(1, …, 1)/√d."""
    return np.full(d, d**-0.5)
