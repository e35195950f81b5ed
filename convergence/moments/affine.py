"""Exact moments of affine stochastic recursions: S⁺ = M S + c + N u with E u = 0, Cov u = I.

A method is such a recursion on a quadratic problem with additive noise. One step is probed with
`jax.jacfwd`, which is exact for an affine map; the unit normals behind each sample become inputs,
one block a key, since a sample IS a key. What the method declares as conserved (`project`) stays
at its value in the initial state and is taken out. Then follow without Monte Carlo

    linear rate        spectral radius of M
    mean               m⁺ = M m + c, with the fixed point (I − M)⁻¹ c
    covariance         Σ⁺ = M Σ Mᵀ + N Nᵀ, with the discrete Lyapunov solution as its limit
    E q(S)             q(m) + ½ tr(∇²q Σ) for every quadratic q.

A step that is not affine, depends on the clock, or draws randomness other than through its noise
is refused with the reason.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average, AverageAndLast
from convergence.metrics.pointwise import AbstractPointwise
from convergence.moments.eigenvalues import unresolved
from convergence.moments.forms import AFFINE, EPS, Form, form_of, missed, rounding
from convergence.moments.probe import SCALES, begun, drawn, prepared, probed, unravel
from convergence.moments.tape import NotAffine, plan
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_slope
from convergence.runner.experiment import Experiment


@dataclasses.dataclass(frozen=True)
class Moments:
    """The recursion S⁺ = M S + c + N u of a method on an instance, in flat float64 coordinates.

    start, N0: the initial state is start + N0 u₀. free: the projection on what is not conserved.
    like: a state, for its structure and shapes.
    """

    M: np.ndarray
    c: np.ndarray
    N: np.ndarray
    start: np.ndarray
    N0: np.ndarray
    free: np.ndarray
    like: Any
    problem: AbstractProblem

    @functools.cached_property
    def eigenvalues(self) -> np.ndarray:
        """Of M on what is not conserved; conserved directions show up as 0."""
        return np.linalg.eigvals(self.free @ self.M @ self.free)

    @property
    def radius(self) -> float:
        """The linear rate: the spectral radius of M on what is not conserved."""
        return float(np.max(np.abs(self.eigenvalues)))

    @property
    def radius_grain(self) -> float:
        """What rounding may make of `radius`."""
        return unresolved(self.free @ self.M @ self.free)

    def fixed_point(self) -> np.ndarray:
        """The limit of the mean among states that conserve what `start` has."""
        kept = self.start - self.free @ self.start
        A = np.eye(len(self.c)) - self.free @ self.M @ self.free
        return kept + np.linalg.solve(A, self.free @ (self.M @ kept + self.c))

    @functools.cached_property
    def covariance(self) -> np.ndarray:
        """The steady covariance Σ = M Σ Mᵀ + N Nᵀ; infinite beyond the stable steps.

        By doubling, Σ ← Σ + A Σ Aᵀ, A ← A²: every term is positive semidefinite, nothing cancels.
        """
        if self.radius >= 1:
            return np.full(self.M.shape, np.inf)
        N = self.free @ self.N
        S = self._summed(N @ N.T)
        return 0.5 * (S + S.T)

    def _summed(self, S: np.ndarray) -> np.ndarray:
        """Σ_j M^j S M^jᵀ on what is not conserved, of stable steps."""
        A = self.free @ self.M @ self.free
        for _ in range(64):
            more = A @ S @ A.T
            S = S + more
            A = A @ A
            if np.max(np.abs(more)) <= 1e-18 * max(float(np.max(np.abs(S))), 1e-300):
                break
        return S

    def form(self, metric: AbstractMetric) -> Form:
        """A metric as a quadratic of the flat state; any other is refused."""
        return form_of(self.problem, metric, self.like)

    def at(self, metric: AbstractPointwise, s: np.ndarray) -> float:
        """q(s), evaluated as written so that nothing cancels near its minimum."""
        with jax.enable_x64(True):
            return float(_value(self.problem, metric, self.like, s))

    def bias(self, metric: AbstractPointwise) -> float:
        """q at the fixed point; infinite beyond the stable steps."""
        return self.at(metric, self.fixed_point()) if self.radius < 1 else float("inf")

    def variance(self, metric: AbstractPointwise) -> float:
        """½ tr(∇²q Σ) in steady state; infinite beyond the stable steps."""
        if self.radius >= 1:
            return float("inf")
        return 0.5 * float(np.sum(self.form(metric).curve * self.covariance))

    def steady(self, metric: AbstractPointwise) -> float:
        """lim E q(S_t): bias plus variance."""
        return self.bias(metric) + self.variance(metric)

    def expected(self, metric: Any, marks: Any) -> np.ndarray:
        """E of a quadratic metric, or of its `Average` over t < T, at every T in `marks`.

        A metric of the last state leaps from mark to mark. An average visits every step, and
        Σ_t = Σ_{j<t} M^j N Nᵀ M^jᵀ + M^t N₀ N₀ᵀ M^tᵀ enters it by one thin product a step.
        """
        if isinstance(metric, AverageAndLast):
            return self.expected(metric.average, marks) + self.expected(metric.last, marks)
        wanted = [int(t) for t in marks]
        if not isinstance(metric, Average):
            return self._leaps(self.form(metric), wanted)
        form = self.form(metric.of)
        m, K, K0, spread, total = self.start, self.N, self.N0, 0.0, 0.0
        found: dict[int, float] = {}
        for t in range(max(wanted) + 1):
            if t in wanted:
                found[t] = total / max(t, 1)
            total += form.mean(m) + spread + form.spread(K0)
            spread += form.spread(K)
            m, K, K0 = self.M @ m + self.c, self.M @ K, self.M @ K0
        return np.array([found[t] for t in wanted])

    def _leaps(self, form: Form, wanted: list[int]) -> np.ndarray:
        m, S, t, found = self.start, self.N0 @ self.N0.T, 0, {}
        leaps: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for mark in sorted(set(wanted)):
            if mark - t not in leaps:
                leaps[mark - t] = self._leap(mark - t)
            A, a, Q = leaps[mark - t]
            m, S, t = A @ m + a, A @ S @ A.T + Q, mark
            found[mark] = form.mean(m) + 0.5 * float(np.sum(form.curve * S))
        return np.array([found[t] for t in wanted])

    def _leap(self, gap: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(M^g, Σ_{j<g} M^j c, Σ_{j<g} M^j N Nᵀ M^jᵀ) by binary doubling."""
        size = len(self.c)
        B, b, R = np.eye(size), np.zeros(size), np.zeros((size, size))
        A, a, Q = self.M, self.c, self.N @ self.N.T
        while gap:
            if gap & 1:
                B, b, R = A @ B, A @ b + a, A @ R @ A.T + Q
            A, a, Q, gap = A @ A, A @ a + a, A @ Q @ A.T + Q, gap >> 1
        return B, b, R

    @functools.cached_property
    def condition(self) -> float:
        """That of I − M on what is not conserved: what a fixed point loses in digits."""
        return float(np.linalg.cond(np.eye(len(self.c)) - self.free @ self.M @ self.free))

    @functools.cached_property
    def pull(self) -> float:
        """The gradients at the start, worth |∇f|/L, which cancel in the agents' mean."""
        steep = float(np.max(np.abs(start_slope(self.problem))))
        return steep / max(float(self.problem.constants().get("L", np.inf)), 1e-300)

    @functools.cached_property
    def spreading(self) -> float:
        """That of Σ ↦ Σ − M Σ Mᵀ, whose inverse is largest at I: more than that of I − M where
        directions of M are far from orthogonal, as those of a momentum are."""
        if self.radius >= 1:
            return math.inf
        return float(np.linalg.norm(self._summed(np.eye(len(self.c))), 2))

    def settled_grain(self, metric: AbstractPointwise, bias: bool, variance: bool) -> float:
        """What rounding may make of `bias`, `variance`, or both. The fixed point is off by its
        condition times its size, or that of what cancels in it, which a metric of a distance from
        elsewhere does not know."""
        form, m = self.form(metric), self.fixed_point()
        size = max(float(np.max(np.abs(m))), self.pull)
        off = 8 * EPS * self.condition * size * bias
        steep, curve = np.abs(form.slope + form.curve @ m), np.abs(form.curve)
        lost = 16 * EPS * max(self.condition, self.spreading) if variance else 0.0
        spread = lost * abs(self.variance(metric)) if lost else 0.0
        return float(np.sum(steep) * off + 0.5 * np.sum(curve) * off**2) + spread

    def grain(self, metric: Any, T: int) -> float:
        """What rounding may make of `expected` at T: terms of the size of the state cancel, and
        gradients of agents, worth |∇f|/L, in what moves it."""
        if isinstance(metric, AverageAndLast):
            return self.grain(metric.average, T) + self.grain(metric.last, T)
        A, a, Q = self._leap(T)
        m, S = A @ self.start + a, A @ self.N0 @ self.N0.T @ A.T + Q
        form = self.form(metric.of if isinstance(metric, Average) else metric)
        pull = 8 * EPS * (T + 1) * self.pull
        size = float(np.max(np.abs(m))) ** 2 + float(np.max(np.abs(S)))
        moved = float(np.sum(np.abs(form.slope))) * pull
        return rounding(form, size, T) + moved + 0.5 * float(np.sum(np.abs(form.curve))) * pull**2

    def means(self, metric: AbstractPointwise, marks: Any) -> np.ndarray:
        """q(E S_t) at every t in `marks`: the run without noise, evaluated as written."""
        wanted, m = {int(t) for t in marks}, self.start
        found: dict[int, float] = {}
        for t in range(max(wanted) + 1):
            if t in wanted:
                found[t] = self.at(metric, m)
            m = self.M @ m + self.c
        return np.array([found[int(t)] for t in marks])


