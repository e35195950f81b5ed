"""Where a subspace comes from: the choice that separates GaLore from GoLore."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax

from convergence.linalg import haar, top_left
from convergence.shapes import Count, Key, Matrix, real, whole


class AbstractProjector(eqx.Module):
    """Draws a frame P ∈ R^{m×r} with PᵀP = I_r at a refresh."""

    @abstractmethod
    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        """The frame at step t given the gradient G (m × n) that the refresh sees."""


class TopSVD(AbstractProjector):
    """The r leading left singular vectors of G (GaLore)."""

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return top_left(G, r)


class Haar(AbstractProjector):
    """Uniform on the Stiefel manifold, independent of G (GoLore)."""

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return haar(key, G.shape[0], r, G.dtype)


class Coordinates(AbstractProjector):
    """r distinct rows of the identity, uniformly: PᵀP = I and E[PPᵀ] = (r/m) I as for Haar."""

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        m = G.shape[0]
        rows = jax.random.permutation(key, m)[:r]
        return (rows[None, :] == jax.numpy.arange(m)[:, None]).astype(G.dtype)


class Frozen(AbstractProjector):
    """One given frame for ever."""

    P: Any = eqx.field(converter=real)

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return jax.numpy.asarray(self.P, G.dtype)


class Switch(AbstractProjector):
    """`first` before step `at`, `then` from there on ("GoLore@p%": SVD first, Haar last)."""

    first: AbstractProjector
    then: AbstractProjector
    at: Any = eqx.field(converter=whole)

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return jax.lax.cond(
            t < self.at,
            lambda: self.first.frame(t, G, key, r),
            lambda: self.then.frame(t, G, key, r),
        )
