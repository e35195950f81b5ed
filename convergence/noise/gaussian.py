"""Isotropic Gaussian noise of given total variance."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import require
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Reals, real


class Gaussian(AbstractNoise):
    """ξ ~ N(0, (σ²/d) I) with d the number of entries, so that E‖ξ‖² = σ² exactly."""

    normal = True

    sigma: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(
            float(self.sigma) >= 0, f"sigma = {float(self.sigma):g}", "sigma ≥ 0", "flip its sign"
        )

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return self.of_unit(normal(key, x.shape, x.dtype))

    def of_unit(self, unit: Iterate) -> Iterate:
        return self.sigma / jnp.sqrt(unit.size) * unit

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(
            sigma=float(self.sigma),
            symmetric=True,
            additive=True,
            light_tailed=True,
            isotropic_noise=True,
        )
