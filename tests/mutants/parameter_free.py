"""Faults planted in parameter-free methods, matrix methods, and laws of stationary noise."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from convergence.algorithms.classical.reshuffling import RandomReshuffling, SGDWithReplacement
from convergence.algorithms.classical.variance_reduced import SAGA, SVRG
from convergence.algorithms.parameter_free.dadaptation import DAdaptation
from convergence.registry.adaptive import matrices
from convergence.registry.classical import stochastic, sums
from convergence.registry.parameter_free import pathwise
from tests.mutants.base import Mutant, tamper
from tests.mutants.deterministic import half
from tests.mutants.tight import NEEDLE, changed, options, plant

CLAIM: dict[str, Any] = {
    c.slug: c for c in (*matrices.CLAIMS, *pathwise.CLAIMS, *stochastic.CLAIMS, *sums.CLAIMS)
}


def of(name: str, slug: str, fault: Any) -> Mutant:
    """A fault in the method of a claim."""
    return plant(name, slug, fault, CLAIM)


class Spendthrift(DAdaptation):
    """The estimate without the factor ½ and what the steps have cost."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        way = jnp.sqrt(jnp.sum((after.x - after.start) ** 2))
        return dataclasses.replace(after, d=jnp.maximum(after.d, way))


class LastAnchor(SVRG):
    """The mean of the gradients at x in place of that at the anchor."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        sample, _ = jax.random.split(key)
        anchored, x = oracle.grads(state.x, sample), state.x
        for s in range(self.m):
            now = oracle.grads(x, sample)
            i = self.indices.draw(key, oracle.n, s)
            x = x - self.eta * (now[i] - anchored[i] + now.mean(axis=0))
        return type(state)(x)


class StaleTable(SAGA):
    """The table is changed before its mean is taken."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        sample, coin = jax.random.split(key)
        i = self.indices.draw(coin, oracle.n, 0)
        new = oracle.grads(state.x, sample)[i]
        table = state.table.at[i].set(new)
        return type(state)(state.x - self.eta * (new - state.table[i] + table.mean(axis=0)), table)


MUTANTS = (
    Mutant("schedule-free-short-step", lambda: tamper(
        CLAIM["schedule-free"], problem=NEEDLE, algorithm=lambda a: options(
            learning_rate=float(a.options["learning_rate"]) / 50)(a))),
    of("prodigy-overestimates", "prodigy-distance", options(estim_lr_coef=2.0)),
    Mutant("dog-tenth-of-the-bound", lambda: tamper(
        CLAIM["dog-regret"], number=lambda b, T: b / 10)),
    Mutant("dowg-tenth-of-the-bound", lambda: tamper(
        CLAIM["dowg-regret"], number=lambda b, T: b / 10)),
    of("coin-starts-poorer", "coin-linear", changed(eps=lambda e: 0.99 * e)),
    Mutant("dadaptation-third-of-the-bound", lambda: tamper(
        CLAIM["dadaptation-distance"], number=lambda b, T: b / 3)),
    of("dadaptation-forgets-what-it-spent", "dadaptation-distance",
       lambda a: Spendthrift(a.first, a.b)),
    of("cocob-other-fraction", "cocob-linear", options(alpha=5.0)),
    of("shampoo-exponent-half", "shampoo-linear", changed(power=lambda p: 2 * p)),
    Mutant("shampoo-half-of-the-regret", lambda: tamper(
        CLAIM["shampoo-regret-tight"], number=lambda b, T: b / 2)),
    of("shampoo-half-exponent-quarter", "shampoo-half-linear", changed(power=lambda p: p / 2)),
    of("soap-damped", "soap-linear", changed(eps=lambda e: 1e-3)),
    of("adafactor-twice-the-step", "adafactor-moment", options(learning_rate=0.02)),
    of("muon-four-rounds", "muon-linear", options(ns_steps=1)),
    of("reshuffling-samples", "random-reshuffling-law", lambda a: SGDWithReplacement(a.eta)),
    of("sampling-reshuffles", "sampling-law", lambda a: RandomReshuffling(a.eta, 3)),
    of("svrg-moving-mean", "svrg-law", lambda a: LastAnchor(a.eta, a.indices, a.m)),
    of("svrg-shorter-epoch", "svrg-law", lambda a: SVRG(a.eta, a.indices, a.m - 1)),
    of("saga-early-table", "saga-law", lambda a: StaleTable(a.eta, a.indices)),
    of("saga-is-sgd", "saga-strongly-convex", lambda a: SGDWithReplacement(a.eta, a.indices)),
    of("interpolation-shorter-step", "sgd-interpolation-tight", changed(eta=lambda e: e / 2)),
    of("armijo-reversed", "armijo-round", changed(c=lambda c: 0.1 * c)),
    of("armijo-longer-tries", "armijo-interpolation", changed(eta_max=lambda e: e / 4)),
    of("averaged-sgd-longer-step", "averaged-sgd-law", changed(eta=lambda e: 1.01 * e)),
    of("polyak-twice-the-scale", "stochastic-polyak-law", changed(c=lambda c: 2 * c)),
    of("sgd-longer-step", "sgd-strongly-convex", changed(eta=lambda e: 1.01 * e)),
    of("heavy-ball-half-step", "heavy-ball-steady", half),
    of("nesterov-less-momentum", "nesterov-steady", changed(beta=lambda b: 0.99 * b)),
    of("heavy-ball-radius-momentum", "heavy-ball-radius", changed(beta=lambda b: 0.99 * b)),
    of("heavy-ball-edge-beyond", "heavy-ball-edge", changed(eta=lambda e: 1.01 * e)),
    of("nesterov-edge-before", "nesterov-edge", changed(eta=lambda e: 0.99 * e)),
)  # fmt: skip
