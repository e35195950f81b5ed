"""Wang et al. 2024 (arXiv 2408.08567): S3Attention, skeletons of sampled columns and rows, and a
smoothing convolution."""

from __future__ import annotations

import itertools
import math

import equinox as eqx
import numpy as np
import scipy

from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.domains import number


def skeleton(M: np.ndarray, I: list[int], J: list[int], turned: bool = False) -> np.ndarray:
    """M[:, J] (M[I, J])⁺ M[I, :]; with the intersection taken the wrong way around if `turned`."""
    middle = M[np.ix_(J, I)] if turned else M[np.ix_(I, J)]
    return M[:, J] @ np.linalg.pinv(middle, rcond=1e-11) @ M[I]


def low_rank(n: int, r: int, seed: int) -> np.ndarray:
    """n × n of rank r, some of whose rows and columns are multiples of others."""
    rng = np.random.default_rng(seed)
    P, Q = rng.standard_normal((n, r)), rng.standard_normal((r, n))
    P[1], Q[:, 2] = 2 * P[0], -Q[:, 0]
    return P @ Q


class ExactRecovery(AbstractIdentity):
    """X of rank r equals its skeleton C (X[I, J])⁺ R if and only if X[I, J] has rank r.

    Proof. If: X = PQ with P_I and Q_J of full rank r. Only if: the skeleton has the rank of X[I, J]
    at most. ∎ Checked on all pairs of index sets of a fixed 4 × 4 matrix of rank 2.
    """

    source = Source("wang2024s3", "Proposition 1 without noise; the exact condition derived")
    provenance = Provenance.DERIVED
    statement = "C (X[I,J])⁺ R = X iff rank X[I,J] = rank X"
    tolerance = 0.5  # counts of index sets on which the two sides disagree

    turned: bool = eqx.field(static=True, default=False)

    def discrepancies(self) -> dict[str, float]:
        X, r = low_rank(4, 2, 0), 2
        found = {}
        for size in (1, 2, 3):
            wrong = 0
            for I, J in itertools.product(itertools.combinations(range(4), size), repeat=2):
                I, J = list(I), list(J)
                s = np.linalg.svd(X[np.ix_(I, J)], compute_uv=False)
                full = int(np.sum(s > 1e-9)) == r
                off = np.max(np.abs(skeleton(X, I, J, self.turned) - X))
                wrong += full != bool(off < 1e-9)
            found[f"{size} rows and columns"] = float(wrong)
        return found


def attained() -> float:
    """‖M − CUR‖/(‖E‖‖Z‖‖Y‖) where E joins what the two projectors stretch most, in the plane:
    Z = (1, z), Y = (1, y), E = e(−z, 1)ᵀ(−y, 1), and X with Z = M_1/M_11."""
    z, y, e = 0.5, 2.0, 0.25
    E = e * np.outer([-z, 1.0], [-y, 1.0])
    X = np.outer([1.0, z * (1 + e * z * y) + e * y], [1.0, y])
    M = X + E
    Z, Y = M[:, :1] / M[0, 0], X[:1] / X[0, 0]
    sizes = [float(np.linalg.norm(part, 2)) for part in (E, Z, Y)]
    return float(np.linalg.norm(M - Z @ M[:1], 2)) / math.prod(sizes)


