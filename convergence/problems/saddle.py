"""Quadratic games min_x max_y ℒ(x, y), bilinear ones among them."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_psd, rounding
from convergence.shapes import Iterate, Reals, Scalar, real


class SaddleQuadratic(AbstractProblem):
    """ℒ(x, y) = ½xᵀPx + xᵀAy − ½yᵀQy + ⟨b, x⟩ − ⟨c, y⟩, P, Q ⪰ 0: convex in x, concave in y.

    The iterate is z = (x, y) ∈ R^{p+q} from z0; the value is ℒ and `split` is p. F = (∇_x ℒ,
    −∇_y ℒ) is affine with the matrix M = [[P, A], [−Aᵀ, Q]]: a change of signs of ∇²ℒ = [[P, A],
    [Aᵀ, −Q]], so that L = ‖∇²ℒ‖₂ = ‖M‖₂ is the Lipschitz constant of both. ⟨Mz, z⟩ = xᵀPx + yᵀQy:
    mu_saddle = min(λ_min(P), λ_min(Q)). The saddle point z* solves Mz* = (−b, −c), where there is
    one: the least-norm one. With P = Q = 0 and A = U diag(couplings) Vᵀ, `energies` are the squares
    of z_0 − z* in the plane of each singular value, and `idle` of the rest, where M is 0.
    """

    P: Reals = eqx.field(converter=real)
    A: Reals = eqx.field(converter=real)
    Q: Reals = eqx.field(converter=real)
    z0: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real, default=0.0)
    c: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        if not isinstance(self.A, np.ndarray):
            return
        shapes = np.shape(self.P), np.shape(self.A), np.shape(self.Q), np.shape(self.z0)
        p, q = shapes[1] if len(shapes[1]) == 2 else (0, 0)
        require(
            p > 0 and q > 0 and shapes == ((p, p), (p, q), (q, q), (p + q,)),
            f"P {shapes[0]}, A {shapes[1]}, Q {shapes[2]}, z0 {shapes[3]}",
            "P (p, p), A (p, q), Q (q, q) and z0 (p + q,)",
            "give each player a variable",
        )
        for name in "PQ":
            check_psd(getattr(self, name), name, 0.0)
        z, M, shift = self._saddle()
        left = float(np.max(np.abs(M @ z + shift)))
        # A force that nothing answers drives z away for ever, however small it is.
        size = float(np.linalg.norm(M, 2) * np.linalg.norm(z) + np.linalg.norm(shift))
        require(
            left <= rounding(len(z)) * size,
            f"a game whose optimality condition misses 0 by {left:.2g}",
            "one with a saddle point",
            "add curvature, or take b and c in the range of M",
        )

    @property
    def split(self) -> int:
        """p."""
        return np.shape(self.A)[0]

    def _saddle(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z*, M and (b, c)."""
        P, A, Q = (np.asarray(v, float) for v in (self.P, self.A, self.Q))
        p, q = A.shape
        b, c = np.broadcast_to(np.asarray(self.b), p), np.broadcast_to(np.asarray(self.c), q)
        M, shift = np.block([[P, A], [-A.T, Q]]), np.concatenate([b, c])
        return np.linalg.lstsq(M, -shift, rcond=1e-12)[0], M, shift

    def value(self, x: Iterate) -> Scalar:
        u, v = x[: self.split], x[self.split :]
        bent = 0.5 * (u @ self.P @ u - v @ self.Q @ v)
        return bent + u @ self.A @ v + jnp.sum(self.b * u) - jnp.sum(self.c * v)

    def grad(self, x: Iterate) -> Iterate:
        u, v = x[: self.split], x[self.split :]
        A = jnp.asarray(self.A)
        return jnp.concatenate([self.P @ u + A @ v + self.b, A.T @ u - self.Q @ v - self.c])

    def x_star(self) -> Iterate:
        """z*."""
        p = self.split
        top = jnp.concatenate([jnp.asarray(self.P), jnp.asarray(self.A)], axis=1)
        low = jnp.concatenate([-jnp.asarray(self.A).T, jnp.asarray(self.Q)], axis=1)
        q = np.shape(self.z0)[0] - p
        shift = jnp.concatenate([jnp.broadcast_to(jnp.asarray(self.b), p),
                                 jnp.broadcast_to(jnp.asarray(self.c), q)])  # fmt: skip
        return jnp.linalg.lstsq(jnp.concatenate([top, low]), -shift, rcond=1e-12)[0]

    def start(self) -> Iterate:
        return jnp.asarray(self.z0)

    def constants(self) -> Constants:
        z, M, shift = self._saddle()
        z0, p = np.asarray(self.z0, float), self.split
        A = M[:p, p:]
        flat = not np.any(M[:p, :p]) and not np.any(M[p:, p:])
        found = Constants(
            split=p, d=len(z0), L=float(np.linalg.norm(M, 2)), quadratic=True, bilinear=flat,
            grad0=float(np.linalg.norm(M @ z0 + shift)), saddle=z,
            R_saddle=float(np.linalg.norm(z0 - z)),
            mu_saddle=max(float(np.linalg.eigvalsh(0.5 * (M + M.T))[0]), 0.0),
        )  # fmt: skip
        if not flat:
            return found
        U, sigma, Vt = np.linalg.svd(A)
        u, v = U.T @ (z0 - z)[:p], Vt @ (z0 - z)[p:]
        k = len(sigma)
        idle = float(np.sum(u[k:] ** 2) + np.sum(v[k:] ** 2))
        return found | {"couplings": sigma, "energies": u[:k] ** 2 + v[:k] ** 2, "idle": idle}


def bilinear(A: Any, z0: Any, b: Any = 0.0, c: Any = 0.0) -> SaddleQuadratic:
    """xᵀAy + ⟨b, x⟩ − ⟨c, y⟩."""
    A = np.asarray(A, float)
    p, q = A.shape
    return SaddleQuadratic(np.zeros((p, p)), A, np.zeros((q, q)), z0, b, c)


def conformal(mu: float, sigma: float, z0: Any) -> SaddleQuadratic:
    """(μ/2)‖x‖² + σ⟨x, y⟩ − (μ/2)‖y‖²: M = μI + σJ stretches every z alike, MᵀM = (μ² + σ²) I."""
    p = len(np.asarray(z0)) // 2
    one = np.eye(p)
    return SaddleQuadratic(mu * one, sigma * one, mu * one, z0)


def random_saddle(p: int, q: int, mu: float, seed: int = 0) -> SaddleQuadratic:
    """P ⪰ μI and Q ⪰ μI, Wishart beyond that, A, b, c and z0 normal; fixed by seed."""
    rng = np.random.default_rng(seed)
    G, H = rng.standard_normal((p, p)), rng.standard_normal((q, q))
    P, Q = mu * np.eye(p) + G @ G.T / p, mu * np.eye(q) + H @ H.T / q
    normal = rng.standard_normal
    return SaddleQuadratic(P, normal((p, q)), Q, normal(p + q), normal(p), normal(q))
