"""n agents, each with a quadratic of its own, and the matrix W by which they mix.

The iterate is the stack X ∈ Rⁿˣᵈ of the agents' copies. The value is that of the stack, Σ_i
f_i(x_i), so that its gradient is the stack of local gradients ∇f_i(x_i); `risk` is the common
goal J = (1/n) Σ f_i, minimized by `x_star`.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.graphs import check_mixing
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_psd, rotation, shape_constants
from convergence.shapes import Iterate, Reals, Scalar, Vector, real


def eigen(W: Any) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of a symmetric W in descending order, with orthonormal columns; the first is
    1/√n."""
    values, vectors = np.linalg.eigh(np.asarray(W, dtype=float))
    order = np.argsort(values)[::-1]
    U = vectors[:, order]
    return values[order], U * np.where(U[0] < 0, -1.0, 1.0)


class AgentQuadratics(AbstractProblem):
    """f_i(x) = ½ (x − c_i)ᵀ H_i (x − c_i), mixed by W.

    Of the stack: L = max ‖H_i‖, mu = min λ_min(H_i); where mu ≥ 0, f* = 0 at X = c and R =
    ‖X_0 − c‖, else it is unbounded below and certifies neither. J has the Hessian H̄ = (1/n) Σ H_i
    and the minimizer x* = H̄⁻¹ (1/n) Σ H_i c_i, from which the copies start at R_rms.
    Heterogeneity: β_i = −∇f_i(x*) = H_i (c_i − x*), Σ β_i = 0, ζ² = (1/n) Σ‖β_i‖². With a common
    Hessian E diag(h) Eᵀ and W = U diag(lam) Uᵀ, `modes` = Uᵀ β E: the recursions split into scalar
    ones for each (λ_m, h_j), and ∇f_i − ∇J is constant: zeta_all = zeta.
    """

    W: Reals = eqx.field(converter=real)
    H: Reals = eqx.field(converter=real)
    c: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real, default=0.0)
    directed: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        if not isinstance(self.W, np.ndarray):
            return
        W = self.W if self.directed else check_mixing(self.W)
        n, d = np.shape(self.c)
        require(
            np.shape(self.H) == (n, d, d) and W.shape == (n, n),
            f"W {W.shape}, H {np.shape(self.H)}, c {np.shape(self.c)}",
            "W (n, n), H (n, d, d) and c (n, d) for one number of agents n",
            "give every agent a Hessian, a center and a row of W",
        )
        check_psd(self.H, "H")
        require(
            float(np.linalg.eigvalsh(np.mean(self.H, axis=0))[0]) > 0,
            "a mean Hessian that is not positive definite",
            "(1/n) Σ H_i ≻ 0",
            "add curvature: x* must be unique",
        )

    def local(self, X: Iterate) -> Vector:
        """f_i(x_i), one an agent."""
        Y = X - self.c
        return 0.5 * jnp.sum(Y * jnp.einsum("kij,kj->ki", self.H, Y), axis=1)

    def value(self, x: Iterate) -> Scalar:
        return jnp.sum(self.local(x))

    def grad(self, x: Iterate) -> Iterate:
        return jnp.einsum("kij,kj->ki", self.H, x - self.c)

    def f_star(self) -> float:
        return 0.0

    def x_star(self) -> Any:
        """The minimizer of J."""
        pull = jnp.mean(jnp.einsum("kij,kj->ki", self.H, self.c), axis=0)
        return jnp.linalg.solve(jnp.mean(self.H, axis=0), pull)

    def excess(self, x: Iterate) -> Any:
        """J(x) − J(x*) = ½ (x − x*)ᵀ H̄ (x − x*) of one copy x ∈ Rᵈ."""
        y = x - self.x_star()
        return 0.5 * y @ jnp.mean(self.H, axis=0) @ y

    def start(self) -> Iterate:
        return jnp.broadcast_to(jnp.asarray(self.x0), np.shape(self.c))

    def constants(self) -> Constants:
        W, H, c = (np.asarray(v, dtype=float) for v in (self.W, self.H, self.c))
        n = len(c)
        mean = H.mean(axis=0)
        star = np.linalg.solve(mean, np.einsum("kij,kj->ki", H, c).mean(axis=0))
        beta = np.einsum("kij,kj->ki", H, c - star)
        curved = np.linalg.eigvalsh(H)
        least = float(curved[:, 0].min())
        X0 = np.broadcast_to(np.asarray(self.x0, dtype=float), c.shape)
        G0 = np.einsum("kij,kj->ki", H, X0 - c)
        apart = X0.mean(axis=0)
        found = Constants(
            risk0=float(0.5 * (apart - star) @ mean @ (apart - star)),
            Xi0=float(np.mean(np.sum((X0 - apart) ** 2, axis=1))),
            agents=n, W=W, L=float(np.abs(curved).max()), mu=least,
            mean_mu=float(np.linalg.eigvalsh(mean)[0]),
            zeta=float(np.sqrt(np.mean(np.sum(beta**2, axis=1)))), grad0=float(np.linalg.norm(G0)),
            R_rms=float(np.sqrt(np.mean(np.sum((X0 - star) ** 2, axis=1)))), quadratic=True,
            convex=least >= 0, hessians=H, beta=beta, **shape_constants(c.shape),
            common=bool(np.max(np.abs(H - mean)) <= 1e-13 * np.abs(curved).max()),
        )  # fmt: skip
        if least >= 0:
            found |= {
                "f_star": 0.0, "Delta": float(0.5 * np.sum((X0 - c) * G0)), "x_star": c,
                "R": float(np.linalg.norm(X0 - c)),
            }  # fmt: skip
        h, E = np.linalg.eigh(mean)
        if found.common:
            found |= {"h": h, "E": E, "zeta_all": found.zeta}
        if self.directed:
            return found
        lam, U = eigen(W)
        found |= {"lam": lam, "lam_min": float(lam[-1]), "U": U}
        return found | {"modes": U.T @ beta @ E} if found.common else found


