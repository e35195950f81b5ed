"""One step of FRUGAL and of each zeroth-order method from an arbitrary state, by its formula."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms import coins
from convergence.algorithms.subspace import frugal
from convergence.algorithms.zeroth_order.lozo import LOZO, LOZOM
from convergence.algorithms.zeroth_order.zo_accelerated import AcceleratedZO, weight
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.draws import normal
from convergence.linalg import haar
from convergence.oracles.zeroth import SLOPES
from tests.algorithms.asked import KEY, WIDE, check
from tests.algorithms.test_subspace_steps import Seen, seen


class Told(frugal.AbstractSplit):
    """A mask that tells by its numbers what it was given."""

    def draw(self, t: Any, G: Any, key: Any) -> Any:
        return jnp.cos(G + t) + jax.random.uniform(key, G.shape, G.dtype)


@pytest.mark.parametrize(
    ("stateful", "residual", "reset", "buffer", "rate"),
    [
        ("sgdm", "sgd", True, "average", None),
        ("sgdm", "sign", False, "code", 0.7),
        ("sgdm", "none", True, "code", None),
        ("adam", "sgd", True, "code", 0.7),
        ("adam", "sign", False, "average", None),
    ],
)
def test_frugal(stateful: str, residual: str, reset: bool, buffer: str, rate: Any) -> None:
    """The split is redrawn every three steps; β = .6 and .7."""

    def step(a: Any, t: int, x: Any, data: Any, m: Any, v: Any) -> Any:
        draw, sample = jax.random.split(a.key)
        G, fresh = a.g(x, sample), t % 3 == 0
        if fresh:
            data = np.asarray(Told().draw(t, jnp.asarray(G), draw))
        down = data * G
        old, square = (0, 0) if reset and fresh else (m, v)
        if buffer == "code" and stateful == "sgdm":
            m = 0.6 * (down if (fresh if reset else t == 0) else m) + down
        else:
            m = 0.6 * old + 0.4 * down
        v = 0.7 * square + 0.3 * down**2
        age = (t % 3 if reset else t) + 1
        u = m
        if stateful == "adam":
            u = data * (m / (1 - 0.6**age) / (np.sqrt(v / (1 - 0.7**age)) + 1e-8))
        rest = {"sgd": G - down, "sign": np.sign(G - down), "none": 0}[residual]
        return x - 0.3 * u - (0.7 if rate else 0.3) * rest, data, m, v

    method = frugal.Frugal(
        0.3, Told(), 3, 0.6, 0.7, rate, stateful, residual, reset, buffer
    )  # fmt: skip
    check(method, step, x0=WIDE, clocks=(0, 1, 3, 5), whole=True)


def test_frugal_momentum_on_a_mask() -> None:
    def step(a: Any, t: int, x: Any, J: Any, m: Any, v: Any) -> Any:
        draw, sample = jax.random.split(a.key)
        g = a.g(x, sample)
        J = np.asarray(Told().draw(t, jnp.asarray(g), draw)) if t % 3 == 0 else J
        m = 0.4 * g + 0.6 * J * m
        return x - 0.3 * (J * m + (1 - J) * g), J, m, v

    method = frugal.FrugalSGDM(0.3, 0.6, Told(), 3)
    check(method, step, x0=WIDE, clocks=(0, 1, 3), whole=True)
    c = Constants(L=2.0)
    assert method.coins(c, 9) == pytest.approx(coins.projected(1 - 0.4**2, 0.5, 0.25))


def test_splits() -> None:
    G, clock = jnp.asarray(WIDE), jnp.asarray(4)
    for p in (0.3, 1.0):
        found = frugal.BernoulliMask(p).draw(clock, G, KEY)
        np.testing.assert_array_equal(found, jax.random.uniform(KEY, G.shape, G.dtype) < p)
    for k, wanted in ((1, 1.6), (3, 0.8), (8, 0.2)):
        found = frugal.TopMask(k).draw(clock, G, KEY)
        np.testing.assert_array_equal(found, jnp.abs(G) >= jnp.asarray(wanted, G.dtype))
    columns = frugal.Columns(Seen(), 1)
    np.testing.assert_allclose(columns.draw(clock, G, KEY), seen(4, G, KEY, 1))
    P = jnp.asarray([[0.3], [0.9]])
    np.testing.assert_allclose(columns.part(P, G), P @ P.T @ G, rtol=1e-6)  # of float32
    mask = frugal.FixedMask([0.0, 1.0, 0.0, 1.0])
    assert mask.draw(clock, G, KEY).tolist() == [[0, 1, 0, 1]] * 2
    assert frugal.half((3, 3)).tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert frugal.half((4,)).tolist() == [1, 1, 0, 0]


def slope(a: Any, name: str, x: Any, z: Any, key: Any, mu: float) -> float:
    """By formula, on the oracle's answers."""
    if name == "limit":
        return float(np.sum(a.g(x, key) * z))
    up = a.value(x + mu * z, key)
    if name == "forward":
        return (up - a.value(x, key)) / mu
    other = jax.random.fold_in(key, 1) if name == "unshared" else key
    return (up - a.value(x - mu * z, other)) / (2 * mu)


