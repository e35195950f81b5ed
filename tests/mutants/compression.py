"""Faults planted in compressed methods: in the recursion, the compressor, the oracle, the bound."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp

from convergence.algorithms.compression.compressed_sgd import CompressedSGD
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21, EF21SGDM, first_round
from convergence.algorithms.compression.error_feedback import ErrorFeedback
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import Bernoulli, RandK, ScaledSign, TopK, largest
from convergence.registry.compression.methods import CLAIMS
from convergence.theorems.compression.gao2024econtrol_laws import LinearMessages
from tests.mutants.base import Mutant

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class NoMemory(ErrorFeedback):
    """Error feedback that forgets what it left out."""

    def exchange(self, t: Any, g: Any, memory: Any, key: Any) -> Any:
        g_hat, (e,) = super().exchange(t, g, memory, key)
        return g_hat, (0 * e,)


class Lagging(EF21):
    """EF21 that steps along the estimate before its correction."""

    def exchange(self, t: Any, g: Any, memory: Any, key: Any) -> Any:
        h = first_round(self.full, t, g, memory[0])
        return h, (h + self.compressor(g - h, key),)


class ForgetfulControl(EControl):
    """EControl whose error is not fed back into the message."""

    def exchange(self, t: Any, g: Any, memory: Any, key: Any) -> Any:
        e, h = memory
        return dataclasses.replace(self, eta=0.0).exchange_as(t, g, (e, h), key)

    def exchange_as(self, t: Any, g: Any, memory: Any, key: Any) -> Any:
        return EControl.exchange(self, t, g, memory, key)


class SmallK(TopK):
    """The k entries of SMALLEST modulus."""

    def __call__(self, V: Any, key: Any) -> Any:
        return largest(-jnp.abs(V), self.k) * V


class Rescaled(Bernoulli):
    """Bernoulli messages divided by δ, as unbiased ones are: no contraction."""

    def patterns(self, n: int, d: int) -> Any:
        chances, masks = super().patterns(n, d)
        return chances, masks / float(self.delta)


class Unscaled(ScaledSign):
    """The sign without ‖v‖₁/d."""

    def __call__(self, V: Any, key: Any) -> Any:
        return jnp.sign(V)


class Unequal(RandK):
    """rand-k whose law favors the first subset."""

    def patterns(self, n: int, d: int) -> Any:
        chances, masks = super().patterns(n, d)
        chances = chances.copy()
        chances[0] += 0.1
        return chances / chances.sum(), masks


class SumOfWorkers(Workers):
    """Gradients that are not divided by the number of workers."""

    def grads(self, x: Any, key: Any) -> Any:
        return 4 * super().grads(x, key)


class OneSample(Workers):
    """All workers share one noise."""

    def grads(self, x: Any, key: Any) -> Any:
        problem: Any = self.problem
        return problem.grads(x) + self.noise.draw(x, key)


class Off(LinearMessages):
    """Messages with another η than the one stated."""

    extra = 0.01


def turned(kind: Any, *names: str) -> Any:
    """An algorithm rebuilt as `kind`, keeping its step and compressor and the named fields."""

    def build(a: Any) -> Any:
        return kind(a.gamma, a.compressor, **{name: getattr(a, name) for name in names})

    return build


def faulty(slug: str, **overrides: Any) -> Any:
    """A registered claim whose theorem has methods replaced; its class stays a subclass, so that
    exact moments ask for the same quantity."""
    claim = CLAIM[slug]
    of = claim.theorem
    kind = type("Faulty", (type(of),), {"__doc__": type(of).__doc__, **overrides})
    fields = {f.name: getattr(of, f.name) for f in dataclasses.fields(of)}
    return dataclasses.replace(claim, theorem=kind(**fields))


def method(slug: str, change: Any) -> Any:
    """A mutant of `slug` with another algorithm."""
    original = type(CLAIM[slug].theorem).prescribe
    return lambda: faulty(slug, prescribe=lambda self, c, T: change(original(self, c, T)))


def identity(slug: str, compressor: Any) -> Any:
    """A mutant of an identity claim with another compressor."""
    claim = CLAIM[slug]
    theorem = dataclasses.replace(claim.theorem, compressor=compressor)
    return lambda: dataclasses.replace(claim, theorem=theorem)


def oracle(slug: str, kind: Any) -> Any:
    """A mutant of `slug` that asks another oracle."""
    return lambda: dataclasses.replace(CLAIM[slug], oracle=kind)


def number(slug: str, change: Any) -> Any:
    """A mutant of `slug` with another bound."""
    original = type(CLAIM[slug].theorem).bound
    return lambda: faulty(slug, bound=lambda self, c, T: change(original(self, c, T), T))


def half_step(a: Any) -> Any:
    """Half the prescribed step."""
    return dataclasses.replace(a, gamma=0.5 * a.gamma)


MUTANTS = (
    Mutant("error-forgotten", method("ec-bernoulli-law", turned(NoMemory))),
    Mutant("ef21-one-round-late", method("ef21-bernoulli-law", turned(Lagging))),
    Mutant("econtrol-error-not-sent", method("econtrol-bernoulli-law", turned(EF21))),
    Mutant("econtrol-eta-off", method("econtrol-bernoulli-law", turned(ForgetfulControl, "eta"))),
    Mutant("ef21-instead-of-sgdm", method("ef21-sgdm-bernoulli-law", turned(EF21))),
    Mutant(
        "sgdm-weights-swapped",
        method("ef21-sgdm-bernoulli-law", lambda a: EF21SGDM(a.gamma, a.compressor, 1 - a.eta)),
    ),
    Mutant("feedback-instead-of-control", method("econtrol-bernoulli-law", turned(ErrorFeedback))),
    Mutant("feedback-dropped", method("ec-heterogeneity-floor", turned(CompressedSGD))),
    Mutant("ef21-small-k", method("ef21-top-k", lambda a: EF21(a.gamma, SmallK(2)))),
    Mutant(
        "bernoulli-rescaled",
        method("ef21-nonconvex", lambda a: EF21(a.gamma, Rescaled(a.compressor.delta))),
    ),
    Mutant("top-k-smallest", identity("contraction-top-k", SmallK(2))),
    Mutant("sign-unscaled", identity("contraction-sign", Unscaled())),
    Mutant("rand-k-uneven", identity("contraction-rand-k", Unequal(2))),
    Mutant("workers-summed", oracle("econtrol-bernoulli-rate", SumOfWorkers)),
    Mutant("workers-share-noise", oracle("econtrol-noise-floor", OneSample)),
    Mutant("step-halved", method("ec-heterogeneity-floor", half_step)),
    Mutant(
        "steps-along-h-twice",
        method("top1-without-feedback", lambda a: dataclasses.replace(a, gamma=2 * a.gamma)),
    ),
    Mutant("bound-shrunk-ef21", number("ef21-top-k-small-step", lambda b, T: 0.9 * b)),
    Mutant("bound-shrunk-econtrol", number("econtrol-nonconvex", lambda b, T: 0.9 * b)),
    Mutant("rate-squared", number("econtrol-linear", lambda b, T: b**2)),
    Mutant("floor-without-n", number("ec-heterogeneity-floor", lambda b, T: 4 * b)),
    Mutant("control-without-memory", method("econtrol-below-ef21", turned(CompressedSGD))),
    Mutant("sgd-is-followed-by-ef21", method("econtrol-follows-sgd", turned(EF21))),
    Mutant("ideal-without-gradients", method("ef21-ideal-three-atoms", turned(EF21))),
    Mutant("ideal-floor-raised", number("ef21-ideal-floor", lambda b, T: 3 * b)),
    Mutant("bound-shrunk-sgdm", number("ef21-sgdm-exact-gradients", lambda b, T: 0.9 * b)),
    Mutant(
        "linear-message-eta-off",
        lambda: dataclasses.replace(CLAIM["econtrol-linear-messages"], theorem=Off()),
    ),
)
