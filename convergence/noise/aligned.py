"""Noise along the current displacement: the worst case for a lazily held subspace."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import InvalidInput, require
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Reals, Scalar, real


class Aligned(AbstractNoise):
    """ζ = σ u wᵀ on m × n matrices, u ~ N(0, I/m), w the direction of the first row of X (e₁ if
    that row is 0): E ζ = 0 and E‖ζ‖² = σ² exactly.

    While X moves in {BVᵀ}, w lies in the range of V: ‖ζV‖² is then as large as ‖V‖₂²‖ζ‖².
    """

    sigma: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(
            float(self.sigma) >= 0, f"sigma = {float(self.sigma):g}", "sigma ≥ 0", "flip its sign"
        )

    def draw(self, x: Iterate, key: Key) -> Iterate:
        m = x.shape[0]
        size = jnp.sqrt(jnp.sum(x[0] ** 2))
        e1 = jnp.zeros_like(x[0]).at[0].set(1.0)
        w = jnp.where(size > 0, x[0] / jnp.where(size > 0, size, 1.0), e1)
        u = normal(key, (m,), x.dtype) / m**0.5
        return self.sigma * u[:, None] * w[None, :]

    def potential(self, x: Iterate, key: Key) -> Scalar:
        raise InvalidInput(
            "Got function values behind the noise Aligned, whose samples turn with x and are the "
            "gradient of no function, but additive noise or a Ripple is needed; ask for slopes by "
            'the gradient (slope="limit").'
        )

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(sigma=float(self.sigma), symmetric=True, light_tailed=True)
