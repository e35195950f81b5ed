"""Noise in one corner of a matrix, as in the GaLore counterexample, and means of batches."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import require
from convergence.noise.base import AbstractNoise, of_part
from convergence.shapes import Iterate, Key, Reals, Scalar, Whole, real, whole


class AbstractCorner(AbstractNoise):
    """ξ σ C with C = [[0, 0], [0, I_r]] and a scalar ξ of mean 0 and variance 1.

    E‖ξσC‖² = r σ² exactly. Certifies sigma = √r σ (total), corner = σ, corner_rank = r.
    """

    sigma: Reals = eqx.field(converter=real)
    r: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        require(
            bool(self.sigma >= 0),
            f"sigma = {self.sigma}",
            "sigma ≥ 0",
            "flip its sign",
        )
        require(self.r >= 1, f"noise rank r = {self.r}", "r ≥ 1", "give the block a size")

    def scalar(self, key: Key, dtype: Any) -> Any:
        """ξ."""
        raise NotImplementedError

    def draw(self, x: Iterate, key: Key) -> Iterate:
        require(
            x.ndim == 2 and self.r <= min(x.shape),
            f"noise in a corner of rank {self.r} for an iterate of shape {x.shape}",
            f"a matrix of at least {self.r} rows and columns",
            "choose a problem of matrices, or another noise",
        )
        m, n = x.shape
        diagonal = np.zeros((m, n))
        diagonal[np.arange(m - self.r, m), np.arange(n - self.r, n)] = 1.0
        return (self.sigma * self.scalar(key, x.dtype)) * jnp.asarray(diagonal, x.dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = float(self.sigma)
        return Constants(
            sigma=sigma * self.r**0.5,
            corner=sigma,
            corner_rank=self.r,
            symmetric=True,
            additive=True,
            light_tailed=True,
        )


class CornerSign(AbstractCorner):
    """ξ uniform on {−1, +1}: every sample has the singular value σ exactly r times."""

    def scalar(self, key: Key, dtype: Any) -> Any:
        return jax.random.rademacher(key, (), dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape) | {"two_point": True, "batch": 1}


class CornerGaussian(AbstractCorner):
    """ξ ~ N(0, 1)."""

    def scalar(self, key: Key, dtype: Any) -> Any:
        return normal(key, (), dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape) | {"gaussian": True}


class BatchMean(AbstractNoise):
    """The mean of B independent draws: E‖·‖² = σ²/B.

    Passes on what a mean keeps: symmetry, independence of x and between agents, the shape of the
    covariance and, where sigma tells their scale, light tails; moments and Lipschitz constants
    divided by √B; sigma_p by E‖Σξ_b‖^p ≤ c_p B σ_p^p, c_p = 2^{2−p}, 1 if symmetric (von Bahr and
    Esseen 1965); of signs in a corner the corner, with a batch B times as large. Nothing else.
    """

    noise: AbstractNoise
    B: Whole = eqx.field(converter=whole)

    of_iterate, size = of_part("noise", "of_iterate"), of_part("noise", "size")

    def __check_init__(self) -> None:
        if isinstance(self.B, np.ndarray):
            require(int(self.B) >= 1, f"a batch of {int(self.B)}", "B ≥ 1", "draw at least once")

    def draw(self, x: Iterate, key: Key) -> Iterate:
        def add(b: Any, total: Iterate) -> Iterate:
            return total + self.noise.draw(x, jax.random.fold_in(key, b))

        return jax.lax.fori_loop(0, self.B, add, jnp.zeros_like(x)) / self.B

    def potential(self, x: Iterate, key: Key) -> Scalar:
        def add(b: Any, total: Scalar) -> Scalar:
            return total + self.noise.potential(x, jax.random.fold_in(key, b))

        return jax.lax.fori_loop(0, self.B, add, jnp.zeros((), x.dtype)) / self.B

    def constants(self, shape: tuple[int, ...]) -> Constants:
        c, B = self.noise.constants(shape), int(self.B)
        if B == 1:
            return c
        found = c.only("symmetric", "additive", "isotropic_noise", "equal_noise", "independent")
        found |= {"light_tailed": bool(c.get("light_tailed") and "sigma" in c)}
        roots, squares = ("sigma", "s", "noise_lipschitz"), ("covariance", "covariances")
        found |= {name: value / B**0.5 for name, value in c.only(*roots).items()}
        found |= {name: value / B for name, value in c.only(*squares).items()}
        if "sigma_p" in c:
            whole = (1.0 if c.get("symmetric") else 2 ** (2 - c.p)) * B ** (1 - c.p)
            found |= {"p": c.p, "sigma_p": c.sigma_p * min(1.0, whole) ** (1 / c.p)}
        if "batch" in c:
            found |= c.only("corner", "corner_rank") | {"batch": B * c.batch}
        return Constants(**found)
