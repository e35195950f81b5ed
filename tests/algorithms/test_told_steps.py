"""One step of each method that asks more than gradients, beside its formula."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms import coins
from convergence.algorithms.attention.normalized_gd import NormalizedGD
from convergence.algorithms.classical.sgd import SGD, BatchSGD
from convergence.algorithms.estimators.celora import CELoRA
from convergence.algorithms.estimators.ist import IST
from convergence.algorithms.estimators.sophia import SignGD, Sophia, SophiaG
from convergence.algorithms.estimators.wta_crs import SampledBackward
from convergence.algorithms.federated.gating import AlternatingGates
from convergence.algorithms.games.adawac import AdaWAC
from convergence.algorithms.witness import Witness, shown
from convergence.constants import Constants
from convergence.parts.matrix_products import CRS
from tests.algorithms.asked import KEY, TALL, Asked, check

HESSIAN = np.array([[2.0, 0.5, -0.3], [0.5, 1.1, 0.2], [-0.3, 0.2, 0.7]])


class Told(Asked):
    """Answers the odd questions, each from numbers of its own."""

    def hess(self, x: Any) -> Any:
        return jnp.asarray(HESSIAN) + jnp.diag(x**2)

    def scaled_grad(self, x: Any, key: Any) -> Any:
        return 3 * self.grad(x, key), jnp.sum(x)

    samples = 3

    def draw(self, key: Any) -> Any:
        return jax.random.randint(key, (), 0, 3)

    def center(self, dtype: Any) -> Any:
        return jnp.array([0.1, -0.2, 0.3], dtype)

    def pairs(self, theta: Any, which: Any) -> Any:
        i = jnp.asarray(which, theta.dtype)
        s = jnp.sum(theta)
        dl = (1 + i[:, None]) * theta + 0.3
        return s + i, 0.4 * s - i + 0.2, dl, 0.6 * theta**2 - i[:, None]

    def factors(self, x: Any) -> Any:
        W = jnp.asarray(TALL) + 0.1 * x[0, 0] ** 2
        return (x + x[::-1] ** 2) @ W.T / 2, W

    def through(self, x: Any, product: Any) -> Any:
        return product * (1 + x / 3)

    def disturbance(self, x: Any, key: Any) -> Any:
        return self.sample(x, key)

    def parts(self, x: Any) -> Any:
        return x[: x.size // 2], x[x.size // 2 :]

    def smoothness(self, v: Any) -> Any:
        return jnp.maximum(jnp.sum(v), 0.0)


def test_sophia() -> None:
    def eigen(a: Any, t: int, x: Any) -> Any:
        s, V = np.linalg.eigh(a.hess(x))
        return [x - 0.3 * V @ np.clip(V.T @ a.g(x) / s, -0.8, 0.8)]

    def diagonal(a: Any, t: int, x: Any) -> Any:
        return [x - 0.3 * np.clip(a.g(x) / np.diag(a.hess(x)), -0.8, 0.8)]

    check(Sophia(0.3, 0.8), eigen, oracle=Told())
    check(Sophia(0.3, 0.8, basis="diagonal"), diagonal, oracle=Told())
    check(SignGD(0.3), lambda a, t, x: [x - 0.3 * np.sign(a.g(x))])

    def unit(a: Any, t: int, x: Any) -> Any:
        g = a.g(x)
        return [x - 0.3 * g / np.sqrt(np.sum(g**2))]

    check(NormalizedGD(0.3), unit, x0=TALL, oracle=Told())


@pytest.mark.parametrize("semantics", ["code", "paper"])
def test_sophia_g(semantics: str) -> None:
    """ρ = 0.6, β₁ = 0.8, β₂ = 0.7, k = 3, B = 5, λ = 0.25."""

    def step(a: Any, t: int, x: Any, m: Any, h: Any) -> Any:
        m = 0.8 * m + 0.2 * a.g(x)
        other = jax.random.fold_in(a.key, 1)

        def renewed(x: Any) -> Any:
            return 0.7 * h + 0.3 * 5 * a.g(x, other) ** 2

        def moved(h: Any) -> Any:
            ratio = np.minimum(1, abs(m) / (0.6 * h + 1e-15))
            return (1 - 0.3 * 0.25) * x - 0.3 * np.sign(m) * ratio

        if semantics == "paper":
            h = renewed(x) if t % 3 == 0 else h
            return moved(h), m, h
        x = moved(h)
        return x, m, renewed(x) if t % 3 == 2 else h

    method = SophiaG(0.3, 0.6, 0.8, 0.7, 3, 5.0, 0.25, semantics)
    small = [lambda x, m, h, s=s: [x, m, h * s] for s in (1.0, 0.0, 1e-14)]
    check(method, step, clocks=(0, 1, 2, 3, 5), states=small)


def test_ist_given() -> None:
    """The two blocks of largest log chance plus a Gumbel number, chances .3/4 + .7 softmax."""
    for rule in ("given", "gradient"):
        method = IST(0.3, np.arange(4.0) / 2, 0.3, 2, rule)

        def step(a: Any, t: int, x: Any, importance: Any, first: Any, rule: str = rule) -> Any:
            sample, draw, _ = jax.random.split(a.key, 3)
            if rule == "gradient":
                other = a.g(x, jax.random.fold_in(a.key, 1))
                importance = np.log(np.sum(other**2, axis=1))
            soft = np.exp(importance) / np.exp(importance).sum()
            score = np.log(0.3 / 4 + 0.7 * soft) + jax.random.gumbel(draw, (4,))
            chosen = np.zeros((4, 1))
            chosen[np.argsort(-score)[:2]] = 1
            return x - 0.3 * chosen * a.g(x, sample), importance, first

        check(method, step, lambda a, x0: [x0, np.arange(4.0) / 2, x0], TALL, (0, 1, 2, 3, 4))


def test_ist_learned() -> None:
    """Of 5 candidates each keeps 2 of 4 blocks, the others a quarter of the way; every 3 steps."""

    def step(a: Any, t: int, x: Any, importance: Any, first: Any) -> Any:
        sample, draw, trial = jax.random.split(a.key, 3)
        kept, rewards = np.zeros((5, 4)), np.zeros(5)
        for c, key in enumerate(jax.random.split(trial, 5)):
            pick, own = jax.random.split(key)
            kept[c, np.argsort(-np.asarray(jax.random.uniform(pick, (4,))))[:2]] = 1
            share = np.where(kept[c] == 1, 1, 0.4)[:, None]
            rewards[c] = np.exp(-a.value(first + share * (x - first), own))
        if t % 3 == 0:
            importance = importance + 1.5 * (rewards - rewards.mean()) @ kept
        soft = np.exp(importance) / np.exp(importance).sum()
        score = np.log(soft) + jax.random.gumbel(draw, (4,))
        chosen = (score == score.max())[:, None]
        return x - 0.3 * chosen * a.g(x, sample), importance, first

    method = IST(0.3, np.zeros(4), 0.0, 1, "learned", 3, 5, 2, 0.4, 1.5)
    check(method, step, lambda a, x0: [x0, np.zeros(4), x0], TALL, (0, 1, 3), whole=True)


def test_what_ist_spreads() -> None:
    """Chances .1 + .6 softmax(0, log 2, 0) = (.25, .4, .25, …) and a = 1 − .7² of ηL = .3."""
    c, a = Constants(L=2.0), 0.51
    given = IST(0.15, np.log([1.0, 2.0, 1.0]), 0.4)
    p = 0.4 / 3 + 0.6 * np.array([0.25, 0.5, 0.25])
    spread = max(math.log1p(a**2 * q * (1 - q) / (1 - a * q) ** 2) for q in p)
    assert given.coins(c, 9) == pytest.approx((spread, a * p[0]))
    learned = IST(0.15, np.zeros(3), 0.4, rule="learned")
    p = np.array([0.4 / 3, 0.4 / 3 + 0.6])
    spread = max(math.log1p(a**2 * q * (1 - q) / (1 - a * q) ** 2) for q in p)
    assert learned.coins(c, 9) == pytest.approx((spread, a * p[0]))
    for unknown in (IST(0.51, np.zeros(3)), IST(0.15, np.zeros(3), N_u=2), IST(0.15, np.zeros(1))):
        assert unknown.coins(c, 9) == (math.inf, 0.0)
    assert IST(0.5, np.zeros(2)).coins(c, 9)[0] == pytest.approx(math.log1p(0.25 / 0.25))


def test_spreads_by_hand() -> None:
    assert coins.projected(0.5, 0.4, 0.1) == pytest.approx((math.log1p(0.025 / 0.64), 0.2))
    assert coins.projected(1.0, 1.0, 0.1) == (math.inf, 1.0)
    assert coins.haar(8, 2) == pytest.approx(2 * 0.25 * 0.75 / 10)
    wanted = math.log1p(8 * 0.09 * (1 + 0.3 * 10 / 2) ** 2 / 0.4**2)
    assert coins.directional(0.3, 4) == pytest.approx(wanted)


@pytest.mark.parametrize("rule", ["pairs", "weights"])
def test_celora(rule: str) -> None:
    """The two rows of largest score, chosen anew every 3 steps."""

    def begun(a: Any, x0: Any) -> Any:
        W = a.factors(x0)[1]
        U, S, Vt = np.linalg.svd(W, full_matrices=False)
        low = S[0] * np.outer(U[:, 0], Vt[0])
        return x0, np.ones(4), low, W - low

    def step(a: Any, t: int, x: Any, rows: Any, low: Any, rest: Any) -> Any:
        R = a.factors(x)[0]
        score = np.linalg.norm(rest, axis=1)
        score = score * np.linalg.norm(R, axis=0) if rule == "pairs" else score
        if t % 3 == 0:
            rows = np.isin(np.arange(4), np.argsort(-score)[:2]).astype(float)
        product = R @ low + (R * rows) @ rest
        g = a.through(x, product) + a.disturbance(x, a.key)
        return x - 0.3 * g, rows, low, rest

    def signed(x: Any, rows: Any, low: Any, rest: Any) -> Any:
        """Rows whose sums, and sums of cubes, are in another order than their lengths."""
        return x, rows, low, np.array([[0.0, -1.8], [1.0, 1.0], [1.5, 0.0], [1.1, 1.1]])

    method = CELoRA(0.3, 2, 1, 3, rule)
    states = [lambda *leaves: leaves, signed]
    check(method, step, begun, TALL, (0, 1, 2, 3, 5), Told(), states)


def test_sampled_backward() -> None:
    def step(a: Any, t: int, x: Any) -> Any:
        sample, coin = jax.random.split(a.key)
        R, W = a.factors(x)
        return [x - 0.3 * (CRS(2)(jnp.asarray(R), jnp.asarray(W), coin) + a.disturbance(x, sample))]

    check(SampledBackward(0.3, CRS(2)), step, x0=TALL, oracle=Told())


@pytest.mark.parametrize(
    ("order", "whole", "r"),
    [("jacobi", False, 0.4), ("jacobi", True, 9.0), ("gauss-seidel", True, 0.4)],
)
def test_adawac(order: str, whole: bool, r: float) -> None:
    def step(a: Any, t: int, x: Any, s: Any) -> Any:
        theta = x[:3]
        which = np.arange(3) if whole else np.array([a.draw(a.key)])
        l, c, dl, dc = a.pairs(theta, which)
        after = s.copy()
        after[which] += 0.7 * (l - c)
        b = 1 / (1 + np.exp(-(s if order == "jacobi" else after)[which]))[:, None]
        center = np.array([0.1, -0.2, 0.3])
        away = theta - 0.3 * np.mean(b * dl + (1 - b) * dc, axis=0) - center
        theta = center + away * min(1, r / np.linalg.norm(away))
        return np.concatenate([theta, 1 / (1 + np.exp(-after))]), after

    x0 = (0.7, -1.1, 1.6, 0.5, 0.5, 0.5)
    method = AdaWAC(0.3, 0.7, r, order, whole)
    check(method, step, lambda a, x0: [x0, np.zeros(3)], x0, oracle=Told())


def test_gates() -> None:
    def step(a: Any, t: int, x: Any) -> Any:
        theta, g = x[:3], x[3:]
        sizes = a.smoothness(theta), a.smoothness
        g = np.clip(g - (a.g(x)[3:] / sizes[0] if sizes[0] > 0 else 0), 0, 1)
        L = a.smoothness(g)
        slope = a.g(np.concatenate([theta, g]))[:3]
        return [np.concatenate([theta - (slope / L if L > 0 else 0), g])]

    signed = [lambda x, s=s: [np.concatenate([s * abs(x[:3]), abs(x[3:])])] for s in (1, -1)]
    check(AlternatingGates(), step, x0=np.ones(6), oracle=Told(), states=signed)  # −: no slope


def test_witness() -> None:
    """Successes among the samples of a step: one, or those of a batch under keys 0 … B − 1."""

    def count(a: Any, key: Any, size: int) -> int:
        return sum(bool(a.success(jax.random.fold_in(key, b), "float64")) for b in range(size))

    def one(a: Any, t: int, x: Any, inner: Any, n: Any) -> Any:
        after = inner - 0.3 * a.g(inner)
        return after, after, n + int(a.success(a.key, "float64"))

    def batch(a: Any, t: int, x: Any, inner: Any, n: Any) -> Any:
        after = inner - 0.3 * a.mean(inner, 4)
        return after, after, n + (0 if t == 0 else count(a, a.key, 4))

    def unlike(x: Any, inner: Any, n: Any) -> Any:
        return x, inner, np.asarray(5, np.int32)

    def begun(a: Any, x0: Any) -> Any:
        return x0, x0, count(a, a.key, 6)

    def nothing(a: Any, x0: Any) -> Any:
        return x0, x0, 0

    first = Witness(BatchSGD(0.3, 4), 4, 6)
    check(Witness(SGD(0.3)), one, nothing, clocks=(0, 1, 2, 3), states=[unlike])
    check(first, batch, begun, clocks=(0, 1, 2, 3), states=[unlike], whole=True)
    found = [int(shown(Asked(), jax.random.fold_in(KEY, s), 3, "float32")) for s in range(8)]
    assert len(set(found)) > 2
