"""One step of each normalized, adaptive, parameter-free and saddle method, beside its formula."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.adaptive import matrices, norms, sign_feedback
from convergence.algorithms.games import saddle
from convergence.algorithms.heavy_tailed import nsgd, storm
from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd_clip import NSGDC
from convergence.algorithms.parameter_free.coin import CoinBetting
from convergence.algorithms.parameter_free.dadaptation import DAdaptation
from convergence.errors import InvalidInput
from tests.algorithms.asked import KEY, WIDE, Asked, check


def unit(m: Any) -> Any:
    return m / np.sqrt(np.sum(m**2))


def clip(g: Any, h: float) -> Any:
    return g * min(1.0, h / np.sqrt(np.sum(g**2)))


def test_nsgd() -> None:
    def after(a: Any, t: int, x: Any, m: Any, v: Any) -> Any:
        v = 0.6 * v + unit(a.g(x))
        return x - 0.3 * v, a.g(x), v

    def momentum(a: Any, t: int, x: Any, m: Any) -> Any:
        m = a.g(x) if t == 0 else 0.8 * m + 0.2 * a.g(x)
        return x - 0.3 * unit(m), m

    def batch(a: Any, t: int, x: Any, m: Any) -> Any:
        return x - 0.3 * unit(a.mean(x, 4)), a.mean(x, 4)

    check(nsgd.NSGD(0.3, 4), batch, x0=WIDE, whole=True)
    check(nsgd.NSGDM(0.3, 0.2), momentum, x0=WIDE)
    check(nsgd.HeavyBallAfterNormalizing(0.3, 0.6), after, x0=WIDE)
    assert nsgd.NSGD(0.3, 4).respects.batch == 4


def test_lengths() -> None:
    """3, 4 has length 5."""
    with jax.enable_x64(True):
        g = jnp.array([3.0, 4.0])
        for scale in (1.0, 0.025):
            np.testing.assert_allclose(nsgd.unit(scale * g), [0.6, 0.8], rtol=1e-14)
        assert nsgd.unit(0 * g).tolist() == [0.0, 0.0]
        for h, wanted in ((2.5, [1.5, 2.0]), (5.0, [3.0, 4.0]), (6.0, [3.0, 4.0])):
            np.testing.assert_allclose(nsgd.clip(g, h), wanted, rtol=1e-14)
        np.testing.assert_allclose(nsgd.clip(g / 10, 0.25), [0.15, 0.2], rtol=1e-14)
        for h in (2.5, float("inf")):
            assert nsgd.clip(0 * g, h).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ({"gamma": 0.0}, "gamma = 0"),
        ({"gamma": -1.0}, "gamma = -1"),
        ({"alpha": 0.0}, "theta = 1,"),
        ({"alpha": 1.25}, "theta = -0.25"),
        ({"h": 0.0}, "h = 0"),
        ({"gamma": np.array([1.0, -2.0])}, "gamma = -2"),
    ],
)
def test_steps_that_are_refused(steps: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        nsgd.check_steps(**steps)


def test_steps_that_are_not_refused() -> None:
    nsgd.check_steps(1e-9, 1e-9, 1e-9)
    nsgd.check_steps(9.0, 1.0, float("inf"))
    nsgd.HeavyBallAfterNormalizing(0.3, 0.0)
    for mu, says in ((1.0, "theta = 1,"), (-0.5, "theta = -0.5")):
        with pytest.raises(InvalidInput, match=says):
            nsgd.HeavyBallAfterNormalizing(0.3, mu)
    made = jax.jit(lambda v: nsgd.HeavyBallAfterNormalizing(v, v).mu)  # numbers of a trace pass
    assert float(made(-2.0)) == -2.0
    for gamma, alpha, h in ((1.0, -2.0, -2.0), (-2.0, 1.0, -2.0), (-2.0, -2.0, 1.0)):
        assert jax.jit(lambda v, g=gamma, a=alpha, h=h: nsgd.check_steps(
            v if g == 1 else g, v if a == 1 else a, v if h == 1 else h))(1.0) is None  # fmt: skip


@pytest.mark.parametrize("kind", [nsgd.NSGDM, NSGDC, NIGT, storm.STORM, storm.STORMTwoSamples])
def test_each_field_is_refused_by_its_own_name(kind: Any) -> None:
    """A step is no weight: it may be larger than 1; nor a level, which may be infinite."""
    given = {"gamma": 9.0, "alpha": 0.5, "h": float("inf")}
    own = {field.name for field in dataclasses.fields(kind)}
    given = {name: value for name, value in given.items() if name in own}
    made = kind(**given)
    assert {name: float(getattr(made, name)) for name in given} == given
    for name, value, says in (
        ("gamma", 0.0, "gamma = 0,"), ("alpha", 1.25, "theta = -0.25"), ("h", 0.0, "h = 0,")
    ):  # fmt: skip
        if name in given:
            with pytest.raises(InvalidInput, match=says):
                kind(**{**given, name: value})


def test_clipped() -> None:
    for h in (0.8, 9.0):
        check(ClippedSGD(0.3, h), lambda a, t, x, h=h: [x - 0.3 * clip(a.g(x), h)])

        def average(a: Any, t: int, x: Any, m: Any, h: float = h) -> Any:
            g = clip(a.g(x), h)
            m = g if t == 0 else 0.8 * m + 0.2 * g
            return x - 0.3 * unit(m), m

        check(NSGDC(0.3, 0.2, h), average)

        def ahead(a: Any, t: int, x: Any, m: Any, last: Any, h: float = h) -> Any:
            g = clip(a.g(x + 0.8 / 0.2 * (x - last)), h)
            m = g if t == 0 else 0.8 * m + 0.2 * g
            return x - 0.3 * unit(m), m, x

        check(NIGT(0.3, 0.2, h), ahead, lambda a, x0: [x0, 0 * x0, x0])
    check(ClippedSGD(0.3), lambda a, t, x: [x - 0.3 * a.g(x)])


@pytest.mark.parametrize("kind", [storm.STORM, storm.STORMTwoSamples])
@pytest.mark.parametrize("h", [0.8, 9.0])
def test_storm(kind: Any, h: float) -> None:
    def step(a: Any, t: int, x: Any, m: Any, last: Any) -> Any:
        again = a.key if kind is storm.STORM else jax.random.fold_in(a.key, 1)
        g = a.g(x)
        if t:
            m = 0.8 * m + 0.2 * clip(g, h) + 0.8 * (g - a.g(last, again))
        return x - 0.3 * unit(m), m, x

    check(kind(0.3, 0.2, 4, h), step, lambda a, x0: [x0, clip(a.mean(x0, 4), h), x0])
    shown = kind(0.3, 0.2, 4, h).respects
    assert (
        shown is None if kind is storm.STORMTwoSamples else (shown.first, shown.batch) == (4, None)
    )


class Flat(Asked):
    """∇F = 0."""

    def grad(self, x: Any, key: Any) -> Any:
        return 0 * x


def test_parameter_free() -> None:
    def coin(a: Any, t: int, x: Any, start: Any, total: Any, wealth: Any) -> Any:
        c = -a.g(x) / 2.5
        wealth, total = wealth + c @ (x - start), total + c
        return start + wealth * total / (t + 2), start, total, wealth

    def adapted(a: Any, t: int, x: Any, start: Any, s: Any, d: Any, square: Any, spent: Any) -> Any:
        g = a.g(x)
        spent = spent + square**-0.5 * d**2 * (g @ g)
        s, square = s + d * g, square + g @ g
        norm = float(np.sqrt(s @ s))
        found = (square**-0.5 * norm**2 - spent) / (2 * norm)
        grown.append(found > d)
        return start - square**-0.5 * s, start, s, max(d, found), square, spent

    def begun(a: Any, x0: Any) -> Any:
        return x0, x0, 0 * x0, 0.05, 0.2**2, 0

    def small(x: Any, start: Any, s: Any, d: Any, square: Any, spent: Any) -> Any:
        return x, start, 3 * s, d / 9, square / 9, spent / 99

    grown: list[bool] = []
    check(CoinBetting(2.5, 1.7), coin, lambda a, x0: [x0, x0, 0 * x0, 1.7])
    check(DAdaptation(0.05, 0.2), adapted, begun, states=[lambda *leaves: leaves, small])
    assert {True, False} == set(grown)
    still, flat = DAdaptation(0.05, 0.2), Flat()
    with jax.enable_x64(True):
        after = still.step(jnp.asarray(1), still.init(jnp.ones(2), flat, KEY), flat, KEY)
        assert (float(after.d), after.x.tolist()) == (0.05, [1.0, 1.0])


def test_adaptive() -> None:
    def norm(a: Any, t: int, x: Any, square: Any, first: Any) -> Any:
        g = a.g(x)
        size = np.sum(g**2)
        move = 0.3 * g / np.sqrt(square + size)
        return x - move, square + size, np.sqrt(size) if t == 0 else first

    check(norms.AdaGradNorm(0.3, 1.5), norm, lambda a, x0: [x0, 2.25, 0], x0=WIDE)

    def feedback(a: Any, t: int, x: Any, e: Any) -> Any:
        p = 0.3 * a.g(x) + e
        sent = np.mean(abs(p)) * np.sign(p)
        return x - sent, p - sent

    def one(a: Any, x: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        return a.grads(x, sample)[int(jax.random.randint(coin, (), 0, 3))]

    def sampled(a: Any, t: int, x: Any, e: Any) -> Any:
        p = 0.3 * one(a, x) + e
        sent = np.mean(abs(p)) * np.sign(p)
        return x - sent, p - sent

    check(sign_feedback.SignFeedback(0.3), feedback, x0=WIDE)
    check(sign_feedback.SignFeedback(0.3, 3), sampled)
    check(sign_feedback.SampledSign(0.3, 3), lambda a, t, x: [x - 0.3 * np.sign(one(a, x))])


def power(A: Any, p: float) -> Any:
    values, Q = np.linalg.eigh(A)
    return Q @ np.diag([v**p if v > 1e-12 * values[-1] else 0.0 for v in values]) @ Q.T


def square(A: Any) -> Any:
    """A positive definite matrix in the place of any."""
    return A @ A.T + np.diag(1 + np.arange(len(A)) / 2)


def test_matrices() -> None:
    def shampoo(a: Any, t: int, x: Any, left: Any, right: Any) -> Any:
        G = a.g(x)
        left, right = left + G @ G.T, right + G.T @ G
        return x - 0.3 * power(left, -0.3) @ G @ power(right, -0.3), left, right

    def begun(a: Any, x0: Any) -> Any:
        return x0, np.zeros((2, 2)), np.zeros((4, 4))

    kinds = [lambda x, L, R, of=of: [x, of(L), of(R)] for of in (square, np.zeros_like)]
    check(matrices.Shampoo(0.3, 0.3), shampoo, begun, WIDE, states=kinds)

    def spectral(a: Any, t: int, x: Any) -> Any:
        U, _, Vt = np.linalg.svd(a.g(x), full_matrices=False)
        return [x - 0.3 * U @ Vt]

    check(matrices.SpectralDescent(0.3), spectral, x0=WIDE)

    def soap(a: Any, t: int, x: Any, m: Any, left: Any, right: Any, v: Any) -> Any:
        G = a.g(x)
        left, right = 0.7 * left + 0.3 * G @ G.T, 0.7 * right + 0.3 * G.T @ G
        m = 0.8 * m + 0.2 * G
        P, Q = np.linalg.eigh(left)[1], np.linalg.eigh(right)[1]
        v = 0.7 * v + 0.3 * (P.T @ G @ Q) ** 2
        hat = P.T @ m @ Q / (1 - 0.8 ** (t + 1))
        move = P @ (hat / (np.sqrt(v / (1 - 0.7 ** (t + 1))) + 0.1)) @ Q.T
        return x - 0.3 * move, m, left, right, v

    def both(x: Any, m: Any, left: Any, right: Any, v: Any) -> Any:
        return x, m, square(left), square(right), v

    def empty(a: Any, x0: Any) -> Any:
        return x0, 0 * x0, np.zeros((2, 2)), np.zeros((4, 4)), 0 * x0

    check(matrices.SOAP(0.3, 0.8, 0.7, 0.1), soap, empty, WIDE, states=[both])


def test_roots() -> None:
    """Eigenvalues 4, 1 and, relative to 4, one on each side of 1e-12."""
    for small, kept in ((0.0, 0.0), (3e-12, 0.0), (5e-12, 5e-12**0.5)):
        with jax.enable_x64(True):
            found = matrices.root(jnp.diag(jnp.array([4.0, small, 1.0])), 0.5)
        np.testing.assert_allclose(np.diag(found), [2.0, kept, 1.0], rtol=1e-10)


def turned(g: Any) -> Any:
    return np.concatenate([g[:1], -g[1:]])


def test_saddle() -> None:
    def extra(a: Any, t: int, z: Any) -> Any:
        return [z - 0.3 * turned(a.g(z - 0.3 * turned(a.g(z))))]

    def optimistic(a: Any, t: int, z: Any, before: Any) -> Any:
        now = turned(a.g(z))
        return z - 0.6 * now + 0.3 * before, now

    def alternating(a: Any, t: int, z: Any) -> Any:
        half = np.concatenate([(z - 0.3 * a.g(z))[:1], z[1:]])
        return [np.concatenate([half[:1], (z + 0.3 * a.g(half))[1:]])]

    check(saddle.DescentAscent(0.3, 1), lambda a, t, z: [z - 0.3 * turned(a.g(z))])
    check(saddle.AlternatingDescentAscent(0.3, 1), alternating)
    check(saddle.Extragradient(0.3, 1), extra)
    check(saddle.Optimistic(0.3, 1), optimistic, lambda a, z: [z, turned(a.g(z))])
