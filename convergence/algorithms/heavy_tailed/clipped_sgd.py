"""SGD with clipped gradients and no normalization."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm, Samples, State
from convergence.algorithms.heavy_tailed.nsgd import check_steps, clip
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class ClippedSGD(AbstractAlgorithm):
    """x_{t+1} = x_t − γ clip_h(∇F(x_t; ξ_t)), clip_h(g) = min{1, h/‖g‖} g; h = inf is SGD."""

    respects = Samples()

    gamma: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real, default=float("inf"))

    def __check_init__(self) -> None:
        check_steps(self.gamma, h=self.h)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(state.x - self.gamma * clip(oracle.grad(state.x, key), self.h))
