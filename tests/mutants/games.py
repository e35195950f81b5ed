"""Faults planted in methods for games: signs, orders, steps, averages, projections."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from convergence.algorithms.games.adawac import AdaWAC, Weighted
from convergence.algorithms.games.saddle import (
    DescentAscent,
    Extragradient,
    Optimistic,
    OptimisticState,
)
from convergence.metrics.games import AverageGap
from convergence.registry.games import adawac, saddle
from tests.mutants.base import Mutant, altered, tamper

CLAIM: dict[str, Any] = {c.slug: c for c in (*saddle.CLAIMS, *adawac.CLAIMS)}


def fields(method: Any) -> list[Any]:
    return [getattr(method, f.name) for f in dataclasses.fields(method)]


def with_step(change: Any) -> Any:
    """AdaWAC with another step in b."""
    return lambda a: dataclasses.replace(a, weight_step=change(a.weight_step))


class Renormalized(AdaWAC):
    """What one weight gains in log-odds the others lose."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Weighted:
        after = super().step(t, state, oracle, key)
        s = after.s - jnp.mean(after.s)
        return Weighted(after.x.at[-len(s) :].set(jax.nn.sigmoid(s)), s)


class AverageAfter(AverageGap):
    """z_1, …, z_T."""

    def update(self, t: Any, acc: Any, problem: Any, before: Any, after: Any) -> Any:
        return acc + after.x


class OtherSample(Extragradient):
    """The second step starts where the first one ended."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        half = DescentAscent(self.eta, self.split).step(t, state, oracle, key)
        return DescentAscent(self.eta, self.split).step(t, half, oracle, key)


class Impatient(Optimistic):
    """z − 2ηF(z) + ηF(z⁺⁻) with F of the step before last."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> OptimisticState:
        after = super().step(t, state, oracle, key)
        return OptimisticState(after.x, 0.9 * after.before)


class Descent(DescentAscent):
    """Both players minimize."""

    def turned(self, g: Any) -> Any:
        return g


MUTANTS: tuple[Mutant, ...] = (
    Mutant("AdaWAC whose weights favor the smaller loss", lambda: tamper(
        CLAIM["adawac-gap-law-one"], horizons=(16,), algorithm=with_step(lambda s: -s))),
    Mutant("AdaWAC with a step in b divided by n", lambda: tamper(
        CLAIM["adawac-gap-law"], algorithm=with_step(lambda s: s / 4))),
    Mutant("AdaWAC averaged after the step", lambda: tamper(
        CLAIM["adawac-gap-law-one"], measure=lambda _: AverageAfter())),
    Mutant("AdaWAC in the other order", lambda: tamper(
        CLAIM["adawac-energy-never-falls"], horizons=(100,),
        algorithm=lambda a: dataclasses.replace(a, order="gauss-seidel"))),
    Mutant("AdaWAC that renormalizes the other weights", lambda: tamper(
        CLAIM["adawac-gap-law"], algorithm=lambda a: Renormalized(*fields(a)))),
    Mutant("a duality gap without the factor n", lambda: tamper(
        CLAIM["adawac-gap-law"], number=lambda b, T: b / 4)),
    Mutant("weights whose steps cost a ninth", lambda: dataclasses.replace(
        CLAIM["adawac-weights-regret"],
        theorem=altered(CLAIM["adawac-weights-regret"].theorem, eighth=1 / 9))),
    Mutant("extragradient that forgets where it started", lambda: tamper(
        CLAIM["game-extragradient-law"], algorithm=lambda a: OtherSample(*fields(a)))),
    Mutant("the sum of extragradient a tenth too low", lambda: tamper(
        CLAIM["game-extragradient-tight"], number=lambda b, T: (b[0], 0.9 * b[1]))),
    Mutant("descent–ascent in which both descend", lambda: tamper(
        CLAIM["game-descent-ascent-law"], algorithm=lambda a: Descent(*fields(a)))),
    Mutant("alternation that forgets to alternate", lambda: tamper(
        CLAIM["game-alternating-orbit"], horizons=(64,),
        algorithm=lambda a: DescentAscent(*fields(a)))),
    Mutant("optimism with a weaker correction", lambda: dataclasses.replace(
        CLAIM["game-optimistic-radius"], theorem=_Impatient(0.5))),
)  # fmt: skip


class _Impatient(saddle.optimistic.OptimisticRadius):
    """`OptimisticRadius` of another method."""

    def prescribe(self, c: Any, T: int) -> Any:
        return Impatient(*fields(super().prescribe(c, T)))