class NoisyRecovery(AbstractIdentity):
    """M = X + E, |I| = |J| = r = rank X, both intersections invertible, Z = M[:,J] M_IJ⁻¹, Y =
    X_IJ⁻¹ X[I,:]: M − Z M[I,:] = (I − Z S_I) E (I − S_J Y), so ‖M − skeleton‖₂ ≤ ‖E‖‖Z‖‖Y‖, and
    ‖X − skeleton‖₂ ≤ ‖E‖(1 + ‖Z‖‖Y‖).

    Proof. (I − ZS_I)MS_J = 0 gives (I − ZS_I)XS_J = −(I − ZS_I)ES_J, and X = XS_J Y. The two
    factors are complements of oblique projectors, whose norms are ‖Z‖ and ‖Y‖ (r = n makes the
    left side 0). The triangle inequality. ∎ The first bound is attained, Z = (1, ½) and Y = (1, 2).
    """

    source = Source("wang2024s3", "Proposition 1 with noise; identity and constants derived")
    provenance = Provenance.DERIVED
    statement = "M − CUR = (I−ZS_I)E(I−S_JY);  ‖M−CUR‖ ≤ ‖E‖‖Z‖‖Y‖, ‖X−CUR‖ ≤ ‖E‖(1+‖Z‖‖Y‖)"
    tolerance = 1e-9  # relative; intersections with condition numbers up to 1e5

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(0)
        worst = {"identity": 0.0, "M − CUR": 0.0, "X − CUR": 0.0}
        for _ in range(200):
            n, d, r = 6, 5, 2
            X = rng.standard_normal((n, r)) @ rng.standard_normal((r, d))
            E = 10.0 ** rng.uniform(-3, 1) * rng.standard_normal((n, d))
            I, J = rng.permutation(n)[:r], rng.permutation(d)[:r]
            M = X + E
            cores = X[np.ix_(I, J)], M[np.ix_(I, J)]
            if max(np.linalg.cond(core) for core in cores) > 1e5:
                continue
            Z, Y = M[:, J] @ np.linalg.inv(cores[1]), np.linalg.inv(cores[0]) @ X[I]
            left = M - Z @ M[I]
            right = (np.eye(n) - Z @ np.eye(n)[I]) @ E @ (np.eye(d) - np.eye(d)[:, J] @ Y)
            e, z, y = (np.linalg.norm(v, 2) for v in (E, Z, Y))
            scale = e * z * y
            for name, gap in (
                ("identity", np.max(np.abs(left - right)) / scale),
                ("M − CUR", np.linalg.norm(left, 2) / scale - 1),
                ("X − CUR", np.linalg.norm(X - Z @ M[I], 2) / (e * (1 + z * y)) - 1),
            ):
                worst[name] = max(worst[name], float(gap))
        return worst | {"attained": abs(attained() - 1)}


class CoherentMiss(AbstractIdentity):
    """Uniform sampling without replacement of s_r of n rows and s_c of n columns misses X = e_1e_1ᵀ
    with chance 1 − (s_r/n)(s_c/n): recovery needs incoherence.

    Proof. The skeleton is X if row 1 and column 1 are among the samples, else 0. ∎
    """

    source = Source("wang2024s3", "why Proposition 1 assumes incoherence; derived")
    provenance = Provenance.DERIVED
    statement = "X = e_1e_1ᵀ: uniform samples without replacement miss with chance 1 − s_r s_c/n²"
    tolerance = 1e-12

    def discrepancies(self) -> dict[str, float]:
        n, r, c = 6, 2, 3
        X = np.zeros((n, n))
        X[0, 0] = 1.0
        rows = [list(s) for s in itertools.combinations(range(n), r)]
        columns = [list(s) for s in itertools.combinations(range(n), c)]
        missed = [np.max(np.abs(skeleton(X, I, J) - X)) > 0.5 for I in rows for J in columns]
        return {"n = 6, 2 rows, 3 columns": abs(float(np.mean(missed)) - (1 - r * c / n**2))}


def printed(a: float, b: float, s: float, n: int, delta: float) -> float:
    """The bound of Proposition 2 as printed."""
    return b * s * math.sqrt(math.log(2 * n / delta) / (2 * n)) + a * s * math.sqrt(
        math.log(2 / delta) / (2 * n**2)
    )


def corrected(a: float, b: float, s: float, n: int, delta: float) -> float:
    """(s/n) √(2 ln(2n/δ)((n−1)b² + a²))."""
    return s / n * math.sqrt(2 * math.log(2 * n / delta) * ((n - 1) * b**2 + a**2))


def violated(threshold: float, a: float, s: float, n: int) -> float:
    """P(max_t |f(t) − f(t−1)| > threshold) for Gaussian l of variance s²/n² and x = a constant:
    the differences are l_t a, independent."""
    p = 2 * float(scipy.stats.norm.sf(threshold * n / (a * s)))
    return 1 - (1 - p) ** n


