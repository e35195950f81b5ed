"""Directions of attention's support vector machines: closed forms, the path, two norms."""

from __future__ import annotations

import decimal
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.parts.svm import hard_margin
from convergence.plainly import plainly
from convergence.problems.attention import Attention, three_tokens, two_inputs
from convergence.problems.base import started
from convergence.theorems.attention.tarzanagh2023 import missed
from convergence.theorems.base import AbstractIdentity, Provenance, Source


class Separators(AbstractIdentity):
    """W_mm of the instance of two inputs is known in closed form, and for orthonormal queries
    W_mm = Σ w_i z_iᵀ with w_i the least vector that has (x_i,best − x_it)ᵀw_i ≥ 1: n small SVMs.

    Proof. Multipliers 1, 0, 1/9, 4/9 give W_mm = Σ λ_j A_j with ⟨A_j, W_mm⟩ = 1, 2, 1, 1: the
    Karush-Kuhn-Tucker conditions. With WZ = (w_1, …) for orthonormal z_i, ‖W‖² ≥ Σ‖w_i‖² and every
    constraint is about one w_i. ∎
    """

    source = Source("tarzanagh2023", "the SVM of the theorems; closed forms derived")
    provenance = Provenance.DERIVED
    statement = "orthonormal queries: W_mm = Σ w_i z_iᵀ, n small SVMs; on two inputs in closed form"
    tolerance = 1e-12  # least squares in at most nine unknowns

    chosen: tuple[int, ...] = eqx.field(static=True, default=(0, 0))

    def discrepancies(self) -> dict[str, float]:
        problem = two_inputs()
        scores = np.zeros((2, 3))
        scores[range(2), self.chosen] = 1.0
        other = Attention(problem.tokens, problem.queries, scores, problem.x0)
        W = hard_margin(other.constraints()).w
        known = np.array([[9, 4, 0], [0, -2, 0], [0, 5, 0]]) / 9
        found = {"closed form": missed(W, known)}
        rng = np.random.default_rng(0)
        for k in range(8):
            n, T, d = 3, 4, 5
            z = np.linalg.qr(rng.standard_normal((d, n)))[0].T
            X = rng.standard_normal((n, T, d))
            g = np.zeros((n, T))
            g[:, 0] = 1.0
            whole = hard_margin(Attention(X, z, g, np.zeros((d, d))).constraints()).w
            parts = sum(np.outer(hard_margin(X[i, :1] - X[i, 1:]).w, z[i]) for i in range(n))
            found[f"decoupled {k}"] = float(np.max(np.abs(whole - parts)))
        return found


class OtherTokens(Separators):
    """FALSE: the tokens 2 and 1 in place of the best ones have the same SVM direction; the
    correlation is −2/(3√7)."""

    statement = "the direction W_mm does not depend on which tokens are the best (false)"
    chosen: tuple[int, ...] = eqx.field(static=True, default=(1, 0))


def exact_gradient(problem: Attention, W: np.ndarray) -> tuple[np.ndarray, float]:
    """(∇f/‖∇f‖, log‖∇f‖) of −(1/n) Σ_i Σ_t s_it (g_it − ḡ_i) x_it z_iᵀ in 1000 digits."""
    with decimal.localcontext(prec=1000):
        D = np.vectorize(decimal.Decimal, otypes=[object])
        X, z, g = (D(np.asarray(v)) for v in (problem.tokens, problem.queries, problem.scores))
        W, G = D(W), D(np.zeros_like(W))
        for i in range(len(g)):
            s = np.array([h.exp() for h in X[i] @ W @ z[i]])
            s = s / s.sum()
            G = G - np.outer((s * (g[i] - s @ g[i])) @ X[i], z[i]) / len(g)
        size = (G**2).sum().sqrt()
        return (G / size).astype(float), float(size.ln())


