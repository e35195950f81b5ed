"""Performance estimation problems in PEPit, one function a statement: (T, h, mu) → worst value.

L = G = 1 and R = Δ = D = 1; h is the step in units of 1/L. What is a norm is squared.
"""

from __future__ import annotations

from typing import Any

from convergence.algorithms.classical.optimized import thetas

declared: list[tuple[Any, Any, Any, Any]] = []  # the last of them


def smooth_class(mu: float = 0.0) -> tuple[Any, Any, Any, Any]:
    """(problem, f, x*, x_0) for 1-smooth, μ-strongly convex f."""
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.functions import SmoothStronglyConvexFunction  # pyright: ignore[reportMissingImports]

    problem = PEP()
    f = problem.declare_function(SmoothStronglyConvexFunction, mu=mu, L=1.0)
    declared[:] = [(problem, f, f.stationary_point(), problem.set_initial_point())]
    return declared[0]


def worst_of(problem: Any, *metrics: Any) -> float:
    """The largest, over the class, of the smallest metric."""
    for metric in metrics:
        problem.set_performance_metric(metric)
    return float(problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0))


def _steps(f: Any, x: Any, steps: Any) -> Any:
    for step in steps:
        x = x - step * f.gradient(x)
    return x


def descent_value(T: int, h: float, mu: float) -> float:
    """f(x_T) − f* of gradient descent, R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    return worst_of(problem, f(_steps(f, x, [h] * T)) - f(star))


def descent_slope(T: int, h: float, mu: float) -> float:
    """‖∇f(x_T)‖² of gradient descent, Δ = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition(f(x) - f(star) <= 1)
    return worst_of(problem, f.gradient(_steps(f, x, [h] * T)) ** 2)


def descent_slope_from_distance(T: int, h: float, mu: float) -> float:
    """‖∇f(x_T)‖² of gradient descent, R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    return worst_of(problem, f.gradient(_steps(f, x, [h] * T)) ** 2)


def descent_nonconvex(T: int, h: float, mu: float) -> float:
    """min_{t≤T} ‖∇f(x_t)‖² of gradient descent on smooth f, Δ = 1."""
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.functions import SmoothFunction  # pyright: ignore[reportMissingImports]

    problem = PEP()
    f: Any = problem.declare_function(SmoothFunction, L=1.0)
    path = [problem.set_initial_point()]
    for _ in range(T):
        path.append(path[-1] - h * f.gradient(path[-1]))
    # f* is attained a step from x_T, and descent keeps f(x_t) − ½‖∇f(x_t)‖² above it.
    end = path[-1] - f.gradient(path[-1])
    problem.set_initial_condition(f(path[0]) - f(end) <= 1)
    for x in path:
        problem.add_constraint(f(x) - 0.5 * f.gradient(x) ** 2 >= f(end))
    problem.add_constraint(f.gradient(end) ** 2 <= 0)
    return worst_of(problem, *(f.gradient(x) ** 2 for x in path))


def heavy_ball(T: int, h: float, mu: float) -> float:
    """f(x_T) − f* of the heavy ball with t/(t+2) and 1/(t+2), R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    last = x
    for t in range(T):
        x, last = x - 1 / (t + 2) * f.gradient(x) + t / (t + 2) * (x - last), x
    return worst_of(problem, f(x) - f(star))


def _inertial(f: Any, x: Any, T: int, prox: Any) -> Any:
    last = x
    for t in range(T):
        y = x + (t - 1) / (t + 2) * (x - last)
        x, last = prox(y - f.gradient(y)), x
    return x


