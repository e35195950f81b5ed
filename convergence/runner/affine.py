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
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from convergence.algorithms.base import AbstractAlgorithm
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import AbstractPointwise
from convergence.oracles.base import AbstractOracle
from convergence.problems.base import AbstractProblem
from convergence.runner.tape import NotAffine, samples

# Probes at unit scale in float64: sums over a few thousand entries lose at most about 1e-12.
AFFINE = 1e-9


class Form(NamedTuple):
    """A quadratic q on flat states: q(s) = base + slope·s + ½ sᵀ curve s."""

    q: Callable[[Any], Any]
    base: float
    slope: np.ndarray
    curve: np.ndarray

    def spread(self, K: np.ndarray) -> float:
        """½ tr(curve K Kᵀ)."""
        return 0.5 * float(np.sum(K * (self.curve @ K)))


@dataclasses.dataclass(frozen=True)
class Moments:
    """The recursion S⁺ = M S + c + N u of a method on an instance, in flat float64 coordinates.

    start, N0: the initial state is start + N0 u₀. free: the projection on what is not conserved.
    unravel: flat → state.
    """

    M: np.ndarray
    c: np.ndarray
    N: np.ndarray
    start: np.ndarray
    N0: np.ndarray
    free: np.ndarray
    unravel: Any
    problem: AbstractProblem

    @functools.cached_property
    def eigenvalues(self) -> np.ndarray:
        """Of M on what is not conserved; conserved directions show up as 0."""
        return np.linalg.eigvals(self.free @ self.M @ self.free)

    @property
    def radius(self) -> float:
        """The linear rate: the spectral radius of M on what is not conserved."""
        return float(np.max(np.abs(self.eigenvalues)))

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
        A = self.free @ self.M @ self.free
        N = self.free @ self.N
        S = N @ N.T
        for _ in range(64):
            more = A @ S @ A.T
            S = S + more
            A = A @ A
            if np.max(np.abs(more)) <= 1e-18 * max(float(np.max(np.abs(S))), 1e-300):
                break
        return 0.5 * (S + S.T)

    def form(self, metric: AbstractPointwise) -> Form:
        """A metric as a quadratic of the flat state; any other is refused."""
        with jax.enable_x64(True):

            def q(s: Any) -> Any:
                return metric.at(self.problem, self.unravel(s))

            zero = jnp.zeros(len(self.c))
            base, slope, curve = (
                np.asarray(v) for v in (q(zero), jax.grad(q)(zero), jax.jacfwd(jax.grad(q))(zero))
            )
            form = Form(q, float(base), slope, curve)
            s = np.random.default_rng(0).standard_normal(len(self.c))
            flat = form.base + float(slope @ s) + 0.5 * float(s @ curve @ s)
            exact = float(q(jnp.asarray(s)))
        if not abs(exact - flat) <= AFFINE * (1 + abs(exact)):
            raise NotAffine(
                f"Got the metric {type(metric).__name__}, but one quadratic in the state is "
                "needed for exact moments; use a simulation."
            )
        return form

    def at(self, metric: AbstractPointwise, s: np.ndarray) -> float:
        """q(s), evaluated as written so that nothing cancels near its minimum."""
        with jax.enable_x64(True):
            return float(metric.at(self.problem, self.unravel(jnp.asarray(s))))

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

        Σ_t = Σ_{j<t} M^j N Nᵀ M^jᵀ + M^t N₀ N₀ᵀ M^tᵀ enters by one product of M with an (S, u)
        matrix a step: no covariance is formed.
        """
        form = self.form(metric.of if isinstance(metric, Average) else metric)
        wanted = [int(t) for t in marks]
        m, K, K0, spread, total = self.start, self.N, self.N0, 0.0, 0.0
        found: dict[int, float] = {}
        for t in range(max(wanted) + 1):
            mean = form.base + float(form.slope @ m) + 0.5 * float(m @ form.curve @ m)
            value = mean + spread + form.spread(K0)
            if t in wanted:
                found[t] = total / max(t, 1) if isinstance(metric, Average) else value
            total += value
            spread += form.spread(K)
            m, K, K0 = self.M @ m + self.c, self.M @ K, self.M @ K0
        return np.array([found[t] for t in wanted])

    def means(self, metric: AbstractPointwise, marks: Any) -> np.ndarray:
        """q(E S_t) at every t in `marks`: the run without noise, evaluated as written."""
        wanted, m = {int(t) for t in marks}, self.start
        found: dict[int, float] = {}
        for t in range(max(wanted) + 1):
            if t in wanted:
                found[t] = self.at(metric, m)
            m = self.M @ m + self.c
        return np.array([found[int(t)] for t in marks])


def analyse(
    problem: AbstractProblem, oracle: AbstractOracle, algorithm: AbstractAlgorithm
) -> Moments:
    """The exact recursion of a method; `NotAffine` says why there is none."""
    with jax.enable_x64(True):
        # Host arrays become JAX arrays once, so that no operation mixes the two kinds.
        problem, oracle, algorithm = jax.tree.map(jnp.asarray, (problem, oracle, algorithm))
        key, other = jax.random.split(jax.random.key(0))
        x0 = problem.start().astype(jnp.float64)
        first = algorithm.init(x0, oracle, key)
        if not all(jnp.issubdtype(v.dtype, jnp.floating) for v in jax.tree.leaves(first)):
            raise NotAffine(
                f"Got {type(algorithm).__name__}, whose state holds more than real numbers; exact "
                "moments need a state of reals, use its simulation."
            )
        flat, unravel = ravel_pytree(first)

        tape0, seen0 = samples(lambda o: algorithm.init(x0, o, key), oracle)

        def begin(u: Any) -> Any:
            tape0.inputs = u
            return ravel_pytree(algorithm.init(x0, seen0, key))[0]

        def stepper(t: int, key: Any) -> tuple[int, Callable[[Any, Any], Any]]:
            clock = jnp.asarray(t, jnp.int32)
            tape, seen = samples(lambda o: algorithm.step(clock, first, o, key), oracle)

            def step(s: Any, u: Any) -> Any:
                tape.inputs = u
                return ravel_pytree(algorithm.step(clock, unravel(s), seen, key))[0]

            return tape.size, step

        width, step = stepper(0, key)
        s0, u0 = jnp.zeros_like(flat), jnp.zeros(width)
        c = np.asarray(step(s0, u0))
        M = np.asarray(jax.jacfwd(lambda s: step(s, u0))(s0))
        N = np.asarray(jax.jacfwd(lambda u: step(s0, u))(u0)) if width else np.zeros((len(c), 0))
        nothing = jnp.zeros(tape0.size)
        start = np.asarray(begin(nothing))
        N0 = np.asarray(jax.jacfwd(begin)(nothing)) if tape0.size else np.zeros((len(c), 0))

        rng = np.random.default_rng(0)
        s, u = rng.standard_normal(len(c)), rng.standard_normal(width)
        affine = M @ s + c + N @ u
        probes = (
            (0, key, "its step is not affine in state and samples"),
            (7, key, "its step depends on the clock t"),
            (0, other, "it draws randomness other than through its noise"),
        )
        for t, k, why in probes:
            wide, again = stepper(t, k)
            miss = np.inf
            if wide == width:
                after = np.asarray(again(jnp.asarray(s), jnp.asarray(u)))
                miss = float(np.max(np.abs(after - affine)))
            if not miss <= AFFINE * (1 + float(np.max(np.abs(affine)))):
                raise NotAffine(
                    f"Got {type(algorithm).__name__} on {type(problem).__name__}, but {why} (a "
                    f"probe misses by {miss:.2g}); use its simulation."
                )
        free = np.eye(len(c))
        project = getattr(algorithm, "project", None)
        if project is not None:
            free = np.asarray(jax.jacfwd(lambda s: ravel_pytree(project(unravel(s)))[0])(s0))
        rest = np.eye(len(c)) - free
        moved = np.concatenate([M - np.eye(len(c)), c[:, None], N], axis=1)
        leak = float(np.max(np.abs(rest @ moved)))
        if not leak <= AFFINE * (1 + float(np.max(np.abs(M)))):
            raise NotAffine(
                f"Got {type(algorithm).__name__}, which declares conserved what its step moves by "
                f"{leak:.2g}; mend `project`, or check that W is doubly stochastic."
            )
    return Moments(M, c, N, start, N0, free, unravel, problem)
