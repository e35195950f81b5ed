"""One step of each subspace method from an arbitrary state, beside its formula."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms import coins
from convergence.algorithms.subspace import gwt, natural_galore, projected, qgalore
from convergence.algorithms.subspace.rso import RSO, GaussianFrame
from convergence.algorithms.subspace.two_sided import TwoSidedSGD
from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import InvalidInput
from convergence.parts.momenta import EMA, Plain
from convergence.parts.projectors import AbstractProjector, Coordinates, Haar
from convergence.parts.solvers import GD, ZO
from tests.algorithms.asked import KEY, TALL, WIDE, Asked, check


class Seen(AbstractProjector):
    """A frame that tells by its numbers what it was given: no orthonormal columns."""

    def frame(self, t: Any, G: Any, key: Any, r: int) -> Any:
        return jnp.cos(G[:, :r] + t) + jax.random.uniform(key, (G.shape[0], r), G.dtype)


def seen(t: int, G: Any, key: Any, r: int) -> np.ndarray:
    return np.asarray(Seen().frame(t, jnp.asarray(G), key, r))


@pytest.mark.parametrize(
    ("side", "momentum"),
    [("left", "keep"), ("right", "project"), ("short", "code"), ("std", "project")],
)
def test_subspace(side: str, momentum: str) -> None:
    """τ = 3, inner weight .2, batches of four at a refresh unless the side is "short"."""
    shapes = ((WIDE, False), (TALL, True)) if side == "std" else ((WIDE, side == "right"),)
    for x0, turned in shapes:
        batch = None if side == "short" else 4
        method = projected.Subspace(Seen(), 0.3, 1, 3, EMA(0.2), side, momentum, batch)

        def step(a: Any, t: int, x: Any, P: Any, M: Any, turned: bool = turned) -> Any:
            view = (lambda G: G.T) if turned else (lambda G: G)
            G, old = view(a.g(x)), M
            if t % 3 == 0:
                many, fresh = jax.random.split(jax.random.fold_in(a.key, 1))
                G = G if side == "short" else view(a.mean(x, 4, many))
                new = seen(t, G, fresh, 1)
                M, P = M if momentum == "keep" else new.T @ P @ M, new
            M = 0.8 * M + 0.2 * P.T @ G
            kept = old if momentum == "code" and t % 3 == 0 and t > 0 else M
            return x - 0.3 * view(P @ M), P, kept

        shape = x0.shape[::-1] if turned else x0.shape

        def begun(a: Any, x0: Any, shape: Any = shape) -> Any:
            return x0, np.zeros((shape[0], 1)), np.zeros((1, shape[1]))

        check(method, step, begun, x0, (0, 1, 3), whole=True)
        assert method.rows(x0.shape) == x0.shape[1 if turned else 0]
    assert projected.transposed("std", (3, 3)) is True
    assert projected.transposed("short", (3, 3)) is False


def test_how_far_frames_spread_a_step() -> None:
    c = Constants(L=2.0, m=6, n=4, d=24, mu=0.5)
    method = projected.Subspace(Haar(), 0.2, 2, 3)
    v, k = coins.projected(1 - 0.6**6, 2 / 6, coins.haar(6, 2))
    assert method.coins(c, 9) == pytest.approx((v / 3, k / 3))
    v, k = coins.projected(1 - 0.6**4, 2 / 4, 0.25)
    right = projected.Subspace(Coordinates(), 0.2, 2, 3, side="right")
    assert right.coins(c, 2) == pytest.approx((v / 2, k / 2))
    assert projected.Subspace(Haar(), 0.51, 2).coins(c, 9) == (math.inf, 0.0)
    assert projected.Subspace(Haar(), 0.5, 2).coins(c, 9)[0] < math.inf
    kept = 1 / (1 + 0.2 * 2 * 3) ** 2
    assert RSO(0.2, 2, GD(1)).coins(c, 9) == pytest.approx(
        coins.projected(1 - kept, 1 / 3, coins.haar(6, 2))
    )
    assert qgalore.RoundedSGD(0.2, 0.1).coins(c, 9) == pytest.approx((0, 0.1))


def test_two_sided() -> None:
    P, Q = np.array([[0.6], [0.9]]), np.array([[0.5], [0.1], [-0.7], [1.1]])
    method = TwoSidedSGD(0.3, P, Q)
    check(method, lambda a, t, x: [x - 0.3 * P @ P.T @ a.g(x) @ Q @ Q.T], x0=WIDE)


def test_natural() -> None:
    """λ = 0.7, three gradients, refreshed every two steps."""

    def step(a: Any, t: int, x: Any, P: Any, history: Any, M: Any) -> Any:
        draw, sample = jax.random.split(a.key)
        G = a.g(x, sample)
        P = seen(t, G, draw, 1) if t % 2 == 0 else P
        R = P.T @ G
        history = np.vstack([R.ravel(), history[:2]])
        fisher = 0.7 * np.eye(4) + history.T @ history
        M = 0.8 * M + 0.2 * np.linalg.solve(fisher, R.ravel()).reshape(R.shape)
        return x - 0.3 * P @ M, P, history, M

    method = natural_galore.NaturalGaLore(Seen(), 0.3, 1, 2, 0.7, 3, EMA(0.2))
    empty = np.zeros((2, 1)), np.zeros((3, 4)), np.zeros((1, 4))
    check(method, step, lambda a, x0: [x0, *empty], WIDE, (0, 1, 2), whole=True)
    check(
        natural_galore.NaturalSGD([0.5, 2.0, 3.0]),
        lambda a, t, x: [x - a.g(x) / np.array([0.5, 2.0, 3.0]) / (t + 1)],
    )


def split(G: Any, level: int) -> tuple[Any, list[Any]]:
    details = []
    for _ in range(level):
        details.insert(0, (G[..., ::2] - G[..., 1::2]) / 2**0.5)
        G = (G[..., ::2] + G[..., 1::2]) / 2**0.5
    return G, details


def merge(A: Any, details: Any) -> Any:
    for D in details:
        pairs = np.empty((*D.shape[:-1], 2 * D.shape[-1]))
        pairs[..., ::2], pairs[..., 1::2] = (A + D) / 2**0.5, (A - D) / 2**0.5
        A = pairs
    return A


@pytest.mark.parametrize("level", [0, 1, 2])
def test_gwt(level: int) -> None:
    """α = 0.6, β = .8 and .7, ε = 0.1; norms before that are larger and far smaller."""

    def step(a: Any, t: int, x: Any, m: Any, v: Any, norm: Any) -> Any:
        A, details = split(a.g(x), level)
        m, v = 0.8 * m + 0.2 * A, 0.7 * v + 0.3 * A**2
        below = np.sqrt(v) + 0.1
        u = m / below
        growth = np.sqrt(np.sum(u**2)) / (norm + 1e-8)
        limit = max(growth, 1.01) / 1.01 if t else 1.0
        scaled = []
        for D in details:
            scaled.append(D / below / limit)
            below = np.repeat(below, 2, axis=-1)
        size = 0.3 * np.sqrt(1 - 0.7 ** (t + 1)) / (1 - 0.8 ** (t + 1))
        after = np.sqrt(np.sum((u / limit) ** 2))
        return x - size * 0.6 * merge(u / limit, scaled), m, v, after

    empty = np.zeros((2, 4 // 2**level))

    def begun(a: Any, x0: Any) -> Any:
        return x0, empty, empty, 0

    method = gwt.GWT(0.3, level, 0.6, 0.8, 0.7, 0.1)
    scaled = [lambda x, m, v, n, s=s: [x, m, v, s * n] for s in (1.0, 99.0, 1e-8)]
    check(method, step, begun, WIDE, states=scaled)
    assert gwt.LIMIT == 1.01

    def average(a: Any, t: int, x: Any, m: Any) -> Any:
        A, details = split(a.g(x), level)
        m = 0.8 * m + 0.2 * A
        return x - 0.3 * merge(m, details), m

    check(gwt.GWTSGDM(0.3, 0.8, level), average, lambda a, x0: [x0, empty], WIDE)


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_rounded(rounding: str) -> None:
    def step(a: Any, t: int, x: Any) -> Any:
        sample, toss = jax.random.split(a.key)
        y = (x - 0.3 * a.g(x, sample)) / 0.25
        if rounding == "nearest":
            return [0.25 * np.round(y)]
        up = np.asarray(jax.random.uniform(toss, y.shape, "float64")) < y - np.floor(y)
        return [0.25 * (np.floor(y) + up)]

    check(qgalore.RoundedSGD(0.3, 0.25, rounding), step)


def held(w: Any, bits: int, group: int, coin: Any = None) -> np.ndarray:
    """Quantized by groups and read again."""
    rows, top = w.reshape(-1, group), 2**bits - 1
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    scale = np.maximum(high - low, 1e-5) / top
    zero = np.clip(np.round(-low / scale), 0, top)
    y = rows / scale
    if coin is None:
        y = np.round(y)
    else:
        y = np.floor(y) + (np.asarray(jax.random.uniform(coin, y.shape, y.dtype)) < y % 1)
    return ((np.clip(y + zero, 0, top) - zero) * scale).reshape(w.shape)


@pytest.mark.parametrize(
    ("schedule", "side", "queue"),
    [
        ("elapsed", "left", [0.9, 0.1, 0.2, 0.1, 0.1]),
        ("clock", "right", [0.0, 0.6, 0.7, 0.8, 0.9]),
        ("elapsed", "std", [0.0, 0.6, 0.7, 0.8, 0.9]),
        ("clock", "std", [np.nan] * 5),
    ],
)
def test_qgalore(schedule: str, side: str, queue: Any) -> None:
    """Six and three bits in groups of two; a refresh is due from step 4 on."""
    method = qgalore.QGaLore(
        0.3, 1, 3, EMA(0.2), 6, 3, 4, 2, 0.4, "nearest" if side == "std" else "stochastic",
        schedule, side,
    )  # fmt: skip

    def step(a: Any, t: int, x: Any, P: Any, M: Any, gap: Any, due: Any, queue: Any, n: Any) -> Any:
        sample, toss = jax.random.split(a.key)
        view = (lambda G: G.T) if side == "right" else (lambda G: G)
        G = view(a.g(x, sample))
        if t >= due:
            u = np.linalg.svd(G)[0][:, :1]
            u = u * np.sign(np.asarray(refreshed(method, t, G))[0] @ u)
            queue = np.append(queue[1:], abs(np.sum(u * P))) if n > 0 else queue
            gap = 2 * gap if np.mean(queue) >= 0.4 else gap
            due = t + gap if schedule == "elapsed" else gap * (t // gap + 1)
            P, n = u, n + 1
        low = view(held(view(P), 3, 2))
        M = 0.8 * M + 0.2 * low.T @ G
        W = x - 0.3 * view(low @ M)
        return held(W, 6, 4, None if side == "std" else toss), P, M, gap, due, queue, n

    def begun(a: Any, x0: Any) -> Any:
        P, M = ((4, 1), (1, 2)) if side == "right" else ((2, 1), (1, 4))
        return x0, np.zeros(P), np.zeros(M), 3, 0, np.full(5, np.nan), 0

    def state(count: int) -> Any:
        gap, due, n = (np.asarray(v, np.int32) for v in (3, 4, count))
        return lambda x, P, M, *_: [x, P / 2, M, gap, due, np.asarray(queue), n]

    check(method, step, begun, WIDE, (3, 4, 7), states=[state(0), state(2)], whole=True)


def refreshed(method: Any, t: int, G: Any) -> Any:
    """The leading singular vector, whose sign means nothing, as the method has it."""
    return qgalore.top_left(jnp.asarray(G), 1).T


@pytest.mark.parametrize("solver", [GD(2, scale=0.7), GD(2, 0.3, 0.7), GD(3, 1e-9, 0.7), ZO(2)])
def test_rso(solver: Any) -> None:
    """Two or three steps on ⟨∇F(W + PB)⟩ + B/η, P = √(2/1) frame, λ = 1/(2η)."""

    def step(a: Any, t: int, x: Any, B: Any, calls: Any, excess: Any) -> Any:
        draw, inner, sample = jax.random.split(a.key, 3)
        P = 2**0.5 * seen(t, a.g(x, sample), draw, 1)

        def grad(B: Any, key: Any) -> Any:
            return P.T @ a.g(x + P @ B, key) + B / 0.2

        B, made = np.zeros((1, 4)), 0
        for j in range(int(solver.N)):
            if solver.eps > 0 and np.sum(grad(B, inner) ** 2) * 0.2 <= solver.eps:
                break
            key, made = jax.random.fold_in(inner, j), made + 1
            if isinstance(solver, ZO):
                U = np.asarray(normal(jax.random.fold_in(key, 0), (1, 4), jnp.float64))
                k, at = jax.random.fold_in(key, 1), x + P @ B
                up, down = (a.value(at + s * 1e-2 * P @ U, k) for s in (1, -1))
                B = B - ((up - down) / 2e-2 + np.sum(B * U) / 0.2) * U / (3 * 2.5 * 6)
            else:
                B = B - 0.7 / (3 * 2.5) * grad(B, key)
        late = np.sum(grad(B, inner) ** 2) * 0.2 - solver.eps
        missed = max(0, late) if solver.eps > 0 else 0
        return x + P @ B, B, calls + made, excess + missed

    def state(x: Any, B: Any, calls: Any, excess: Any) -> Any:
        return x, B, np.asarray(7, np.int32), excess

    method = RSO(0.2, 1, solver, Seen())
    check(method, step, lambda a, x0: [x0, np.zeros((1, 4)), 0, 0], WIDE, (1,), states=[state])


def test_gaussian_frames() -> None:
    with jax.enable_x64(True):
        found = GaussianFrame().frame(jnp.asarray(0), jnp.zeros((4, 3)), KEY, 2)
        np.testing.assert_allclose(found, normal(KEY, (4, 2), jnp.float64) / 2, rtol=1e-14)
    assert isinstance(projected.Subspace(Haar(), 0.1, 1).inner, Plain)
    assert eqx.tree_equal(RSO(0.2, 1, GD(1)).frame, Haar())


def test_groups_of_a_frame_share_its_entries() -> None:
    """A frame of 4 rows and 2 columns falls into no groups of 6, and is one of more than 8."""
    wide = jnp.ones((4, 5))
    with pytest.raises(InvalidInput, match="group"):
        qgalore.QGaLore(0.1, r=2, frame_group=6, weight_group=5).init(wide, Asked(), KEY)
    qgalore.QGaLore(0.1, r=2, frame_group=9, weight_group=5).init(wide, Asked(), KEY)