@pytest.mark.parametrize("name", sorted(SLOPES))
def test_zeroth_order(name: str) -> None:
    """Widths of 0.2: slopes of a cubic hang on them."""

    def plain(a: Any, t: int, x: Any) -> Any:
        sample, direction = jax.random.split(a.key)
        u = np.asarray(normal(direction, x.shape, jnp.float64))
        return [x - 0.3 * slope(a, name, x, u, sample, 0.2) * u]

    def fast(a: Any, t: int, x: Any, v: Any, gamma: Any) -> Any:
        sample, direction = jax.random.split(a.key)
        u = np.asarray(normal(direction, x.shape, jnp.float64))
        alpha = max(np.roots([1 / 0.4, gamma - 0.3, -gamma]).real)
        after = (1 - alpha) * gamma + alpha * 0.3
        y = x + alpha * gamma / (gamma + alpha * 0.3) * (v - x)
        g = slope(a, name, y, u, sample, 0.2) * u
        moved = v + alpha * 0.3 / after * (y - v) - 0.4 / alpha * g
        return y - 0.5 * g, moved, after

    check(ZOSGD(0.3, 0.2, name), plain)
    check(AcceleratedZO(0.5, 0.4, 0.8, 0.3, 0.2, name), fast, lambda a, x0: [x0, x0, 0.8])


def test_zeroth_order_numbers() -> None:
    assert float(weight(0.4, 0.8, 0.3)) == pytest.approx((0.1**2 + 0.32) ** 0.5 - 0.1)
    c = Constants(L=2.0, d=6, n=4, m=3, mu=0.5)
    assert ZOSGD(0.1).coins(c, 9) == pytest.approx((coins.directional(0.2, 6), 0.1))
    method = LOZO(0.1, 3, 2)
    share, seen = 0.5, coins.haar(4, 2)
    for T, nu in ((9, 3), (2, 2)):
        period = coins.projected(1 - math.exp(-2 * 0.2 * nu / share), share, seen)[0]
        step = coins.directional(0.2 * (1 + seen / share**2) ** 0.5, 12)
        assert method.coins(c, T) == pytest.approx((step + period / nu, 0.1))
    for other in (LOZO(0.1, 3, 2, law="gaussian"), LOZO(0.1, 3, 2, divide=False)):
        assert other.coins(c, 9) == (math.inf, 0.0)


def factor(law: str, key: Any) -> np.ndarray:
    """V for four columns, of rank two."""
    if law == "gaussian":
        return np.asarray(normal(key, (4, 2), jnp.float64))
    if law == "coordinates":
        return 2 * np.eye(4, 2)
    return 2 * np.asarray(haar(key, 4, 2, jnp.float64))


@pytest.mark.parametrize(
    ("law", "semantics", "nu", "name", "divide"),
    [
        ("stiefel", "paper", 3, "central", True),
        ("gaussian", "code", 3, "forward", False),
        ("coordinates", "code", 1, "unshared", True),
    ],
)
def test_lozo(law: str, semantics: str, nu: int, name: str, divide: bool) -> None:
    rate = 0.3 / 2 if divide else 0.3

    def measured(a: Any, t: int, x: Any, V: Any) -> Any:
        """(V, whether it is new, c, U of the measurement, U of the step)."""
        redraw, estimate = jax.random.split(a.key)
        new = t % nu == 0 and t > 0
        V = factor(law, redraw) if new else V
        sample, direction = jax.random.split(estimate)
        U = np.asarray(normal(direction, (len(x), 2), jnp.float64))
        c = slope(a, name, x, U @ V.T, sample, 0.2)
        applied = np.vstack([V, U])[: len(x)] if semantics == "code" and t % nu == 0 else U
        return V, new, c, applied

    def plain(a: Any, t: int, x: Any, V: Any) -> Any:
        V, _, c, U = measured(a, t, x, V)
        return x - rate * c * U @ V.T, V

    def momentum(a: Any, t: int, x: Any, V: Any, N: Any) -> Any:
        new, _, c, U = measured(a, t, x, V)
        N = N @ V.T @ new / 4 if t % nu == 0 and t > 0 else N
        N = 0.7 * N + 0.3 * c * U
        if semantics == "code" and (t == 0 or nu == 1):
            N = c * U
        return x - rate * N @ new.T, new, N

    options = {"eps": 0.2, "law": law, "slope": name, "divide": divide, "semantics": semantics}

    def begun(a: Any, x0: Any) -> Any:
        return x0, factor(law, a.key)

    def empty(a: Any, x0: Any) -> Any:
        return *begun(a, x0), np.zeros((2, 2))

    check(LOZOM(0.3, nu, 2, **options, beta=0.7), momentum, empty, WIDE, (0, 1, 3), whole=True)
    if law != "coordinates":
        check(LOZO(0.3, nu, 2, **options), plain, begun, WIDE, (0, 1, 3), whole=True)
