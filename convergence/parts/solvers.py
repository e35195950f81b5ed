"""Inner solvers of a subproblem min_B g(B) that is λ-strongly convex and κλ-smooth, from B = 0.

A solver asks for gradients (or values) of g by key and says how many it used. What it guarantees is
E[g(B) − min g] ≤ ρ(g(0) − min g) + (1 − ρ)νσ²/λ, with ρ = `rho` and ν = `loudness`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.draws import normal
from convergence.errors import InvalidInput, require
from convergence.shapes import AbstractModule, Count, Key, Matrix, Reals, Scalar, Whole, real, whole

LONGEST, MOST = 1e6, 1 - 1e-6  # of Adam: its step, which knows no scale, and its decays
KAPPA = 3.0  # the condition number of RSO's subproblems at η = 1/(2L̂)


class Subproblem(NamedTuple):
    """g by its gradient and its slope along a direction, both for one sample; lam as above."""

    grad: Callable[[Matrix, Key], Matrix]
    slope: Callable[[Matrix, Matrix, Key], Scalar]
    lam: Any


class AbstractSolver(AbstractModule):
    """B ≈ argmin g."""

    @abstractmethod
    def solve(self, g: Subproblem, B0: Matrix, key: Key) -> tuple[Matrix, Count]:
        """(B, the number of oracle calls)."""


class ExactMinimum(AbstractSolver):
    """Conjugate gradients for a quadratic g and exact gradients: exact once `iterations` reaches
    the number of distinct eigenvalues of its Hessian."""

    iterations: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        require(self.iterations >= 1, f"{self.iterations} iterations", "1 or more", "ask for more")

    def solve(self, g: Subproblem, B0: Matrix, key: Key) -> tuple[Matrix, Count]:
        offset = g.grad(jnp.zeros_like(B0), key)
        B, residual = jnp.zeros_like(B0), -offset
        direction, square = residual, jnp.sum(residual**2)
        for _ in range(self.iterations):
            curved = g.grad(direction, key) - offset
            curvature = jnp.sum(direction * curved)
            step = jnp.where(curvature != 0, square / jnp.where(curvature != 0, curvature, 1), 0)
            B = B + step * direction
            residual = residual - step * curved
            fresh = jnp.sum(residual**2)
            direction = residual + jnp.where(square > 0, fresh / square, 0) * direction
            square = fresh
        return B, jnp.asarray(self.iterations + 1, jnp.int32)


class AbstractDescent(AbstractSolver):
    """A first-order recursion run for N steps, or until ‖∇g(B)‖²/(2λ) ≤ eps but at most N steps.

    ‖∇g(B)‖²/(2λ) ≥ g(B) − min g by strong convexity: a measured certificate of the accuracy,
    meaningful with exact gradients only. eps = 0 asks for all N steps.
    """

    N: Whole = eqx.field(converter=whole, default=1)
    eps: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        require(int(self.N) >= 0, f"N = {int(self.N)} inner steps", "N ≥ 0", "flip its sign")
        require(float(self.eps) >= 0, f"eps = {float(self.eps):g}", "eps ≥ 0", "0 runs all N")

    def rho(self, p: int) -> float:
        """ρ for p entries of B."""
        raise InvalidInput(
            f"Got {type(self).__name__}, which need not contract; use GD, AGD, MomentumGD or ZO."
        )

    def loudness(self, p: int) -> float:
        """ν; 0 where the guarantee is for exact gradients alone."""
        return 0.0

    def short(self) -> bool:
        """Whether the step is as short as the guarantee needs."""
        return True

    @abstractmethod
    def begin(self, B0: Matrix) -> Any:
        """The memory at B_0."""

    @abstractmethod
    def move(self, j: Count, B: Matrix, memory: Any, g: Subproblem, key: Key) -> tuple[Matrix, Any]:
        """One step."""

    def solve(self, g: Subproblem, B0: Matrix, key: Key) -> tuple[Matrix, Count]:
        def unfinished(j: Count, B: Matrix) -> Any:
            accuracy = jnp.sum(g.grad(B, key) ** 2) / (2 * g.lam)
            return (j < self.N) & ((self.eps == 0) | (accuracy > self.eps))

        def step(carry: Any) -> Any:
            j, B, memory, _ = carry
            B, memory = self.move(j, B, memory, g, jax.random.fold_in(key, j))
            return j + 1, B, memory, unfinished(j + 1, B)

        # Decided once and carried: of runs side by side a loop asks its condition twice, and waits
        # forever for one where rounding parts the two.
        j0 = jnp.zeros((), jnp.int32)
        start = (j0, B0, self.begin(B0), unfinished(j0, B0))
        j, B, _, _ = jax.lax.while_loop(lambda carry: carry[3], step, start)
        return B, j


class GD(AbstractDescent):
    """B ← B − γ ∇g(B) with γ = scale/(κλ); stochastic gradients make it SGD.

    ρ = (1 − scale/κ)^N for scale ≤ 1, and ν = scale/2.
    """

    scale: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        s = float(self.scale)
        require(0 < s < 2, f"scale = {s:g}", "0 < scale < 2", "longer steps diverge")

    def rho(self, p: int) -> float:
        return float((1 - float(self.scale) / KAPPA) ** int(self.N))

    def loudness(self, p: int) -> float:
        return float(self.scale) / 2

    def short(self) -> bool:
        return 0 < float(self.scale) <= 1

    def begin(self, B0: Matrix) -> tuple[()]:
        return ()

    def move(self, j: Count, B: Matrix, memory: Any, g: Subproblem, key: Key) -> tuple[Matrix, Any]:
        return B - self.scale / (KAPPA * g.lam) * g.grad(B, key), ()


class AGD(AbstractDescent):
    """Nesterov's constant momentum: B ← Y − ∇g(Y)/(κλ), Y ← B + θ(B − B_old),
    θ = (√κ − 1)/(√κ + 1). ρ = 2(1 − 1/√κ)^N."""

    def rho(self, p: int) -> float:
        return float(2 * (1 - KAPPA**-0.5) ** int(self.N))

    def begin(self, B0: Matrix) -> Matrix:
        return B0

    def move(self, j: Count, B: Matrix, memory: Any, g: Subproblem, key: Key) -> tuple[Matrix, Any]:
        theta = (KAPPA**0.5 - 1) / (KAPPA**0.5 + 1)
        Y = B + theta * (B - memory)
        return Y - g.grad(Y, key) / (KAPPA * g.lam), B


class MomentumGD(AbstractDescent):
    """M ← (1 − β₁)M + β₁ ∇g(B); B ← B − γM, γ = s/(κλ), s = scale, M = 0 at first.

    For s ≤ min{½, β₁/(2(1 − β₁))}: ρ = (1 + 2s(1 − β₁)²/β₁)q^N with q = 1 − s/κ, and ν = β₁(1 −
    q^N)/(1 − ρ).

    Proof. e = M⁺ − ∇g(B), with M⁺ the new average. −⟨∇g, M⁺⟩ = ½‖e‖² − ½‖∇g‖² − ½‖M⁺‖², so with G
    the gap and ‖∇g‖² ≥ 2λG, smoothness κλ gives G⁺ ≤ (1 − γλ)G + (γ/2)‖e‖² − (γ/2)(1 − s)‖M⁺‖².
    And e⁺ = (1 − β₁)(e + ∇g(B) − ∇g(B⁺)) + β₁ξ: E‖e⁺‖² ≤ (1 − β₁)‖e‖² + ((1 − β₁)²/β₁)s²‖M⁺‖² +
    β₁²σ². In Φ = G + (γ/β₁)‖e‖² the terms of M⁺ cancel, as s²(1 − β₁)²/β₁² ≤ ¼ ≤ (1 − s)/2, and
    γλ ≤ β₁/2 leaves E Φ⁺ ≤ qΦ + γβ₁σ². At first ‖e‖² = (1 − β₁)²‖∇g(0)‖² + β₁²‖ξ‖², ‖∇g(0)‖² ≤
    2κλG, and the last step adds no noise: E G_N ≤ ρG_0 + β₁σ²(1 − q^N)/λ. ∎
    """

    beta1: Reals = eqx.field(converter=real, default=0.5)
    scale: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        s, b = float(self.scale), float(self.beta1)
        require(0 < b < 2, f"beta1 = {b:g}", "0 < beta1 < 2", "take ½")
        most = 2 * (2 - b) / b
        require(0 < s < most, f"scale = {s:g} at beta1 = {b:g}", f"0 < scale < {most:g}",
                "longer steps diverge")  # fmt: skip

    def rho(self, p: int) -> float:
        s, b = float(self.scale), float(self.beta1)
        return float((1 + 2 * s * (1 - b) ** 2 / b) * (1 - s / KAPPA) ** int(self.N))

    def loudness(self, p: int) -> float:
        left = (1 - float(self.scale) / KAPPA) ** int(self.N)
        return float(float(self.beta1) * (1 - left) / (1 - self.rho(p)))

    def short(self) -> bool:
        s, b = float(self.scale), float(self.beta1)
        return 0 < s <= 0.5 and 0 < b <= 1 and 2 * s * (1 - b) <= b

    def begin(self, B0: Matrix) -> Matrix:
        return jnp.zeros_like(B0)

    def move(self, j: Count, B: Matrix, memory: Any, g: Subproblem, key: Key) -> tuple[Matrix, Any]:
        M = (1 - self.beta1) * memory + self.beta1 * g.grad(B, key)
        return B - self.scale / (KAPPA * g.lam) * M, M


class Adam(AbstractDescent):
    """Adam with bias correction and the step lr/√(j + 1). No contraction is known for it, and none
    can be: an entry moves by at most 2 lr·R√N in N steps, however far the minimizer is (`reach`).
    """

    lr: Reals = eqx.field(converter=real, default=0.1)
    b1: Reals = eqx.field(converter=real, default=0.9)
    b2: Reals = eqx.field(converter=real, default=0.999)

    def __check_init__(self) -> None:
        require(0 < float(self.lr) <= LONGEST, f"lr = {float(self.lr):g}",
                f"0 < lr ≤ {LONGEST:g}", "take 0.1")  # fmt: skip
        for name in ("b1", "b2"):
            b = float(getattr(self, name))
            require(0 <= b <= MOST, f"{name} = {b:g}", f"0 ≤ {name} ≤ 1 − 1e-6",
                    "nearer to 1 the correction 1 − bʲ is rounding")  # fmt: skip

    def reach(self) -> float:
        """R: no entry of m̂/√v̂ is larger, by the Cauchy–Schwarz inequality; ∞ for b1² ≥ b2."""
        b1, b2 = float(self.b1), float(self.b2)
        return (1 - b1) / ((1 - b2) * (1 - b1**2 / b2)) ** 0.5 if b1**2 < b2 else float("inf")

    def begin(self, B0: Matrix) -> tuple[Matrix, Matrix]:
        return jnp.zeros_like(B0), jnp.zeros_like(B0)

    def move(self, j: Count, B: Matrix, memory: Any, g: Subproblem, key: Key) -> tuple[Matrix, Any]:
        G = g.grad(B, key)
        m = self.b1 * memory[0] + (1 - self.b1) * G
        v = self.b2 * memory[1] + (1 - self.b2) * G**2
        m_hat, v_hat = m / (1 - self.b1 ** (j + 1)), v / (1 - self.b2 ** (j + 1))
        step = self.lr / jnp.sqrt(j + 1.0).astype(B.dtype)
        return B - step * m_hat / (jnp.sqrt(v_hat) + 1e-8), (m, v)


class ZO(AbstractDescent):
    """B ← B − γ c U, U ~ N(0, I), c a slope of g along U; γ = 1/(κλ(p + 2)), p entries in B.

    ρ = (1 − 1/(κ(p + 2)))^N on average for quadratic g and exact values.
    """

    def rho(self, p: int) -> float:
        return float((1 - 1 / (KAPPA * (p + 2))) ** int(self.N))

    def begin(self, B0: Matrix) -> tuple[()]:
        return ()

    def move(self, j: Count, B: Matrix, memory: Any, g: Subproblem, key: Key) -> tuple[Matrix, Any]:
        U = normal(jax.random.fold_in(key, 0), B.shape, B.dtype)
        c = g.slope(B, U, jax.random.fold_in(key, 1))
        return B - c / (KAPPA * g.lam * (B.size + 2)) * U, ()
