"""Where a subspace comes from: the choice that separates GaLore from GoLore."""

from __future__ import annotations

import itertools
from abc import abstractmethod

import equinox as eqx
import jax
import numpy as np

from convergence.errors import InvalidInput
from convergence.linalg import haar, top_left
from convergence.shapes import AbstractModule, Count, Key, Matrix, Reals, Whole, real, whole

_NO_LAW = (
    "Got the projector {}, but one whose law does not depend on the gradient is needed for exact "
    "second moments; use Haar or Coordinates, or a simulation."
)


class AbstractProjector(AbstractModule):
    """Draws a frame P ∈ R^{m×r} with PᵀP = I_r at a refresh."""

    @abstractmethod
    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        """The frame at step t given the gradient G (m × n) that the refresh sees."""

    def squeeze(self, M: np.ndarray, r: int) -> np.ndarray:
        """E[ΠMΠ] for a symmetric M, m × m, and Π = PPᵀ."""
        raise InvalidInput(_NO_LAW.format(type(self).__name__))

    def patterns(self, m: int, r: int) -> tuple[np.ndarray, np.ndarray]:
        """(weights, frames) of shapes (K,) and (K, m, r): with them every polynomial of degree two
        in Π has its mean. Weights sum to 1 and may be negative."""
        raise InvalidInput(_NO_LAW.format(type(self).__name__))


class TopSVD(AbstractProjector):
    """The r leading left singular vectors of G (GaLore)."""

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return top_left(G, r)


class Haar(AbstractProjector):
    """Uniform on the Stiefel manifold, independent of G (GoLore).

    E Π_ij Π_kl = a δ_ij δ_kl + b (δ_ik δ_jl + δ_il δ_jk): the only tensor that is invariant under
    rotations and symmetric in ij, in kl and between them. tr Π = r gives am + 2b = r²/m and Π² = Π
    gives a + (m + 1)b = r/m, so b = r(m − r)/(m(m − 1)(m + 2)) for m > 1.
    """

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return haar(key, G.shape[0], r, G.dtype)

    def _pair(self, m: int, r: int) -> tuple[float, float]:
        b = r * (m - r) / (m * max(m - 1, 1) * (m + 2))
        return r / m - (m + 1) * b, b

    def squeeze(self, M: np.ndarray, r: int) -> np.ndarray:
        m = len(M)
        a, b = self._pair(m, r)
        return (a + b) * M + b * np.trace(M) * np.eye(m)

    def patterns(self, m: int, r: int) -> tuple[np.ndarray, np.ndarray]:
        """Fixed frames in general position, and the least weights with the right Σ w Π ⊗ Π; lower
        degrees follow from tr Π = r."""
        i, j = np.triu_indices(m)
        K = len(i) * (len(i) + 1)  # twice the number of equations
        P = np.linalg.qr(np.random.default_rng(0).standard_normal((K, m, r)))[0]
        seen = np.einsum("kir,kjr->kij", P, P)[:, i, j]
        one, (a, b) = np.eye(m), self._pair(m, r)
        mean = a * np.einsum("ij,kl->ijkl", one, one)
        mean += b * (np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one))
        wanted = mean[i, j][:, i, j].ravel()
        system = np.einsum("ks,kt->stk", seen, seen).reshape(-1, K)
        weights = np.linalg.lstsq(system, wanted, rcond=None)[0]
        return weights, P


class Coordinates(AbstractProjector):
    """r distinct rows of the identity, uniformly: PᵀP = I and E[PPᵀ] = (r/m) I as for Haar."""

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        m = G.shape[0]
        rows = jax.random.permutation(key, m)[:r]
        return (rows[None, :] == jax.numpy.arange(m)[:, None]).astype(G.dtype)

    def squeeze(self, M: np.ndarray, r: int) -> np.ndarray:
        m = len(M)
        both = r * (r - 1) / (m * max(m - 1, 1))  # the chance that two given rows are chosen
        return both * M + (r / m - both) * np.diag(np.diag(M))

    def patterns(self, m: int, r: int) -> tuple[np.ndarray, np.ndarray]:
        frames = np.array([np.eye(m)[:, rows] for rows in itertools.combinations(range(m), r)])
        return np.full(len(frames), 1 / len(frames)), frames


class Frozen(AbstractProjector):
    """One given frame for ever."""

    P: Reals = eqx.field(converter=real)

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return jax.numpy.asarray(self.P, G.dtype)


class Switch(AbstractProjector):
    """`first` before step `at`, `then` from there on ("GoLore@p%": SVD first, Haar last)."""

    first: AbstractProjector
    then: AbstractProjector
    at: Whole = eqx.field(converter=whole)

    def frame(self, t: Count, G: Matrix, key: Key, r: int) -> Matrix:
        return jax.lax.cond(
            t < self.at,
            lambda: self.first.frame(t, G, key, r),
            lambda: self.then.frame(t, G, key, r),
        )
