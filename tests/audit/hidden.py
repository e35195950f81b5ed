"""Small optimizers whose faults show beside momentum or a clip, and the right ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.audit.kinds import Velocity
from tests.audit.optimizers import Local


class RateInVelocity(Velocity):
    """The rate inside the velocity, which shows with momentum alone."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        v = self.momentum * self.of(i, "v", g) + self.lr * g
        self.keep(i, v=v)
        return x - v


class MeanOfGradients(Velocity):
    """v ← μv + (1 − μ)g, from v = g."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        old = self.state.get((i, "v"))
        v = g if old is None else self.momentum * old + (1 - self.momentum) * g
        self.keep(i, v=v)
        return x - self.lr * v


class DampedWithNesterov(Velocity):
    """Dampening is dropped without Nesterov's momentum."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        kept, self.dampening = self.dampening, self.dampening if self.nesterov else 0.0
        x = super().one(i, x, g)
        self.dampening = kept
        return x


class GlobalOfAll(Local):
    """Clips by the norm of all."""

    def __init__(self, lr: float = 1e-2, global_clipnorm: float = 1e9):
        super().__init__(lr)
        self.clip = global_clipnorm

    def norms(self, grads: Any) -> Any:
        return [np.sqrt(sum((abs(g) ** 2).sum() for g in grads))] * len(grads)

    def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
        norms = self.norms(grads)
        cut = [g * min(1.0, self.clip / n) if n > 0 else g for g, n in zip(grads, norms)]
        return super().step(params, cut)


class GlobalOfEach(GlobalOfAll):
    def norms(self, grads: Any) -> Any:
        return [np.linalg.norm(g) for g in grads]


class ValueOfEntries(Local):
    """Cuts entries."""

    def __init__(self, lr: float = 1e-2, clip_value: float = 1e9):
        super().__init__(lr)
        self.clip = clip_value

    def one(self, i: int, x: Any, g: Any) -> Any:
        return super().one(i, x, self.cut(g))

    def cut(self, g: Any) -> Any:
        return np.clip(g, -self.clip, self.clip)


class ValueOfNorm(ValueOfEntries):
    def cut(self, g: Any) -> Any:
        norm = np.linalg.norm(g)
        return g * min(1.0, self.clip / norm) if norm > 0 else g
