"""Signs of gradients, as they are and with the error of each step kept for the next."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.algorithms.classical.reshuffling import one_of
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class ErrorState(AbstractState):
    """x and what the steps so far have left out."""

    x: Iterate
    e: Iterate


def asked(oracle: Any, x: Iterate, key: Key, n: int | None) -> Iterate:
    """The gradient of the sample, or of one of n functions of an oracle with `grads`."""
    return oracle.grad(x, key) if n is None else one_of(oracle, x, key, n)[1]


class SignFeedback(AbstractAlgorithm):
    """p = ηg + e, x⁺ = x − (‖p‖₁/d) sign(p), e⁺ = p − (x − x⁺): EF-signSGD (Karimireddy et al.
    2019). `n`: g is that of one function of n, drawn uniformly."""

    eta: Reals = eqx.field(converter=real)
    n: int | None = eqx.field(static=True, default=None)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> ErrorState:
        return ErrorState(x0, jnp.zeros_like(x0))

    def step(self, t: Count, state: ErrorState, oracle: AbstractOracle, key: Key) -> ErrorState:
        p = self.eta * asked(oracle, state.x, key, self.n) + state.e
        sent = jnp.mean(jnp.abs(p)) * jnp.sign(p)
        return ErrorState(state.x - sent, p - sent)


class SampledSign(AbstractAlgorithm):
    """x⁺ = x − η sign(∇f_i(x)), i uniform among n functions."""

    eta: Reals = eqx.field(converter=real)
    n: int = eqx.field(static=True)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(state.x - self.eta * jnp.sign(asked(oracle, state.x, key, self.n)))
