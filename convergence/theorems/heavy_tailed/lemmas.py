"""The two lemmas behind every heavy-tailed bound, checked by exact enumeration of finite laws.

Violations are (left − right)/right where positive. Left and right are sums of at most 10⁵ products
of floats; 10⁻¹¹ covers their rounding a hundred times over.
"""

from __future__ import annotations

import functools
import itertools
import math
from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np

from convergence.errors import require
from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.domains import a
from convergence.theorems.heavy_tailed.shared import b_p, v_p

TOLERANCE = 1e-11
LARGEST = 1e100  # of the values: squares of sums of them are floats
POWERS = (1.05, 1.1, 1.2, 1.3, 1.5, 1.7, 1.8, 1.95, 2.0)
CHANCES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5)


def excess(left: float, right: float) -> float:
    """(left − right)₊/right."""
    return max(0.0, left - right) / right if right > 0 else max(0.0, left)


def two_points(q: float) -> tuple[np.ndarray, np.ndarray]:
    """Values 1 and −q/(1−q) with chances q and 1 − q: mean zero, skewed."""
    return np.array([1.0, -q / (1 - q)]), np.array([q, 1 - q])


def sum_moment(q: float, n: int, p: float) -> float:
    """E|X_1 + … + X_n|^p for iid X from `two_points(q)`, over the n + 1 counts of successes."""
    k = np.arange(n + 1)
    log = np.array([math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k])
    chance = np.exp(log + k * math.log(q) + (n - k) * math.log1p(-q))
    return float(chance @ np.abs(k - (n - k) * q / (1 - q)) ** p)


def one_moment(q: float, p: float) -> float:
    """E|X|^p of `two_points(q)`."""
    v, w = two_points(q)
    return float(w @ np.abs(v) ** p)


class FiniteLaw(NamedTuple):
    """A centered law of finitely many `values` with their `chances`, and where it is put to use.

    p: the order of the moment. n: how many summands. at: the point x = (at, 0) that is clipped to
    the unit ball after adding noise along (cos turn, sin turn).
    """

    p: float
    n: int
    values: tuple[float, ...]
    chances: tuple[float, ...]
    at: float = 0.0
    turn: float = 0.0


def plain(p: Any, n: Any, values: Any, chances: Any, at: Any = 0.0, turn: Any = 0.0) -> FiniteLaw:
    """A `FiniteLaw` of Python numbers."""
    if int(n) != n:
        raise ValueError(f"n = {n} is no whole number")
    numbers = (tuple(map(float, values)), tuple(map(float, chances)))
    return FiniteLaw(float(p), int(n), *numbers, float(at), float(turn))


class AbstractLawLemma(AbstractIdentity):
    """An inequality left ≤ right for every `FiniteLaw` covered: the enumerated ones, or `law`."""

    domain = {"law": a(FiniteLaw, type(None))}  # and one that the lemma covers

    law: Any = eqx.field(
        static=True, converter=lambda v: None if v is None else plain(*v), default=None
    )

    def __check_init__(self) -> None:
        require(self.law is None or self.covers(self.law), f"{self.law} in {type(self).__name__}",
                "a law that the lemma is about", "center it, or leave `law` out")  # fmt: skip

    def covers(self, law: FiniteLaw) -> bool:
        """Whether the statement is about this law."""
        sound = min(law.chances) >= 0 and abs(sum(law.chances) - 1) <= 1e-9
        sound = sound and 1 <= law.p <= 2 and law.n >= 1 and max(map(abs, law.values)) <= LARGEST
        centered = abs(np.dot(law.values, law.chances)) <= 1e-9 * max(map(abs, law.values))
        return bool(sound and centered)

    @abstractmethod
    def ratio(self, law: FiniteLaw) -> float:
        """left/right, the largest where there are several inequalities; 1 where it is attained."""

    @abstractmethod
    def enumerated(self) -> dict[str, float]:
        """The violations of the standing list of laws."""

    def discrepancies(self) -> dict[str, float]:
        if self.law is None:
            return self.enumerated()
        # Binomials come from logarithms as large as log n!, which are rounded.
        free = 4 * np.finfo(float).eps * math.lgamma(self.law.n + 1)
        return {"the given law": max(0.0, self.ratio(exact(self.law)) - 1 - free)}


def exact(law: FiniteLaw) -> FiniteLaw:
    """The law that a rounded one stands for: of chances that add up to 1, and centered."""
    chances = np.array(law.chances) / math.fsum(law.chances)
    values = np.array(law.values) - math.fsum(chances * law.values)
    return law._replace(values=tuple(values.tolist()), chances=tuple(chances.tolist()))


def iid_moment(law: FiniteLaw) -> float:
    """E|X_1 + … + X_n|^p over the counts of each value, K^n paths in C(n+K−1, K−1) terms."""
    total, last = 0.0, len(law.values) - 1
    for bars in itertools.combinations(range(law.n + last), last):
        ends = (-1, *bars, law.n + last)
        counts = [b - a - 1 for a, b in itertools.pairwise(ends)]
        if any(k and not w for k, w in zip(counts, law.chances)):
            continue
        log = math.lgamma(law.n + 1) + sum(
            k * math.log(w) - math.lgamma(k + 1) for k, w in zip(counts, law.chances) if k
        )
        total += math.exp(log) * abs(float(np.dot(counts, law.values))) ** law.p
    return total


