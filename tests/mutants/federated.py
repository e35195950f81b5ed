"""Faults planted in federated methods: masks, samples, rules, order of blocks, local steps."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import State
from convergence.algorithms.federated.averaging import AbstractAveraging, AverageSampled
from convergence.algorithms.federated.gating import AlternatingGates
from convergence.oracles.clients import Clients
from convergence.parts.participation import AbstractParticipation
from convergence.registry.federated import averaging, gating
from tests.mutants.base import Mutant, altered, tamper

CLAIM: dict[str, Any] = {c.slug: c for c in (*averaging.CLAIMS, *gating.CLAIMS)}


class Unmasked(Clients):
    """Gradients that are not masked on the way back."""

    def local(self, X: Any, key: Any) -> Any:
        p: Any = self.problem
        return p.h * (p.gates * X - p.b)


class Repeated(AbstractParticipation):
    """m clients with replacement."""

    def draw(self, key: Any, n: int) -> Any:
        return jnp.bincount(jax.random.randint(key, (self.m,), 0, n), length=n).astype(float)

    def patterns(self, n: int) -> Any:
        every = list(itertools.product(range(n), repeat=self.m))
        counts = np.array([np.bincount(which, minlength=n) for which in every], float)
        return np.full(len(every), 1 / len(every)), counts


class OverHolders(AbstractAveraging):
    """The mean over the clients that hold a coordinate."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> State:
        X, _ = self.moved(state.x, oracle, key)
        held = oracle.problem.gates > 0
        return State(jnp.sum(held * X, axis=0) / jnp.sum(held, axis=0))


class LongRound(AverageSampled):
    """One local step too many."""

    def moved(self, x: Any, oracle: Any, key: Any) -> Any:
        X, taken = super().moved(x, oracle, key)
        return X - self.alpha * oracle.local(X, jax.random.fold_in(key, 99)), taken


class ParametersFirst(AlternatingGates):
    """θ steps before g, each as if the other came first."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> State:
        theta, g = oracle.parts(state.x)
        slope, _ = oracle.parts(oracle.grad(state.x, key))
        theta1 = theta - slope / oracle.smoothness(g)
        _, slope = oracle.parts(oracle.grad(jnp.concatenate([theta1, g]), key))
        g = jnp.clip(g - slope / oracle.smoothness(theta), 0.0, 1.0)
        return State(jnp.concatenate([theta1, g]))


def replaced(slug: str, change: Any) -> Any:
    """A registered claim whose theorem prescribes `change(algorithm)`."""
    of = CLAIM[slug].theorem

    class Faulty(type(of)):
        __doc__ = type(of).__doc__

        def prescribe(self, c: Any, T: int) -> Any:
            return change(super().prescribe(c, T))

    fields = {f.name: getattr(of, f.name) for f in dataclasses.fields(of)}
    return dataclasses.replace(CLAIM[slug], theorem=Faulty(**fields))


def again(kind: Any) -> Any:
    """The same fields in another class."""
    return lambda a: kind(**{f.name: getattr(a, f.name) for f in dataclasses.fields(a)})


MUTANTS: tuple[Mutant, ...] = (
    Mutant("a gradient that is not masked on the way back", lambda: dataclasses.replace(
        CLAIM["fed-drift"], oracle=Unmasked)),
    Mutant("clients sampled with replacement", lambda: replaced(
        "fed-sampling-floor-sampled",
        lambda a: dataclasses.replace(a, clients=Repeated(a.clients.m)))),
    Mutant("an average over the holders of a coordinate", lambda: replaced(
        "fed-drift-path", again(OverHolders))),
    Mutant("one local step too many", lambda: replaced("fed-drift", again(LongRound))),
    Mutant("the clients' last models forgotten", lambda: replaced(
        "fed-sampling-floor-stored", again(AverageSampled))),
    Mutant("one local step too many, seen by the law", lambda: replaced(
        "fed-local-steps-law", again(LongRound))),
    Mutant("a quarter of the bound of local steps", lambda: tamper(
        CLAIM["fed-nonconvex-all"], number=lambda b, T: b / 4)),
    Mutant("a minimizer that forgets the gates", lambda: dataclasses.replace(
        CLAIM["fed-masked-minimizer"],
        theorem=altered(CLAIM["fed-masked-minimizer"].theorem, masked=False))),
    Mutant("parameters before gates", lambda: tamper(
        CLAIM["gates-descend-turned"], algorithm=lambda a: ParametersFirst())),
    Mutant("a promise twice as large", lambda: tamper(
        CLAIM["gates-converge-tight"], number=lambda b, T: (b[0], b[1] / 2))),
)  # fmt: skip