@plainly
def _value(problem: Any, metric: Any, like: Any, s: Any) -> Any:
    return metric.at(problem, unravel(like, s))


WHY = (
    "its step depends on the clock t",
    "it draws randomness other than through its noise",
)


def analyse(experiment: Experiment) -> Moments:
    """The exact recursion of a method; `NotAffine` says why there is none."""
    method, instance = type(experiment.algorithm).__name__, type(experiment.problem).__name__
    name = f"Got {method} on {instance}, but"
    with jax.enable_x64(True):
        problem, oracle, algorithm, keys = prepared(experiment)
        like = jax.tree.map(np.zeros_like, begun(problem, oracle, algorithm, keys))
        if not all(jnp.issubdtype(v.dtype, jnp.floating) for v in jax.tree.leaves(like)):
            raise NotAffine(f"{name} its state holds more than real numbers; use its simulation.")
        plans = tuple(map(plan, drawn(problem, oracle, algorithm, like, keys)))
        rng = np.random.default_rng(0)
        size = sum(v.size for v in jax.tree.leaves(like))
        s, u = rng.standard_normal(size), rng.standard_normal(plans[1].width)
        found = probed(name, problem, oracle, algorithm, plans, keys, s, u)
        start, N0, c, M, N, free, seen, scaled = (np.asarray(v) for v in found)
    affine = M @ s + c + N @ u
    off = missed(scaled, c + SCALES[:, None] * (M @ s + N @ u))
    if off:
        raise NotAffine(
            f"{name} its step is not affine in state and samples {off}; use its simulation."
        )
    for value, why in zip(seen, WHY, strict=True):
        miss = float(np.max(np.abs(value - affine)))
        if not miss <= AFFINE * (1 + float(np.max(np.abs(affine)))):
            raise NotAffine(f"{name} {why} (a probe misses by {miss:.2g}); use its simulation.")
    moved = np.concatenate([M - np.eye(size), c[:, None], N], axis=1)
    leak = float(np.max(np.abs(moved - free @ moved)))
    if not leak <= AFFINE * (1 + float(np.max(np.abs(M)))):
        raise NotAffine(
            f"{name} it declares conserved what its step moves by {leak:.2g}; mend `project`, or "
            "check that W is doubly stochastic."
        )
    return Moments(M, c, N, start, N0, free, like, problem)
