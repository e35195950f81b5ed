"""The gradient form of GaLore's theory: −∇f(W) = (1/N) Σ_i (A_i − B_i W C_i)."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput, require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_orthogonal, check_psd, rounding
from convergence.shapes import Matrix, Reals, Scalar, optional, real


class GradientForm(AbstractProblem):
    """f(W) = (1/N) Σ_i (½⟨W, B_i W C_i⟩ − ⟨A_i, W⟩) with symmetric PSD B_i (m×m), C_i (n×n).

    L = λ_max(S) with S = (1/N) Σ C_i ⊗ B_i, the Hessian. P (m×r) and Q (n×r) are the designated
    subspace of statements about projected gradients, the identity unless given. Certifies, for
    those statements: P, Q, kappa = (1/N) Σ λ_min(PᵀB_iP)λ_min(QᵀC_iQ), the extreme eigenvalues
    low, high of (1/N) Σ QᵀC_iQ ⊗ PᵀB_iP, R0 = ‖PᵀG_0Q‖ with G_0 = −∇f(W_0), the distinct
    `eigenvalues` of S, whether the eigenspace of the smallest is a `product` of a space of rows and
    one of columns, and for the projection G_∥ of G_0 on it: par = ‖G_∥‖_F, par2 = ‖G_∥‖₂, perp =
    ‖G_0 − G_∥‖_F; W_norm bounds ‖W_t‖ for steps up to 2/L, what S annuls left out. Where the mean
    of A lies in the range of S: Delta, f_star, x_star.
    """

    A: Reals = eqx.field(converter=real)
    B: Reals = eqx.field(converter=real)
    C: Reals = eqx.field(converter=real)
    W0: Reals = eqx.field(converter=real)
    P: Reals | None = eqx.field(converter=optional(real), default=None)
    Q: Reals | None = eqx.field(converter=optional(real), default=None)

    def __check_init__(self) -> None:
        shapes = [np.shape(v) for v in (self.A, self.B, self.C)]
        require(
            all(len(s) == 3 for s in shapes) and len({s[0] for s in shapes}) == 1,
            f"A, B, C of shapes {shapes}",
            "stacks of N matrices each, (N, m, n), (N, m, m), (N, n, n)",
            "stack them along the first axis",
        )
        found = np.shape(self.W0)
        require(found == shapes[0][1:], f"W0 of shape {found}", f"{shapes[0][1:]}", "give it A's")
        for name in "BC":
            check_psd(getattr(self, name), name, least=0.0)
        for name in "PQ":
            check_orthogonal(getattr(self, name), name, square=False)

    def value(self, x: Matrix) -> Scalar:
        quadratic = jnp.einsum("imk,kl,iln->mn", self.B, x, self.C) / len(self.A)
        return jnp.sum(x * (0.5 * quadratic - jnp.mean(jnp.asarray(self.A), 0)))

    def grad(self, x: Matrix) -> Matrix:
        N = np.shape(self.A)[0]
        total = sum(self.B[i] @ x @ self.C[i] - self.A[i] for i in range(N))
        return jnp.asarray(total) / N

    def start(self) -> Matrix:
        return jnp.asarray(self.W0)

    def constants(self) -> Constants:
        A, B, C, W = (np.asarray(v) for v in (self.A, self.B, self.C, self.W0))
        N, m, n = A.shape
        P = np.eye(m) if self.P is None else np.asarray(self.P)
        Q = np.eye(n) if self.Q is None else np.asarray(self.Q)
        S = sum(np.kron(C[i], B[i]) for i in range(N)) / N
        values, vectors = np.linalg.eigh(S)
        off = rounding(m * n)  # merges rounded copies of one value, and no others
        first = np.concatenate([[True], np.diff(values) > off * values[-1]])
        distinct = values[first]
        G = np.mean([A[i] - B[i] @ W @ C[i] for i in range(N)], axis=0)
        minimal = vectors[:, np.cumsum(first) == 1]
        basis = list(minimal.T.reshape((-1, n, m)))  # each its matrix, transposed
        spans = [np.linalg.matrix_rank(side, off) for side in (np.vstack(basis), np.hstack(basis))]
        par = (minimal @ (minimal.T @ G.ravel(order="F"))).reshape((m, n), order="F")
        hat_B, hat_C = P.T @ B @ P, Q.T @ C @ Q
        S_hat = sum(np.kron(hat_C[i], hat_B[i]) for i in range(N)) / N
        hat = np.linalg.eigvalsh(S_hat)
        R = P.T @ G @ Q
        # PSD, of low rank where a factor is one sample's: rounding may leave λ_min below 0.
        least = [np.maximum(np.linalg.eigvalsh(hat)[:, 0], 0.0) for hat in (hat_B, hat_C)]
        kappa = np.mean(least[0] * least[1])
        linear = A.mean(0).ravel(order="F")
        solution = np.linalg.lstsq(S, linear, rcond=None)[0]
        gap = W.ravel(order="F") - solution
        # Steps η ≤ 2/L take W_t at most 2‖S⁺G_0‖ from W_0, or 2‖Ŝ⁺R_0‖ along P and Q.
        ways = [np.linalg.lstsq(H, v.ravel(order="F"))[0] for H, v in ((S, G), (S_hat, R))]
        bounded: dict[str, Any] = {}
        # Where A leaves the range of S, f has no minimum; beyond what lstsq and its mean round.
        rounded = 1e-9 * np.linalg.norm(linear) + 1e-15 * np.linalg.norm(A)
        if np.linalg.norm(S @ solution - linear) <= rounded:
            bounded = {
                "Delta": float(0.5 * gap @ S @ gap),
                "f_star": float(-0.5 * solution @ linear),
                "x_star": solution.reshape((m, n), order="F"),
            }
        return Constants(
            **bounded,
            L=float(values[-1]),
            mu=max(0.0, float(values[0])),
            convex=True,
            quadratic=True,
            grad0=float(np.linalg.norm(G)),
            d=m * n,
            m=m,
            n=n,
            P=P,
            Q=Q,
            kappa=float(kappa),
            low=float(hat[0]),
            high=float(hat[-1]),
            R0=float(np.linalg.norm(R)),
            eigenvalues=distinct,
            product=bool(spans[0] * spans[1] == minimal.shape[1]),
            par=float(np.linalg.norm(par)),
            par2=float(np.linalg.norm(par, 2)),
            perp=float(np.linalg.norm(G - par)),
            W_norm=float(np.linalg.norm(W) + 2 * max(np.linalg.norm(way) for way in ways)),
            # Constant factors: no Lipschitz terms.
            L_A=0.0,
            L_B=0.0,
            L_C=0.0,
            D=0.0,
            B_sup=float(max(np.linalg.norm(b, 2) for b in B)),
            C_sup=float(max(np.linalg.norm(c, 2) for c in C)),
        )

    def f_star(self) -> Any:
        raise InvalidInput(
            "Got a metric of f − f* on GradientForm, where f may have no infimum, but one of the "
            "gradient is needed; use such a metric."
        )


class ScalarFactors(AbstractProblem):
    """−f'(w) = A − B(w) w C(w) for scalars w ≥ 0 with piecewise linear factors.

    knots (K,), increasing, and the values B, C at them (linear between, and on beyond the last);
    with gradient descent of step η from w_0 the constants of GaLore's Theorem 3.8 are exact:
    L_A = 0, L_B, L_C, D = sup |w_t|, kappa = min B(w_t)C(w_t) and high = max B(w_t)C(w_t) over the
    run of `steps` steps, replayed on the host.
    """

    A: Reals = eqx.field(converter=real)
    knots: Reals = eqx.field(converter=real)
    B: Reals = eqx.field(converter=real)
    C: Reals = eqx.field(converter=real)
    w0: Reals = eqx.field(converter=real)
    eta: Reals = eqx.field(converter=real)
    steps: int = eqx.field(static=True, default=200)

    def __check_init__(self) -> None:
        knots = np.asarray(self.knots)
        require(
            bool(np.all(np.diff(knots) > 0)),
            f"knots {knots.tolist()}",
            "increasing numbers",
            "sort them with their values",
        )
        given = [np.shape(v) for v in (knots, self.B, self.C)]
        fits = len(given[0]) == 1 and given[0][0] > 1 and len(set(given)) == 1
        require(fits, f"knots, B and C of shapes {given}", "one length, two or more",
                "give either factor a value at every knot")  # fmt: skip

    def value(self, x: Matrix) -> Scalar:
        # ∫ by 8-point Gauss–Legendre on every piece: exact for the cubic integrand.
        nodes, weights = np.polynomial.legendre.leggauss(8)
        w = jnp.abs(x[0, 0])
        knots = jnp.asarray(self.knots)  # below the first of them the factors are constant
        edges = jnp.concatenate([jnp.minimum(knots[:1], 0.0), knots, jnp.asarray([jnp.inf])])
        lo, hi = jnp.minimum(edges[:-1], w), jnp.minimum(edges[1:], w)
        u = (lo + hi)[:, None] / 2 + (hi - lo)[:, None] / 2 * nodes
        integrand = self._factor(u, self.B) * u * self._factor(u, self.C)
        return jnp.sum(integrand * weights * (hi - lo)[:, None] / 2) - self.A * x[0, 0]

    def _factor(self, w: Any, values: Any) -> Any:
        knots, values = jnp.asarray(self.knots), jnp.asarray(values)
        slope = (values[-1] - values[-2]) / (knots[-1] - knots[-2])
        beyond = values[-1] + slope * (w - knots[-1])
        return jnp.where(w > knots[-1], beyond, jnp.interp(w, knots, values))

    def grad(self, x: Matrix) -> Matrix:
        w = jnp.abs(x)
        return self._factor(w, self.B) * x * self._factor(w, self.C) - self.A

    def start(self) -> Matrix:
        return jnp.full((1, 1), self.w0)

    def constants(self) -> Constants:
        knots, A = np.asarray(self.knots), float(self.A)
        slopes = {k: np.abs(np.diff(np.asarray(getattr(self, k))) / np.diff(knots)) for k in "BC"}

        def factor(w: float, name: str) -> float:
            v = np.asarray(getattr(self, name))
            last = (v[-1] - v[-2]) / (knots[-1] - knots[-2])
            beyond = v[-1] + last * (w - knots[-1])
            return float(beyond if w > knots[-1] else np.interp(w, knots, v))

        w, seen = float(self.w0), []
        for _ in range(self.steps):
            b, c = factor(abs(w), "B"), factor(abs(w), "C")
            seen.append((abs(w), b, c))
            w += float(self.eta) * (A - b * w * c)
        path = np.array(seen)
        b0, c0 = path[0, 1:]
        R0 = abs(A - b0 * float(self.w0) * c0)
        return Constants(
            eta=float(self.eta),
            steps=self.steps,
            d=1,
            m=1,
            n=1,
            P=np.eye(1),
            Q=np.eye(1),
            grad0=R0,
            R0=R0,
            kappa=float((path[:, 1] * path[:, 2]).min()),
            low=float((path[:, 1] * path[:, 2]).min()),
            high=float((path[:, 1] * path[:, 2]).max()),
            L_A=0.0,
            L_B=float(slopes["B"].max()),
            L_C=float(slopes["C"].max()),
            D=float(path[:, 0].max()),
            B_sup=float(np.abs(path[:, 1]).max()),
            C_sup=float(np.abs(path[:, 2]).max()),
            W_norm=float(path[:, 0].max()),
        )
