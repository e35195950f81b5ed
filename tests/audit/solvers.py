"""Solvers of finite sums, right and with one fault each: an epoch over least squares."""

from __future__ import annotations

from typing import Any

import numpy as np


class Saga:
    """SAGA on ½ mean (Xw − y)² + l2/2 ‖w‖², from a memory of zeros that fills on the way."""

    def __init__(self, l2: float = 0.0, seed: int = 0):
        self.l2, self.rng, self.memory = l2, np.random.default_rng(seed), None
        self.mean: Any = 0.0

    def epoch(self, X: Any, y: Any, w: Any) -> Any:
        n = len(X)
        memory = np.zeros(n) if self.memory is None else self.memory
        top = (X * X).sum(axis=1).max() + self.l2
        eta = 1 / (3 * top) if top > 0 else 0.0
        mean, w = self.mean, w.copy()
        for i in self.order(n):
            residual = X[i] @ w - y[i]
            w = w - self.along(eta * ((residual - memory[i]) * X[i] + mean + self.l2 * w), X)
            mean, memory[i] = self.remembered(mean, residual - memory[i], X[i], n), residual
        self.memory, self.mean = memory, mean
        return w

    def order(self, n: int) -> Any:
        return self.rng.integers(n, size=n)

    def along(self, step: Any, X: Any) -> Any:
        return step

    def remembered(self, mean: Any, change: Any, row: Any, n: int) -> Any:
        return mean + change * row / n


class MeanOfOneMore(Saga):
    """The mean of the remembered gradients is over n + 1."""

    def remembered(self, mean: Any, change: Any, row: Any, n: int) -> Any:
        return mean + change * row / (n + 1)


class NeverTheLast(Saga):
    def order(self, n: int) -> Any:
        return self.rng.integers(n - 1, size=n)


class Forgets(Saga):
    """Its memory is that of the first pass."""

    def epoch(self, X: Any, y: Any, w: Any) -> Any:
        self.memory, self.mean = None, 0.0
        return super().epoch(X, y, w)


class ByColumns(Saga):
    """Steps in the unit of each column."""

    def along(self, step: Any, X: Any) -> Any:
        return step / (1 + np.abs(X).max(axis=0)) / (1 + np.abs(X).min(axis=0))


class Centers(Saga):
    """Takes the mean off the data that it is lent."""

    def epoch(self, X: Any, y: Any, w: Any) -> Any:
        y -= 0.5 * y.mean()
        return super().epoch(X, y, w)


class ByMemoryOrder(Saga):
    """Reads the rows as they lie in memory."""

    def epoch(self, X: Any, y: Any, w: Any) -> Any:
        return super().epoch(X.ravel(order="K").reshape(X.shape), y, w)


class PenaltyTwice(Saga):
    def __init__(self, l2: float = 0.0, seed: int = 0):
        super().__init__(2 * l2, seed)


class Drifts(Saga):
    """Decays whatever the penalty is."""

    def along(self, step: Any, X: Any) -> Any:
        return step + 1e-9
