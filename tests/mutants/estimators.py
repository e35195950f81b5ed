"""Faults planted in estimated gradients: in the estimator, the method, the bound, the metric."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.estimators.celora import CELoRA, Layered
from convergence.algorithms.estimators.ist import IST
from convergence.algorithms.estimators.sophia import SignGD, Sophia
from convergence.algorithms.estimators.wta_crs import SampledBackward
from convergence.parts.matrix_products import CRS, WTA, TopPairs
from convergence.registry.estimators.methods import CLAIMS
from tests.mutants.base import Mutant, altered, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Doubled(CELoRA):
    """CE-LoRA that adds the kept rows of W and not of the rest W_s: the leading part twice."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        R, _ = oracle.factors(state.x)
        twice = oracle.through(state.x, R @ state.low)
        return Layered(after.x - self.eta * twice, after.rows, after.low, after.rest)


class Rescaled(CELoRA):
    """CE-LoRA that multiplies the kept rows by m/k, as if they were sampled uniformly."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        factor = state.rows.shape[0] / self.k
        return eqx.tree_at(lambda s: s.x, after, state.x + factor * (after.x - state.x))


class SmallRows(CELoRA):
    """CE-LoRA that keeps the rows of SMALLEST score."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        R, _ = oracle.factors(state.x)
        score = -jnp.sum(R**2, axis=0) * jnp.sum(state.rest**2, axis=1)
        rows = (jnp.argsort(jnp.argsort(-score)) < self.k).astype(R.dtype)
        product = R @ state.low + (R * rows) @ state.rest
        g = oracle.through(state.x, product) + oracle.disturbance(state.x, key)
        return Layered(state.x - self.eta * g, rows, state.low, state.rest)


class FrozenDraw(SampledBackward):
    """The same pairs at every step of every run."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        return super().step(t, state, oracle, jax.random.key(0))


class SharpIST(IST):
    """IST with a softmax of twice the importance."""

    def chances(self, importance: Any) -> Any:
        return super().chances(2 * importance)


class OwnSample(IST):
    """IST whose importance follows the sample that the step applies."""

    def other(self, key: Any) -> Any:
        return jax.random.split(key, 3)[0]


class Everything(IST):
    """IST that rescales by 1/p, as importance sampling does."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        p = self.chances(state.importance)[:, None]
        return eqx.tree_at(lambda s: s.x, after, state.x + (after.x - state.x) / p)


class ClipAll(Sophia):
    """Sophia that clips the length of the step, not its coordinates."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        newton = jnp.linalg.solve(oracle.hess(state.x), oracle.grad(state.x, key))
        size = jnp.sqrt(jnp.sum(newton**2))
        return type(state)(state.x - self.eta * newton * jnp.minimum(1.0, self.rho / size))


def method(slug: str, change: Any) -> Any:
    """A mutant of `slug` with another algorithm."""
    return lambda: tamper(CLAIM[slug], algorithm=change)


def number(slug: str, change: Any) -> Any:
    """A mutant of `slug` with another bound."""
    return lambda: tamper(CLAIM[slug], number=change)


def fields(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return method(slug, lambda a: dataclasses.replace(a, **changes))


def theorem(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose theorem has some fields replaced."""
    claim = CLAIM[slug]
    other = altered(claim.theorem, **changes)
    return lambda: dataclasses.replace(claim, theorem=other)


def celora(kind: Any) -> Any:
    """A CE-LoRA rebuilt as `kind`."""
    return lambda a: kind(a.eta, a.k, a.r0, a.refresh, a.rule)


def ist(kind: Any) -> Any:
    """An IST rebuilt as `kind`."""
    return lambda a: kind(a.eta, a.importance, a.mix, rule=a.rule)


MUTANTS = (
    Mutant("celora-low-part-twice", method("celora-double-lora", celora(Doubled))),
    Mutant("celora-rows-rescaled", method("celora-orthogonal", celora(Rescaled))),
    Mutant("celora-smallest-rows", method("celora-collinear-tight", celora(SmallRows))),
    Mutant("celora-never-refreshed", fields("celora-orthogonal", refresh=10**6)),
    Mutant("celora-refreshed-always", fields("celora-rotating-rows", refresh=1)),
    Mutant("celora-step-too-large", fields("celora-orthogonal", eta=2.5)),
    Mutant(
        "celora-noise-forgotten",
        lambda: dataclasses.replace(
            CLAIM["celora-per-sample-contraction"], noise=CLAIM["celora-orthogonal"].noise
        ),
    ),
    Mutant(
        "celora-bound-shrunk", number("celora-collinear-tight", lambda b, T: 0.98 * b)
    ),
    Mutant("celora-adapter-smallest-rows", method("celora-adapter-collinear", celora(SmallRows))),
    Mutant("celora-adapter-bound-shrunk", number("celora-adapter", lambda b, T: 0.9 * b)),
    Mutant("stall-bound-raised", number("celora-top1-stalls", lambda b, T: (1.01 * b[0], b[1]))),
    Mutant("wta-weight-forgotten", theorem("wta-exact-moments", weigh=False)),
    Mutant("wta-moment-unweighted", fields("wta-moment", product=WTA(3, 2, weigh=False))),
    Mutant("wta-other-c", fields("wta-moment", product=WTA(3, 1))),
    Mutant("crs-not-rescaled", fields("crs-moment", product=CRS(3, rescale=False))),
    Mutant("crs-is-top-k", fields("crs-moment", product=TopPairs(3))),
    Mutant(
        "crs-draws-frozen", method("crs-moment", lambda a: FrozenDraw(a.eta, a.product))
    ),
    Mutant("wta-law-other-c", fields("wta-law", product=WTA(3, 1))),
    Mutant("crs-law-half-step", method("crs-law", lambda a: dataclasses.replace(a, eta=a.eta / 2))),
    Mutant("ist-sharper-softmax", method("ist-law", ist(SharpIST))),
    Mutant("ist-own-sample", method("ist-gradient-importance", ist(OwnSample))),
    Mutant("ist-rescaled", method("ist-law", ist(Everything))),
    Mutant("ist-uniform-instead", fields("ist-starved-block", mix=1.0)),
    Mutant("ist-two-blocks", fields("ist-law", N_u=2)),
    Mutant("ist-bound-shrunk", number("ist-uniform-noisy", lambda b, T: 0.9 * b)),
    Mutant("sophia-clips-length", lambda: tamper(
        CLAIM["sophia-quadratic-law"], algorithm=lambda a: ClipAll(a.eta, a.rho))),
    Mutant("sophia-diagonal", fields("sophia-quadratic-law", basis="diagonal")),
    Mutant("sophia-gradient-step", method("sophia-free-of-condition", lambda a: SignGD(a.eta))),
    Mutant("sophia-runtime-shrunk", number("sophia-runtime", lambda b, T: b / 1.4**T)),
    Mutant("sophia-separable-shrunk", number("sophia-runtime-separable", lambda b, T: 0.95 * b)),
    Mutant("sophia-short-step", fields("sophia-step-descent-logcosh", eta=0.05)),
    Mutant("sophia-unclipped", fields("sophia-step-descent-logcosh", rho=1e9)),
    Mutant("sign-floor-raised", number("sign-descent-floor", lambda b, T: (1.01 * b[0],) * 2)),
)  # fmt: skip
