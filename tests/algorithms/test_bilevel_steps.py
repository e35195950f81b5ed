"""One step of each bilevel method, and of DIMAT, beside its formula."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.decentralized import bilevel, sparkle
from convergence.algorithms.decentralized.dimat import DIMAT
from convergence.parts.graphs import ring
from convergence.parts.strategies import strategy
from tests.algorithms.asked import TALL, check
from tests.algorithms.test_stacked_steps import Levelled, W
from tests.algorithms.test_stacked_steps import strategy as odd


def fold(a: Any, i: int) -> Any:
    return jax.random.fold_in(a.key, i)


def mean(G: Any) -> Any:
    return np.broadcast_to(G.mean(axis=0), G.shape)


def first(a: Any, x0: Any) -> Any:
    y0 = TALL[:, ::-1] / 3
    return x0, y0, y0


@pytest.mark.parametrize("jacobi", [False, True])
def test_sparkle(jacobi: bool) -> None:
    up, mid, low = odd(4), odd(5), odd(6)
    mid, low = (type(up)(s.A[:4, :4], s.B2[:4, :4], s.C[:4, :4]) for s in (mid, low))
    dual = TALL - TALL.mean(axis=0)

    def step(a: Any, t: int, x: Any, y: Any, z: Any, r: Any, dx: Any, dy: Any, dz: Any) -> Any:
        y1 = mid.C @ y - 0.4 * mid.A @ a.lower(x, y, a.key) - dy
        seen = y if jacobi else y1
        z1 = low.C @ z - 0.5 * low.A @ a.adjoint(x, seen, z, a.key) - dz
        u = a.upper(x, seen, z if jacobi else z1, a.key)
        r = 0.8 * r + 0.2 * u
        x1 = up.C @ x - 0.3 * up.A @ r - dx
        duals = dx + up.B2 @ x1, dy + mid.B2 @ y1, dz + low.B2 @ z1
        return x1, y1, z1, r, *duals

    method = sparkle.Sparkle(up, mid, low, 0.3, 0.4, 0.5, 0.2, dual, jacobi)

    def begun(a: Any, x0: Any) -> Any:
        return *first(a, x0), 0 * x0, dual, 0 * x0, 0 * x0

    check(method, step, begun, TALL, oracle=Levelled())
    with jax.enable_x64(True):
        leaves = [jnp.asarray((k + 1) * TALL + k) for k in range(7)]
        found = jax.tree.leaves(method.project(sparkle.BilevelState(*leaves)))
        for k, (a, b) in enumerate(zip(found, leaves, strict=True)):
            np.testing.assert_allclose(a, b - b.mean(axis=0) if k > 3 else b, atol=1e-14)


def test_sparkle_by_name() -> None:
    V = ring(4)
    made = sparkle.sparkle("ED", "EXTRA", V, (0.3, 0.4, 0.5, 0.2), jacobi=True)
    assert [float(v) for v in (made.alpha, made.beta, made.gamma, made.theta)] == [
        0.3,
        0.4,
        0.5,
        0.2,
    ]
    assert made.jacobi
    U = (V + np.eye(4)) / 2
    other = sparkle.sparkle("ED", "EXTRA", V, (0.3, 0.4, 0.5, 0.2), U)
    assert not other.jacobi
    for level, name, of in (
        (made.x, "ED", V), (made.y, "EXTRA", V), (made.z, "EXTRA", V),
        (other.x, "ED", V), (other.y, "EXTRA", U), (other.z, "EXTRA", U),
    ):  # fmt: skip
        for found, wanted in zip(jax.tree.leaves(level), jax.tree.leaves(strategy(name, of))):
            np.testing.assert_array_equal(found, wanted)


def test_soba() -> None:
    def mixed(a: Any, t: int, x: Any, y: Any, z: Any, h: Any) -> Any:
        v, p = a.lower(x, y, a.key), a.adjoint(x, y, z, a.key)
        moved = W @ (x - 0.3 * h), W @ (y - 0.4 * v), W @ (z - 0.5 * p)
        return *moved, 0.8 * h + 0.2 * a.upper(x, y, z, a.key)

    def shared(a: Any, t: int, x: Any, y: Any, z: Any) -> Any:
        v, p, u = a.lower(x, y, a.key), a.adjoint(x, y, z, a.key), a.upper(x, y, z, a.key)
        return x - 0.3 * mean(u), y - 0.4 * mean(v), z - 0.4 * mean(p)

    method = sparkle.DSOBA(W, 0.3, 0.4, 0.5, 0.2)
    check(method, mixed, lambda a, x0: [*first(a, x0), 0 * x0], TALL, oracle=Levelled())
    check(bilevel.SOBA(0.4, 0.3), shared, first, TALL, oracle=Levelled())


@pytest.mark.parametrize("series", ["paper", "code"])
def test_stocbio(series: str) -> None:
    """Two lower steps, three of the adjoint."""

    def step(a: Any, t: int, x: Any, y: Any, z: Any) -> Any:
        for i in range(2):
            y = y - 0.4 * mean(a.lower(x, y, fold(a, i)))
        z = 0 * y
        if series == "paper":
            for q in range(3):
                z = z - 0.5 * mean(a.adjoint(x, y, z, fold(a, 2 + q)))
        else:
            key = fold(a, 2)
            start = mean(a.adjoint(x, y, 0 * y, key))
            term = -start
            for _ in range(3):
                term = term - 0.5 * (mean(a.adjoint(x, y, term, key)) - start)
                z = z + term
            z = z + 0.5 * term
        return x - 0.3 * mean(a.upper(x, y, z, fold(a, 5))), y, z

    method = bilevel.StocBiO(0.3, 0.4, 0.5, 2, 3, series)
    check(method, step, first, TALL, oracle=Levelled())


def test_ttsa() -> None:
    """k of 0, 1, 2 factors; the steps fall with the clock."""
    powers = set()

    def step(a: Any, t: int, x: Any, y: Any, z: Any) -> Any:
        key, pick = jax.random.split(a.key)
        y = y - 0.4 * (t + 1) ** -0.4 * mean(a.lower(x, y, key))
        z, k = -mean(a.adjoint(x, y, 0 * y, key)), int(jax.random.randint(pick, (), 0, 3))
        for q in range(k):
            fresh = jax.random.fold_in(key, q)
            z = z - 0.5 * mean(a.adjoint(x, y, z, fresh) - a.adjoint(x, y, 0 * y, fresh))
        powers.add(k)
        z = 0.5 * 3 * z
        return x - 0.3 * (t + 1) ** -0.6 * mean(a.upper(x, y, z, key)), y, z

    check(
        bilevel.TTSA(0.3, 0.4, 0.5, 3),
        step,
        first,
        TALL,
        (0, 1, 2, 3, 4, 5),
        Levelled(),
        whole=True,
    )
    assert powers == {0, 1, 2}


def test_what_copies_conserve() -> None:
    leaves = [jnp.asarray(TALL), jnp.asarray(TALL**2), jnp.asarray(TALL[::-1] + 1)]
    for method, averaged in ((bilevel.SOBA(0.4, 0.3), 3), (bilevel.TTSA(0.3, 0.4, 0.5), 2)):
        found = jax.tree.leaves(method.project(bilevel.LowerState(*leaves)))
        for k, (a, b) in enumerate(zip(found, leaves, strict=True)):
            wanted = mean(np.asarray(b)) if k < averaged else b
            np.testing.assert_allclose(a, wanted, rtol=1e-6)  # of float32


@pytest.mark.parametrize(
    ("match", "once"),
    [("weights", False), ("activations", True), ("shift", False), ("none", True)],
)
def test_dimat(match: str, once: bool) -> None:
    """Three agents of three units; each neighbor's units are turned to fit."""
    rng = np.random.default_rng(1)
    X, Y = rng.uniform(-1, 1, (2, 3, 3, 2))
    V = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.3, 0.1, 0.6]])

    def seen(a: Any, x: Any) -> Any:
        if match == "weights":
            return x
        found = a.activations(x)
        found = found - found.mean(axis=2, keepdims=True)
        return found / np.linalg.norm(found, axis=2, keepdims=True)

    def units(a: Any, x: Any) -> Any:
        P = np.broadcast_to(np.arange(3), (3, 3, 3)).copy()
        for i, j in itertools.product(range(3), repeat=2):
            if match == "shift" and i != j:
                P[i, j] = [1, 2, 0]
            elif match in ("weights", "activations"):
                u = seen(a, x)
                fits = {p: np.sum(u[i] * u[j][list(p)]) for p in itertools.permutations(range(3))}
                P[i, j] = max(fits, key=lambda p: fits[p])
        return P

    def step(a: Any, t: int, x: Any, P: Any) -> Any:
        P = P if once else units(a, x)
        M = np.zeros_like(x)
        for i, j in itertools.product(range(3), repeat=2):
            M[i] += V[i, j] * (x[j] if i == j else x[j][P[i, j]])
        return M - 0.3 * a.g(M), P

    def other(x: Any, P: Any) -> Any:
        return Y, np.roll(P, 1, axis=2)

    method = DIMAT(V, 0.3, match, once)
    check(method, step, lambda a, x0: [x0, units(a, x0)], X, (2,), Probed(), [other])


class Probed(Levelled):
    """Activations of each unit on five inputs."""

    def activations(self, X: Any) -> Any:
        inputs = jnp.asarray(np.random.default_rng(2).uniform(-1, 2, (2, 5)))
        return jnp.tanh(X @ inputs)
