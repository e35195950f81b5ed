"""Methods of families with promises of their own, right and with one planted fault each."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.audit.optimizers import Adam, Local


class Inertia(Local):
    """SGD with momentum by one of its formulas: `rule(self, x, v, g)` returns x and v."""

    def __init__(self, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.0):
        super().__init__(lr, weight_decay)
        self.momentum = momentum

    def one(self, i: int, x: Any, g: Any) -> Any:
        x, v = self.rule(x, self.of(i, "v", g), g + self.weight_decay * x)
        self.keep(i, v=v)
        return x

    def rule(self, x: Any, v: Any, g: Any) -> tuple[Any, Any]:
        v = self.momentum * v + g
        return x - self.lr * (g + self.momentum * v), v


class NesterovWithWrongSign(Inertia):
    def rule(self, x: Any, v: Any, g: Any) -> tuple[Any, Any]:
        v = self.momentum * v + g
        return x - self.lr * (g - self.momentum * v), v


class HeavyBall(Inertia):
    def rule(self, x: Any, v: Any, g: Any) -> tuple[Any, Any]:
        v = self.momentum * v + g
        return x - self.lr * v, v


class VelocityThatKeepsAll(Inertia):
    """v + μg in place of μv + g."""

    def rule(self, x: Any, v: Any, g: Any) -> tuple[Any, Any]:
        v = v + self.momentum * g
        return x - self.lr * v, v


class Rprop(Local):
    """Steps in step with their signs; `late` emits the one before."""

    late = False

    def one(self, i: int, x: Any, g: Any) -> Any:
        size, old = self.state.get((i, "size"), self.lr + 0 * x), self.of(i, "old", g)
        agree = g * old
        size = np.clip(size * np.where(agree > 0, 1.2, np.where(agree < 0, 0.5, 1)), 1e-6, 50.0)
        old = np.where(agree < 0, 0, g)
        move, before = size * np.sign(old), self.of(i, "move", g)
        self.keep(i, size=size, old=old, move=move)
        return x - (before if self.late else move)


class RpropLate(Rprop):
    late = True


class AdaBelief(Local):
    """`old` measures the error about m_{t−1}."""

    old = False

    def __init__(self, lr: float = 1e-2, betas: tuple[float, float] = (0.9, 0.999)):
        super().__init__(lr)
        self.betas = betas

    def one(self, i: int, x: Any, g: Any) -> Any:
        (b1, b2), t, m0 = self.betas, self.of(i, "t") + 1, self.of(i, "m", g)
        m = b1 * m0 + (1 - b1) * g
        s = b2 * self.of(i, "s", g) + (1 - b2) * (g - (m0 if self.old else m)) ** 2
        self.keep(i, t=t, m=m, s=s)
        return x - self.lr * m / (1 - b1**t) / (np.sqrt(s / (1 - b2**t)) + 1e-16)


class AdaBeliefOfOldMean(AdaBelief):
    old = True


class ScheduleFree(Local):
    """y = (1 − β)z + βx is where gradients are taken; eval_params should return x."""

    at_y = False

    def __init__(self, lr: float = 1e-2, beta: float = 0.9):
        super().__init__(lr)
        self.beta = beta

    def one(self, i: int, x: Any, g: Any) -> Any:
        t = self.of(i, "t") + 1
        z, mean = self.state.get((i, "z"), x), self.state.get((i, "x"), x)
        z = z - self.lr * g
        mean = (1 - 1 / t) * mean + z / t
        self.keep(i, t=t, z=z, x=mean)
        return (1 - self.beta) * z + self.beta * mean

    def eval_params(self, params: list[Any]) -> list[Any]:
        if self.at_y:
            return params
        return [self.state.get((i, "x"), p) for i, p in enumerate(params)]


class ScheduleFreeAtY(ScheduleFree):
    at_y = True


class Sophia(Local):
    """Clips the ratio m/(γh) to ±1, h an average of squared gradients."""

    ratio = True

    def __init__(self, lr: float = 1e-2, gamma: float = 0.01, eps: float = 1e-12):
        super().__init__(lr)
        self.gamma, self.eps = gamma, eps

    def one(self, i: int, x: Any, g: Any) -> Any:
        m = 0.96 * self.of(i, "m", g) + 0.04 * g
        h = 0.99 * self.of(i, "h", g) + 0.01 * g * g
        self.keep(i, m=m, h=h)
        u = m / np.maximum(self.gamma * h, self.eps)
        return x - self.lr * (np.clip(u, -1, 1) if self.ratio else u)


class SophiaClampingCurvature(Sophia):
    ratio = False


class Fista(Local):
    """a_t of Beck and Teboulle; `shift` is where its count begins."""

    shift = 0

    def one(self, i: int, x: Any, g: Any) -> Any:
        a = self.state.get((i, "a"), 1.0)
        for _ in range(self.shift if (i, "a") not in self.state else 0):
            a = (1 + np.sqrt(1 + 4 * a * a)) / 2
        z, b = x - self.lr * g, (1 + np.sqrt(1 + 4 * a * a)) / 2
        old = self.state.get((i, "z"), x)
        self.keep(i, a=b, z=z)
        return z + (a - 1) / b * (z - old)


class FistaOffByOne(Fista):
    shift = 1


class FistaFromExtrapolated(Fista):
    def one(self, i: int, x: Any, g: Any) -> Any:
        a = self.state.get((i, "a"), 1.0)
        z, b = x - self.lr * g, (1 + np.sqrt(1 + 4 * a * a)) / 2
        self.keep(i, a=b)
        return z + (a - 1) / b * (z - x)


class AMSGrad(Adam):
    """The largest v so far, without bias correction."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        b1, b2 = self.betas
        m = b1 * self.of(i, "m", g) + (1 - b1) * g
        v = b2 * self.of(i, "v", g) + (1 - b2) * g * g
        top = np.maximum(self.of(i, "top", g), v)
        self.keep(i, m=m, v=v, top=top)
        return x - self.lr * m / (np.sqrt(top) + self.eps)
