"""What oracles answer, from the function and the draws of the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.draws import normal
from convergence.errors import InvalidInput
from convergence.noise.agents import Levels, PerAgent, PerEntry
from convergence.noise.base import Noiseless
from convergence.noise.coin import Coin
from convergence.noise.matrix import BatchMean
from convergence.noise.ripple import Ripple
from convergence.oracles.base import Oracle, mean_grad
from convergence.oracles.bilevel import BilevelOracle
from convergence.oracles.chain import ChainOracle
from convergence.oracles.clients import Clients, Gated
from convergence.oracles.curvature import Curvature
from convergence.oracles.finite_workers import Workers
from convergence.oracles.layer import Layer
from convergence.oracles.pairs import Pairs
from convergence.oracles.probed import Probed
from convergence.oracles.ripple import RippleOracle
from convergence.oracles.scaled import Scaled
from convergence.parts.graphs import complete
from convergence.precision import precision
from convergence.problems.bilevel import random_bilevel
from convergence.problems.chain import Chain
from convergence.problems.quadratic import Isotropic
from tests.walked import made

KEY = jax.random.key(7)
X = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 3.0]])
Y, Z = X[::-1] + 1, X**2


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    with precision("float64"):
        yield


def drawn(*shape: int, at: int | None = None, size: float = 1.0) -> np.ndarray:
    key = KEY if at is None else jax.random.fold_in(KEY, at)
    return size * np.asarray(normal(key, shape, jnp.float64))


CUBIC = made(
    value=lambda x: (x**3).sum(), grad=lambda x: 3 * x**2, start=lambda: jnp.asarray(X),
    lower=lambda X, Y: X + Y**2, adjoint=lambda X, Y, Z: X + Y**2 + Z**3,
    upper=lambda X, Y, Z: 5 * X - Y * Z, b=X, n=3, local=lambda X: X**2,
    grads=lambda x: jnp.stack([x, x**2, x**3]), leads=lambda x: x + 1, factors=lambda x: (x, 2 * x),
    through=lambda x, product: x * 2 + product, activations=lambda X: X[..., None],
    scaled_grad=lambda x: (x, x.sum()), parts=lambda x: (x[0], x[1]), smoothness=lambda v: v.sum(),
    pairs=lambda theta, which: (theta, which + 10), center=lambda dtype: jnp.ones(2, dtype),
)  # fmt: skip


@pytest.mark.parametrize("kind", [Oracle, Curvature])
def test_a_gradient_and_a_draw(kind: Any) -> None:
    oracle, x = kind(CUBIC, PerEntry(2.0)), jnp.asarray(X)
    xi = drawn(3, 2, size=2.0)
    np.testing.assert_allclose(oracle.grad(x, KEY), 3 * X**2 + xi)
    assert float(oracle.value(x, KEY)) == pytest.approx((X**3).sum() + (xi * X).sum())


def test_a_mean_of_gradients_and_a_hessian() -> None:
    x, oracle = jnp.asarray(X), Oracle(CUBIC, PerEntry(2.0))
    for size in 3, jnp.asarray(3):
        wanted = 3 * X**2 + sum(drawn(3, 2, at=b, size=2.0) for b in range(3)) / 3
        np.testing.assert_allclose(mean_grad(oracle, x, KEY, size), wanted)
    one = jnp.asarray(X[0])
    np.testing.assert_allclose(Curvature(CUBIC, Noiseless()).hess(one), np.diag(6 * X[0]))


@pytest.mark.parametrize("levels", [True, False])
def test_three_levels_and_their_draws(levels: bool) -> None:
    s = dict(zip("yzu", (1.0, 2.0, 3.0))) if levels else dict.fromkeys("yzu", 2.0)
    noise = Levels(*map(PerEntry, s.values())) if levels else PerEntry(2.0)
    oracle = BilevelOracle(CUBIC, noise)
    x, y, z = map(jnp.asarray, (X, Y, Z))
    upper = drawn(3, 2, at=2, size=s["u"])
    np.testing.assert_allclose(oracle.lower(x, y, KEY), X + Y**2 + drawn(3, 2, at=0, size=s["y"]))
    np.testing.assert_allclose(
        oracle.adjoint(x, y, z, KEY), X + Y**2 + Z**3 + drawn(3, 2, at=1, size=s["z"])
    )
    np.testing.assert_allclose(oracle.upper(x, y, z, KEY), 5 * X - Y * Z + upper)
    np.testing.assert_allclose(oracle.grad(x, KEY), 3 * X**2 + upper)
    np.testing.assert_array_equal(oracle.lower_start(), 0 * X)


def test_noise_that_no_level_can_be_handed() -> None:
    """A coin bounds what it is handed; samples have the shape of the lower iterate."""
    wide = random_bilevel(complete(2), 2, 3)
    coin, own, unit = Coin(0.3), PerEntry(np.ones((2, 3))), PerEntry(1.0)
    for noise in coin, Levels(unit, coin, unit), Levels(unit, unit, BatchMean(coin, 2)):
        with pytest.raises(InvalidInput, match="behind BilevelOracle, which hands it iterates"):
            BilevelOracle(wide, noise)
    for noise, said in (
        (PerEntry(np.ones((2, 2))), r"PerEntry, which .* \(2, 3\) draws none"),
        (Levels(own, PerAgent(np.ones((2, 2, 2))), unit), "PerAgent, which .* draws none"),
        (Levels(unit, unit, unit, lower=(2, 2)), r"lower level of shape \(2, 2\)"),
    ):
        with pytest.raises(InvalidInput, match=said):
            BilevelOracle(wide, noise)
    below = PerAgent(np.ones((2, 3, 3)))
    BilevelOracle(wide, Levels(own, below, PerAgent(np.ones((2, 2, 2))), lower=(2, 3)))


def test_the_levels_are_drawn_where_they_act() -> None:
    """Noise that depends on the point: that of y, of z and of x."""
    where = Ripple(Noiseless(), 0.5)
    oracle = BilevelOracle(CUBIC, where)
    x, y, z = map(jnp.asarray, (X, Y, Z))
    for level, at, found, wanted in (
        (0, y, oracle.lower(x, y, KEY), X + Y**2),
        (1, z, oracle.adjoint(x, y, z, KEY), X + Y**2 + Z**3),
        (2, x, oracle.upper(x, y, z, KEY), 5 * X - Y * Z), (2, x, oracle.grad(x, KEY), 3 * X**2),
    ):  # fmt: skip
        xi = where.draw(at, jax.random.fold_in(KEY, level))
        np.testing.assert_allclose(found, wanted + np.asarray(xi))


def test_a_coin_shows_what_lies_behind_the_progress() -> None:
    """The progress is asked for at ¼; of five slopes the last three hang on the coin."""
    chain = made(
        grad=lambda x: x + 1, K=5, progress=lambda x, level: jnp.where(level == 0.25, 2, 9),
        hidden=5.0,
    )  # fmt: skip
    x = jnp.arange(5.0)
    shown = set()
    for k in range(8):
        key = jax.random.key(k)
        oracle = ChainOracle(chain, Coin(0.4, 9.0))
        z = float(jax.random.uniform(key, (), jnp.float64) < 0.4)
        shown.add(z)
        assert float(oracle.success(key, jnp.float64)) == z
        wanted = [1, 2, *(v * z / 0.4 for v in (3, 4, 5))]
        np.testing.assert_allclose(oracle.grad(x, key), wanted, atol=1e-12)
    assert shown == {0.0, 1.0}


def test_a_coin_that_bounds_less_than_a_hidden_slope() -> None:
    """e^{3/2} ε; noise that holds at every iterate bounds itself."""
    chain = Chain(4, 2.0)
    most = 2 * float(np.exp(1.5))
    for noise in Coin(0.4, most), BatchMean(Coin(0.4, most), 2), PerEntry(0.1):
        ChainOracle(chain, noise)
    for noise in Coin(0.4, most / 1.001), Ripple(Coin(0.4, 1.0), 0.5):
        with pytest.raises(InvalidInput, match=r"size ≥ 8\.96"):
            ChainOracle(chain, noise)
    with pytest.raises(InvalidInput, match="one after the other"):
        ChainOracle(Isotropic([1.0]), Coin(0.4, most))


def test_each_client_and_each_worker_has_a_draw_of_its_own() -> None:
    x = jnp.asarray(X[0])
    for noise in PerEntry(2.0), Ripple(Noiseless(), 0.5):
        at = [
            np.asarray(noise.draw(jnp.asarray(X[i]), jax.random.fold_in(KEY, i))) for i in range(3)
        ]
        one = [np.asarray(noise.draw(x, jax.random.fold_in(KEY, i))) for i in range(3)]
        clients, workers = Clients(CUBIC, noise), Workers(CUBIC, noise)
        np.testing.assert_allclose(clients.local(jnp.asarray(X), KEY), X**2 + at)
        np.testing.assert_allclose(clients.grad(x, KEY), X[0] ** 2 + np.mean(one, axis=0))
        stack = np.stack([X[0], X[0] ** 2, X[0] ** 3])
        np.testing.assert_allclose(workers.grads(x, KEY), stack + one)
        np.testing.assert_allclose(workers.exact(x), stack)
        np.testing.assert_allclose(workers.grad(x, KEY), (stack + one).mean(axis=0))
        np.testing.assert_allclose(workers.leads(x), X[0] + 1)
        assert clients.n == workers.n == 3


def test_indices_of_samples() -> None:
    for samples in 1, 2, 5:
        oracle = Pairs(made(pairs=CUBIC.pairs, samples=samples, center=CUBIC.center), Noiseless())
        keys = [jax.random.key(k) for k in range(8)]
        found = [int(oracle.draw(key)) for key in keys]
        assert found == [int(jax.random.randint(key, (), 0, samples)) for key in keys]
        assert len(set(found)) == min(samples, len(set(found))) > (samples > 1)
    theta, which = oracle.pairs(jnp.asarray(X[0]), jnp.arange(2))
    np.testing.assert_array_equal(theta, X[0])
    np.testing.assert_array_equal(which, [10, 11])
    assert oracle.center(jnp.float32).dtype == jnp.float32


def test_what_is_passed_on() -> None:
    x = jnp.asarray(X)
    layer = Layer(CUBIC, PerEntry(2.0))
    np.testing.assert_array_equal(layer.through(x, jnp.asarray(Y)), 2 * X + Y)
    np.testing.assert_array_equal(layer.factors(x)[1], 2 * X)
    np.testing.assert_allclose(layer.disturbance(x, KEY), drawn(3, 2, size=2.0))
    np.testing.assert_array_equal(Probed(CUBIC, Noiseless()).activations(x), X[..., None])
    V, M = Scaled(CUBIC, Noiseless()).scaled_grad(x, KEY)
    assert (V.shape, float(M)) == (X.shape, X.sum())
    gated = Gated(CUBIC, Noiseless())
    np.testing.assert_array_equal(gated.parts(x)[1], X[1])
    assert float(gated.smoothness(x[0])) == -0.5
    ripple = Ripple(PerEntry(2.0), 0.5)
    found = RippleOracle(CUBIC, ripple).value(x, KEY)
    assert float(found) == pytest.approx((X**3).sum() + float(ripple.potential(x, KEY)))
