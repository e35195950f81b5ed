"""Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): RSO's subproblems without a run.

Their conditioning, and the one step of GD that makes RSO GoLore.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.subspace.projected import Subspace
from convergence.algorithms.subspace.rso import RSO, GaussianFrame
from convergence.noise.base import Noiseless
from convergence.oracles.base import AbstractOracle, Oracle
from convergence.parts.projectors import AbstractProjector, Frozen, Haar
from convergence.parts.solvers import (
    GD,
    KAPPA,
    AbstractSolver,
    Subproblem,
)
from convergence.plainly import plainly
from convergence.problems.base import started
from convergence.problems.quadratic import Isotropic
from convergence.shapes import Count, Iterate, Key, Matrix
from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.domains import count
from convergence.theorems.subspace.chen2025rso import PAPER


@plainly
def _stepped(method: Any, oracle: Any, x0: Any, key: Any) -> Any:
    """The state after one step."""
    return method.step(jnp.zeros((), jnp.int32), method.init(x0, oracle, key), oracle, key)


class Slopes(AbstractOracle):
    """∇f(W) = sign · W: a bowl or a saddle with L = 1."""

    sign: float = eqx.field(static=True)

    def grad(self, x: Iterate, key: Key) -> Iterate:
        return self.sign * x


class Curved(AbstractSolver):
    """Answers ∇g(B) − ∇g(0) for one fixed B: a column of the Hessian of a quadratic subproblem."""

    B: Any

    def solve(self, g: Subproblem, B0: Matrix, key: Key) -> tuple[Matrix, Count]:
        column = g.grad(jnp.asarray(self.B), key) - g.grad(jnp.zeros_like(B0), key)
        return column, jnp.asarray(2, jnp.int32)


class Conditioning(AbstractIdentity):
    """On f = ±(L/2)‖W‖² the Hessian of a subproblem is (2 ± 1)L̂ times the identity: L̂-strongly
    convex and 3L̂-smooth are attained by the two curvatures that L-smoothness allows.

    Proof. ∇²g = PᵀHP + I/η, PᵀP = (m/r)I, 1/η = 2L̂. ∎
    """

    source = Source(PAPER, "the role of the proximal term and of PᵀP = (m/r)I, derived")
    provenance = Provenance.DERIVED
    statement = "L̂ ≤ ∇²g ≤ 3L̂ for subproblems of f = ±(L/2)‖W‖², with equality on either side"
    tolerance = 1e-12  # products of 6 × 5 frames with entries of size 1
    domain = {"draws": count()}

    frame: AbstractProjector = Haar()
    prox: bool = eqx.field(static=True, default=True)
    draws: int = eqx.field(static=True, default=4)

    def spectrum(self, sign: float, seed: int) -> np.ndarray:
        """The eigenvalues of ∇²g/L̂ for one frame."""
        m, r = 6, 5
        oracle, key, lam = Slopes(sign), jax.random.key(seed), m / r
        eta = 1 / (2 * lam) if self.prox else float("inf")
        columns = []
        for unit in np.eye(r):
            rso = RSO(eta, r, Curved(unit[:, None]), self.frame)
            columns.append(_stepped(rso, oracle, np.ones((m, 1)), key).B[:, 0])
        return np.linalg.eigvalsh(np.stack(columns)) / lam

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for seed in range(self.draws):
            for name, sign in (("saddle", -1.0), ("bowl", 1.0)):
                off = np.abs(self.spectrum(sign, seed) - (2 + sign))
                found[f"{name}, frame {seed}"] = float(np.max(off))
        return found


class ConditioningOfGaussians(Conditioning):
    """FALSE: the same for Gaussian frames. ‖P‖² > 2m/r at times leaves no convexity at a saddle."""

    statement = "L̂ ≤ ∇²g ≤ 3L̂ for subproblems in Gaussian frames (false)"
    frame: AbstractProjector = GaussianFrame()


class ConditioningWithoutProx(Conditioning):
    """FALSE: the same without the proximal term. The subproblem of a saddle is unbounded below."""

    statement = "L̂ ≤ ∇²g ≤ 3L̂ for subproblems without the proximal term (false)"
    prox: bool = eqx.field(static=True, default=False)
    draws: int = eqx.field(static=True, default=1)


class OneStepIsGoLore(AbstractIdentity):
    """One inner GD step of size γ is GoLore-SGD with η = γm/r: both are W − γ(m/r)QQᵀ∇f(W)."""

    source = Source(PAPER, "relation to GoLore, derived")
    provenance = Provenance.DERIVED
    statement = "RSO with one GD step of size γ = GoLore-SGD with η = γm/r"
    tolerance = 1e-14  # one step on entries of order 1 in float64: a few units in the last place

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for m, n, r in ((6, 5, 2), (7, 3, 3), (4, 4, 4)):
            rng = np.random.default_rng(m)
            Q = np.linalg.qr(rng.standard_normal((m, r)))[0]
            problem = Isotropic(rng.standard_normal((m, n)))
            oracle, key, x0 = Oracle(problem, Noiseless()), jax.random.key(0), started(problem)
            lam = m / r
            rso = RSO(1 / (2 * lam), r, GD(1), Frozen(Q))
            golore = Subspace(Frozen(Q), 1 / (KAPPA * lam) * m / r, r)
            ours, theirs = (_stepped(method, oracle, x0, key).x for method in (rso, golore))
            found[f"m={m}, n={n}, r={r}"] = float(np.max(np.abs(ours - theirs)))
        return found
