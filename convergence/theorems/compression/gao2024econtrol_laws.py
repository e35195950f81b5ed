"""Exact second moments of compressed methods under Bernoulli messages, for any number of workers.

f_i(x) = ½‖x‖² − ⟨β_i, x⟩ with Σ β_i = 0, noise ξ_i of variance σ² each, C(v) = v with probability
δ and 0 otherwise. Put h_i = −β_i + k_i. With y_i = x + ξ_i every method is, worker by worker,

    z_i⁺ = F z_i + f y_i + m_i c u_i,    u_i = v·z_i + w y_i,    P(m_i = 1) = δ,
    x⁺ = x − γ (1/n) Σ (p·z_i + s y_i + m_i u_i).

Workers are exchangeable, so the moments S = E s̄s̄ᵀ of s̄ = (x, z̄) and W = (1/n) Σ E z_i z_iᵀ close:

    W⁺ = F_δ W F_δᵀ + F_δ S_zx f_δᵀ + f_δ S_xz F_δᵀ + f_δ f_δᵀ(X + σ²) + δ(1 − δ) U c cᵀ,
    S⁺ = A S Aᵀ + b bᵀ σ²/n + e eᵀ δ(1 − δ) U/n,    U = vᵀWv + 2w vᵀS_zx + w²(X + σ²),

F_δ = F + δc vᵀ, f_δ = f + δwc: (1 + k)² + k² numbers instead of 2ⁿ masks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed, CompressedSGD
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21, EF21SGDM
from convergence.algorithms.compression.error_feedback import ErrorFeedback, IdealErrorFeedback
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.agents import TotalSquare
from convergence.parts.compressors import Bernoulli, Linear
from convergence.shapes import real
from convergence.theorems.assumptions import FiniteVariance, Is
from convergence.theorems.base import AbstractIdentity, Moment, Provenance, Source, varies
from convergence.theorems.exact_moments import AbstractMoment


class Recursion(NamedTuple):
    """F, f, c, v, w, p, s of a method; still: the index of a constant component β_i of z_i."""

    F: Any
    f: Any
    c: Any
    v: Any
    w: float
    p: Any
    s: float
    still: int | None = None


def recursion(method: str, eta: float) -> Recursion:
    """The worker's recursion of a method, in the order of the module's docstring."""
    if method == "sgd":  # ĝ = g: u is not used, z = β
        return Recursion([[1.0]], [0.0], [0.0], [0.0], 0.0, [-1.0], 1.0, 0)
    if method == "csgd":  # u = y − β, z = β
        return Recursion([[1.0]], [0.0], [0.0], [-1.0], 1.0, [0.0], 0.0, 0)
    if method == "ec":  # u = e + y − β, e⁺ = u − mu, z = (e, β)
        return Recursion(
            [[1.0, -1.0], [0.0, 1.0]], [1.0, 0.0], [-1.0, 0.0], [1.0, -1.0], 1.0, [0.0, 0.0], 0.0, 1
        )
    if method == "ec-ideal":  # u = e + y
        return Recursion([[1.0]], [1.0], [-1.0], [1.0], 1.0, [0.0], 0.0)
    if method == "ef21":  # u = y − k, ĝ = k + mu
        return Recursion([[1.0]], [0.0], [1.0], [-1.0], 1.0, [1.0], 0.0)
    if method == "ef21-sgdm":  # v⁺ = (1−η)v + ηy, u = v⁺ − k, z = (k, v)
        return Recursion(
            [[1.0, 0.0], [0.0, 1 - eta]], [0.0, eta], [1.0, 0.0], [-1.0, 1 - eta], eta,
            [1.0, 0.0], 0.0,
        )  # fmt: skip
    if method == "econtrol":  # u = y − k + ηe, e⁺ = e + y − k − mu, z = (k, e)
        return Recursion(
            [[1.0, 0.0], [-1.0, 1.0]], [0.0, 1.0], [1.0, -1.0], [-1.0, eta], 1.0, [1.0, 0.0], 0.0
        )
    raise ValueError(f"no recursion is written down for {method!r}")


class MessageLaw:
    """The linear map of (S, W) and its source σ², for one method."""

    def __init__(self, r: Recursion, delta: float, gamma: float, n: int, s2: float, zeta2: float):
        self.k = len(r.f)
        self.r, self.n, self.s2, self.zeta2 = r, n, s2, zeta2
        F, f, c, v, p = (np.asarray(a, float) for a in (r.F, r.f, r.c, r.v, r.p))
        self.Fd, self.fd, self.c, self.v = F + delta * np.outer(c, v), f + delta * r.w * c, c, v
        self.spread = delta * (1 - delta)
        top = np.concatenate([[1 - gamma * (r.s + delta * r.w)], -gamma * (p + delta * v)])
        self.A = np.vstack([top, np.column_stack([self.fd, self.Fd])])
        self.b = np.concatenate([[-gamma * (r.s + delta * r.w)], self.fd])
        self.e = np.concatenate([[-gamma], c])
        size = (1 + self.k) ** 2 + self.k**2
        self.pinned, self.idle = np.zeros(size, bool), np.zeros(size, bool)
        start = np.zeros(size)
        if r.still is not None:  # E ββᵀ: its mean over workers is ζ², that of the mean is 0
            S, W = np.zeros((1 + self.k,) * 2), np.zeros((self.k,) * 2)
            S[1 + r.still, 1 + r.still] = W[r.still, r.still] = 1.0
            self.pinned = np.concatenate([S.ravel(), W.ravel()]) > 0
            S[1 + r.still], S[:, 1 + r.still], W[r.still], W[:, r.still] = 1.0, 1.0, 1.0, 1.0
            self.idle = np.concatenate([S.ravel(), W.ravel()]) > 0
            W[:] = 0.0
            W[r.still, r.still] = zeta2
            start[-W.size :] = W.ravel()
        self.fixed = start
        self.source = self.advance(np.zeros(size), s2)
        self.matrix = np.stack([self.advance(row, 0.0) for row in np.eye(size)], axis=1)

    def advance(self, moments: np.ndarray, s2: float) -> np.ndarray:
        """(S, W) → (S⁺, W⁺), flat."""
        k = self.k
        S = moments[: (1 + k) ** 2].reshape(1 + k, 1 + k)
        W = moments[(1 + k) ** 2 :].reshape(k, k)
        X, zx, w = S[0, 0] + s2, S[1:, 0], self.r.w
        U = self.v @ W @ self.v + w * self.v @ (S[1:, 0] + S[0, 1:]) + w * w * X
        cross = self.Fd @ np.outer(zx, self.fd)
        other = np.outer(self.fd, S[0, 1:]) @ self.Fd.T
        W = self.Fd @ W @ self.Fd.T + cross + other
        W = W + np.outer(self.fd, self.fd) * X + self.spread * U * np.outer(self.c, self.c)
        S = self.A @ S @ self.A.T + np.outer(self.b, self.b) * s2 / self.n
        S = S + np.outer(self.e, self.e) * self.spread * U / self.n
        return np.concatenate([S.ravel(), W.ravel()])

    def radius(self) -> float:
        """The linear rate of the second moments of what varies."""
        free = ~self.idle
        return float(np.max(np.abs(np.linalg.eigvals(self.matrix[np.ix_(free, free)]))))

    def steady(self) -> float:
        """lim E‖x_t‖²; infinite beyond the stable steps."""
        if self.radius() >= 1:
            return float("inf")
        free = ~self.pinned
        source = (self.source + self.matrix @ self.fixed)[free]
        inner = self.matrix[np.ix_(free, free)]
        return float(np.linalg.solve(np.eye(int(free.sum())) - inner, source)[0])


class BernoulliLaw(AbstractMoment):
    """lim E‖x_t‖² (or the rate of E‖x_t‖², `rate`) is that of the closed moment recursion.

    Proof. The module's docstring: conditionally on the past, m_i − δ are independent of variance
    δ(1 − δ) and enter linearly; a coordinate of x ∈ Rᵈ follows the scalar law and ξ, β add up.
    """

    source = Source("gao2024econtrol", "the methods of Algorithms 1–3; law derived")
    provenance = Provenance.DERIVED
    statement = "lim E‖x_t‖² = steady state of the moments (E s̄s̄ᵀ, (1/n) Σ E z_i z_iᵀ)"
    assumes = (FiniteVariance(), Is("unit"))

    method: str = eqx.field(static=True, default="econtrol")
    delta: Any = eqx.field(converter=real, default=0.25)
    eta: Any = eqx.field(converter=real, default=0.1)
    rate: bool = eqx.field(static=True, default=False)

    @varies
    def quantity(self) -> Moment:
        return Moment.RADIUS if self.rate else Moment.STEADY

    def gamma(self, T: int) -> float:
        """γ = 1/T: the horizon of a steady state is the inverse step."""
        return 1 / T

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        gamma, C = self.gamma(T), Bernoulli(self.delta)
        table: dict[str, Callable[[], AbstractCompressed]] = {
            "sgd": lambda: CompressedSGD(gamma, Bernoulli(1.0)),
            "csgd": lambda: CompressedSGD(gamma, C),
            "ec": lambda: ErrorFeedback(gamma, C),
            "ec-ideal": lambda: IdealErrorFeedback(gamma, C, c.local),
            "ef21": lambda: EF21(gamma, C),
            "ef21-sgdm": lambda: EF21SGDM(gamma, C, self.eta),
            "econtrol": lambda: EControl(gamma, C, self.eta),
        }
        require(
            self.method in table, f"method {self.method!r}", f"one of {tuple(table)}", "choose one"
        )
        return table[self.method]()

    def metric(self, c: Constants, T: int) -> TotalSquare:
        return TotalSquare()

    def law(self, c: Constants, T: int) -> MessageLaw:
        """The moment recursion on this instance."""
        r = recursion(self.method, float(self.eta))
        return MessageLaw(r, float(self.delta), self.gamma(T), c.agents, c.sigma**2, c.zeta**2)

    def bound(self, c: Constants, T: int) -> float:
        law = self.law(c, T)
        return law.radius() if self.rate else law.steady()

    def scale(self, c: Constants, T: int) -> float:
        return c.zeta**2 + c.sigma**2


class SmallStepLimit(BernoulliLaw):
    """E‖x‖² → γ²ζ²(1 − δ)/(nδ²) for error feedback without noise; γσ²/(2n) for error feedback
    and EControl with noise and ζ = 0; (2 − δ)/δ · γσ²/(2n) for EF21, as γ → 0.

    Proof. Error feedback without noise: x = x̃ + γē, x̃⁺ = (1 − γ)x̃ − γ²ē, so x ≈ γē, and ē is a
    mean of independent geometric sums of −β_i: variance ζ²(1 − δ)/(nδ²). With noise the sent
    gradients sum to those asked for up to a bounded error, as in SGD. EF21 holds a stale sample
    for a geometric time τ and inflates the low-frequency power by E τ²/E τ = (2 − δ)/δ.
    """

    statement = "E‖x‖² → γ²ζ²(1−δ)/(nδ²) [EC], γσ²/(2n) [EC, EControl], (2−δ)/δ·γσ²/(2n) [EF21]"
    # γ = 1/T ≤ 1e-5 leaves relative corrections O(γ/(δη)), below 4e-3 for δη ≥ 0.0025.
    tolerance = 4e-3

    def bound(self, c: Constants, T: int) -> float:
        delta, gamma = float(self.delta), self.gamma(T)
        floor = gamma * c.sigma**2 / (2 * c.agents)
        if self.method == "ec" and c.sigma == 0:
            return gamma**2 * c.zeta**2 * (1 - delta) / (c.agents * delta**2)
        return floor * (2 - delta) / delta if self.method == "ef21" else floor

    def scale(self, c: Constants, T: int) -> float:
        return 0.0


class EtaLimit(BernoulliLaw):
    """EControl under Bernoulli messages is stable in mean square, for γ → 0, exactly if
    η < 2δ/(2 − δ); here at η = share · 2δ/(2 − δ).

    Proof. With y = 0: k⁺ = k, e⁺ = e − k if nothing is sent, else k⁺ = ηe, e⁺ = (1 − η)e. For
    A = E k², B = E ke, C = E e² a fixed direction of the moments (E[M ⊗ M] keeps a cone, so its
    radius is an eigenvalue) needs A = η²C, B = (η − η²/δ)C and (η² − 2δη)C = 2(1 − δ)B, hence
    η(2 − δ)/δ = 2.
    """

    statement = "EControl is mean-square stable (γ → 0) iff η < 2δ/(2−δ) for Bernoulli messages"
    share: Any = eqx.field(converter=real, default=0.99)

    @varies
    def quantity(self) -> Moment:
        return Moment.STABLE

    def prescribe(self, c: Constants, T: int) -> EControl:
        delta = float(self.delta)
        eta = float(self.share) * 2 * delta / (2 - delta)
        return EControl(self.gamma(T), Bernoulli(delta), eta)

    def bound(self, c: Constants, T: int) -> float:
        return float(float(self.share) < 1)


class LinearMessages(AbstractIdentity):
    """With C(v) = δv the pair (h_i, e_i) of EControl, x at rest, obeys z² − (2 − δ − δη)z + 1 − δ:
    real roots iff 4η/(1 + η)² ≤ δ, stable iff η < (4 − 2δ)/δ.

    Proof. h⁺ = (1 − δ)h + δηe and e⁺ = (1 − δη)e − (1 − δ)h have the trace 2 − δ − δη and the
    determinant (1 − δ)(1 − δη) + δη(1 − δ) = 1 − δ. Discriminant (2 − δ(1 + η))² − 4(1 − δ) =
    δ[δ(1 + η)² − 4η]. Both roots are inside the circle iff |trace| < 1 + determinant: δη < 4 − 2δ.
    As η → 0 the slow root is 1 − η + O(η²): why η is of the order of δ, and its best is δ/4. The
    same holds for C(v) = sv, 0 < s < 2; s = 1 + q, of contraction δ = 1 − q², is the hardest:
    η < 2(1 − q)/(1 + q) is necessary for all compressors.
    """

    source = Source("gao2024econtrol", "why η is of the order of δ; linear messages, derived")
    provenance = Provenance.DERIVED
    statement = (
        "EControl, C(v) = δv: (h, e) has the roots of z² − (2−δ−δη)z + 1−δ, real iff 4η/(1+η)² ≤ δ"
    )
    tolerance = (
        1e-12  # traces, determinants and discriminants of 2 × 2 matrices of numbers of size 1
    )

    extra: float = eqx.field(static=True, default=0.0)  # a fault: η off by so much

    def map(self, delta: float, eta: float) -> np.ndarray:
        """(h, e) → (h⁺, e⁺) of the algorithm's own exchange, at t = 1 with g = 0."""
        method = EControl(1.0, Linear(delta), eta + self.extra)
        key, t = jax.random.key(0), jnp.ones((), jnp.int32)

        def image(h: float, e: float) -> list[float]:
            memory = (jnp.full((1, 1), e), jnp.full((1, 1), h))
            _, (e_new, h_new) = method.exchange(t, jnp.zeros((1, 1)), memory, key)
            return [float(h_new[0, 0]), float(e_new[0, 0])]

        return np.array([image(1.0, 0.0), image(0.0, 1.0)]).T

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for delta in (0.05, 0.3, 0.9):
            critical = 2 / delta - 1 - 2 / delta * (1 - delta) ** 0.5  # 4η/(1 + η)² = δ
            for name, eta in (("quarter", delta / 4), ("critical", critical), ("unit", 1.0)):
                M, case = self.map(delta, eta), f"δ={delta:g}, η {name}"
                found[f"{case}: trace"] = abs(np.trace(M) - (2 - delta - delta * eta))
                found[f"{case}: determinant"] = abs(np.linalg.det(M) - (1 - delta))
            M = self.map(delta, critical)
            found[f"δ={delta:g}: double root"] = abs(np.trace(M) ** 2 - 4 * np.linalg.det(M))
        for s, share in itertools.product((0.05, 0.3, 0.9, 1.3, 1.7), (0.99, 1.01)):
            edge = self.map(s, share * (4 - 2 * s) / s)
            radius = float(np.max(np.abs(np.linalg.eigvals(edge))))
            found[f"s={s:g}: stable at {share}"] = float((radius < 1) != (share < 1))
        return {case: float(value) for case, value in found.items()}
