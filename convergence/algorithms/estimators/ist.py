"""Importance-aware sparse tuning: a few layers a step, drawn by a given or learned importance."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms import coins
from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.compressors import largest
from convergence.shapes import Count, Iterate, Key, Reals, Vector, real


class Tuned(AbstractState):
    """x ∈ R^{blocks × size}, the importance I of its blocks, and x_0."""

    x: Iterate
    importance: Vector
    first: Iterate


class IST(AbstractAlgorithm):
    """x_i⁺ = x_i − η g_i for the N_u blocks i drawn, the others stay; blocks are the rows of x.

    Chances: mix/blocks + (1 − mix) softmax(I), without replacement; I is given (`rule` = "given"),
    log‖g′_i‖² of a second sample g′ ("gradient"), or learned ("learned"): every `every` steps N_c
    candidates keep N_v random blocks and suppress the displacement x − x_0 of the others by beta;
    with losses L_c and rewards r_c = exp(−L_c), I_i += mu Σ_c (r_c − r̄) over the candidates that
    kept i. mix > 0 bounds every chance below by mix/blocks.

    The sample that a step applies never chooses its blocks: chances that follow its noise would
    bias the step.
    """

    eta: Reals = eqx.field(converter=real)
    importance: Reals = eqx.field(converter=real)
    mix: Reals = eqx.field(converter=real, default=0.0)
    N_u: int = eqx.field(static=True, default=1)
    rule: str = eqx.field(static=True, default="given")
    every: int = eqx.field(static=True, default=5)
    N_c: int = eqx.field(static=True, default=4)
    N_v: int = eqx.field(static=True, default=2)
    beta: Reals = eqx.field(converter=real, default=0.25)
    mu: Reals = eqx.field(converter=real, default=1.0)

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """A block is drawn with a chance of at least mix/blocks, softmax chances besides where they
        stay as given; what is drawn shrinks at least by 1 − ηL, and the worst start lies in one
        block."""
        weights = np.exp(self.importance - np.max(self.importance))
        soft = weights / weights.sum() if self.rule == "given" else np.array([0.0, 1.0])
        chances = float(self.mix) / len(weights) + (1 - float(self.mix)) * soft
        if float(self.eta) * c.L > 1 or self.N_u > 1 or not chances.max() < 1:
            return math.inf, 0.0
        a = 1 - (1 - float(self.eta) * c.L) ** 2
        spread = max(coins.projected(a, p, p * (1 - p))[0] for p in map(float, chances))
        return spread, a * float(chances.min())

    def __check_init__(self) -> None:
        rules = ("given", "gradient", "learned")
        require(self.rule in rules, f"rule {self.rule!r}", f"one of {rules}", "choose one of them")
        blocks = np.shape(self.importance)[0]
        ok = 1 <= self.N_u <= blocks
        require(ok, f"N_u = {self.N_u} of {blocks} blocks", "1 ≤ N_u ≤ blocks", "draw fewer")
        if isinstance(self.mix, np.ndarray):
            mix = float(self.mix)
            require(0 <= mix <= 1, f"mix = {mix:g}", "0 ≤ mix ≤ 1", "use 1 for uniform chances")

    def init(self, x0: Iterate, oracle: Any, key: Key) -> Tuned:
        return Tuned(x0, jnp.asarray(self.importance, x0.dtype), x0)

    def chances(self, importance: Vector) -> Vector:
        """The chance of each block in the first draw."""
        even = self.mix / importance.shape[0]
        return even + (1 - self.mix) * jax.nn.softmax(importance)

    def learn(self, t: Count, state: Tuned, oracle: Any, key: Key) -> Vector:
        """The importance after this step's rewards."""
        blocks = state.importance.shape[0]
        # Sums of a few rewards stay finite, and so do differences of importances.
        most = jnp.finfo(state.x.dtype).max
        log_most = jnp.log(most) - 8

        def candidate(key: Key) -> tuple[Any, Any]:
            pick, sample = jax.random.split(key)
            kept = largest(jax.random.uniform(pick, (blocks,), state.x.dtype), self.N_v)
            factor = (kept + (1 - kept) * self.beta)[:, None]
            loss = oracle.value(state.first + factor * (state.x - state.first), sample)
            return kept, jnp.exp(jnp.minimum(-loss, log_most))

        kept, reward = jax.vmap(candidate)(jax.random.split(key, self.N_c))
        new = state.importance + self.mu * (reward - jnp.mean(reward)) @ kept
        new = jnp.clip(new, -most / 4, most / 4)
        return jnp.where(t % self.every == 0, new, state.importance)

    def other(self, key: Key) -> Key:
        """The sample g′ of the step with this key: not the one that is applied."""
        return jax.random.fold_in(key, 1)

    def step(self, t: Count, state: Tuned, oracle: Any, key: Key) -> Tuned:
        sample, draw, trial = jax.random.split(key, 3)
        g = oracle.grad(state.x, sample)
        importance = state.importance
        if self.rule == "gradient":
            seen = oracle.grad(state.x, self.other(key))
            importance = jnp.log(jnp.sum(seen**2, axis=1) + 1e-300)
        if self.rule == "learned":
            importance = self.learn(t, state, oracle, trial)
        score = jnp.log(self.chances(importance)) + jax.random.gumbel(
            draw, importance.shape, g.dtype
        )
        chosen = largest(score, self.N_u)
        return Tuned(state.x - self.eta * chosen[:, None] * g, importance, state.first)