class VonBahrEsseen(AbstractLawLemma):
    """E‖X_1 + … + X_n‖^p ≤ E‖X_1‖^p + 2^{2−p} Σ_{j≥2} E‖X_j‖^p, martingale differences, 1 ≤ p ≤ 2.

    Proof. x ↦ ‖x‖^{p−2}x is (p−1)-Hölder with constant 2^{2−p} (with equality at y = −x), so
    ‖x+y‖^p ≤ ‖x‖^p + p⟨‖x‖^{p−2}x, y⟩ + 2^{2−p}‖y‖^p; condition and add one at a time.
    Enumerated: sums of up to 400 iid skewed two-point variables, and three-step adaptive
    differences in the plane whose law depends on the past.
    """

    source = Source("vonbahr1965", "Theorem 2, vector form with the constant 2^(2−p)")
    provenance = Provenance.DERIVED
    statement = "E‖X_1+…+X_n‖^p ≤ E‖X_1‖^p + 2^(2−p) Σ_{j≥2} E‖X_j‖^p,  martingale differences"
    tolerance = TOLERANCE

    def constant(self, p: float) -> float:
        """The constant in front of the sum."""
        return 2 ** (2 - p)

    def ratio(self, law: FiniteLaw) -> float:
        one = float(np.dot(law.chances, np.abs(law.values) ** law.p))
        return iid_moment(law) / max(one * (1 + self.constant(law.p) * (law.n - 1)), 1e-300)

    def enumerated(self) -> dict[str, float]:
        found = {}
        for p, q, n in itertools.product(POWERS, CHANCES, (1, 2, 5, 20, 100, 400)):
            one = one_moment(q, p)
            right = one * (1 + self.constant(p) * (n - 1))
            found[f"iid p={p} q={q} n={n}"] = excess(sum_moment(q, n, p), right)
        for p, seed in itertools.product(POWERS, range(20)):
            left, first, later = adaptive(p, seed)
            found[f"adaptive p={p} #{seed}"] = excess(left, first + self.constant(p) * later)
        return found


def adaptive(p: float, seed: int) -> tuple[float, float, float]:
    """(E‖X_1+X_2+X_3‖^p, E‖X_1‖^p, E‖X_2‖^p + E‖X_3‖^p) for skewed two-point steps in the plane,
    with chance, length and direction a function of the branch: all 8 paths are summed."""
    rng, moments = np.random.default_rng(seed), [0.0, 0.0, 0.0]
    paths: list[tuple[float, np.ndarray]] = [(1.0, np.zeros(2))]
    for j in range(3):
        grown = []
        for weight, at in paths:
            q, size = rng.uniform(0.02, 0.5), 10 ** rng.uniform(-1, 1)
            # Half of the steps run along the past: the worst direction.
            turn = rng.standard_normal(2) if rng.random() < 0.5 else at + 1e-3
            e = size * turn / np.linalg.norm(turn)
            for v, w in zip(*two_points(q)):
                moments[j] += weight * w * float(np.linalg.norm(v * e)) ** p
                grown.append((weight * w, at + v * e))
        paths = grown
    left = sum(w * float(np.linalg.norm(x)) ** p for w, x in paths)
    return left, moments[0], moments[1] + moments[2]


class VonBahrEsseenSymmetric(VonBahrEsseen):
    """The constant is 1 where every X_j is symmetric given the past.

    Proof. The average of ‖x+y‖^p and ‖x−y‖^p is at most ‖x‖^p + ‖y‖^p, by Jensen for u ↦ u^{p/2}
    and (a+b)^{p/2} ≤ a^{p/2} + b^{p/2}. Enumerated: sums of n symmetric three-point variables.
    """

    statement = "E‖X_1+…+X_n‖^p ≤ Σ E‖X_j‖^p,  differences symmetric given the past"

    def constant(self, p: float) -> float:
        return 1.0

    def covers(self, law: FiniteLaw) -> bool:
        pairs = [(v, w) for v, w in zip(law.values, law.chances) if w > 0]
        found = sorted((v, sum(w for u, w in pairs if u == v)) for v in {v for v, _ in pairs})
        back = sorted((-v, w) for v, w in found)
        return super().covers(law) and bool(np.allclose(found, back, rtol=1e-12, atol=0))

    def enumerated(self) -> dict[str, float]:
        found = {}
        for p, q, n in itertools.product(POWERS, CHANCES, (2, 5, 20, 100)):
            law = functools.reduce(np.convolve, [np.array([q / 2, 1 - q, q / 2])] * n)
            left = float(law @ np.abs(np.arange(-n, n + 1)) ** p)
            found[f"p={p} q={q} n={n}"] = excess(left, n * q)
        return found


