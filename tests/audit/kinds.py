"""More kinds of faults in released optimizers: small methods, right and with one fault each."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.audit.optimizers import Local


class Velocity(Local):
    """v ← μv + (1 − d)g from v = g; x ← x − ηv."""

    def __init__(self, lr: float = 1e-2, momentum: float = 0.0, dampening: float = 0.0,
                 nesterov: bool = False, weight_decay: float = 0.0):  # fmt: skip
        super().__init__(lr, weight_decay)
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov

    def one(self, i: int, x: Any, g: Any) -> Any:
        g = g + self.weight_decay * x
        old = self.state.get((i, "v"))
        v = self.first(g) if old is None else self.momentum * old + (1 - self.dampening) * g
        self.keep(i, v=v)
        return x - self.lr * self.ahead(g, v)

    def first(self, g: Any) -> Any:
        return g

    def ahead(self, g: Any, v: Any) -> Any:
        return g + self.momentum * v if self.nesterov else v


class DampedAtFirst(Velocity):
    def first(self, g: Any) -> Any:
        return (1 - self.dampening) * g


class LooksAheadTwice(Velocity):
    def ahead(self, g: Any, v: Any) -> Any:
        return g + self.momentum * (g + self.momentum * v) if self.nesterov else v


class NesterovIgnored(Velocity):
    def ahead(self, g: Any, v: Any) -> Any:
        return v


class RateTwice(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * self.lr * g


class RateFixed(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - (self.lr / abs(self.lr) if self.lr else 0.0) * 1e-2 * g


class AverageFromZero(Local):
    """What it returns is an average that begins at 0 and is not corrected."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        x = x - self.lr * g
        self.keep(i, mean=0.9 * self.begin(i, x) + 0.1 * x)
        return x

    def begin(self, i: int, x: Any) -> Any:
        return self.of(i, "mean", x)

    def eval_params(self, params: list[Any]) -> list[Any]:
        return [self.state.get((i, "mean"), p) for i, p in enumerate(params)]


class AverageFromX(AverageFromZero):
    def begin(self, i: int, x: Any) -> Any:
        return self.state.get((i, "mean"), x)


class ReadingCounts(AverageFromX):
    """Reading the average changes it."""

    def eval_params(self, params: list[Any]) -> list[Any]:
        self.lr *= 0.9
        return super().eval_params(params)


class ChangesTheGradient(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        g *= self.lr
        return x - g


class KeepsTheGradient(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        old = self.state.get((i, "g"), g)
        self.keep(i, g=g)
        return x - self.lr * (g + 0.5 * old)


class Upcasting(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x.astype(np.float64) - self.lr * g.astype(np.float64)


class CounterOfTheClass(Local):
    t = 0

    def one(self, i: int, x: Any, g: Any) -> Any:
        CounterOfTheClass.t += 1
        return x - self.lr / CounterOfTheClass.t * g


class BufferOfOrder(Local):
    """One buffer for all parameters of a shape."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        v = 0.9 * self.state.get(g.shape, 0 * g) + g
        self.state[g.shape] = v
        return x - self.lr * v


class MeanOverAll(Local):
    """Divides by the mean size of the last parameter's entries."""

    def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            mean = np.mean([np.sum(np.abs(g)) / g.size for g in grads])
        return [x - self.lr * g * (1 + 0 * mean) for x, g in zip(params, grads, strict=True)]


class ZeroRow(Local):
    """Rows to norm 1, without care for rows of zeros."""

    floor = 0.0

    def one(self, i: int, x: Any, g: Any) -> Any:
        if g.ndim != 2:
            return x - self.lr * g
        norms = np.linalg.norm(g, axis=1, keepdims=True)
        if not norms.any():
            return x
        with np.errstate(all="ignore"):
            return x - self.lr * g / (norms + self.floor)


class ZeroRowDamped(ZeroRow):
    floor = 1e-12


class ClippedByNorm(Local):
    """g·min(1, c/‖g‖), the norm of all parameters."""

    def __init__(self, lr: float = 1e-2, max_grad_norm: float = 1.0):
        super().__init__(lr)
        self.max_grad_norm = max_grad_norm

    def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
        norm = np.sqrt(sum((abs(g) ** 2).sum() for g in grads))
        c = self.factor(norm)
        return [x - self.lr * c * g for x, g in zip(params, grads, strict=True)]

    def factor(self, norm: Any) -> Any:
        return min(1.0, self.max_grad_norm / norm) if norm > 0 else 1.0


class ClippedBySquare(ClippedByNorm):
    def factor(self, norm: Any) -> Any:
        return super().factor(norm * norm)


class AlwaysScaled(ClippedByNorm):
    def factor(self, norm: Any) -> Any:
        return self.max_grad_norm / norm if norm > 0 else 1.0


class ClipIgnored(ClippedByNorm):
    def factor(self, norm: Any) -> Any:
        return 1.0


class GaLore(Local):
    """The step in the best subspace of rank 2."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        if g.ndim != 2:
            return x - self.lr * g
        u = self.basis(g)
        return x - self.lr * u @ (u.T @ g)

    def basis(self, g: Any) -> Any:
        return np.linalg.svd(g)[0][:, :2]


class GoLore(GaLore):
    """In a random one."""

    def __init__(self, lr: float = 1e-2):
        super().__init__(lr)
        self.state["t"] = 0

    def basis(self, g: Any) -> Any:
        self.state["t"] += 1
        draw = np.random.default_rng(self.state["t"]).standard_normal((g.shape[0], 2))
        return np.linalg.qr(draw)[0].astype(g.dtype)


class Optimistic(Local):
    """x − η(2g_t − g_{t−1})."""

    weight = 1.0

    def one(self, i: int, x: Any, g: Any) -> Any:
        old = self.state.get((i, "g"), g)
        self.keep(i, g=1 * g)
        return x - self.lr * (g + self.weight * (g - old))


class OptimisticOfWrongSign(Optimistic):
    weight = -1.0


class SignOfMean(Local):
    """Lion, with its decay beside the step; `decays` is what it is."""

    decays = 1.0

    def one(self, i: int, x: Any, g: Any) -> Any:
        m = self.of(i, "m", g)
        self.keep(i, m=0.99 * m + 0.01 * g)
        u = np.sign(0.9 * m + 0.1 * g)
        return (1 - self.lr * self.weight_decay) * x - self.lr * self.size(u)

    def size(self, u: Any) -> Any:
        return u


class SignTwiceAsLong(SignOfMean):
    def size(self, u: Any) -> Any:
        return 2 * u
