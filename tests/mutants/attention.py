"""Faults planted in attention: in the gradient, its normalization, the separator, S3Attention."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from convergence.algorithms.attention.normalized_gd import NormalizedGD
from convergence.algorithms.base import State
from convergence.algorithms.heavy_tailed.nsgd import unit
from convergence.registry.attention import skeletons, svm
from tests.mutants.base import Mutant, altered, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in (*svm.CLAIMS, *skeletons.CLAIMS)}


def naive(p: Any, W: Any) -> Any:
    """The gradient of softmax in float64, without log space: 1 − s cancels."""
    return jax.grad(p.value)(W), 0.0


def best_is_selected(p: Any, W: Any) -> Any:
    """In log space, but with 1 − s of the best token as the scale, whichever is selected."""
    logs, g = p.logits(W), jnp.asarray(p.scores)
    best = jnp.arange(g.shape[1]) == jnp.argmax(g, axis=1)[:, None]
    rest = jnp.where(best, -jnp.inf, logs)
    lost = jax.nn.logsumexp(rest, axis=1, keepdims=True)
    w, s = jnp.exp(rest - lost), jnp.exp(jnp.where(best, logs, -jnp.inf)).sum(1, keepdims=True)
    top, mean = g.max(axis=1, keepdims=True), jnp.sum(w * g, axis=1, keepdims=True)
    v = jnp.where(best, s * (top - mean), w * (g - s * top - (1 - s) * mean))
    v = v * jnp.exp(lost - lost.max())
    return -jnp.einsum("nt,ntd,ne->de", v, p.tokens, p.queries) / len(g), lost.max()


def other_gradient(kind: Any) -> Mutant:
    """The identity of gradients in log space, with another gradient."""
    claim = CLAIM["attention-gradient-in-log-space"]
    broken = dataclasses.replace(claim, theorem=altered(claim.theorem, gradient=kind))
    return Mutant(f"attention-gradient-{kind.__name__.replace('_', '-')}", lambda: broken)


class PerInput(NormalizedGD):
    """Every input's gradient normalized on its own."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        p, total = oracle.problem, jnp.zeros_like(state.x)
        for i in range(len(p.queries)):
            one = dataclasses.replace(
                p, tokens=p.tokens[i : i + 1], queries=p.queries[i : i + 1],
                scores=p.scores[i : i + 1],
            )  # fmt: skip
            total += unit(one.scaled_grad(state.x)[0])
        return State(state.x - self.eta * unit(total))


class Transposed(NormalizedGD):
    """The gradient of z and x exchanged."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        return State(state.x - self.eta * unit(oracle.scaled_grad(state.x, key)[0].T))


class OneAfterTheOther(NormalizedGD):
    """Q steps at the new K."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        V, _ = oracle.scaled_grad(state.x, key)
        K = (state.x - self.eta * unit(V))[0]
        Q = state.x[1] - self.eta * (
            oracle.problem.of.scaled_grad(state.x[0] @ state.x[1].T)[0].T @ K
        ) / jnp.sqrt(jnp.sum(V**2))
        return State(jnp.stack([K, Q]))  # fmt: skip


def theorem(name: str, slug: str, **changes: Any) -> Mutant:
    """`slug` with fields of its theorem replaced."""
    claim = CLAIM[slug]
    other = dataclasses.replace(claim, theorem=altered(claim.theorem, **changes))
    return Mutant(name, lambda: other)


def method(slug: str, kind: Any, **changes: Any) -> Mutant:
    """`slug` with its method rebuilt as `kind`, and other fields of the claim replaced."""
    name = "".join("-" + x.lower() if x.isupper() else x for x in kind.__name__)[1:]
    short = slug.removeprefix("attention-")

    def claim() -> Any:
        healthy = dataclasses.replace(CLAIM[slug], **changes)
        return tamper(healthy, algorithm=lambda a: kind(a.eta))

    return Mutant(f"attention-{name}-{short}", claim)


MUTANTS = (
    other_gradient(naive),
    other_gradient(best_is_selected),
    method("attention-pairs-law", PerInput, horizons=(16,)),
    method("attention-exact-direction", Transposed, horizons=(16,)),
    method("attention-key-query-tight", OneAfterTheOther),
    theorem("s3-intersection-turned", "s3-exact-recovery", turned=True),
    theorem("s3-circular-convolution", "s3-smooth-convolution", circular=True),
    Mutant("attention-growth-longer-step", lambda: tamper(
        dataclasses.replace(CLAIM["attention-growth-law"], horizons=(100,)),
        algorithm=lambda a: dataclasses.replace(a, eta=1.05 * a.eta))),
    Mutant("attention-loss-floor-raised", lambda: tamper(
        CLAIM["attention-loss-and-direction-tight"], number=lambda b, T: (1.001 * b[0], b[1]))),
    Mutant("attention-pairs-other-step", lambda: tamper(
        dataclasses.replace(CLAIM["attention-pairs-law"], horizons=(16,)),
        algorithm=lambda a: dataclasses.replace(a, eta=0.999 * a.eta))),
)  # fmt: skip