def common(W: Any, h: Any, beta: Any, x0: Any = 0.0, directed: bool = False) -> AgentQuadratics:
    """Agents with the Hessian diag(h), x* = 0 and −∇f_i(x*) = β_i (rows of beta sum to zero)."""
    h, beta = np.atleast_1d(np.asarray(h, float)), np.asarray(beta, float)
    beta = beta.reshape(len(beta), -1)
    total = float(np.max(np.abs(beta.sum(axis=0))))
    require(
        total <= 1e-10 * max(1.0, float(np.max(np.abs(beta)))),
        f"offsets beta with a sum of {total:.2g}",
        "Σ_i β_i = 0",
        "subtract their mean: they are −∇f_i at the minimizer of the average",
    )
    H = np.broadcast_to(np.diag(h), (len(beta), len(h), len(h)))
    return AgentQuadratics(W, H, beta / h, x0, directed)


def slowest(W: Any, h: Any = 1.0, zeta: float = 1.0, x0: Any = 0.0) -> AgentQuadratics:
    """The hard instance: a common curvature and β = ζ √n u₂ along the slowest mode of W, d = 1."""
    _, U = eigen(W)
    return common(W, h, zeta * len(U) ** 0.5 * (U[:, 1:2] - U[:, 1].mean()), x0)


def heterogeneous(
    W: Any, d: int, mu: float = 0.5, L: float = 2.0, spread: float = 1.0, seed: int = 0
) -> AgentQuadratics:
    """H_i = Q_i diag(U[μ, L]) Q_iᵀ with Haar Q_i, centers c_i ~ N(0, spread² I); fixed by seed."""
    n = len(np.asarray(W))
    rng = np.random.default_rng(seed)
    H = []
    for i in range(n):
        Q = rotation(d, seed=1000 * seed + i)
        H.append(Q @ np.diag(rng.uniform(mu, L, d)) @ Q.T)
    H = np.array(H)
    H = 0.5 * (H + np.swapaxes(H, 1, 2))
    return AgentQuadratics(W, H, spread * rng.standard_normal((n, d)))


def least_squares(W: Any, d: int, zeta: float = 1.0, seed: int = 0) -> AgentQuadratics:
    """f_i(x) = ½‖A_i x − b_i‖², A_i = (i/√n) I, b_i ~ N(0, (ζ²/i²) I), i = 1..n."""
    n = len(np.asarray(W))
    rng = np.random.default_rng(seed)
    a = np.arange(1, n + 1) / n**0.5
    b = zeta / np.arange(1, n + 1)[:, None] * rng.standard_normal((n, d))
    return AgentQuadratics(W, a[:, None, None] ** 2 * np.eye(d), b / a[:, None])
