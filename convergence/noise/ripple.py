"""Noise that moves with the iterate: what variance reduction needs to be more than a name."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Scalar, real


class Ripple(AbstractNoise):
    """ξ(w) = ζ + s cos(w + φ), φ uniform on [0, 2π)^d, ζ a noise that does not depend on w.

    ξ is s-Lipschitz in w for every sample: noise_lipschitz = s. E‖ξ‖^p ≤ (σ_ζ + s√(d/2))^p by
    Minkowski and E cos² = 1/2, and E‖ξ‖² = σ_ζ² + s²d/2 exactly. Symmetric with ζ, for φ + π has
    the law of φ.
    """

    zeta: AbstractNoise
    s: Any = eqx.field(converter=real, default=0.5)

    def __check_init__(self) -> None:
        require(float(self.s) >= 0, f"s = {float(self.s):g}", "s ≥ 0", "flip its sign")

    def parts(self, x: Iterate, key: Key) -> tuple[Iterate, Iterate]:
        """(ζ, φ) of the sample `key`."""
        first, second = jax.random.split(key)
        phase = jax.random.uniform(second, x.shape, x.dtype, maxval=2 * jnp.pi)
        return self.zeta.draw(x, first), phase

    def draw(self, x: Iterate, key: Key) -> Iterate:
        zeta, phase = self.parts(x, key)
        return zeta + self.s * jnp.cos(x + phase)

    def potential(self, x: Iterate, key: Key) -> Scalar:
        """A function whose gradient in x is ξ(x): ⟨ζ, x⟩ + s Σ sin(x_i + φ_i)."""
        zeta, phase = self.parts(x, key)
        return jnp.sum(zeta * x) + self.s * jnp.sum(jnp.sin(x + phase))

    def constants(self, shape: tuple[int, ...]) -> Constants:
        c, s = self.zeta.constants(shape), float(self.s)
        more = s * (int(np.prod(shape)) / 2) ** 0.5
        moved = {"sigma_p": c.sigma_p + more} if "sigma_p" in c else {}
        if "sigma" in c:
            moved["sigma"] = (c.sigma**2 + more**2) ** 0.5
            moved["sigma_p"] = min(moved.get("sigma_p", math.inf), moved["sigma"])
        own = {k: c[k] for k in ("p", "symmetric", "light_tailed") if k in c}
        return Constants(additive=False, noise_lipschitz=s, **own, **moved)