class GradientInLogSpace(AbstractIdentity):
    """V/‖V‖ = ∇f/‖∇f‖ and M + ln‖V‖ = ln‖∇f‖ to rounding for ∇f = e^M V, wherever softmax is
    saturated, also where the token that it selects is not the best one; against 1000 digits.

    Proof. Σ_t s_t(g_t − ḡ)x_t = Σ_{t<u} s_t s_u (g_t − g_u)(x_t − x_u): no term is a difference of
    numbers that agree, and the largest e^{ln s_t + ln s_u} is taken out. ∎ In float64 the left side
    is 0 once 1 − s rounds to 0, at logits that differ by 37.
    """

    source = Source("tarzanagh2023", "normalized gradient descent of the experiments; derived")
    provenance = Provenance.DERIVED
    statement = "∇f = e^M V: direction and logarithm of the size are right however saturated s is"
    tolerance = 1e-10  # logits up to 2000 have that many units of rounding, times the pairs

    gradient: Any = eqx.field(static=True, default=Attention.scaled_grad)

    def discrepancies(self) -> dict[str, float]:
        found, gradient = {}, eqx.filter_jit(self.gradient)
        off = np.array([[1.0, -0.3, 0.2], [0.1, 0.5, -0.4], [0.3, 0.2, -1.0]])
        cases: list[tuple[str, Attention, np.ndarray]] = [
            ("two inputs", two_inputs(), off),
            ("best selected", three_tokens(0.0), np.array([[-1.0]])),
            ("another selected", three_tokens(0.0), np.array([[1.0]])),
        ]
        for name, problem, W in cases:
            for scale in (1.0, 30.0, 600.0):
                direction, size = exact_gradient(problem, scale * W)
                V, M = map(np.asarray, gradient(problem, jnp.asarray(scale * W)))
                norm = float(np.linalg.norm(V))
                known = norm > 0 and np.all(np.isfinite(V))
                apart = np.linalg.norm(V / norm - direction) if known else 2.0
                found[f"{name}, {scale:g}W: direction"] = float(apart)
                log_size = float(M) + math.log(norm) if known else math.inf
                grown = abs(log_size - size) / max(1.0, abs(size))
                found[f"{name}, {scale:g}W: size"] = grown
        return found


@hastily
def path(problem: Attention, R: Any) -> Any:
    """A stationary point of f on ‖W‖_F = R, where W is a multiple of −∇f, found from x_0.

    Damped conditional gradient steps, in log space, until they move nothing.
    """
    R = jnp.asarray(R)
    damped = jnp.minimum(0.1, 1 / R)  # a change of direction turns ∇f by R times as much

    def step(_: Any, W: Any) -> Any:
        V, _ = problem.scaled_grad(W)
        W = (1 - damped) * W - damped * R * V / jnp.sqrt(jnp.sum(V**2))
        return R * W / jnp.sqrt(jnp.sum(W**2))

    return jax.lax.fori_loop(0, jnp.int32(60 / damped), step, problem.start())


@plainly
def _log_gap(problem: Attention, W: Any) -> Any:
    return problem.log_gap(W)


class RegularizationPath(AbstractIdentity):
    """1 − corr(W, W_mm) ≤ ln(2a)‖W_mm‖/R, a = n(T−1)Δ_max/Δ_min, for every R ≥ ln(2a)‖W_mm‖ and
    every W with ‖W‖ ≤ R and f(W) ≤ f(RW_mm/‖W_mm‖), such as the minimizer over that ball; Δ_min is
    the least lead of a best score, Δ_max the largest range of scores. For one input of two tokens
    the minimizer is Ru/‖u‖.

    Proof. RW_mm/‖W_mm‖ has all margins ≥ ρ = R/‖W_mm‖, so f − f* ≤ Δ_max(T−1)e^{−ρ} there.
    `LossForDirectionLaw` gives 1 + e^p ≥ e^ρ/a, and e^ρ ≥ 2a makes that p ≥ ρ − ln 2a ≥ 0; corr =
    p‖W_mm‖/‖W‖ ≥ p/ρ. With two tokens f falls in ⟨W, u⟩. ∎

    The rate 1/R is that of the whole sublevel set: where a direction V is orthogonal to every
    constraint, a shorter minimizer with V added has norm R and f as large as at RW_mm/‖W_mm‖; on
    the instance R(1 − corr) is 0.310, 0.329, 0.333, 0.334 there for R = 5, 10, 20, 40, against
    ln(2a)‖W_mm‖ = 2.594. The minimizer itself has no part along V: R²(1 − corr) is 0.18 … 0.37.
    """

    source = Source("tarzanagh2023", "the regularization path; explicit bound derived")
    provenance = Provenance.DERIVED
    statement = "1 − corr(W_R, W_mm) ≤ ln(2a)‖W_mm‖/R,  a = n(T−1)Δ_max/Δ_min,  R ≥ ln(2a)‖W_mm‖"
    tolerance = 1e-9  # of stationary points at which steps have stopped

    radii: tuple[float, ...] = eqx.field(static=True, default=(5.0, 20.0))

    def discrepancies(self) -> dict[str, float]:
        problem, found = two_inputs(), {}
        M = np.asarray(problem.constants().separator)
        size, a = float(np.linalg.norm(M)), 2 * 2 * 1.0
        for R in self.radii:
            start = Attention(problem.tokens, problem.queries, problem.scores, R * M / size)
            W = path(start, R)
            rise = float(_log_gap(problem, W) - _log_gap(problem, started(start)))
            found[f"no higher than RW_mm/‖W_mm‖, R={R:g}"] = max(0.0, rise)
            over = missed(np.asarray(W), M) - math.log(2 * a) * size / R
            found[f"bound, R={R:g}"] = max(0.0, over)
        x0 = np.ones((2, 2)) / 2
        pair = Attention([[[1.0, 2.0], [0.0, 1.0]]], [[1.0, -0.5]], [[1.0, 0.0]], 4 * x0)
        u = pair.constraints()[0]
        off = np.asarray(path(pair, 4.0)) - 4 * u / np.linalg.norm(u)
        found["two tokens"] = float(np.max(np.abs(off)))
        return found


