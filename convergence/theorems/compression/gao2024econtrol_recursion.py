"""Exact second moments of compressed methods under Bernoulli messages, for any number of workers.

f_i(x) = ½‖x‖² − ⟨β_i, x⟩ with Σ β_i = 0, noise ξ_i of variance σ² each, C(v) = v with probability
δ and 0 otherwise. Put h_i = −β_i + k_i. With y_i = x + ξ_i every method is, worker by worker,

    z_i⁺ = F z_i + f y_i + m_i c u_i,    u_i = v·z_i + w y_i,    P(m_i = 1) = δ,
    x⁺ = x − γ (1/n) Σ (p·z_i + s y_i + m_i u_i).

Workers are exchangeable, so the moments S = E s̄s̄ᵀ of s̄ = (x, z̄) and W = (1/n) Σ E z_i z_iᵀ close:

    W⁺ = F_δ W F_δᵀ + F_δ S_zx f_δᵀ + f_δ S_xz F_δᵀ + f_δ f_δᵀ(X + σ²) + δ(1 − δ) U c cᵀ,
    S⁺ = A S Aᵀ + b bᵀ σ²/n + e eᵀ δ(1 − δ) U/n,    U = vᵀWv + 2w vᵀS_zx + w²(X + σ²),

F_δ = F + δc vᵀ, f_δ = f + δwc: (1 + k)² + k² numbers instead of 2ⁿ masks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Recursion(NamedTuple):
    """F, f, c, v, w, p, s of a method; still: the index of a constant component β_i of z_i."""

    F: Any
    f: Any
    c: Any
    v: Any
    w: float
    p: Any
    s: float
    still: int | None = None


def recursion(method: str, eta: float) -> Recursion:
    """The worker's recursion of a method, in the order of the module's docstring."""
    if method == "sgd":  # ĝ = g: u is not used, z = β
        return Recursion(F=[[1.0]], f=[0.0], c=[0.0], v=[0.0], w=0.0, p=[-1.0], s=1.0, still=0)
    if method == "csgd":  # u = y − β, z = β
        return Recursion(F=[[1.0]], f=[0.0], c=[0.0], v=[-1.0], w=1.0, p=[0.0], s=0.0, still=0)
    if method == "ec":  # u = e + y − β, e⁺ = u − mu, z = (e, β)
        return Recursion(
            F=[[1.0, -1.0], [0.0, 1.0]],
            f=[1.0, 0.0],
            c=[-1.0, 0.0],
            v=[1.0, -1.0],
            w=1.0,
            p=[0.0, 0.0],
            s=0.0,
            still=1,
        )
    if method == "ec-ideal":  # u = e + y
        return Recursion(F=[[1.0]], f=[1.0], c=[-1.0], v=[1.0], w=1.0, p=[0.0], s=0.0)
    if method == "ef21":  # u = y − k, ĝ = k + mu
        return Recursion(F=[[1.0]], f=[0.0], c=[1.0], v=[-1.0], w=1.0, p=[1.0], s=0.0)
    if method == "ef21-sgdm":  # v⁺ = (1−η)v + ηy, u = v⁺ − k, z = (k, v)
        return Recursion(
            F=[[1.0, 0.0], [0.0, 1 - eta]], f=[0.0, eta], c=[1.0, 0.0], v=[-1.0, 1 - eta], w=eta,
            p=[1.0, 0.0], s=0.0,
        )  # fmt: skip
    if method == "econtrol":  # u = y − k + ηe, e⁺ = e + y − k − mu, z = (k, e)
        return Recursion(
            F=[[1.0, 0.0], [-1.0, 1.0]],
            f=[0.0, 1.0],
            c=[1.0, -1.0],
            v=[-1.0, eta],
            w=1.0,
            p=[1.0, 0.0],
            s=0.0,
        )
    raise ValueError(f"no recursion is written down for {method!r}")


class MessageLaw:
    """The linear map of (S, W) and its source σ², for one method."""

    def __init__(self, r: Recursion, delta: float, gamma: float, n: int, s2: float, zeta2: float):
        self.k = len(r.f)
        self.r, self.n, self.s2, self.zeta2 = r, n, s2, zeta2
        F, f, c, v, p = (np.asarray(a, float) for a in (r.F, r.f, r.c, r.v, r.p))
        self.Fd, self.fd, self.c, self.v = F + delta * np.outer(c, v), f + delta * r.w * c, c, v
        self.spread = delta * (1 - delta)
        top = np.concatenate([[1 - gamma * (r.s + delta * r.w)], -gamma * (p + delta * v)])
        self.A = np.vstack([top, np.column_stack([self.fd, self.Fd])])
        self.b = np.concatenate([[-gamma * (r.s + delta * r.w)], self.fd])
        self.e = np.concatenate([[-gamma], c])
        size = (1 + self.k) ** 2 + self.k**2
        self.pinned, self.idle = np.zeros(size, bool), np.zeros(size, bool)
        start = np.zeros(size)
        if r.still is not None:  # E ββᵀ: its mean over workers is ζ², that of the mean is 0
            S, W = np.zeros((1 + self.k,) * 2), np.zeros((self.k,) * 2)
            S[1 + r.still, 1 + r.still] = W[r.still, r.still] = 1.0
            self.pinned = np.concatenate([S.ravel(), W.ravel()]) > 0
            S[1 + r.still], S[:, 1 + r.still], W[r.still], W[:, r.still] = 1.0, 1.0, 1.0, 1.0
            self.idle = np.concatenate([S.ravel(), W.ravel()]) > 0
            W[:] = 0.0
            W[r.still, r.still] = zeta2
            start[-W.size :] = W.ravel()
        self.fixed = start
        self.source = self.advance(np.zeros(size), s2)
        self.matrix = np.stack([self.advance(row, 0.0) for row in np.eye(size)], axis=1)

    def advance(self, moments: np.ndarray, s2: float) -> np.ndarray:
        """(S, W) → (S⁺, W⁺), flat."""
        k = self.k
        S = moments[: (1 + k) ** 2].reshape(1 + k, 1 + k)
        W = moments[(1 + k) ** 2 :].reshape(k, k)
        X, zx, w = S[0, 0] + s2, S[1:, 0], self.r.w
        U = self.v @ W @ self.v + w * self.v @ (S[1:, 0] + S[0, 1:]) + w * w * X
        cross = self.Fd @ np.outer(zx, self.fd)
        other = np.outer(self.fd, S[0, 1:]) @ self.Fd.T
        W = self.Fd @ W @ self.Fd.T + cross + other
        W = W + np.outer(self.fd, self.fd) * X + self.spread * U * np.outer(self.c, self.c)
        S = self.A @ S @ self.A.T + np.outer(self.b, self.b) * s2 / self.n
        S = S + np.outer(self.e, self.e) * self.spread * U / self.n
        return np.concatenate([S.ravel(), W.ravel()])

    def radius(self) -> float:
        """The linear rate of the second moments of what varies."""
        free = ~self.idle
        return float(np.max(np.abs(np.linalg.eigvals(self.matrix[np.ix_(free, free)]))))

    def steady(self) -> float:
        """lim E‖x_t‖²; infinite beyond the stable steps."""
        if self.radius() >= 1:
            return float("inf")
        free = ~self.pinned
        source = (self.source + self.matrix @ self.fixed)[free]
        inner = self.matrix[np.ix_(free, free)]
        return float(np.linalg.solve(np.eye(int(free.sum())) - inner, source)[0])
