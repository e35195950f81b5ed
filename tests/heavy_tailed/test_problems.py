"""Constants on dense grids, gradients by differentiation, the chain and its oracle."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.noise.coin import Coin
from convergence.oracles.chain import ChainOracle
from convergence.problems.chain import HIDDEN, Chain
from convergence.problems.nonconvex import Welsch, bowl, cosine_lattice, log_cosh, quad_cos
from convergence.problems.ramp import ramp, slope

GRID = np.linspace(-12, 12, 240_001)  # step 1e-4: extrema of smooth functions to about 1e-8
SCALARS = {
    "bowl": bowl([1.0], 0.7),
    "quad_cos": quad_cos([3.0], 0.2, 0.8, 0.9),
    "cosine_lattice": cosine_lattice([2.0], 1.3, 0.8),
    "log_cosh": log_cosh([4.0], 1.2, 0.6),
    "welsch": Welsch([1.0], 1.4),
}


@pytest.mark.parametrize("name", SCALARS)
def test_constants_on_a_dense_grid(name):
    f = SCALARS[name]
    c = f.constants()
    with jax.enable_x64(True):

        def scalar(w):
            return f.value(w[None])

        x = jnp.asarray(GRID)
        first = jax.vmap(jax.grad(scalar))
        second = jax.vmap(jax.grad(jax.grad(scalar)))
        third = jax.vmap(jax.grad(jax.grad(jax.grad(scalar))))
        values, g, h, k = (np.asarray(q(x)) for q in (jax.vmap(scalar), first, second, third))
        closed = np.asarray(jax.vmap(lambda w: f.grad(w[None])[0])(x))
    # Two routes to a number of order 1.
    np.testing.assert_allclose(closed, g, rtol=0, atol=1e-12)
    # 1e-7: the grid misses an extremum by at most its step squared times a few.
    assert np.abs(h).max() == pytest.approx(c.L, rel=1e-7)
    assert np.abs(k).max() == pytest.approx(c.rho, rel=1e-7, abs=1e-12)
    if "G" in c:
        assert np.abs(g).max() == pytest.approx(c.G, rel=1e-7)
    assert values.min() == pytest.approx(0.0, abs=1e-12)
    assert values.min() >= 0


def test_constants_add_up_over_coordinates():
    x0 = np.array([2.0, -3.0, 0.5])
    f = cosine_lattice(x0)
    c = f.constants()
    with jax.enable_x64(True):
        assert c.Delta == pytest.approx(float(f.value(jnp.asarray(x0))), rel=1e-14)
        assert c.grad0 == pytest.approx(float(jnp.linalg.norm(f.grad(jnp.asarray(x0)))), rel=1e-14)
    assert pytest.approx(3**0.5) == c.G
    assert "G" not in quad_cos(x0).constants()


@pytest.mark.parametrize("floor", [None, (0.8, 0.5)])
def test_the_ramp_is_steep_as_far_as_it_reaches(floor):
    f = ramp(7.0, Delta=2.0, L=1.5, floor=floor)
    c, s = f.constants(), slope(7.0, 2.0, 1.5)
    assert s * 7 + s**2 / 3 == pytest.approx(2.0, rel=1e-14)
    assert c.Delta == pytest.approx(2.0, rel=1e-13)
    assert pytest.approx(max(1.5, 0 if floor is None else 1.6)) == c.L
    with jax.enable_x64(True):
        for step in np.linspace(0, 7, 29):
            g = f.grad(jnp.asarray(f.x0) - jnp.array([step, 0.0]))
            assert float(g[0]) == pytest.approx(s, rel=1e-12)
        assert float(f.grad(jnp.asarray(f.x0) - jnp.array([7 + s / 1.5, 0.0]))[0]) == pytest.approx(
            0, abs=1e-12
        )
    assert "rho" not in c


def test_the_chain_keeps_its_constants():
    K = 6
    f = Chain(K, eps=0.5, L=2.0)
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        lam = float(f.width)
        assert lam == 38.0
        x = jnp.asarray(rng.uniform(-2, 3, (4000, K)) * lam)
        # Typical iterates: a found head, one coordinate in between, an untouched tail.
        x = x.at[:2000].set(lam * (jnp.arange(K) < 3) + x[:2000] * (jnp.arange(K) == 3))
        g = jax.vmap(f.grad)(x)
        # 1e-11: the rounding of sums of six terms of size λ.
        np.testing.assert_allclose(g, jax.vmap(jax.grad(f.value))(x), rtol=0, atol=1e-11)
        assert float(jnp.abs(g).max()) <= 23 * 0.5
        hess = jax.vmap(jax.hessian(f.value))(x[:1000])
        assert float(jnp.linalg.norm(hess, 2, axis=(1, 2)).max()) <= 2.0
        c = f.constants()
        assert float(jnp.linalg.norm(f.grad(f.start()))) == pytest.approx(c.grad0)
        assert float(f.value(f.start())) - c.f_star == pytest.approx(c.Delta)
        # Not found yet: the gradient is longer than ε.
        unfound = x.at[:, -1].set(jnp.clip(x[:, -1], -lam, lam))
        assert float(jnp.linalg.norm(jax.vmap(f.grad)(unfound), axis=1).min()) > 0.5
        assert float(jax.vmap(f.value)(x).min()) >= c.f_star


def test_the_chain_oracle_is_unbiased_and_shows_one_coordinate_at_a_time():
    f = Chain(5)
    q, p = 0.3, 1.5
    oracle = ChainOracle(f, Coin(q, HIDDEN, p))
    with jax.enable_x64(True):
        lam = float(f.width)
        x = jnp.array([0.9, 0.6, 0.2, 0.0, 0.0]) * lam
        g = np.asarray(f.grad(x))
        seen = {}
        for i in range(40):
            key = jax.random.key(i)
            seen[bool(oracle.success(key, x.dtype))] = np.asarray(oracle.grad(x, key))
        assert set(seen) == {True, False}
        # Exact enumeration of the coin: the mean, and the moment that the coin certifies.
        assert q * seen[True] + (1 - q) * seen[False] == pytest.approx(g, abs=1e-12)
        assert np.all(seen[False][2:] == 0)
        assert np.count_nonzero(seen[True][2:]) == 1
        moment = sum(w * np.linalg.norm(seen[z] - g) ** p for z, w in ((True, q), (False, 1 - q)))
        assert moment <= oracle.noise.constants((5,)).sigma_p ** p
        assert int(f.progress(x)) == 3
        assert int(f.progress(x, 0.25)) == 2


@pytest.mark.parametrize(
    "make",
    [lambda: quad_cos([1.0], c=-1.0), lambda: log_cosh([1.0], k=0.0), lambda: Chain(1),
     lambda: ramp(-1.0), lambda: Welsch([1.0], 0.0), lambda: log_cosh([np.nan])],
)  # fmt: skip
def test_bad_input(make):
    with pytest.raises(InvalidInput, match="needed"):
        make()
