"""Faults planted in methods of statements that had none: momentum, noise, tables, clocks."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp

from convergence.algorithms.classical.accelerated import NesterovMomentum
from convergence.algorithms.classical.coordinates import GreedyCoordinate
from convergence.algorithms.classical.reshuffling import SGDWithReplacement
from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.classical.variance_reduced import SAGA
from convergence.registry.adaptive import matrices, online
from convergence.registry.classical import false, laws, stochastic, sums, tight
from convergence.registry.games import saddle
from convergence.theorems.games.daskalakis2018 import OptimisticStability
from tests.mutants.base import Mutant, tamper
from tests.mutants.deterministic import Late
from tests.mutants.tight import changed, options, plant

CLAIM: dict[str, Any] = {
    c.slug: c
    for c in (*false.CLAIMS, *laws.CLAIMS, *stochastic.CLAIMS, *sums.CLAIMS, *tight.CLAIMS,
              *saddle.CLAIMS, *matrices.CLAIMS, *online.CLAIMS)
}  # fmt: skip


def of(name: str, slug: str, fault: Any) -> Mutant:
    """A fault in the method of a claim."""
    return plant(name, slug, fault, CLAIM)


def with_few(name: str, slug: str, fault: Any) -> Mutant:
    """The same with fewer runs than the claim has."""
    return Mutant(name, lambda: tamper(CLAIM[slug], algorithm=fault, seeds=4096))


class OneTooLong(OptimisticStability):
    """`OptimisticStability` at steps 5 % longer."""

    def prescribe(self, c: Any, T: int) -> Any:
        healthy: Any = super().prescribe(c, T)
        return dataclasses.replace(healthy, eta=1.05 * healthy.eta)


def forgets(a: Any) -> Any:
    """Adam in place of AMSGrad, on the losses in turn."""
    return dataclasses.replace(a, method=options(largest=False)(a.method))


class Divided(SAGA):
    """SAGA from an empty table whose mean is over all functions, seen or not."""

    def init(self, x0: Any, oracle: Any, key: Any) -> Any:
        state = super().init(x0, oracle, key)
        return type(state)(state.x, jnp.zeros_like(state.table))


MUTANTS = (
    of("slope-contraction-longer", "gd-slope-contraction", changed(eta=lambda e: 1.01 * e)),
    of("silver-value-short", "silver-value", lambda a: SGD(0.5 * a.eta)),
    of("polyak-quadratic-longer", "polyak-quadratic", changed(eta=lambda e: 1.5 * e)),
    Mutant("nonconvex-like-whole-steps", lambda: tamper(
        CLAIM["gd-nonconvex-half-step"], number=lambda b, T: b * (1.75 * T + 2) / (3 * T + 2))),
    of("heavy-ball-average-nesterov", "heavy-ball-average",
       lambda a: NesterovMomentum(0.5 * a.eta, a.beta)),
    of("erring-more", "gd-erring-gradients", changed(eps=lambda e: 1.1 * e)),
    of("nesterov-strong-without", "nesterov-strong", lambda a: SGD(0.2 * a.eta)),
    of("cyclic-short", "cyclic-coordinate-descent", changed(eta=lambda e: e / 40)),
    of("cyclic-greedy-short", "cyclic-coordinate-descent", lambda a: GreedyCoordinate(a.eta / 40)),
    of("sgd-average-longer", "sgd-subgradient-average", changed(eta=lambda e: 2.5 * e)),
    of("sgd-last-constant", "sgd-subgradient-last", lambda a: SGD(2.5 * a.eta)),
    of("momentum-averages-late", "momentum-averages-tight", lambda a: Late(a, 1)),
    with_few("stochastic-polyak-reflects", "stochastic-polyak", changed(c=lambda c: 0.2505)),
    with_few("batch-of-one", "sgd-batch-law", lambda a: SGD(a.eta)),
    with_few("momentum-twice", "sgd-momentum-law", changed(beta1=lambda b: 2 * b)),
    of("sophia-longer", "sophia-g-linear", changed(eta=lambda e: 1.01 * e)),
    with_few("scikit-table-of-all", "saga-scikit-law", lambda a: Divided(a.eta, a.indices)),
    of("sampled-longer", "sgd-sampled-law", changed(eta=lambda e: 1.01 * e)),
    of("smoothness-longer", "sgd-expected-smoothness",
       lambda a: SGDWithReplacement(2.5 * a.eta, a.indices)),
    of("adafactor-absolute", "adafactor-linear", options(multiply_by_parameter_scale=False)),
    of("muon-entries-one-round", "muon-entries", options(ns_steps=1)),
    of("muon-step-longer", "muon-step", options(learning_rate=0.0101)),
    of("muon-rests-half", "muon-never-rests", options(learning_rate=0.009)),
    of("amsgrad-in-turn-forgets", "amsgrad-in-turn", forgets),
    of("descent-ascent-strong-longer", "game-descent-ascent-strong-tight",
       changed(eta=lambda e: 1.05 * e)),
    Mutant("optimism-longer", lambda: dataclasses.replace(
        CLAIM["game-optimistic-threshold"], theorem=OneTooLong())),
)  # fmt: skip
