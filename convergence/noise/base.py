"""A noise knows its moments and vouches for them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.shapes import AbstractModule, Iterate, Key, Scalar


class AbstractNoise(AbstractModule):
    """Additive gradient noise ξ with E ξ = 0, drawn from a key: the same key, the same sample.

    of_iterate: whether the certificates hold when `draw` is given the iterate. normal: whether ξ
    is `of_unit` of a standard normal sample.
    """

    of_iterate: ClassVar[bool] = True
    normal: ClassVar[bool] = False

    @abstractmethod
    def draw(self, x: Iterate, key: Key) -> Iterate:
        """ξ, of the shape and dtype of `x` (its law may depend on `x`)."""

    def potential(self, x: Iterate, key: Key) -> Scalar:
        """A function of x whose gradient is the sample ξ(x) of this key: ⟨ξ, x⟩ where ξ does not
        depend on x. Noise that moves with x gives its own, or refuses."""
        return jnp.sum(self.draw(x, key) * x)

    def atoms(self, shape: tuple[int, ...]) -> tuple[Any, Any] | None:
        """(chances (K,), values (K, *shape)) of a law that does not depend on x, or None."""
        return None

    def tail(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray] | None:
        """r ↦ P(‖ξ‖ > r) of a law that does not depend on x, on the host; None where it is not
        known."""
        return None

    @abstractmethod
    def constants(self, shape: tuple[int, ...]) -> Constants:
        """Certified moments for iterates of this shape.

        `sigma` with E‖ξ‖² = σ² (TOTAL, not per entry) where it is finite; heavy tails give `p` and
        `sigma_p` instead. `symmetric`: ξ and −ξ have one law given x. `additive`: a sample does
        not depend on x. `light_tailed`: sub-Gaussian with a proxy of the order of σ, so that no
        rare run carries a mean and a Student-t limit is honest; spikes of small probability are
        not.
        """

    def of_unit(self, unit: Iterate) -> Iterate | None:
        """A linear function of a unit sample u (E u = 0, Cov u = I) of the shape of the iterate,
        with the covariance of ξ; None where none is known, or where it depends on x."""
        return None


def of_part(part: str, name: str) -> Any:
    """A property that reads the attribute of a part of a noise."""
    return property(lambda self: getattr(getattr(self, part), name))


class Noiseless(AbstractNoise):
    """ξ = 0: the oracle returns the exact gradient."""

    def atoms(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        return np.ones(1), np.zeros((1, *shape))

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return jnp.zeros_like(x)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(sigma=0.0, symmetric=True, additive=True, light_tailed=True)

    def of_unit(self, unit: Iterate) -> Iterate:
        return jnp.zeros_like(unit)
