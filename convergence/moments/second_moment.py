"""Exact second moments of S⁺ = M_ω S + c_ω + N_ω u with a random pattern ω: E[M ⊗ M].

Compressed methods multiply by random masks, GoLore by random projectors. For a fixed pattern one
step on a quadratic is affine, so with finitely many patterns the first two moments of the state
follow exactly:

    m⁺ = Σ p_ω (M m + c),    P⁺ = Σ p_ω [(M, c) P̂ (M, c)ᵀ + N Nᵀ],    P̂ the second moment of (S, 1).

The mean square contracts by the spectral radius of E[M ⊗ M]. A continuous law enters by finitely
many patterns with weights p_ω of any sign, if M_ω, c_ω and N_ω are linear in what the weights
integrate to degree two. The first step may differ from the others (a first round that sends
everything); nothing else may depend on the clock.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from convergence.metrics.folds import Average
from convergence.metrics.pointwise import AbstractPointwise
from convergence.moments.eigenvalues import unresolved
from convergence.moments.forms import AFFINE, Form, form_of, missed, rounding
from convergence.moments.probe import SCALES, begun, drawn, prepared, unravel
from convergence.moments.tape import NotAffine, Plan, Reader, on_tape, plan
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem
from convergence.runner.experiment import Experiment

PATTERNS, STATES = 4096, 48  # E[M ⊗ M] has STATES² rows


@dataclasses.dataclass(frozen=True)
class Patterns:
    """The affine steps of one clock: chances (K,), A (K, S, S + 1) = (M, c), N (K, S, U).

    Chances sum to 1; they are negative where they are weights of a continuous law.
    """

    chances: np.ndarray
    A: np.ndarray
    N: np.ndarray

    def advance(self, P: np.ndarray) -> np.ndarray:
        """P̂ → P̂⁺ for the second moment of (S, 1), S + 1 square."""
        half = np.einsum("kij,jl->kil", self.A, P)
        new = np.zeros_like(P)
        new[:-1, :-1] = np.einsum("k,kil,kjl->ij", self.chances, half, self.A) + self.noise
        new[:-1, -1] = np.einsum("k,ki->i", self.chances, half[:, :, -1])
        new[-1, :-1] = new[:-1, -1]
        new[-1, -1] = P[-1, -1]
        return new

    @functools.cached_property
    def noise(self) -> np.ndarray:
        """E N Nᵀ."""
        return np.einsum("k,kiu,kju->ij", self.chances, self.N, self.N)


@dataclasses.dataclass(frozen=True)
class SecondMoments:
    """The steps of a method on an instance in flat float64 coordinates, from `start`.

    The same questions as `affine.Moments`, of the second moment: `radius` is that of E[M ⊗ M].
    """

    first: Patterns
    rest: Patterns
    start: np.ndarray
    like: Any
    problem: AbstractProblem

    @functools.cached_property
    def kron(self) -> np.ndarray:
        """E[M ⊗ M], (S², S²)."""
        M = self.rest.A[:, :, :-1]
        S = M.shape[1]
        return np.einsum("k,kij,klm->iljm", self.rest.chances, M, M).reshape(S * S, S * S)

    @functools.cached_property
    def radius(self) -> float:
        """The spectral radius of E[M ⊗ M]: the linear rate of the mean square."""
        return float(np.max(np.abs(np.linalg.eigvals(self.kron))))

    @property
    def radius_grain(self) -> float:
        """What rounding may make of `radius`."""
        return unresolved(self.kron)

    @functools.cached_property
    def limit(self) -> np.ndarray:
        """The steady second moment P̂ of (S, 1); infinite beyond the stable steps."""
        S = len(self.start)
        if self.radius >= 1:
            return np.full((S + 1, S + 1), np.inf)
        w = self.rest
        mean = np.einsum("k,kij->ij", w.chances, w.A)
        m = np.linalg.solve(np.eye(S) - mean[:, :-1], mean[:, -1])
        P = np.zeros((S + 1, S + 1))
        P[:S, S] = P[S, :S] = m
        P[S, S] = 1.0
        source = w.advance(P)[:S, :S]
        P[:S, :S] = np.linalg.solve(np.eye(S * S) - self.kron, source.ravel()).reshape(S, S)
        return P

    def read(self, metric: AbstractPointwise, P: np.ndarray) -> float:
        """E q(S) for a quadratic q = ½ sᵀ(curve)s + slope·s + base."""
        if not np.all(np.isfinite(P)):
            return float("inf")
        return weigh(form_of(self.problem, metric, self.like), P)

    def steady(self, metric: AbstractPointwise) -> float:
        """lim E q(S_t)."""
        return self.read(metric, self.limit)

    def bias(self, metric: AbstractPointwise) -> float:
        """q at the fixed point of the mean."""
        m = self.limit[:, -1]
        return self.read(metric, np.outer(m, m)) if np.all(np.isfinite(m)) else float("inf")

    def variance(self, metric: AbstractPointwise) -> float:
        """What `steady` has beyond `bias`."""
        return self.steady(metric) - self.bias(metric) if self.radius < 1 else float("inf")

    def expected(self, metric: Any, marks: Any) -> np.ndarray:
        """E of a quadratic metric, or of its `Average` over t < T, at every T in `marks`."""
        q = metric.of if isinstance(metric, Average) else metric
        wanted = [int(t) for t in marks]
        s = np.append(self.start, 1.0)
        P, total, found = np.outer(s, s), 0.0, {}
        form = form_of(self.problem, q, self.like)
        for t in range(max(wanted) + 1):
            value = weigh(form, P)
            if t in wanted:
                found[t] = total / max(t, 1) if isinstance(metric, Average) else value
            total += value
            P = (self.first if t == 0 else self.rest).advance(P)
        return np.array([found[t] for t in wanted])

    @functools.cached_property
    def condition(self) -> float:
        """That of I − E[M ⊗ M]: what a steady state loses in digits."""
        return float(np.linalg.cond(np.eye(len(self.kron)) - self.kron))

    def settled_grain(self, metric: AbstractPointwise, bias: bool, variance: bool) -> float:
        """What rounding may make of `steady`: its condition times the size of what it weighs."""
        form, P = form_of(self.problem, metric, self.like), self.limit
        return rounding(form, float(np.max(np.abs(P[:-1, :-1]))), 0) * self.condition

    def grain(self, metric: Any, T: int) -> float:
        """What rounding may make of `expected` at T: terms of the size of the state cancel."""
        s = np.append(self.start, 1.0)
        P = np.outer(s, s)
        for t in range(T):
            P = (self.first if t == 0 else self.rest).advance(P)
        form = form_of(
            self.problem, metric.of if isinstance(metric, Average) else metric, self.like
        )
        return rounding(form, float(np.max(np.abs(P[:-1, :-1]))), T)


def weigh(form: Form, P: np.ndarray) -> float:
    """E q(S) from the second moment P̂ of (S, 1)."""
    return form.base + float(form.slope @ P[:-1, -1] + 0.5 * np.sum(form.curve * P[:-1, :-1]))


@plainly
def _steps(
    problem: Any, oracle: Any, algorithm: Any, masks: Any, patterns: Any, plan: Plan, clock: Any,
    keys: Any, s: Any, u: Any,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """c, M and N of the step at `clock` under each pattern, and where it takes (s, u) times
    `SCALES`."""
    x0, key = problem.start().astype(s.dtype), keys[0]

    def one(omega: Any) -> tuple[Any, Any, Any, Any]:
        method = masks(algorithm, omega)
        like = method.init(x0, oracle, key)

        def step(s: Any, u: Any) -> Any:
            seen = on_tape(oracle, Reader(plan, u))
            return ravel_pytree(method.step(clock, unravel(like, s), seen, key))[0]

        zero, quiet = jnp.zeros_like(s), jnp.zeros_like(u)
        M = jax.jacfwd(lambda s: step(s, quiet))(zero)
        N = jax.jacfwd(lambda u: step(zero, u))(quiet)
        scales = jnp.asarray(SCALES, s.dtype)
        return step(zero, quiet), M, N, jax.vmap(lambda k: step(k * s, k * u))(scales)

    return jax.vmap(one)(patterns)


def second_moments(
    experiment: Experiment,
    masks: Callable[[Any, Any], Any],
    chances: np.ndarray,
    patterns: np.ndarray,
) -> SecondMoments:
    """The exact moments of `algorithm` when ω is drawn anew at every step.

    masks(algorithm, ω) → the algorithm with the outcome ω in the place of its random part, a
    function of a module, so that other numbers compile nothing; chances (K,) and patterns (K, …)
    list the outcomes, or stand for them. `NotAffine` says why there is none.
    """
    name = f"Got {type(experiment.algorithm).__name__}, whose"
    with jax.enable_x64(True):
        problem, oracle, algorithm, keys = prepared(experiment)
        state = begun(problem, oracle, algorithm, keys)
        flat = np.concatenate([np.ravel(v) for v in jax.tree.leaves(state)])
        S = len(flat)
        if len(chances) > PATTERNS or S > STATES:
            raise NotAffine(
                f"Got {len(chances)} patterns and {S} state entries, but at most {PATTERNS} and "
                f"{STATES} are needed for exact second moments; use a smaller instance or a "
                "simulation."
            )
        outcomes, first = map(jax.device_put, (np.asarray(patterns), np.asarray(patterns)[0]))
        early, stepped = drawn(problem, oracle, masks(algorithm, first), state, keys)
        if early:
            raise NotAffine(f"{name} start is random; begin with a round that takes a sample.")
        planned = plan(stepped)
        rng = np.random.default_rng(0)
        s, u = rng.standard_normal(S), rng.standard_normal(planned.width)

        def family(t: int) -> Patterns:
            clock = np.asarray(t, np.int32)
            found = _steps(
                problem, oracle, algorithm, masks, outcomes, planned, clock, keys,
                s, u,
            )  # fmt: skip
            c, M, N, after = (np.asarray(v) for v in found)
            stated = c + SCALES[:, None, None] * (M @ s + N @ u)
            if off := missed(np.swapaxes(after, 0, 1), stated):
                raise NotAffine(
                    f"{name} step is not affine once its pattern is fixed {off}; use its "
                    "simulation."
                )
            return Patterns(np.asarray(chances), np.concatenate([M, c[:, :, None]], axis=2), N)

        first, rest, later = family(0), family(1), family(7)
        if not all(
            np.allclose(getattr(rest, v), getattr(later, v), rtol=0, atol=AFFINE) for v in "AN"
        ):
            raise NotAffine(
                f"{name} step depends on the clock t beyond the first; use its simulation."
            )
    return SecondMoments(first, rest, flat, state, problem)