def accelerated(T: int, h: float, mu: float) -> float:
    """f(x_T) − f* of Nesterov's method with (t−1)/(t+2), R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    return worst_of(problem, f(_inertial(f, x, T, lambda y: y)) - f(star))


def _contraction(T: int, h: float, mu: float) -> tuple[Any, ...]:
    problem, f, star, x = smooth_class(mu)
    return problem, f, star, x, _steps(f, x, [h] * T)


def contraction_distance(T: int, h: float, mu: float) -> float:
    """‖x_T − x*‖² of gradient descent, R = 1."""
    problem, _, star, x, end = _contraction(T, h, mu)
    problem.set_initial_condition((x - star) ** 2 <= 1)
    return worst_of(problem, (end - star) ** 2)


def contraction_slope(T: int, h: float, mu: float) -> float:
    """‖∇f(x_T)‖² of gradient descent, ‖∇f(x_0)‖ = 1."""
    problem, f, _, x, end = _contraction(T, h, mu)
    problem.set_initial_condition(f.gradient(x) ** 2 <= 1)
    return worst_of(problem, f.gradient(end) ** 2)


def contraction_value(T: int, h: float, mu: float) -> float:
    """f(x_T) − f* of gradient descent, Δ = 1."""
    problem, f, star, x, end = _contraction(T, h, mu)
    problem.set_initial_condition(f(x) - f(star) <= 1)
    return worst_of(problem, f(end) - f(star))


def _constrained(T: int, walk: Any) -> float:
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.functions import (  # pyright: ignore[reportMissingImports]
        ConvexIndicatorFunction,
        SmoothConvexFunction,
    )
    from PEPit.primitive_steps import proximal_step  # pyright: ignore[reportMissingImports]

    problem = PEP()
    f = problem.declare_function(SmoothConvexFunction, L=1.0)
    inside = problem.declare_function(ConvexIndicatorFunction)
    both = f + inside
    star: Any = both.stationary_point()
    x: Any = problem.set_initial_point()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    end = walk(f, x, T, lambda y: proximal_step(y, inside, 1.0)[0])
    return worst_of(problem, both(end) - both(star))


def projected(T: int, h: float, mu: float) -> float:
    """f(x_T) − min_C f of projected gradient descent, R = 1."""

    def walk(f: Any, x: Any, T: int, prox: Any) -> Any:
        for _ in range(T):
            x = prox(x - f.gradient(x))
        return x

    return _constrained(T, walk)


def fista(T: int, h: float, mu: float) -> float:
    """f(x_T) − min_C f of FISTA with (t−1)/(t+2), R = 1."""
    return _constrained(T, _inertial)


def conditional(T: int, h: float, mu: float) -> float:
    """f(x_T) − min_C f of conditional gradients, D = 1."""
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.functions import (  # pyright: ignore[reportMissingImports]
        ConvexIndicatorFunction,
        SmoothConvexFunction,
    )
    from PEPit.primitive_steps import (  # pyright: ignore[reportMissingImports]
        linear_optimization_step,
    )

    problem = PEP()
    f = problem.declare_function(SmoothConvexFunction, L=1.0)
    inside = problem.declare_function(ConvexIndicatorFunction, D=1.0)
    both = f + inside
    star, x = both.stationary_point(), problem.set_initial_point()
    low = both(star)
    both(x)
    for t in range(T):
        corner, _, _ = linear_optimization_step(f.gradient(x), inside)
        x = x + 2 / (t + 2) * (corner - x)
    return worst_of(problem, both(x) - low)


def ogm(T: int, h: float, mu: float) -> float:
    """f(x_T) − f* of OGM, R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    theta, y = thetas(T), x
    for t in range(T):
        new = x - f.gradient(x)
        move = (theta[t] - 1) * (new - y) + theta[t] * (new - x)
        x, y = new + 1 / theta[t + 1] * move, new
    return worst_of(problem, f(x) - f(star))


def ogm_g(T: int, h: float, mu: float) -> float:
    """‖∇f(x_T)‖² of OGM-G, Δ = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition(f(x) - f(star) <= 1)
    theta, y = thetas(T)[::-1], x
    for t in range(T):
        new = x - f.gradient(x)
        move = (theta[t] - 1) / theta[t] * (new - y) + (new - x)
        x, y = new + (2 * theta[t + 1] - 1) / (2 * theta[t] - 1) * move, new
    return worst_of(problem, f.gradient(x) ** 2)


def _silver(T: int) -> list[float]:
    rho = 1 + 2**0.5
    return [1 + rho ** ((n & -n).bit_length() - 2) for n in range(1, T + 1)]


def silver_value(T: int, h: float, mu: float) -> float:
    """f(x_T) − f* of silver steps, R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    return worst_of(problem, f(_steps(f, x, _silver(T))) - f(star))


def silver_slope(T: int, h: float, mu: float) -> float:
    """‖∇f(x_T)‖² of silver steps, R = 1."""
    problem, f, star, x = smooth_class()
    problem.set_initial_condition((x - star) ** 2 <= 1)
    return worst_of(problem, f.gradient(_steps(f, x, _silver(T))) ** 2)


def _subgradient(steps: list[float]) -> tuple[Any, list[Any]]:
    """(problem, f(x_t) − f* for t ≤ T), R = G = 1."""
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.functions import ConvexLipschitzFunction  # pyright: ignore[reportMissingImports]

    problem = PEP()
    f = problem.declare_function(ConvexLipschitzFunction, M=1.0)
    star: Any = f.stationary_point()
    x: Any = problem.set_initial_point()
    low = f(star)
    problem.set_initial_condition((x - star) ** 2 <= 1)
    gaps = []
    for step in steps:
        g, value = f.oracle(x)
        gaps.append(value - low)
        x = x - step * g
    return problem, [*gaps, f(x) - low]


def subgradient_best(T: int, h: float, mu: float) -> float:
    """min_{t≤T} f(x_t) − f*, constant steps 1/√(T + 1)."""
    problem, gaps = _subgradient([(T + 1) ** -0.5] * T)
    return worst_of(problem, *gaps)


def subgradient_average(T: int, h: float, mu: float) -> float:
    """(1/T) Σ_{t<T} f(x_t) − f*, constant steps 1/√T."""
    problem, gaps = _subgradient([T**-0.5] * T)
    total = gaps[0]
    for gap in gaps[1:T]:
        total = total + gap
    return worst_of(problem, 1 / T * total)


def subgradient_last(T: int, h: float, mu: float) -> float:
    """f(x_T) − f*, steps (T − t)/(T + 1)^{3/2}."""
    problem, gaps = _subgradient([(T - t) / (T + 1) ** 1.5 for t in range(T)])
    return worst_of(problem, gaps[-1])
