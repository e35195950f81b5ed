"""Gaussian noise with a diagonal covariance."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import require
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Reals, real


class DiagonalGaussian(AbstractNoise):
    """ξ_j ~ N(0, variance_j), independent: E‖ξ‖² = Σ variance_j. Certifies `covariance`."""

    normal = True

    variance: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        least = float(np.min(self.variance))
        require(least >= 0, f"a variance {least:g}", "variances ≥ 0", "flip its sign")

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return self.of_unit(normal(key, x.shape, x.dtype))

    def of_unit(self, unit: Iterate) -> Iterate:
        return self.variance**0.5 * unit

    def constants(self, shape: tuple[int, ...]) -> Constants:
        variance = np.broadcast_to(np.asarray(self.variance), shape)
        return Constants(
            sigma=float(np.sum(variance) ** 0.5),
            covariance=variance,
            symmetric=True,
            additive=True,
            light_tailed=True,
        )
