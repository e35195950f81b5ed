"""SGD whose step is found on each function by backtracking."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.algorithms.classical.reshuffling import one_of
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real

SHORTEST = 1e-12  # of the first try


class ArmijoSGD(AbstractAlgorithm):
    """x⁺ = x − η∇f_i(x), i uniform among n functions of an oracle with `grads` and `leads`, η the
    first of η_max, γη_max, γ²η_max, … with f_i(x⁺) ≤ f_i(x) − cη‖∇f_i(x)‖² (Vaswani et al.
    2019)."""

    eta_max: Reals = eqx.field(converter=real)
    c: Reals = eqx.field(converter=real)
    gamma: Reals = eqx.field(converter=real)
    n: int = eqx.field(static=True)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        i, g = one_of(oracle, state.x, key, self.n)
        now, square = oracle.leads(state.x)[i], jnp.sum(g**2)
        first = jnp.asarray(self.eta_max, state.x.dtype)

        def refused(eta: Any) -> Any:
            there = oracle.leads(state.x - eta * g)[i]
            return (there > now - self.c * eta * square) & (eta > SHORTEST * first)

        def shorter(carry: Any) -> Any:
            eta = self.gamma * carry[0]
            return eta, refused(eta)

        # Carried, as in `parts.solvers`: side by side a condition is computed twice.
        eta, _ = jax.lax.while_loop(lambda carry: carry[1], shorter, (first, refused(first)))
        return State(state.x - eta * g)
