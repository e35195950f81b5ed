"""Adam by its parts, which subclasses exchange: right, and with one fault each."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.audit.optimizers import Local


class AdamBase(Local):
    """Adam by its parts, which subclasses exchange."""

    def __init__(self, lr: float = 1e-2, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0, amsgrad: bool = False):  # fmt: skip
        super().__init__(lr, weight_decay)
        self.betas, self.eps, self.amsgrad = betas, eps, amsgrad

    def one(self, i: int, x: Any, g: Any) -> Any:
        g = self.decayed(x, g)
        (b1, b2), t = self.betas, self.of(i, "t") + 1
        m = b1 * self.of(i, "m", g) + (1 - b1) * g
        v = b2 * self.of(i, "v", g) + (1 - b2) * abs(g) ** 2
        top = self.largest(self.of(i, "top", g), v, m) if self.amsgrad else v
        self.keep(i, t=t, m=m, v=v, top=top)
        with np.errstate(all="ignore"):
            return self.moved(x, m, top, t, b1, b2)

    def decayed(self, x: Any, g: Any) -> Any:
        return g + self.weight_decay * x

    def largest(self, top: Any, v: Any, m: Any) -> Any:
        return np.maximum(top, v)

    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        return x - self.lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + self.eps)


class CorrectedByTheStepBefore(AdamBase):
    """1 − β^{t−1}, which is 0 at first."""

    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        t = max(t - 1, 1)
        return super().moved(x, m, v, t, b1, b2)


class CorrectedByTheStepAfter(AdamBase):
    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        return super().moved(x, m, v, t + 1, b1, b2)


class CorrectedMeanAlone(AdamBase):
    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        return x - self.lr * m / (1 - b1**t) / (np.sqrt(v) + self.eps)


class DampedInside(AdamBase):
    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        return x - self.lr * m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + self.eps)


class DampedBeforeCorrection(AdamBase):
    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        return x - self.lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + self.eps)


class WithoutRoot(AdamBase):
    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        return x - self.lr * m / (1 - b1**t) / (v / (1 - b2**t) + self.eps)


class ExchangedBetas(AdamBase):
    def one(self, i: int, x: Any, g: Any) -> Any:
        mine, self.betas = self.betas, self.betas[::-1]
        found = super().one(i, x, g)
        self.betas = mine
        return found


class LargestMean(AdamBase):
    """amsgrad keeps the largest m, in place of v."""

    def largest(self, top: Any, v: Any, m: Any) -> Any:
        return np.maximum(top, m * m)


class LargestForgotten(AdamBase):
    def largest(self, top: Any, v: Any, m: Any) -> Any:
        return v + 0 * np.maximum(top, v)


class LargestWithTheLast(AdamBase):
    """The larger of the last two."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        self.keep(i, top=self.of(i, "v", g))
        return super().one(i, x, g)


class DecayOfTheWrongSign(AdamBase):
    def decayed(self, x: Any, g: Any) -> Any:
        return g - self.weight_decay * x


class DecayTwice(AdamBase):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return super().one(i, x, g) - self.lr * self.weight_decay * x


class Decoupled(AdamBase):
    def decayed(self, x: Any, g: Any) -> Any:
        return g

    def one(self, i: int, x: Any, g: Any) -> Any:
        return super().one(i, x, g) - self.lr * self.weight_decay * x


class DecayOfTheSteppedX(Decoupled):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return AdamBase.one(self, i, x, g) * (1 - self.lr * self.weight_decay)


class DecayWithoutRate(Decoupled):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return AdamBase.one(self, i, x, g) - self.weight_decay * x


class DecayPositive(Decoupled):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return AdamBase.one(self, i, x, g) + self.lr * self.weight_decay * x
