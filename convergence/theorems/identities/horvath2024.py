"""Horváth et al. 2024 (arXiv 2308.14929): Maestro, a layer whose leading ranks are trained in one
with the whole."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source


def root(S: np.ndarray, power: float = 0.5) -> np.ndarray:
    """A power of a positive definite matrix."""
    w, Q = np.linalg.eigh(S)
    return Q * w**power @ Q.T


def loss(U: np.ndarray, V: np.ndarray, A: np.ndarray, S: np.ndarray, p: np.ndarray) -> float:
    """Σ_b p_b E‖U_{:b}V_{:b}ᵀx − Ax‖² with E xxᵀ = S."""
    half = root(S)
    parts = [np.sum(((U[:, : b + 1] @ V[:, : b + 1].T - A) @ half) ** 2) for b in range(len(p))]
    return float(p @ np.array(parts))


def sampled_slope(
    U: np.ndarray, V: np.ndarray, A: np.ndarray, S: np.ndarray, b: int, held: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of E‖U_{:b}V_{:b}ᵀx − Ax‖² in U and V, that of a step which drew the rank b. If
    not `held` the other columns get what an unmasked layer would give them."""
    kept = np.arange(U.shape[1]) < b
    off = 2 * ((U * kept) @ V.T - A) @ S
    mask = kept if held else np.ones_like(kept)
    return off @ V * mask, off.T @ U * mask


class NestedMinimum(AbstractIdentity):
    """min over U, V of Σ_b p_b E‖U_{:b}V_{:b}ᵀx − Ax‖² = Σ_b p_b Σ_{i>b} s_i(AS^{1/2})², E xxᵀ = S
    > 0, attained where U_{:b}V_{:b}ᵀ = (AS^{1/2})_b S^{−1/2} for all b at once; every term of the
    sum loss − minimum is ≥ 0, so that where p_b > 0 and s_b > s_{b+1} nothing else is a minimizer.

    Proof. With V′ = S^{1/2}V each term is that of Eckart and Young, and the truncations of one
    singular value decomposition are nested. ∎ Checked at the minimizer and against 200 rivals.
    What gradient descent finds is not claimed.
    """

    source = Source("horvath2024", "Theorem 1 (informal); general covariance derived")
    provenance = Provenance.DERIVED
    statement = "min Σ p_b E‖U_{:b}V_{:b}ᵀx − Ax‖² = Σ p_b Σ_{i>b} s_i(AS^{1/2})², nested parts"
    tolerance = 1e-11

    leak: int = eqx.field(static=True, default=0)

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(0)
        worst = {"attained": 0.0, "rivals": 0.0, "terms": 0.0}
        for p in (np.full(4, 0.25), np.array([0.0, 0.5, 0.0, 0.5])):
            A, B = rng.standard_normal((5, 4)), rng.standard_normal((4, 4))
            S = B @ B.T + 0.1 * np.eye(4)
            U, s, Vt = np.linalg.svd(A @ root(S), full_matrices=False)
            tails = np.array([np.sum(s[b + 1 + self.leak :] ** 2) for b in range(4)])
            least = float(p @ tails)
            best = loss(U * s, root(S, -0.5) @ Vt.T, A, S, p)
            worst["attained"] = max(worst["attained"], abs(best - least) / (1 + best))
            for _ in range(100):
                size = 10.0 ** rng.uniform(-3, 0)
                L = U * s + size * rng.standard_normal((5, 4))
                R = root(S, -0.5) @ Vt.T + size * rng.standard_normal((4, 4))
                worst["rivals"] = max(worst["rivals"], least - loss(L, R, A, S, p))
                terms = [loss(L, R, A, S, np.eye(4)[b]) - tails[b] for b in range(4)]
                worst["terms"] = max(worst["terms"], -min(terms))
        return worst


class SampledRank(AbstractIdentity):
    """A step that draws the rank b with chance p_b moves the first b columns of U and V alone, and
    its gradient has Σ_b p_b E‖U_{:b}V_{:b}ᵀx − Ax‖² as the function that it descends in the mean.

    Proof. The b-th term does not depend on columns beyond b; the derivative of a sum. ∎ Compared
    with central differences, which have no error but rounding: a term is quadratic in every entry.
    """

    source = Source("horvath2024", "the training step of a layer; derived")
    provenance = Provenance.DERIVED
    statement = "E_b ∇E‖U_{:b}V_{:b}ᵀx − Ax‖² = ∇ Σ p_b E‖·‖², zero in the columns beyond b"
    tolerance = 1e-9  # differences of step 1 of sums of size 1000

    held: bool = eqx.field(static=True, default=True)
    extra: int = eqx.field(static=True, default=0)

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(2)
        U, V, A = (rng.standard_normal(shape) for shape in ((3, 4), (5, 4), (3, 5)))
        factor = rng.standard_normal((5, 5))
        S, p = factor @ factor.T + np.eye(5), np.array([0.4, 0.3, 0.2, 0.1])
        drawn = [sampled_slope(U, V, A, S, b + self.extra, self.held) for b in range(1, 5)]
        found = {
            f"b = {b}, other columns": float(max(np.abs(g[:, b:]).max(initial=0.0) for g in pair))
            for b, pair in enumerate(drawn, 1)
        }
        for k, name in enumerate("UV"):
            mean = sum(chance * pair[k] for chance, pair in zip(p, drawn))
            slope = np.zeros(np.shape(mean))
            for place in np.ndindex(*slope.shape):
                ends = []
                for sign in (1.0, -1.0):
                    moved = {"U": U.copy(), "V": V.copy()}
                    moved[name][place] += sign
                    ends.append(loss(moved["U"], moved["V"], A, S, p))
                slope[place] = (ends[0] - ends[1]) / 2
            found[f"mean slope of {name}"] = float(np.max(np.abs(mean - slope)))
        return found


class AnyDistribution(AbstractIdentity):
    """FALSE: for p = δ_r the minimizers also have the best rank-b parts below r. A = diag(5,3,2,1),
    all of the rank 4: U = A Q, V = Q for an orthogonal Q has loss 0 and other parts."""

    source = Source("horvath2024", "why every rank is sampled; instance derived")
    provenance = Provenance.DERIVED
    statement = "p = δ_r: minimizers have U_{:b}V_{:b}ᵀ = A_b for every b (false)"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        A = np.diag([5.0, 3, 2, 1])
        Q = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
        found = {}
        if loss(A @ Q, Q, A, np.eye(4), np.array([0.0, 0, 0, 1])) < 1e-20:
            for b in (1, 2, 3):
                part = (A @ Q)[:, :b] @ Q[:, :b].T
                best = np.diag(np.where(np.arange(4) < b, np.diag(A), 0.0))
                found[f"b = {b}"] = float(np.linalg.norm(part - best))
        return found


class AlwaysTheSVD(AbstractIdentity):
    """FALSE: whatever the data, the minimizer is the singular value decomposition of A. A =
    diag(3, 2, 1), S = diag(1, 4, 25): the best of rank 1 is e_3e_3ᵀ with 25, that of A has 41."""

    source = Source("horvath2024", "Theorem 1 (informal), data not isotropic; instance derived")
    provenance = Provenance.DERIVED
    statement = "U_{:b}V_{:b}ᵀ is the best rank-b approximation of A for any data (false)"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        A, S = np.diag([3.0, 2, 1]), np.diag([1.0, 4, 25])
        e = np.eye(3)
        mine = loss(e[:, 2:], e[:, 2:], A, S, np.ones(1))
        usual = loss(3 * e[:, :1], e[:, :1], A, S, np.ones(1))
        return {"rank 1": max(0.0, usual - mine)}
