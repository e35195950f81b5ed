"""Liu et al. 2023 (arXiv 2305.15265): winner-take-all column-row sampling (WTA-CRS).

X is s × m, Y is m × n, p_i = |X_i||Y_i|/S; CRS draws k pairs, WTA keeps the c likeliest for sure.
"""

from __future__ import annotations

import itertools
from typing import Any

import equinox as eqx
import numpy as np

from convergence.parts.matrix_products import CRS, WTA, chances
from convergence.plainly import plainly
from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.domains import count

_chances = plainly(chances)


@plainly
def _estimate(estimator: CRS | WTA, X: Any, Y: Any, draws: Any) -> Any:
    return estimator.estimate(X, Y, draws)


@plainly
def _rest(estimator: WTA, X: Any, Y: Any) -> Any:
    return estimator.split(X, Y)[1]


def crs_variance(X: np.ndarray, Y: np.ndarray, k: int) -> float:
    """Var = (S² − ‖XY‖²)/k."""
    S = float(np.sum(np.linalg.norm(X, axis=0) * np.linalg.norm(Y, axis=1)))
    return (S**2 - float(np.sum((X @ Y) ** 2))) / k


def wta_variance(X: np.ndarray, Y: np.ndarray, k: int, c: int) -> float:
    """Var = [(1 − P_C)²S² − ‖Σ_{i∉C} X_i Y_i‖²]/(k − c), 0 ≤ c ≤ k − 1."""
    size = np.linalg.norm(X, axis=0) * np.linalg.norm(Y, axis=1)
    rest = np.argsort(-size, kind="stable")[c:]
    return (float(size[rest].sum()) ** 2 - float(np.sum((X[:, rest] @ Y[rest]) ** 2))) / (k - c)


def score(X: np.ndarray, Y: np.ndarray, k: int) -> int:
    """The first |C| in 0..k − 1 that minimizes (1 − P_C)/(k − |C|)."""
    p = np.sort(np.asarray(_chances(X, Y)))[::-1]
    return int(np.argmin([(1 - p[:c].sum()) / (k - c) for c in range(min(k, len(p)))]))


def enumerated(estimator: Any, X: np.ndarray, Y: np.ndarray, p: np.ndarray, slots: int) -> Any:
    """(E ĝ, E‖ĝ − XY‖²) over all mˢˡᵒᵗˢ sequences of draws by p."""
    mean, square = np.zeros((X.shape[0], Y.shape[1])), 0.0
    for draws in itertools.product(np.flatnonzero(p > 0), repeat=slots):
        chance = float(np.prod(p[list(draws)]))
        full = list(draws) + [0] * (estimator.k - slots)
        found = np.asarray(_estimate(estimator, X, Y, np.array(full)))
        mean += chance * found
        square += chance * float(np.sum((found - X @ Y) ** 2))
    return mean, square


