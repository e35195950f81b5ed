"""One step of each classical method from an arbitrary state, beside its formula."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.classical import (
    accelerated,
    constrained,
    coordinates,
    line_search,
    optimized,
    polyak,
    reshuffling,
    sgd,
    variance_reduced,
)
from convergence.algorithms.games.saddle import Optimistic
from convergence.parts.indices import GivenIndices, UniformIndices
from tests.algorithms.asked import KEY, WIDE, Asked, check


def twice(a: Any, x0: Any) -> Any:
    return x0, x0


def test_sgd() -> None:
    check(sgd.SGD(0.3), lambda a, t, x: [x - 0.3 * a.g(x)])
    check(sgd.BatchSGD(0.3, 4), lambda a, t, x: [x - 0.3 * a.mean(x, 4)], whole=True)
    check(sgd.ShrunkDescent(0.3, 0.2), lambda a, t, x: [x - 0.3 * 0.8 * a.g(x)])

    def momentum(a: Any, t: int, x: Any, m: Any) -> Any:
        m = 0.8 * m + 0.2 * a.g(x)
        return x - 0.3 * m, m

    check(sgd.MSGD(0.3, 0.2), momentum)
    assert sgd.BatchSGD(0.3, 4).respects.batch == 4


def test_accelerated() -> None:
    def nesterov(a: Any, t: int, x: Any, last: Any) -> Any:
        y = x + (t - 1) / (t + 2) * (x - last)
        return y - 0.3 * a.g(y), x

    def fading(a: Any, t: int, x: Any, last: Any) -> Any:
        return x - 0.3 / (t + 2) * a.g(x) + t / (t + 2) * (x - last), x

    def polyaks(a: Any, t: int, x: Any, last: Any) -> Any:
        return x - 0.3 * a.g(x) + 0.6 * (x - last), x

    def constant(a: Any, t: int, y: Any, x: Any) -> Any:
        after = y - 0.3 * a.g(y)
        return after + 0.6 * (after - x), after

    check(accelerated.Nesterov(0.3), nesterov, twice)
    check(accelerated.HeavyBall(0.3), fading, twice)
    check(accelerated.PolyakMomentum(0.3, 0.6), polyaks, twice)
    check(accelerated.NesterovMomentum(0.3, 0.6), constant, twice)


def test_optimized() -> None:
    theta = [1.0, 1.5, 2.3, 2.9, 3.1, 4.2, 5.5]

    def ogm(a: Any, t: int, x: Any, last: Any) -> Any:
        now, after = theta[t], theta[t + 1]
        y = x - 0.3 * a.g(x)
        return y + (now - 1) / after * (y - last) + now / after * (y - x), y

    def ogmg(a: Any, t: int, x: Any, last: Any) -> Any:
        now, after = theta[t], theta[t + 1]
        y = x - 0.3 * a.g(x)
        inner = (now - 1) / now * (y - last) + (y - x)
        return y + inner * (2 * after - 1) / (2 * now - 1), y

    check(optimized.OGM(0.3, theta), ogm, twice)
    check(optimized.OGMG(0.3, theta), ogmg, twice)
    check(optimized.LinearlyDecayed(0.3, 8), lambda a, t, x: [x - 0.3 * (1 - t / 8) * a.g(x)])
    nu = {0: 0, 1: 1, 3: 2, 5: 1, 7: 3, 11: 2}

    def silver(a: Any, t: int, x: Any) -> Any:
        return [x - 0.3 * (1 + (1 + 2**0.5) ** (nu[t] - 1)) * a.g(x)]

    check(optimized.SilverGD(0.3), silver, clocks=tuple(nu))
    first = (1 + 5**0.5) / 2
    second = (1 + (1 + 4 * first**2) ** 0.5) / 2
    last = (1 + (1 + 8 * second**2) ** 0.5) / 2
    np.testing.assert_allclose(optimized.thetas(3), [1, first, second, last], rtol=1e-14)
    np.testing.assert_allclose(optimized.thetas(1), [1, 2], rtol=1e-14)
    assert optimized.thetas(0).tolist() == [1.0]


def test_constrained() -> None:
    low, high = np.array([-0.5, -0.9, 0.1]), np.array([0.6, 0.2, 0.8])

    def fista(a: Any, t: int, x: Any, last: Any) -> Any:
        y = x + (t - 1) / (t + 2) * (x - last)
        return np.clip(y - 0.3 * a.g(y), low, high), x

    def wolfe(a: Any, t: int, x: Any) -> Any:
        corner = np.where(a.g(x) > 0, low, high)
        return [t / (t + 2) * x + 2 / (t + 2) * corner]

    check(
        constrained.ProjectedGradient(0.3, low, high),
        lambda a, t, x: [np.clip(x - 0.3 * a.g(x), low, high)],
    )
    check(constrained.FISTA(0.3, low, high), fista, twice)
    check(constrained.ConditionalGradient(low, high), wolfe)

    def hedge(a: Any, t: int, x: Any) -> Any:
        weighed = x * np.exp(-0.3 * a.g(x))
        return [weighed / weighed.sum()]

    check(constrained.EntropicDescent(0.3), hedge, x0=(0.2, 0.3, 0.5), states=[lambda x: [abs(x)]])


def drawn(a: Any, places: int = 1) -> tuple[Any, Any]:
    """The key of the sample and the uniform index that a step draws."""
    sample, coin = jax.random.split(a.key)
    return sample, int(jax.random.randint(coin, (), 0, 3))


def test_polyak() -> None:
    def averaged(a: Any, t: int, x: Any, total: Any) -> Any:
        return x - 0.3 * a.g(x), total + x

    def least(a: Any, t: int, x: Any) -> Any:
        sample, i = drawn(a)
        g = a.grads(x, sample)[i]
        return [x - a.leads(x)[i] / (0.7 * (g @ g)) * g]

    check(polyak.AveragedSGD(0.3), averaged)
    check(polyak.StochasticPolyak(0.7, 3), least, clocks=(0, 1, 2))


def test_line_search() -> None:
    """From 3, 3γ, 3γ², … the first step that descends enough."""
    lengths = set()

    def armijo(a: Any, t: int, x: Any) -> Any:
        sample, i = drawn(a)
        g, eta = a.grads(x, sample)[i], 3.0
        while a.leads(x - eta * g)[i] > a.leads(x)[i] - 0.4 * eta * (g @ g):
            eta *= 0.7
        lengths.add(eta)
        return [x - eta * g]

    check(line_search.ArmijoSGD(3.0, 0.4, 0.7, 3), armijo, clocks=(0, 1, 2, 3), whole=True)
    assert len(lengths) > 1
    assert line_search.SHORTEST == 1e-12


def test_coordinates() -> None:
    def only(x: Any, i: Any, g: Any) -> Any:
        after = x.copy()
        after.flat[i] -= 0.3 * g.flat[i]
        return [after]

    def greedy(a: Any, t: int, x: Any) -> Any:
        return only(x, np.argmax(abs(a.g(x))), a.g(x))

    def cyclic(a: Any, t: int, x: Any) -> Any:
        return only(x, t % 8, a.g(x))

    def random(a: Any, t: int, x: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        return only(x, int(jax.random.randint(coin, (), 0, 8)), a.g(x, sample))

    check(coordinates.GreedyCoordinate(0.3), greedy, x0=WIDE)
    check(coordinates.CyclicCoordinate(0.3), cyclic, x0=WIDE, clocks=(0, 5, 11))
    check(coordinates.RandomCoordinate(0.3), random, x0=WIDE)


def test_reshuffling() -> None:
    def shuffled(a: Any, t: int, x: Any, order: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        order = jax.random.permutation(coin, 3) if t % 3 == 0 else order
        return x - 0.3 * a.grads(x, sample)[order[t % 3]], order

    def replaced(a: Any, t: int, x: Any) -> Any:
        sample, i = drawn(a)
        return [x - 0.3 * a.grads(x, sample)[i]]

    check(
        reshuffling.RandomReshuffling(0.3, 3), shuffled, lambda a, x0: [x0, np.arange(3)],
        clocks=(0, 1, 3, 5), states=[lambda x, order: [x, np.array([2, 0, 1])]],
    )  # fmt: skip
    check(reshuffling.SGDWithReplacement(0.3), replaced)
    turn = reshuffling.InTurn(sgd.SGD(0.3), 3)
    check(turn, lambda a, t, x: [x - 0.3 * a.grads(x, a.key)[t % 3]], clocks=(1, 2, 3))
    assert reshuffling.SGDWithReplacement(0.3).places == 1
    inner = reshuffling.InTurn(Optimistic(0.3, 1), 3)  # a method that asks at the start
    with jax.enable_x64(True):
        oracle, x0 = Asked(), jnp.asarray([0.7, -1.1, 1.6])
        first = oracle.grads(x0, KEY)[0]
        np.testing.assert_allclose(
            inner.init(x0, oracle, KEY).before, first * jnp.array([1, -1, -1])
        )


@pytest.mark.parametrize("indices", [UniformIndices(), GivenIndices([2.0, 0.0, 1.0, 1.0])])
def test_variance_reduced(indices: Any) -> None:
    given = isinstance(indices, GivenIndices)

    def place(coin: Any, s: int) -> int:
        return int(indices.which[s]) if given else int(jax.random.randint(coin, (), 0, 3))

    def svrg(a: Any, t: int, x: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        old = a.grads(x, sample)
        for s in range(4):
            i = place(jax.random.fold_in(coin, s), s)
            x = x - 0.3 * (a.grads(x, sample)[i] - old[i] + old.sum(axis=0) / 3)
        return [x]

    def saga(a: Any, t: int, x: Any, table: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        i, after = place(coin, 0), table.copy()
        after[i] = a.grads(x, sample)[i]
        return x - 0.3 * (after[i] - table[i] + table.sum(axis=0) / 3), after

    def seen(a: Any, t: int, x: Any, table: Any, known: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        i, after, known = place(coin, 0), table.copy(), known.copy()
        after[i], known[i] = a.grads(x, sample)[i], 1.0
        return x - 0.3 * (after[i] - table[i] + table.sum(axis=0) / known.sum()), after, known

    method = variance_reduced.SVRG(0.3, indices, m=4)
    check(method, svrg)
    assert method.places == 4
    check(variance_reduced.SAGA(0.3, indices), saga, lambda a, x0: [x0, a.grads(x0, a.key)])
    empty = np.zeros((3, 3)), np.zeros((3, 1))
    check(variance_reduced.SeenSAGA(0.3, indices), seen, lambda a, x0: [x0, *empty])
