"""Bilevel quadratics spread over n agents, with every solution in closed form.

min_x Φ(x) = (1/n) Σ f_i(x, y*(x)),  y*(x) = argmin_y (1/n) Σ g_i(x, y).
The iterate is the stack X ∈ Rⁿˣᵖ of the agents' upper variables.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.graphs import check_mixing
from convergence.problems.agents import eigen
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_psd, shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


class BilevelQuadratics(AbstractProblem):
    """g_i(x, y) = ½ yᵀA_i y − yᵀ(B_i x + b_i),  f_i(x, y) = ½‖C_i y − d_i‖² + (ϱ/2)‖x − r_i‖².

    With bars for means, K = (1/n) Σ C_iᵀC_i, k = (1/n) Σ C_iᵀd_i and J = Ā⁻¹B̄:
    y*(x) = Jx + Ā⁻¹b̄, z*(x) = Ā⁻¹(K y*(x) − k) and, by the implicit function theorem,
    ∇Φ(x) = ϱ(x − r̄) + B̄ᵀz*(x) = H_x (x − x*), H_x = ϱI + JᵀKJ (substitute). Φ is a quadratic
    with L = λ_max(H_x), mu = λ_min(H_x) ≥ ϱ. The value of the stack is Σ_i [Φ(x_i) − Φ(x*)], with
    gradient H_x(x_i − x*) in row i and f* = 0. mu_g = min λ_min(A_i).
    Heterogeneity: differences of b, d, r, B, C among agents (offsets) and of A (curvature).
    """

    W: Reals = eqx.field(converter=real)
    A: Reals = eqx.field(converter=real)
    B: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real)
    C: Reals = eqx.field(converter=real)
    d: Reals = eqx.field(converter=real)
    r: Reals = eqx.field(converter=real)
    rho: Reals = eqx.field(converter=real, default=0.5)
    x0: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        if not isinstance(self.W, np.ndarray):
            return
        n = len(check_mixing(self.W))
        q, p = np.shape(self.b)[-1], np.shape(self.r)[-1]
        e = np.shape(self.d)[-1]
        wanted = {"A": (n, q, q), "B": (n, q, p), "b": (n, q), "C": (n, e, q), "d": (n, e)}
        wanted["r"] = (n, p)
        for name, shape in wanted.items():
            found = np.shape(getattr(self, name))
            require(
                found == shape, f"{name} of shape {found}", f"{shape} for {n} agents",
                "give every agent one block and W one row",
            )  # fmt: skip
        check_psd(self.A, "A")
        least = float(np.linalg.eigvalsh(self.A)[:, 0].min())
        require(
            least > 0, f"a lower level with curvature {least:.3g}", "A_i ≻ 0 for every agent",
            "the lower level must be strongly convex: add to A",
        )  # fmt: skip
        require(float(self.rho) > 0, f"rho = {float(self.rho)}", "rho > 0", "regularize x")

    def lower(self, X: Iterate, Y: Iterate) -> Iterate:
        """v_i = ∇₂g_i = A_i y_i − B_i x_i − b_i."""
        return _each(self.A, Y) - _each(self.B, X) - self.b

    def adjoint(self, X: Iterate, Y: Iterate, Z: Iterate) -> Iterate:
        """p_i = ∇²₂₂g_i z_i − ∇₂f_i = A_i z_i − C_iᵀ(C_i y_i − d_i)."""
        return _each(self.A, Z) - _each(jnp.swapaxes(self.C, 1, 2), _each(self.C, Y) - self.d)

    def upper(self, X: Iterate, Y: Iterate, Z: Iterate) -> Iterate:
        """u_i = ∇₁f_i − ∇²₁₂g_i z_i = ϱ(x_i − r_i) + B_iᵀz_i."""
        return self.rho * (X - self.r) + _each(jnp.swapaxes(self.B, 1, 2), Z)

    def solution(self) -> tuple[Any, Any, Any, Any]:
        """(H_x, x*, y*(x*), z*(x*))."""
        A, B, b = (jnp.mean(v, axis=0) for v in (self.A, self.B, self.b))
        K = jnp.mean(jnp.swapaxes(self.C, 1, 2) @ self.C, axis=0)
        k = jnp.mean(_each(jnp.swapaxes(self.C, 1, 2), self.d), axis=0)
        J, y0 = jnp.linalg.solve(A, B), jnp.linalg.solve(A, b)
        H = self.rho * jnp.eye(J.shape[1]) + J.T @ K @ J
        x = jnp.linalg.solve(H, self.rho * jnp.mean(self.r, axis=0) - J.T @ (K @ y0 - k))
        y = J @ x + y0
        return H, x, y, jnp.linalg.solve(A, K @ y - k)

    def x_star(self) -> Any:
        """The minimizer of Φ."""
        return self.solution()[1]

    def excess(self, x: Iterate) -> Any:
        """Φ(x) − Φ(x*) of one copy x ∈ Rᵖ."""
        H, star, _, _ = self.solution()
        return 0.5 * (x - star) @ H @ (x - star)

    def value(self, x: Iterate) -> Scalar:
        H, star, _, _ = self.solution()
        return 0.5 * jnp.sum((x - star) * ((x - star) @ H))

    def grad(self, x: Iterate) -> Iterate:
        H, star, _, _ = self.solution()
        return (x - star) @ H

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.broadcast_to(jnp.asarray(self.x0), np.shape(self.r))

    def constants(self) -> Constants:
        A, B = np.asarray(self.A), np.asarray(self.B)
        C, d, W = np.asarray(self.C), np.asarray(self.d), np.asarray(self.W)
        mean = [np.asarray(v).mean(axis=0) for v in (self.A, self.B, self.b, self.r)]
        K, k = np.mean(np.swapaxes(C, 1, 2) @ C, axis=0), np.einsum("keq,ke->kq", C, d).mean(axis=0)
        J, y0 = np.linalg.solve(mean[0], mean[1]), np.linalg.solve(mean[0], mean[2])
        H = float(self.rho) * np.eye(J.shape[1]) + J.T @ K @ J
        star = np.linalg.solve(H, float(self.rho) * mean[3] - J.T @ (K @ y0 - k))
        y = J @ star + y0
        z = np.linalg.solve(mean[0], K @ y - k)
        n, p = np.shape(self.r)
        X0 = np.broadcast_to(np.asarray(self.x0, dtype=float), (n, p))
        h = np.linalg.eigvalsh(H)
        # Forces left at the solution: what each agent would move by there (zero means).
        force = [
            np.einsum("kij,j->ki", A, y) - np.einsum("kij,j->ki", B, star) - np.asarray(self.b),
            np.einsum("kij,j->ki", A, z)
            - np.einsum("kei,ke->ki", C, np.einsum("keq,q->ke", C, y) - d),
            float(self.rho) * (star - np.asarray(self.r)) + np.einsum("kij,i->kj", B, z),
        ]
        return Constants(
            agents=n, upper_d=p, lower_d=len(y), W=W, lam=eigen(W)[0], convex=True, quadratic=True,
            L=float(h[-1]), mu=float(h[0]), mu_g=float(np.linalg.eigvalsh(A)[:, 0].min()),
            L_g=float(np.linalg.eigvalsh(A)[:, -1].max()), f_star=0.0,
            Delta=float(0.5 * np.sum((X0 - star) * ((X0 - star) @ H))),
            grad0=float(np.linalg.norm((X0 - star) @ H)),
            R=float(np.linalg.norm(X0 - star)),
            R_rms=float(np.sqrt(np.mean(np.sum((X0 - star) ** 2, axis=1)))),
            common=all(bool(np.all(v[:1] == v)) for v in (A, B, C)),
            hyper=H, A_mean=mean[0], B_mean=mean[1], K_mean=K, k_mean=k, y_free=y0, r_mean=mean[3],
            weight=float(self.rho), x_star=star, **shape_constants((n, p)),
            zeta=float(np.sqrt(sum(np.mean(np.sum(f**2, axis=1)) for f in force))),
        )  # fmt: skip


def _each(M: Any, X: Any) -> Any:
    """M_i x_i, one an agent."""
    return jnp.einsum("kij,kj->ki", M, X)


def reference(W: Any) -> BilevelQuadratics:
    """Four scalar agents in round numbers: A = (.8, 1, 1.2, 1.4), B = (.5, 1, 1.5, 1),
    b = (1, −1, 2, −2), C = 1, d = (2, 0, −1, 3), r = (1, 0, 0, −1), ϱ = ½.

    x* = 0.68535826, y* = 0.62305296, z* = −0.34267913, H_x = 1.32644628.
    """
    column = [np.array(v, float) for v in ((0.8, 1, 1.2, 1.4), (0.5, 1, 1.5, 1), (1, -1, 2, -2))]
    A, B, b = column[0][:, None, None], column[1][:, None, None], column[2][:, None]
    d, r = np.array([[2.0], [0], [-1], [3]]), np.array([[1.0], [0], [0], [-1]])
    return BilevelQuadratics(W, A, B, b, np.ones((4, 1, 1)), d, r)


def random_bilevel(
    W: Any, p: int = 2, q: int = 2, het: float = 1.0, hetA: float = 0.0, seed: int = 0
) -> BilevelQuadratics:
    """Agents around one random bilevel quadratic; fixed by `seed`.

    het scales the spread of b, d, r, B and C among agents, hetA that of A.
    """
    rng = np.random.default_rng(seed)
    n = len(np.asarray(W))
    A0 = np.diag(np.linspace(0.8, 1.4, q)) if q > 1 else np.ones((1, 1))
    S = rng.standard_normal((n, q, q))
    S = S @ np.swapaxes(S, 1, 2)
    A = A0 + hetA * (S / np.trace(S, axis1=1, axis2=2)[:, None, None] - 1 / (2 * q) * np.eye(q))
    B0 = rng.standard_normal((q, p)) / p**0.5
    return BilevelQuadratics(
        W,
        A,
        B=B0 + het * 0.3 * rng.standard_normal((n, q, p)),
        b=1 + het * rng.standard_normal((n, q)),
        C=np.eye(q) + het * 0.2 * rng.standard_normal((n, q, q)),
        d=1 + het * rng.standard_normal((n, q)),
        r=het * rng.standard_normal((n, p)),
    )