class VonBahrEsseenOne(VonBahrEsseen):
    """FALSE: the constant 1 without symmetry, as it is printed now and then.

    Rare skewed spikes, nq about 0.05: E|S_n|^p/(n E|X|^p) reaches 1.293 at p = 1.2.
    """

    source = Source("vonbahr1965", "Theorem 2 with the constant 1, as misprinted elsewhere")
    statement = "E‖X_1+…+X_n‖^p ≤ Σ E‖X_j‖^p for all martingale differences (false for p < 2)"

    def constant(self, p: float) -> float:
        return 1.0


class Clipping(AbstractLawLemma):
    """‖E clip_h X − x‖ ≤ b_pσ^ph^{1−p}, E‖clip_h X − E clip_h X‖² ≤ v_ph^{2−p}σ^p and
    E‖clip_h X − x‖ ≤ σ for X = x + ξ, E ξ = 0, E‖ξ‖^p ≤ σ^p, ‖x‖ ≤ h/2.

    b_p = 2^{p−1}(p−1)^{p−1}/p^p, v_p = (3/2)^{2−p}.

    Proof. ‖clip X − X‖ = (‖X‖−h)₊ ≤ (‖ξ‖−h/2)₊ ≤ ‖ξ‖^p sup_u (u−h/2)₊/u^p, which is b_ph^{1−p}.
    Clipping is the projection on a ball, 1-Lipschitz, and fixes x: ‖clip X − x‖ ≤ min{‖ξ‖, 3h/2}.
    Enumerated: two- and three-point noise along and across x in the plane, over scales and chances;
    the bias as E(clip X − X), for the difference of the two means loses all digits.
    """

    source = Source("sadiev2023", "Lemma 5.1 (constants 4 and 18 there); sharp constants derived")
    provenance = Provenance.DERIVED
    statement = (
        "‖E clip X − x‖ ≤ b_pσ^p h^(1−p),  Var clip X ≤ v_p h^(2−p)σ^p,  E‖clip X − x‖ ≤ σ  "
        "for ‖x‖ ≤ h/2"
    )
    tolerance = TOLERANCE

    def factors(self, p: float) -> tuple[float, float]:
        """(b_p, v_p)."""
        return b_p(p), v_p(p)

    def covers(self, law: FiniteLaw) -> bool:
        # Of a moment that is small against the clip level 1 rounding leaves no digits.
        loud = float(np.dot(law.chances, np.abs(law.values) ** law.p)) >= 1e-3
        return super().covers(law) and abs(law.at) <= 0.5 and loud and math.isfinite(law.turn)

    def ratio(self, law: FiniteLaw) -> float:
        e = np.array([math.cos(law.turn), math.sin(law.turn)])
        xi, w = np.outer(law.values, e), np.asarray(law.chances)
        sides = self.sides(law.p, np.array([law.at, 0.0]), xi, w)
        return max(left / max(right, 1e-300) for left, right in sides)

    def enumerated(self) -> dict[str, float]:
        found = {}
        grid = itertools.product(POWERS, CHANCES, np.geomspace(0.1, 100, 25), (0.0, 0.5, -0.5))
        for p, q, s, at in grid:
            for turn in (0.0, 0.7):
                e = np.array([math.cos(turn), math.sin(turn)])
                x = np.array([at, 0.0])  # h = 1 without loss of generality
                v, w = two_points(q)
                found[f"p={p} q={q} s={s:.3g} x={at} turn={turn}"] = self.worst(
                    p, x, s * v[:, None] * e, w
                )
        return found

    def worst(self, p: float, x: np.ndarray, xi: np.ndarray, w: np.ndarray) -> float:
        """The largest of the three violations at h = 1."""
        return max(excess(left, right) for left, right in self.sides(p, x, xi, w))

    def sides(
        self, p: float, x: np.ndarray, xi: np.ndarray, w: np.ndarray
    ) -> tuple[tuple[float, float], ...]:
        """(left, right) of the three inequalities at h = 1."""
        X, norm = x + xi, np.linalg.norm(x + xi, axis=1)
        clipped = X * np.minimum(1.0, 1 / np.maximum(norm, 1e-300))[:, None]
        moment = float(w @ np.linalg.norm(xi, axis=1) ** p)
        bias = float(np.linalg.norm(w @ (clipped - X)))
        spread = float(w @ np.sum((clipped - w @ clipped) ** 2, axis=1))
        error = float(w @ np.linalg.norm(clipped - x, axis=1))
        b, v = self.factors(p)
        return (bias, b * moment), (spread, v * moment), (error, moment ** (1 / p))


class ClippingSharper(Clipping):
    """FALSE: the first two bounds with 0.9 of their constants: b_p and v_p cannot be lowered."""

    statement = "the clipping lemma with 0.9 b_p and 0.9 v_p (false: both constants are attained)"

    def factors(self, p: float) -> tuple[float, float]:
        return 0.9 * b_p(p), 0.9 * v_p(p)
