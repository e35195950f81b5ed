"""A cycle for any method with momentum, built from the recursion that was measured of it."""

from __future__ import annotations

import functools

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function
from convergence.audit.laws.law import Found
from convergence.audit.laws.linear_response import FREE, respond
from convergence.audit.subject import Subject

MOMENTUM = 0.9  # where it is an option
SETTLED = 400  # steps after which an iterate is on the cycle


def corners(K: int, gamma: float, beta: float, mu: float) -> tuple[np.ndarray, np.ndarray]:
    """(K, 2) each: the K-th roots of unity x_t, and y_t = (g_t − μx_t)/(1 − μ) with the gradient
    g_t = [(1 + β)I − R − βRᵀ]x_t/γ that carries the heavy ball from x_t to x_{t+1} = Rx_t."""
    c, s = np.cos(2 * np.pi / K), np.sin(2 * np.pi / K)
    R = np.array([[c, -s], [s, c]])
    x = np.stack([np.linalg.matrix_power(R, t) @ np.array([1.0, 0.0]) for t in range(K)])
    g = x @ ((1 + beta) * np.eye(2) - R - beta * R.T).T / gamma
    return x, (g - mu * x) / (1 - mu)


def cycles(K: int, gamma: float, beta: float, mu: float) -> bool:
    """Whether y_t is the projection of x_t on conv{y_s}: ⟨x_t − y_t, y_s − y_t⟩ ≤ 0."""
    x, y = corners(K, gamma, beta, mu)
    return all(((y - y[t]) @ (x[t] - y[t]) <= 1e-12).all() for t in range(K))


def project(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(n, 2): points x on the convex polygon with corners y, in order."""
    ahead = np.roll(y, -1, 0)
    turn = np.sign((y[:, 0] * ahead[:, 1] - y[:, 1] * ahead[:, 0]).sum())
    inside, nearest, found = np.ones(len(x), bool), np.full(len(x), np.inf), x.copy()
    for a, b in zip(y, ahead):
        e, d = b - a, x - a
        inside &= turn * (e[0] * d[:, 1] - e[1] * d[:, 0]) >= 0
        p = a + np.clip(d @ e / (e @ e), 0, 1)[:, None] * e
        away = ((x - p) ** 2).sum(axis=1)
        found = np.where((away < nearest)[:, None], p, found)
        nearest = np.minimum(nearest, away)
    return np.where(inside[:, None], x, found)


def slope(y: np.ndarray, mu: float, x: np.ndarray) -> np.ndarray:
    """(n, 2): ∇f(x) = μx + (1 − μ)Proj_C(x), which is μ-strongly convex and 1-smooth."""
    return mu * x + (1 - mu) * project(y, x)


@functools.cache
def cycle(beta: float) -> tuple[int, float, float, np.ndarray]:
    """K, γ (for L = 1), μ and a start x_0 = x_{−1} from which the heavy ball with β ends on a cycle
    of K points; `NotAsked` if none is found."""
    rays = [r * np.array([np.cos(a), np.sin(a)]) for r in (0.5, 1, 1.5, 2, 3, 4)
            for a in np.linspace(0, 2 * np.pi / 3, 24, endpoint=False)]  # fmt: skip
    for K in (3, 4, 5):
        for gamma in np.linspace(2 * (1 + beta), 0.2, 40)[1:]:
            for mu in (0.5, 0.2, 0.05, 0.02):
                if not cycles(K, gamma, beta, mu):
                    continue
                y, x = corners(K, gamma, beta, mu)[1], np.array(rays)
                before, start = x, x
                for _ in range(SETTLED):
                    x, before = x + beta * (x - before) - gamma * slope(y, mu, x), x
                on = np.abs(np.linalg.norm(x, axis=1) - 1) < 1e-9
                if on.any():
                    return K, float(gamma), mu, start[int(np.argmax(on))]
    raise NotAsked(f"no cycle was found for β = {beta:g}")


def goujaud(s: Subject) -> Found:
    """C11. The method converges on every strongly convex and smooth function. A heavy ball with the
    measured γ and β goes round the roots of unity for ever on ∇f(x) = μx + (L − μ)Proj_C(x), C the
    polygon of the y_t whose gradients carry it round.

    Proof. If ⟨x_t − y_t, y_s − y_t⟩ ≤ 0 for all s and t, y_t is the projection of x_t, and ∇f(x_t)
    the gradient of the cycle. Goujaud, Taylor and Dieuleveut 2023. Without momentum: η = 1/L.
    """
    if not s.has("rate"):
        raise NotAsked("it has no rate")
    s = s.set(momentum=MOMENTUM) if "momentum" in s.accepts else s
    r = respond(s.set(rate=0.1))
    # Without momentum the fit is not unique, and δ means nothing.
    if r.residual > FREE or not r.gamma > 0 or (r.beta > 0.05 and abs(r.delta) > 1e-4):
        raise NotAsked("it is no heavy ball")
    beta = round(r.beta, 6) if r.beta > 0.05 else MOMENTUM
    K, gamma, mu, x0 = cycle(beta)
    y = corners(K, gamma, beta, mu)[1]
    rate = 0.1 / r.gamma * (gamma if beta == round(r.beta, 6) else 1.0)
    f = Function(lambda t, x: 0.0, lambda t, x: [slope(y, mu, x[0][None])[0]])
    path = s.quiet().set(rate=rate).path(f, [x0], SETTLED + K)
    last = float(np.linalg.norm(path.x[-1][0]))
    if last < 1e-3:
        return Found(True, "it converges", last)
    back = float(np.abs(path.x[-1][0] - path.x[-1 - K][0]).max())
    told = f"a cycle of {K}" if back < 1e-6 else "no convergence"
    return Found(False, f"{told} at β = {beta:g}, κ = {mu:g}, although f is strongly convex", last,
                 SETTLED, {"K": K, "gamma": gamma, "beta": beta, "mu": mu, "x0": x0})  # fmt: skip
