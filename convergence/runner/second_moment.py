"""Exact second moments of S⁺ = M_ω S + c_ω + N_ω u with a random pattern ω: E[M ⊗ M].

Compressed methods multiply by random masks. For a fixed mask one step on a quadratic is affine, so
with finitely many masks the first two moments of the state follow exactly:

    m⁺ = Σ p_ω (M m + c),    P⁺ = Σ p_ω [(M, c) P̂ (M, c)ᵀ + N Nᵀ],    P̂ the second moment of (S, 1).

The mean square contracts by the spectral radius of E[M ⊗ M]. The first step may differ from the
others (a first round that sends everything); nothing else may depend on the clock.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from convergence.metrics.folds import Average
from convergence.metrics.pointwise import AbstractPointwise
from convergence.oracles.base import AbstractOracle
from convergence.problems.base import AbstractProblem
from convergence.runner.tape import NotAffine, samples

# Probes at unit scale in float64: sums over a few hundred entries lose at most about 1e-12.
AFFINE = 1e-9
PATTERNS, STATES = 4096, 48  # E[M ⊗ M] has STATES² rows


@dataclasses.dataclass(frozen=True)
class Family:
    """The affine steps of one clock: chances (K,), A (K, S, S + 1) = (M, c), N (K, S, U)."""

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

    first: Family
    rest: Family
    start: np.ndarray
    unravel: Any
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
        base, slope, curve = self.form(metric)
        return base + float(slope @ P[:-1, -1]) + 0.5 * float(np.sum(curve * P[:-1, :-1]))

    def form(self, metric: AbstractPointwise) -> tuple[float, np.ndarray, np.ndarray]:
        """(base, slope, curve) of a quadratic metric; any other is refused."""
        with jax.enable_x64(True):

            def q(s: Any) -> Any:
                return metric.at(self.problem, self.unravel(s))

            zero = jnp.zeros(len(self.start))
            base, slope, curve = (
                np.asarray(v) for v in (q(zero), jax.grad(q)(zero), jax.hessian(q)(zero))
            )
            s = np.random.default_rng(0).standard_normal(len(self.start))
            exact = float(q(jnp.asarray(s)))
        flat = float(base) + float(slope @ s) + 0.5 * float(s @ curve @ s)
        if not abs(exact - flat) <= AFFINE * (1 + abs(exact)):
            raise NotAffine(
                f"Got the metric {type(metric).__name__}, but one quadratic in the state is needed "
                "for exact moments; use a simulation."
            )
        return float(base), slope, curve

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
        base, slope, curve = self.form(q)
        for t in range(max(wanted) + 1):
            value = base + float(slope @ P[:-1, -1]) + 0.5 * float(np.sum(curve * P[:-1, :-1]))
            if t in wanted:
                found[t] = total / max(t, 1) if isinstance(metric, Average) else value
            total += value
            P = (self.first if t == 0 else self.rest).advance(P)
        return np.array([found[t] for t in wanted])


def second_moments(
    problem: AbstractProblem,
    oracle: AbstractOracle,
    algorithm: Any,
    masks: Callable[[Any], Any],
    chances: np.ndarray,
    patterns: np.ndarray,
) -> SecondMoments:
    """The exact moments of `algorithm` when ω is drawn anew at every step.

    masks(ω) → the algorithm with the outcome ω in the place of its random part; chances (K,) and
    patterns (K, …) list the outcomes. `NotAffine` says why there is none.
    """
    with jax.enable_x64(True):
        problem, oracle = jax.tree.map(jnp.asarray, (problem, oracle))
        key = jax.random.key(0)
        x0 = problem.start().astype(jnp.float64)
        state = algorithm.init(x0, oracle, key)
        start, unravel = ravel_pytree(state)
        S = len(start)
        if len(chances) > PATTERNS or S > STATES:
            raise NotAffine(
                f"Got {len(chances)} masks and {S} state entries, but at most {PATTERNS} and "
                f"{STATES} are needed for exact second moments; use fewer workers or a simulation."
            )

        def family(t: int) -> Family:
            clock = jnp.asarray(t, jnp.int32)
            tape, seen = samples(lambda o: algorithm.step(clock, state, o, key), oracle)
            zero, quiet = jnp.zeros(S), jnp.zeros(tape.size)

            def step(omega: Any, s: Any, u: Any) -> Any:
                tape.inputs = u
                method = jax.tree.map(jnp.asarray, masks(omega), is_leaf=eqx.is_array)
                return ravel_pytree(method.step(clock, unravel(s), seen, key))[0]

            def probe(omega: Any) -> tuple[Any, Any, Any]:
                M = jax.jacfwd(lambda s: step(omega, s, quiet))(zero)
                N = jax.jacfwd(lambda u: step(omega, zero, u))(quiet)
                return step(omega, zero, quiet), M, N

            c, M, N = (np.asarray(v) for v in jax.vmap(probe)(jnp.asarray(patterns)))
            rng = np.random.default_rng(0)
            s, u = rng.standard_normal(S), rng.standard_normal(tape.size)
            after = jax.vmap(lambda w: step(w, jnp.asarray(s), jnp.asarray(u)))(
                jnp.asarray(patterns)
            )
            off = float(np.max(np.abs(np.asarray(after) - (M @ s + c + N @ u))))
            if not off <= AFFINE * (1 + float(np.max(np.abs(after)))):
                raise NotAffine(
                    f"Got {type(algorithm).__name__}, whose step is not affine once its mask is "
                    f"fixed (a probe misses by {off:.2g}); use its simulation."
                )
            return Family(np.asarray(chances), np.concatenate([M, c[:, :, None]], axis=2), N)

        first, rest, later = family(0), family(1), family(7)
        if not np.allclose(rest.A, later.A, rtol=0, atol=AFFINE):
            raise NotAffine(
                f"Got {type(algorithm).__name__}, whose step depends on the clock t beyond the "
                "first; use its simulation."
            )
    return SecondMoments(first, rest, np.asarray(start), unravel, problem)
