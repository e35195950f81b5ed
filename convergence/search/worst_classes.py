"""More performance estimation problems in PEPit: constant momentum, blocks in turn, gradients that
err, monotone operators. As in `worst_programs`; what is a mean or a sum of two is scaled to its
largest value in these units."""

from __future__ import annotations

from typing import Any

from convergence.search.worst_programs import smooth_class, worst_of


def heavy_ball_average(T: int, h: float, mu: float, beta: float) -> float:
    """(1/T) Σ_{t<T} f(x_t) − f* of the heavy ball, η = h(1 − β), R²/(2h) + βΔ/(1 − β) at most what
    it is for R = Δ = 1."""
    problem, f, star, x = smooth_class()
    low, size = f(star), beta / (1 - beta)
    start = (x - star) ** 2 / (2 * h) + size * (f(x) - low)
    problem.set_initial_condition(start <= 1 / (2 * h) + size)
    last, total = x, 0 * low
    for _ in range(T):
        total = total + (f(x) - low)
        x, last = x - h * (1 - beta) * f.gradient(x) + beta * (x - last), x
    return worst_of(problem, total / T)


def nesterov_strong(T: int, h: float, mu: float) -> float:
    """f(y_T) − f* of Nesterov's momentum with β = (1 − √μ)/(1 + √μ), Δ + μR²/2 ≤ 1 + μ/2."""
    problem, f, star, y = smooth_class(mu)
    problem.set_initial_condition(f(y) - f(star) + mu / 2 * (y - star) ** 2 <= 1 + mu / 2)
    beta, x = (1 - mu**0.5) / (1 + mu**0.5), y
    for _ in range(T):
        after = y - f.gradient(y)
        y, x = after + beta * (after - x), after
    return worst_of(problem, f(y) - f(star))


def cyclic(T: int, h: float, mu: float, d: float) -> float:
    """f(x_T) − f* of coordinate descent, d blocks in turn, Δ = 1."""
    problem, f, star, x = smooth_class(mu)
    blocks = problem.declare_block_partition(d=int(d))
    problem.set_initial_condition(f(x) - f(star) <= 1)
    for t in range(T):
        x = x - blocks.get_block(f.gradient(x), t % int(d))
    return worst_of(problem, f(x) - f(star))


def erring(T: int, h: float, mu: float, eps: float) -> float:
    """f(x_T) − f* of steps along gradients that err by at most ε of their size, Δ = 1."""
    from PEPit.primitive_steps import (  # pyright: ignore[reportMissingImports]
        inexact_gradient_step,
    )

    problem, f, star, x = smooth_class(mu)
    problem.set_initial_condition(f(x) - f(star) <= 1)
    eta = 2 / (1 + eps + (1 - eps) * mu)
    for _ in range(T):
        x = inexact_gradient_step(x, f, gamma=eta, epsilon=eps, notion="relative")[0]
    return worst_of(problem, f(x) - f(star))


def extragradient(T: int, h: float, mu: float, al: float) -> float:
    """(1/T) Σ_{t<T} ‖F(z_t)‖² of the extragradient method, F monotone and 1-Lipschitz, R = 1: of
    pairs of points, so that it may exceed the worst case."""
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.operators import (  # pyright: ignore[reportMissingImports]
        LipschitzStronglyMonotoneOperatorCheap,
    )

    problem = PEP()
    F: Any = problem.declare_function(LipschitzStronglyMonotoneOperatorCheap, mu=0.0, L=1.0)
    star: Any = F.stationary_point()
    z: Any = problem.set_initial_point()
    problem.set_initial_condition((z - star) ** 2 <= 1)
    total = 0 * (z - star) ** 2
    for _ in range(T):
        here = F.gradient(z)
        total = total + here**2
        z = z - al * F.gradient(z - al * here)
    return worst_of(problem, total / T)
