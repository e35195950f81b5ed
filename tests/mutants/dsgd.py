"""Faults planted in DSGD with explicit constants: step, graph, samples, metric."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.algorithms.decentralized.single_level import Diffusion
from convergence.metrics.pointwise import AbstractPointwise
from convergence.noise.agents import OneDraw
from convergence.oracles.base import Oracle
from convergence.registry.decentralized.nonconvex import CLAIMS
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class FirstAgent(AbstractPointwise):
    """‖∇J‖² at the copy of the first agent."""

    def at(self, problem: Any, state: Any) -> Any:
        alone = jnp.broadcast_to(state.x[0], state.x.shape)
        return jnp.sum(jnp.mean(problem.grad(alone), axis=0) ** 2)


def rows(method: Diffusion) -> Diffusion:
    """W with rows that sum to 1, and columns that do not."""
    W = np.asarray(method.W) * np.linspace(1, 2, len(method.W))
    return Diffusion(W / W.sum(axis=1, keepdims=True), method.alpha)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("one sample for all agents", lambda: dataclasses.replace(
        CLAIM["dsgd-center-law"], oracle=lambda p, n: Oracle(p, OneDraw(1.0)))),
    Mutant("a step of α/n", lambda: tamper(
        CLAIM["dsgd-nonconvex-tight-noiseless"],
        algorithm=lambda a: Diffusion(a.W, a.alpha / len(a.W)))),
    Mutant("W that is row-stochastic alone", lambda: tamper(
        CLAIM["dsgd-center-law-directed"], algorithm=rows)),
    Mutant("the gradient at one agent's copy", lambda: tamper(
        CLAIM["dsgd-center-law"], measure=lambda _: FirstAgent())),
    Mutant("the floor of one agent", lambda: tamper(
        CLAIM["dsgd-center-law"], number=lambda b, T: 8 * b)),
    Mutant("the descent that forgets its end", lambda: tamper(
        CLAIM["dsgd-nonconvex-descent-tight"], number=lambda b, T: b - 0.1 / T)),
    Mutant("the bound without its first term", lambda: tamper(
        CLAIM["dsgd-nonconvex-tight"], number=lambda b, T: b - 1 / T)),
)  # fmt: skip
