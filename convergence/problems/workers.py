"""f = (1/n) Σ f_i: n workers, each with a quadratic of its own, and one common iterate."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_psd
from convergence.shapes import Iterate, Matrix, Reals, Scalar, Vector, real

_A = 2.0 - 5.0 * np.eye(3)  # a_i = (−3, 2, 2) and its rotations
OPPOSED = 2 * np.einsum("ki,kj->kij", _A, _A) + 0.5 * np.eye(3)


class WorkerQuadratics(AbstractProblem):
    """f_i(x) = ½ xᵀH_i x − ⟨b_i, x⟩, f = (1/n) Σ f_i with H̄ = (1/n) Σ H_i ≻ 0.

    x* = H̄⁻¹ b̄, f* = −½⟨b̄, x*⟩; L, mu: extreme eigenvalues of H̄. L_i = ‖H_i‖ and L_tilde² =
    (1/n) Σ L_i²: (1/n) Σ‖∇f_i(x) − ∇f_i(y)‖² ≤ L_tilde²‖x − y‖². zeta² = (1/n) Σ‖∇f_i(x*)‖².
    Dissimilarity: (1/n) Σ‖∇f_i‖² ≤ zeta_B² + B²‖∇f‖². With a common Hessian ∇f_i = ∇f + ∇f_i(x*)
    and Σ ∇f_i(x*) = 0, so B = 1, zeta_B = zeta with equality; else ∇f_i = H_i H̄⁻¹∇f + ∇f_i(x*) and
    ‖a + b‖² ≤ 2‖a‖² + 2‖b‖² give B² = 2λ_max((1/n) Σ H̄⁻¹H_i²H̄⁻¹), zeta_B² = 2 zeta².
    """

    x0: Reals = eqx.field(converter=real)
    H: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        if not isinstance(self.H, np.ndarray):
            return
        n, d = np.shape(self.b)
        require(
            np.shape(self.H) == (n, d, d) and np.shape(self.x0) == (d,),
            f"x0 {np.shape(self.x0)}, H {np.shape(self.H)}, b {np.shape(self.b)}",
            "x0 (d,), H (n, d, d) and b (n, d)",
            "give every worker a Hessian and a linear term",
        )
        check_psd(self.H, "H")
        require(
            float(np.linalg.eigvalsh(self.H.mean(axis=0))[0]) > 0,
            "a mean Hessian that is not positive definite",
            "(1/n) Σ H_i ≻ 0",
            "add curvature: x* must be unique",
        )

    @property
    def n(self) -> int:
        """How many workers."""
        return self.b.shape[0]

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * x @ jnp.mean(self.H, axis=0) @ x - jnp.mean(self.b, axis=0) @ x

    def grads(self, x: Iterate) -> Matrix:
        """(n, d) the stack of ∇f_i(x)."""
        return jnp.einsum("kij,j->ki", self.H, x) - self.b

    def leads(self, x: Iterate) -> Vector:
        """(n,) the f_i(x) − f_i(x*)."""
        y = x - self.x_star()
        curved = 0.5 * jnp.einsum("i,kij,j->k", y, self.H, y)
        return curved + self.grads(self.x_star()) @ y

    def grad(self, x: Iterate) -> Iterate:
        return jnp.mean(self.grads(x), axis=0)

    def x_star(self) -> Any:
        """The minimizer of f."""
        return jnp.linalg.solve(jnp.mean(self.H, axis=0), jnp.mean(self.b, axis=0))

    def f_star(self) -> Any:
        return -0.5 * jnp.mean(self.b, axis=0) @ self.x_star()

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        H, b, x0 = (np.asarray(v, dtype=float) for v in (self.H, self.b, self.x0))
        n, d = b.shape
        mean = H.mean(axis=0)
        star = np.linalg.solve(mean, b.mean(axis=0))
        eigen = np.linalg.eigvalsh(mean)
        L_i = np.abs(np.linalg.eigvalsh(H)).max(axis=1)
        at_star = H @ star - b
        zeta2 = float(np.mean(np.sum(at_star**2, axis=1)))
        common = bool(np.all(H[:1] == H))
        ratio = H @ np.linalg.inv(mean)
        spread = np.linalg.eigvalsh(np.einsum("kij,kil->jl", ratio, ratio) / n)[-1]
        y = x0 - star
        return Constants(
            L=float(eigen[-1]), mu=float(eigen[0]), L_tilde=float(np.mean(L_i**2) ** 0.5),
            L_max=float(L_i.max()), agents=n, d=d, x_star=star, Delta=float(0.5 * y @ mean @ y),
            convex=True, all_convex=bool(np.linalg.eigvalsh(H).min() >= -1e-13 * L_i.max()),
            R=float(np.linalg.norm(y)), f_star=float(-0.5 * b.mean(axis=0) @ star),
            grad0=float(np.linalg.norm(mean @ y)), zeta=zeta2**0.5, local=at_star,
            B=1.0 if common else float((2 * spread) ** 0.5),
            zeta_B=(zeta2 if common else 2 * zeta2) ** 0.5,
            opposed=d == 3 and bool(np.array_equal(H, OPPOSED) and not np.any(b)),
            unit=common and bool(np.all(H[0] == np.eye(d))), quadratic=True, all_quadratic=True,
        )  # fmt: skip


def unit_workers(beta: Any, x0: Any) -> WorkerQuadratics:
    """f_i(x) = ½‖x‖² − ⟨β_i − β̄, x⟩: common Hessian I and x* = 0, so ∇f_i = x − β_i + β̄."""
    beta = np.asarray(beta, dtype=float)
    beta = beta - beta.mean(axis=0)
    n, d = beta.shape
    return WorkerQuadratics(x0, np.broadcast_to(np.eye(d), (n, d, d)).copy(), beta)


def scaled_workers(n: int = 5, d: int = 20, zeta: float = 10.0, seed: int = 0) -> WorkerQuadratics:
    """f_i(x) = ½‖A_i x − v_i‖², A_i = (i/√n) I, v_i ~ N(0, (ζ²/i²) I_d) for i = 1..n, from
    x* + 1/√d: the least squares of Koloskova et al. with a fixed draw."""
    i = np.arange(1, n + 1)
    v = np.random.default_rng(seed).standard_normal((n, d)) * (zeta / i)[:, None]
    H = (i**2 / n)[:, None, None] * np.eye(d)
    b = (i / n**0.5)[:, None] * v
    star = np.linalg.solve(H.mean(axis=0), b.mean(axis=0))
    return WorkerQuadratics(star + d**-0.5, H, b)


def opposed_workers(t: float = 1.0) -> WorkerQuadratics:
    """f_i(x) = ⟨a_i, x⟩² + ¼‖x‖² in R³ for a_i = (−3, 2, 2) and its rotations, from t(1, 1, 1).

    H_i = 2a_i a_iᵀ + ½ I: L_i = 34.5; H̄ has the eigenvalues 7/6, 103/6, 103/6.
    """
    return WorkerQuadratics(np.full(3, float(t)), OPPOSED, np.zeros((3, 3)))


def consistent_rows(A: Any, x0: Any) -> WorkerQuadratics:
    """f_i(x) = ½⟨a_i, x⟩² for the rows a_i of A: a consistent system, whose solution is 0."""
    A = np.asarray(A, dtype=float)
    return WorkerQuadratics(x0, np.einsum("ki,kj->kij", A, A), np.zeros(A.shape))


def tight_frame(n: int = 3) -> WorkerQuadratics:
    """`consistent_rows` of n unit vectors in the plane at equal angles: f = ¼‖x‖²."""
    angle = np.pi * np.arange(n) / n
    return consistent_rows(np.stack([np.cos(angle), np.sin(angle)], axis=1), [1.0, 2.0])


def different_workers(spread: float = 100.0) -> WorkerQuadratics:
    """Eight workers on ½‖x‖² − ⟨β_i, x⟩ in R², β_i ~ N(0, spread² I), fixed draws, from x* = 0."""
    return unit_workers(spread * np.random.default_rng(3).standard_normal((8, 2)), np.zeros(2))


def random_workers(n: int, d: int, seed: int = 0, spread: float = 1.0) -> WorkerQuadratics:
    """Fixed draws: H_i = Q_i diag(U[0.1, 1]) Q_iᵀ, b_i ~ N(0, spread² I), x_0 = (1, …, 1)."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, d, d)))[0]
    H = np.einsum("kij,kj,klj->kil", Q, rng.uniform(0.1, 1.0, (n, d)), Q)
    return WorkerQuadratics(np.ones(d), H, spread * rng.standard_normal((n, d)))
