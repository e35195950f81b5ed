"""One step of each method of many workers, beside its formula."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.compression import compressed_sgd, ef21
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.error_feedback import ErrorFeedback, IdealErrorFeedback
from convergence.algorithms.decentralized import single_level, sparkle
from convergence.algorithms.decentralized.dimat import DIMAT
from convergence.algorithms.federated import averaging
from convergence.errors import InvalidInput
from convergence.parts.compressors import Bernoulli, RandK
from convergence.parts.graphs import exponential
from convergence.parts.participation import UniformClients
from convergence.parts.strategies import Strategy
from tests.algorithms.asked import KEY, TALL, Asked, check

W = exponential(4)  # W ≠ Wᵀ
C = RandK(2)


def sent(V: Any, coin: Any) -> np.ndarray:
    return np.asarray(C(jnp.asarray(V), coin))


def split(a: Any, x: Any) -> tuple[Any, Any]:
    """The stack of gradients, and the key of the compressor."""
    sample, coin = jax.random.split(a.key)
    return a.grads(x, sample), coin


def test_compression() -> None:
    star = np.arange(9.0).reshape(3, 3) / 7 - 0.4

    def plain(a: Any, t: int, x: Any) -> Any:
        return [x - 0.3 * sent(*split(a, x)).mean(axis=0)]

    def feedback(a: Any, t: int, x: Any, e: Any) -> Any:
        g, coin = split(a, x)
        hat = sent(e + g, coin)
        return x - 0.3 * hat.mean(axis=0), e + g - hat

    def ideal(a: Any, t: int, x: Any, e: Any) -> Any:
        g, coin = split(a, x)
        hat = star + sent(e + g - star, coin)
        return x - 0.3 * hat.mean(axis=0), e + g - hat

    def known(a: Any, t: int, x: Any) -> Any:
        g, coin = split(a, x)
        return [x - 0.3 * (a.exact(x) + sent(g - a.exact(x), coin)).mean(axis=0)]

    check(compressed_sgd.CompressedSGD(0.3, C), plain)
    check(ErrorFeedback(0.3, C), feedback)
    check(IdealErrorFeedback(0.3, C, star), ideal)
    check(ef21.IdealEF21(0.3, C), known)


@pytest.mark.parametrize("full", [True, False])
def test_controlled_errors(full: bool) -> None:
    def correction(a: Any, t: int, x: Any, h: Any) -> Any:
        g, coin = split(a, x)
        h = g if full and t == 0 else h
        h = h + sent(g - h, coin)
        return x - 0.3 * h.mean(axis=0), h

    def momentum(a: Any, t: int, x: Any, h: Any, v: Any) -> Any:
        g, coin = split(a, x)
        h, v = (g, g) if t == 0 else (h, v)
        v = 0.8 * v + 0.2 * g
        h = h + sent(v - h, coin)
        return x - 0.3 * h.mean(axis=0), h, v

    def controlled(a: Any, t: int, x: Any, e: Any, h: Any) -> Any:
        g, coin = split(a, x)
        h = g if full and t == 0 else h
        delta = sent(g - h + 0.6 * e, coin)
        return x - 0.3 * (h + delta).mean(axis=0), e + g - h - delta, h + delta

    check(ef21.EF21(0.3, C, full=full), correction)
    check(ef21.EF21SGDM(0.3, C, 0.2), momentum)
    check(EControl(0.3, C, 0.6, full=full), controlled)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ErrorFeedback(0.0, C), "gamma = 0"),
        (lambda: ErrorFeedback([1.0, -2.0], C), "gamma = -2"),
        (lambda: ef21.EF21SGDM(0.3, C, 0.0), "eta = 0"),
        (lambda: ef21.EF21SGDM(0.3, C, 1.1), "eta = 1.1"),
        (lambda: EControl(0.3, C, -0.1), "eta = -0.1"),
        (lambda: compressed_sgd.positive(np.array(-1.0), "gamma", "γ > 0"), "gamma = -1"),
    ],
)
def test_compressed_steps_that_are_refused(make: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        make()


def test_compressed_steps_that_are_not_refused() -> None:
    assert EControl(0.3, C, 0.0).eta == 0
    assert ef21.EF21SGDM(0.3, C, 1.0).eta == 1
    for make in (lambda v: ef21.EF21SGDM(v, C, v).eta, lambda v: EControl(v, C, v).eta):
        assert float(jax.jit(make)(-2.0)) == -2.0  # numbers of a trace pass
    assert Bernoulli(0.3).contraction(4) == 0.3


def test_averaging() -> None:
    """Two of three clients make two steps each."""

    def local(a: Any, x: Any) -> Any:
        X = np.broadcast_to(x, (3, *x.shape))
        for s in range(2):
            X = X - 0.3 * a.local(X, jax.random.fold_in(a.key, s))
        taken = UniformClients(2).draw(jax.random.fold_in(a.key, 2), 3)
        return X, np.asarray(taken)

    def sampled(a: Any, t: int, x: Any) -> Any:
        X, taken = local(a, x)
        return [X[taken == 1].mean(axis=0)]

    def everyone(a: Any, t: int, x: Any) -> Any:
        X, taken = local(a, x)
        return [np.where(taken[:, None] == 1, X, x).mean(axis=0)]

    def stored(a: Any, t: int, x: Any, kept: Any) -> Any:
        X, taken = local(a, x)
        kept = np.where(taken[:, None] == 1, X, kept)
        return kept.mean(axis=0), kept

    check(averaging.AverageSampled(0.3, 2, UniformClients(2)), sampled)
    check(averaging.AverageAll(0.3, 2, UniformClients(2)), everyone)
    method = averaging.AverageStored(0.3, 2, UniformClients(2))
    check(method, stored, lambda a, x0: [x0, np.broadcast_to(x0, (3, 3))])


def test_single_level() -> None:
    alone, memory, tracked = single_level, single_level.Memory, single_level.Tracker

    def extra(a: Any, t: int, x: Any, D: Any) -> Any:
        return (2 * W - np.eye(4)) @ x - 0.3 * a.g(x) - D, D + x - W @ x

    def diffusion(a: Any, t: int, x: Any, last: Any) -> Any:
        psi = x - 0.3 * a.g(x)
        return W @ (psi + x - last), psi

    check(alone.Diffusion(W, 0.3), lambda a, t, x: [W @ (x - 0.3 * a.g(x))], x0=TALL)
    check(alone.CombineThenAdapt(W, 0.3), lambda a, t, x: [W @ x - 0.3 * a.g(W @ x)], x0=TALL)
    check(alone.ConsensusDescent(W, 0.3), lambda a, t, x: [W @ x - 0.3 * a.g(x)], x0=TALL)
    check(alone.EXTRA(W, 0.3), extra, x0=TALL)
    check(alone.ExactDiffusion(W, 0.3), diffusion, lambda a, x0: [x0, x0], TALL)

    def tracking(x_of: Any, T_of: Any) -> Any:
        def step(a: Any, t: int, x: Any, T: Any, G: Any) -> Any:
            x = x_of(x, T)
            return x, T_of(T, a.g(x) - G), a.g(x)

        return step

    for kind, x_of, T_of, first in (
        (alone.GradientTracking, lambda x, T: W @ (x - 0.3 * T), lambda T, d: W @ (T + d), W),
        (alone.SemiTracking, lambda x, T: W @ (x - 0.3 * T), lambda T, d: W @ T + d, np.eye(4)),
        (alone.DIGing, lambda x, T: W @ x - 0.3 * T, lambda T, d: W @ T + d, np.eye(4)),
    ):

        def begun(a: Any, x0: Any, first: Any = first) -> Any:
            return x0, 1.7 * first @ a.g(x0), a.g(x0)

        check(kind(W, 0.3, 1.7), tracking(x_of, T_of), begun, TALL)
    x, T, G = TALL, 2 * TALL[::-1] + 1, TALL**2
    with jax.enable_x64(True):
        X, Ts, Gs = (jnp.asarray(v) for v in (x, T, G))
        found = alone.DIGing(W, 0.3).project(tracked(X, Ts, Gs))
        wanted = (x, T - T.mean(axis=0) + G.mean(axis=0), G)
        pairs = [(found, wanted)]
        found = alone.EXTRA(W, 0.3).project(memory(X, Ts))
        pairs += [(found, (x, T - T.mean(axis=0)))]
        found = alone.ExactDiffusion(W, 0.3).project(memory(X, Ts))
        pairs += [(found, (x, T - T.mean(axis=0) + x.mean(axis=0)))]
        for state, leaves in pairs:
            for a, b in zip(jax.tree.leaves(state), leaves, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-14)


@pytest.mark.parametrize(
    "make",
    [
        lambda: single_level.Diffusion(W, 0.3),
        lambda: single_level.EXTRA(W, 0.3),
        lambda: single_level.ExactDiffusion(W, 0.3),
        lambda: single_level.GradientTracking(W, 0.3),
        lambda: single_level.PrimalDual(strategy(3), 0.3),
        lambda: sparkle.DSOBA(W, 0.3, 0.3, 0.3, 0.3),
        lambda: sparkle.Sparkle(strategy(3), strategy(4), strategy(4), 0.3, 0.3, 0.3, 0.3),
        lambda: DIMAT(W, 0.3),
    ],
)
def test_stacks_that_are_refused(make: Any) -> None:
    """The stack is named first, the matrix second."""
    x0 = np.ones((3, 2, 1)) if isinstance(make(), DIMAT) else np.ones((2, 2))
    with pytest.raises(InvalidInput, match=r"a stack of [23] agents and a mixing matrix of [34]"):
        make().init(jnp.asarray(x0), Levelled(), KEY)


def strategy(n: int) -> Strategy:
    """Three matrices that have nothing in common."""
    A, B, rest = np.random.default_rng(n).uniform(-1, 1, (3, n, n))
    return Strategy(A, B - B.mean(axis=1, keepdims=True), rest)


class Levelled(Asked):
    """The directions of a bilevel problem, each with a sample of its own."""

    def lower_start(self) -> Any:
        return jnp.asarray(TALL[:, ::-1] / 3)

    def lower(self, X: Any, Y: Any, key: Any) -> Any:
        return 0.8 * Y - 0.3 * X + X * Y / 5 + self.sample(Y, jax.random.fold_in(key, 21))

    def adjoint(self, X: Any, Y: Any, Z: Any, key: Any) -> Any:
        sample = self.sample(Z, jax.random.fold_in(key, 22))
        return (1.1 + Y / 3 + sample) * Z - 0.4 * Y + 0.2 * X + self.sample(Y, key)

    def upper(self, X: Any, Y: Any, Z: Any, key: Any) -> Any:
        return X - 0.6 * Y * Z + 0.3 * Z + self.sample(X, jax.random.fold_in(key, 23))


def test_primal_dual() -> None:
    s, dual = strategy(4), TALL - TALL.mean(axis=0)

    def step(a: Any, t: int, x: Any, D: Any) -> Any:
        x = s.C @ x - 0.3 * s.A @ a.g(x) - D
        return x, D + s.B2 @ x

    check(single_level.PrimalDual(s, 0.3, dual), step, lambda a, x0: [x0, dual], TALL)
    check(single_level.PrimalDual(s, 0.3), step, x0=TALL)