class TwoNorms(AbstractIdentity):
    """Inputs with tokens (d_i, 0) and orthonormal queries, d_1, d_2 unit vectors at an angle
    0 < φ < 90°: the Frobenius separator is (d_1, d_2), the one of least nuclear norm, which W = KQᵀ
    seeks, is b(1, 1)/cos(φ/2), b the bisector, of nuclear norm 2/√(1 + cos φ) against √(1 + cos φ)
    + √(1 − cos φ); their correlation is cos(φ/2).

    Proof. Both meet their two constraints with equality. Dual of the nuclear norm: max λ_1 + λ_2
    with ‖(λ_1d_1, λ_2d_2)‖₂ ≤ 1; λ = 1/√(1 + cos φ) is feasible, for (d_1, d_2) has the singular
    values √(1 ± cos φ), and attains. The singular values also give the other nuclear norm. The
    correlation is Σ⟨d_i, b⟩/(√2·√2). ∎ Beyond 90° −d_2 shortens the dual norm no further.
    """

    source = Source(
        "tarzanagh2023", "Frobenius and nuclear norm for W and (K, Q); instance derived"
    )
    provenance = Provenance.DERIVED
    statement = "W and KQᵀ: separators of least Frobenius and nuclear norm, correlation cos(φ/2)"
    tolerance = 1e-12

    same: bool = eqx.field(static=True, default=False)

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for degrees in (30, 60, 85):
            p = math.radians(degrees)
            d = np.array([[1.0, 0.0], [math.cos(p), math.sin(p)]])
            A = np.stack([np.outer(d[i], np.eye(2)[i]) for i in range(2)])
            b = np.array([math.cos(p / 2), math.sin(p / 2)])
            W, N = hard_margin(A).w, np.outer(b, [1.0, 1.0]) / math.cos(p / 2)
            dual = np.full(2, 1 / math.sqrt(1 + math.cos(p)))
            value = float(np.linalg.norm(N, "nuc"))
            least = max(0.0, 1 - float(np.min(np.einsum("jde,de->j", A, N))))
            found[f"{degrees}°: feasible"] = least
            over = np.linalg.norm(np.einsum("j,jde->de", dual, A), 2) - 1
            found[f"{degrees}°: dual feasible"] = max(0.0, float(over))
            found[f"{degrees}°: no duality gap"] = abs(value - float(dual.sum()))
            found[f"{degrees}°: Frobenius"] = float(np.max(np.abs(W - d.T)))
            other = math.sqrt(1 + math.cos(p)) + math.sqrt(1 - math.cos(p))
            found[f"{degrees}°: nuclear norm of it"] = abs(np.linalg.norm(W, "nuc") - other)
            corr = 1.0 if self.same else math.cos(p / 2)
            found[f"{degrees}°: correlation"] = abs(1 - missed(W, N) - corr)
        return found


class OneDirection(TwoNorms):
    """FALSE: W and KQᵀ have one direction."""

    statement = "W and KQᵀ: the separators of least Frobenius and nuclear norm are parallel (false)"
    same: bool = eqx.field(static=True, default=True)