def examples(cases: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fixed products of 2 × 4 and 4 × 3 matrices with norms of many sizes."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(cases):
        weight = np.exp(rng.normal(0, 1.0, 4))
        found.append((rng.standard_normal((2, 4)) * weight, rng.standard_normal((4, 3))))
    return found


class ExactMoments(AbstractIdentity):
    """E ĝ = XY, Var CRS = (S² − ‖XY‖²)/k, Var WTA = [(1 − P_C)²S² − ‖Σ_{i∉C} X_iY_i‖²]/(k − |C|).

    Proof. With p_j = |X_j||Y_j|/S every term f(j) = X_jY_j/p_j has norm S, so E‖f‖² = S²; on the
    complement of C the renormalized law has E‖f‖² = S², mean Σ_{i∉C} X_iY_i/(1 − P_C), and the
    weight (1 − P_C)²/(k − |C|) multiplies its variance. Checked by enumerating every draw.
    """

    source = Source("liu2023wta", "Theorem 1 (unbiasedness); exact variances derived")
    provenance = Provenance.DERIVED
    statement = "E ĝ = XY,  Var ĝ = [(1−P_C)²S² − ‖Σ_{i∉C} X_iY_i‖²]/(k−|C|)"
    tolerance = 1e-11  # sums of at most 4³ products of numbers of size 10, relative to S²
    domain = {"k": count(), "cases": count()}

    k: int = eqx.field(static=True, default=3)
    cases: int = eqx.field(static=True, default=3)
    weigh: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for j, (X, Y) in enumerate(examples(self.cases)):
            p = np.asarray(_chances(X, Y))
            S = float(np.sum(np.linalg.norm(X, axis=0) * np.linalg.norm(Y, axis=1)))
            mean, square = enumerated(CRS(self.k), X, Y, p, self.k)
            found[f"crs mean {j}"] = float(np.max(np.abs(mean - X @ Y))) / S
            found[f"crs variance {j}"] = abs(square - crs_variance(X, Y, self.k)) / S**2
            for c in range(self.k):
                estimator = WTA(self.k, c, self.weigh)
                mean, square = enumerated(estimator, X, Y, _rest(estimator, X, Y), self.k - c)
                law = wta_variance(X, Y, self.k, c)
                found[f"wta mean {j} |C|={c}"] = float(np.max(np.abs(mean - X @ Y))) / S
                found[f"wta variance {j} |C|={c}"] = abs(square - law) / S**2
        return found


class SufficientCondition(AbstractIdentity):
    """P_C ≥ |C|/k implies Var WTA ≤ Var CRS (strictly less if > and Var CRS > 0).

    Proof. Var WTA = (1 − P_C)²/(k − |C|) · V with V the variance of f on the complement of C, and
    (1 − P_C)/(k − |C|) ≤ 1/k; by the law of total variance (1 − P_C)V ≤ Var f = k Var CRS. Checked
    on 2000 fixed products.
    """

    source = Source("liu2023wta", "Theorem 2, first half")
    provenance = Provenance.DERIVED
    statement = "P_C ≥ |C|/k  ⇒  Var WTA ≤ Var CRS"
    tolerance = 1e-12  # a difference of two sums of 12 products, relative to S²
    domain = {"k": count(2)}

    k: int = eqx.field(static=True, default=3)
    condition: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        worst: dict[str, float] = {}
        for X, Y in [*examples(2000), (np.eye(8), np.eye(8))]:
            size = np.sort(np.linalg.norm(X, axis=0) * np.linalg.norm(Y, axis=1))[::-1]
            k = 4 if len(size) == 8 else self.k
            for c in range(1, k):
                covered = size[:c].sum() / size.sum()
                if covered < c / k and self.condition:
                    continue
                gap = wta_variance(X, Y, k, c) - crs_variance(X, Y, k)
                name = f"m={len(size)} |C|={c}"
                worst[name] = max(worst.get(name, 0.0), gap / float(size.sum()) ** 2)
        return worst


class WithoutCondition(SufficientCondition):
    """Var WTA ≤ Var CRS for every |C| < k. FALSE: `SufficientCondition` has when."""

    source = Source("liu2023wta", "Theorem 2, first half, without its condition")
    statement = "Var WTA ≤ Var CRS for every |C| < k (false)"
    condition: bool = eqx.field(static=True, default=False)


class ScoreMinimizes(AbstractIdentity):
    """Var WTA is minimal at |C| = argmin (1 − P_C)/(k − |C|): as recalled, and FALSE.

    The score minimizes an upper bound. On X = Y = I_3, k = 2 it keeps |C| = 0 with variance 3,
    while |C| = 1 has variance 2. What is true: the score attains min over |C| of the bound
    (1 − P_C)²S²/(k − |C|) to which the variance is compared, not of the variance.
    """

    source = Source("liu2023wta", "Theorem 2, second half")
    provenance = Provenance.RECALLED
    statement = "Var WTA is minimal at |C| = argmin (1−P_C)/(k−|C|), as recalled (false)"
    tolerance = 1e-12

    def discrepancies(self) -> dict[str, float]:
        X = Y = np.eye(3)
        variances = [wta_variance(X, Y, 2, c) for c in range(2)]
        return {"X = Y = I_3, k = 2": variances[score(X, Y, 2)] - min(variances)}


class IdentityInstance(AbstractIdentity):
    """X = Y = I_m: Var WTA = (m − c)(m − c − 1)/(k − c).

    Proof. S = m, 1 − P_C = (m − c)/m and ‖Σ_{i∉C} e_i e_iᵀ‖² = m − c. m = 8, k = 4: 14, 14, 15, 20.
    """

    source = Source("liu2023wta", "exact variance on the identity; derived")
    provenance = Provenance.DERIVED
    statement = "X = Y = I_m: Var WTA = (m−c)(m−c−1)/(k−c)"
    tolerance = 1e-12

    m: int = eqx.field(static=True, default=4)
    k: int = eqx.field(static=True, default=3)

    def discrepancies(self) -> dict[str, float]:
        X, found = np.eye(self.m), {}
        for c in range(self.k):
            estimator = WTA(self.k, c)
            _, square = enumerated(estimator, X, X, _rest(estimator, X, X), self.k - c)
            law = (self.m - c) * (self.m - c - 1) / (self.k - c)
            found[f"|C|={c}"] = abs(square - law)
        for c, value in enumerate((14, 14, 15, 20)):
            found[f"m=8 k=4 |C|={c}"] = abs(wta_variance(np.eye(8), np.eye(8), 4, c) - value)
        return found