class SmoothConvolution(AbstractIdentity):
    """P(max_t |f(t) − f(t−1)| > (s/n)√(2 ln(2n/δ)((n−1)b² + a²))) ≤ δ for f = l ∗ x causal, f(0) =
    0, |x_t| ≤ a, |x_t − x_{t−1}| ≤ b, independent centered l_j, sub-Gaussian with proxy s²/n².

    Proof. f(t) − f(t−1) = Σ_{j<t} l_j(x_{t+1−j} − x_{t−j}) + l_t x_1 is sub-Gaussian with the proxy
    (s²/n²)((n−1)b² + a²) at most; a union over n. ∎ Checked for Gaussian l: exactly for constant x
    (b = 0), and by the exact chances of all n differences where x goes from a to a − b and back, by
    b at every step, so that the t-th has the proxy (s²/n²)((t−1)b² + a²).
    """

    source = Source("wang2024s3", "Proposition 2, corrected; derived")
    provenance = Provenance.DERIVED
    statement = "max_t |f(t)−f(t−1)| ≤ (s/n)√(2 ln(2n/δ)((n−1)b²+a²)) with probability ≥ 1 − δ"
    tolerance = 1e-12
    domain = {"delta": number("(0, 1)")}

    delta: float = eqx.field(static=True, default=0.05)
    circular: bool = eqx.field(static=True, default=False)

    def bound(self, a: float, b: float, s: float, n: int) -> float:
        """The stated bound."""
        return corrected(a, b, s, n, self.delta)

    def discrepancies(self) -> dict[str, float]:
        found, rng = {}, np.random.default_rng(0)
        l, x = rng.standard_normal(8), rng.standard_normal(8)
        f = np.convolve(l, x)[:8]
        if self.circular:
            f = np.real(np.fft.ifft(np.fft.fft(l) * np.fft.fft(x)))
        rises = np.diff(np.concatenate([[0.0], f]))
        terms = [
            sum(l[j] * (x[t - j] - x[t - 1 - j]) for j in range(t)) + l[t] * x[0] for t in range(8)
        ]
        found["difference"] = float(np.max(np.abs(rises - terms)))
        for n in (4, 64):
            a, b = 1.0, 0.5
            x = a - b * (np.arange(n) % 2)
            lower = np.array([[x[t - j] if t >= j else 0.0 for j in range(n)] for t in range(n)])
            variances = np.sum(np.diff(lower, axis=0, prepend=0.0) ** 2, axis=1)
            off = np.abs(variances - (np.arange(n) * b**2 + a**2))
            found[f"variances, n = {n}"] = float(np.max(off)) / float(variances[-1])
            edges = self.bound(a, b, 2.0, n) * n / (2.0 * np.sqrt(variances))
            together = float(
                np.sum(2 * scipy.stats.norm.sf(edges))
            )  # of all n, at least that of their union
            found[f"steps b, n = {n}"] = max(0.0, together - self.delta)
        for n in (1, 4, 64, 1024):
            chance = violated(self.bound(1.0, 0.0, 2.0, n), 1.0, 2.0, n)
            found[f"constant x, n = {n}"] = max(0.0, chance - self.delta)
        return found


class SmoothConvolutionPrinted(SmoothConvolution):
    """FALSE as printed: b s √(ln(2n/δ)/(2n)) + a s √(ln(2/δ)/(2n²)). Constant x, Gaussian l, δ =
    0.05: violated with probability 1 − (1 − p)ⁿ, p = 0.174431; 0.99999 at n = 64."""

    provenance = Provenance.PRINTED
    source = Source("wang2024s3", "Proposition 2, as printed, for the largest difference")
    statement = "max_t |f(t)−f(t−1)| ≤ bs√(ln(2n/δ)/(2n)) + as√(ln(2/δ)/(2n²)) w.p. 1−δ, as printed"

    def bound(self, a: float, b: float, s: float, n: int) -> float:
        return printed(a, b, s, n, self.delta)
