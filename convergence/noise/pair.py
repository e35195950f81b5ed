"""Two atoms of unequal chances on one line: the noise that stale gradients mistake for signal."""

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


class Pair(AbstractNoise):
    """ξ = u with probability p and −u p/(1 − p) otherwise: E ξ = 0, E‖ξ‖² = ‖u‖² p/(1 − p).

    Certifies sigma, u, u_chance = p, and light_tailed where the larger atom is within five standard
    deviations.
    """

    u: Reals = eqx.field(converter=real)
    p: Reals = eqx.field(converter=real, default=0.2)

    def __check_init__(self) -> None:
        if isinstance(self.p, np.ndarray):
            require(0 < float(self.p) < 1, f"p = {float(self.p):g}", "0 < p < 1", "give a chance")

    def draw(self, x: Iterate, key: Key) -> Iterate:
        hit = jax.random.uniform(key, (), x.dtype) < self.p
        u = jnp.asarray(self.u, x.dtype)
        return jnp.where(hit, u, -u * self.p / (1 - self.p))

    def atoms(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        p, u = float(self.p), np.asarray(self.u)
        return np.array([p, 1 - p]), np.stack([u, -u * p / (1 - p)])

    def constants(self, shape: tuple[int, ...]) -> Constants:
        require(
            np.shape(self.u) == shape,
            f"an atom of shape {np.shape(self.u)}",
            f"the iterate's shape {shape}",
            "give u that shape",
        )
        p, square = float(self.p), float(np.sum(np.asarray(self.u) ** 2))
        sigma = (square * p / (1 - p)) ** 0.5
        top = square**0.5 * max(1.0, p / (1 - p))
        return Constants(
            sigma=sigma, u_chance=p, u=np.asarray(self.u), symmetric=p == 0.5, additive=True,
            light_tailed=top <= 5 * sigma,
        )  # fmt: skip


# Top-1 of these has the mean (0, 1/3), although they sum to 0; E‖ξ‖² = 10/3.
ATOMS = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, -1.0]])


class Points(AbstractNoise):
    """ξ uniform on the K rows of `values`, of the iterate's shape, which sum to 0: E‖ξ‖² =
    (1/K) Σ‖values_k‖².

    Certifies sigma, light_tailed (as `Pair`) and three_atoms: values = σ√0.3 · `ATOMS`.
    """

    values: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        if isinstance(self.values, np.ndarray):
            off = float(np.max(np.abs(self.values.sum(axis=0))))
            # 1e-9: the rows are rounded, and so is their sum.
            least = 1e-9 * float(np.max(np.abs(self.values)))
            require(off <= least, f"a sum of {off:g}", "rows that sum to 0", "center the values")

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return jnp.asarray(self.values, x.dtype)[
            jax.random.randint(key, (), 0, self.values.shape[0])
        ]

    def atoms(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        count = np.shape(self.values)[0]
        return np.full(count, 1 / count), np.asarray(self.values)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        values = np.asarray(self.values)
        square = np.sum(values.reshape(len(values), -1) ** 2, axis=1)
        sigma = float(np.mean(square)) ** 0.5
        three = values.shape == ATOMS.shape and bool(
            np.max(np.abs(values - sigma * 0.3**0.5 * ATOMS)) <= 1e-9 * sigma
        )
        return Constants(
            sigma=sigma, symmetric=False, additive=True, three_atoms=three,
            light_tailed=float(square.max()) ** 0.5 <= 5 * sigma,
        )  # fmt: skip
