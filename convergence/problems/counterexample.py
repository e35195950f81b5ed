"""The quadratic on which GaLore does not converge (arXiv 2410.11289, Section 4)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput, require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Matrix, Reals, Scalar, real


class Counterexample(AbstractProblem):
    """f(X) = ½‖AX‖² + ⟨B, X⟩ on n × n matrices, A = [I_{n−r} 0], B = [[D, 0], [0, 0]].

    D is (n−r) × (n−r); ∇f(X) = [[X_top + [D 0]], [0]]. L = ‖AᵀA‖₂ = 1. f* = −½‖D‖² at
    X_top = −[D 0], X_bottom free: convex, and f − f* = ½‖∇f‖² (mu_PL = 1). Certifies also
    `spectrum`, the singular values of ∇f(X_0), and `noise_columns`, the norm of its last r columns.
    """

    D: Reals = eqx.field(converter=real)
    X0: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        D, X0 = np.shape(self.D), np.shape(self.X0)
        require(
            len(D) == 2 and D[0] == D[1] and D[0] >= 1,
            f"D of shape {D}",
            "a square matrix (n−r) × (n−r)",
            "check the file or the slice that D came from",
        )
        require(
            len(X0) == 2 and X0[0] == X0[1] and X0[0] > D[0],
            f"X0 of shape {X0} with D of shape {D}",
            "X0 of shape n × n with n > n − r",
            "give r = n − len(D) ≥ 1",
        )
        for name, value in (("D", self.D), ("X0", self.X0)):
            require(
                bool(np.all(np.isfinite(np.asarray(value)))),
                f"{name} with NaN or inf",
                f"finite entries in {name}",
                "mend the entry",
            )

    @classmethod
    def pure(cls, n: int = 10, r: int = 4, lam: float = 0.5) -> Counterexample:
        """D = 0 and X_top = λ[I 0]: ∇f(X_0) has the singular value λ exactly n − r times."""
        require(1 <= r < n, f"rank r = {r} with n = {n}", "1 ≤ r < n", "lower r")
        X0 = np.zeros((n, n))
        X0[: n - r, : n - r] = lam * np.eye(n - r)
        return cls(np.zeros((n - r, n - r)), X0)

    @classmethod
    def published(cls, sigma: float = 1.0) -> Counterexample:
        """Figure 1's instance: n = 10, r = 4, D/σ drawn with seed 42, X_top = (σ/2)[I 0]."""
        text = resources.files("convergence.problems").joinpath("data/golore_figure1_D.csv")
        D = np.loadtxt(text.read_text().splitlines(), delimiter=",", comments="#")
        return cls(sigma * D, cls.pure(10, 4, sigma / 2).X0)

    @classmethod
    def from_csv(cls, path: str | Path, r: int, X0: Any = None) -> Counterexample:
        """D from a comma-separated file; X_0 = 0 unless given."""
        try:
            D = np.loadtxt(Path(path), delimiter=",", comments="#", ndmin=2)
        except (ValueError, OSError) as error:
            raise InvalidInput(
                f"Got {str(path)!r}, which is no comma-separated matrix of numbers ({error}); "
                "give one row a line, numbers separated by commas."
            ) from None
        n = len(D) + r
        return cls(D, np.zeros((n, n)) if X0 is None else X0)

    @property
    def k(self) -> int:
        """n − r, the rows that f sees."""
        return np.shape(self.D)[0]

    def _residual(self, X: Matrix) -> Matrix:
        return X[: self.k] + jnp.pad(self.D, ((0, 0), (0, X.shape[1] - self.k)))

    def value(self, x: Matrix) -> Scalar:
        return 0.5 * jnp.sum(self._residual(x) ** 2) - 0.5 * jnp.sum(self.D**2)

    def grad(self, x: Matrix) -> Matrix:
        return jnp.pad(self._residual(x), ((0, x.shape[0] - self.k), (0, 0)))

    def f_star(self) -> Any:
        return -0.5 * jnp.sum(self.D**2)

    def start(self) -> Matrix:
        return jnp.asarray(self.X0)

    def constants(self) -> Constants:
        D, X0 = np.asarray(self.D), np.asarray(self.X0)
        n, k = len(X0), len(D)
        g = X0[:k] + np.pad(D, ((0, 0), (0, n - k)))
        return Constants(
            L=1.0,
            mu=0.0,
            mu_PL=1.0,
            convex=True,
            quadratic=True,
            Delta=float(0.5 * np.sum(g**2)),
            f_star=float(-0.5 * np.sum(D**2)),
            grad0=float(np.linalg.norm(g)),
            d=n * n,
            m=n,
            n=n,
            visible=k,
            spectrum=np.linalg.svd(g, compute_uv=False),
            noise_columns=float(np.linalg.norm(g[:, k:])),
        )
