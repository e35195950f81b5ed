"""Small optimizers of `step(params, grads)`, right and with one planted fault each."""

from __future__ import annotations

from typing import Any

import numpy as np


class Local:
    """An optimizer that treats each parameter by `one(i, x, g)`, with memory `self.of(i, name)`."""

    def __init__(self, lr: float = 1e-2, weight_decay: float = 0.0):
        self.lr, self.weight_decay = lr, weight_decay
        self.state: dict[Any, Any] = {}

    def of(self, i: int, name: str, like: Any = 0.0) -> Any:
        return self.state.get((i, name), 0 * like)

    def keep(self, i: int, **values: Any) -> None:
        self.state |= {(i, name): v for name, v in values.items()}

    def state_dict(self) -> Any:
        return self.state

    def load_state_dict(self, state: Any) -> None:
        self.state = state

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * (g + self.weight_decay * x)

    def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
        return [self.one(i, x, g) for i, (x, g) in enumerate(zip(params, grads, strict=True))]


class Adam(Local):
    """Adam; the class attributes plant faults."""

    correct = True
    squares = staticmethod(lambda g: np.abs(g) ** 2)
    damped = True
    counters = "own"
    decays = True

    def __init__(
        self,
        lr: float = 1e-2,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(lr, weight_decay)
        self.betas, self.eps, self.t = betas, eps, 0

    def one(self, i: int, x: Any, g: Any) -> Any:
        (b1, b2), self.t = self.betas, self.t + 1
        if self.decays:
            g = g + self.weight_decay * x
        t = self.of(i, "t") + 1
        m = b1 * self.of(i, "m", g) + (1 - b1) * g
        v = b2 * self.of(i, "v", g) + (1 - b2) * self.squares(g)
        self.keep(i, t=t, m=m, v=v)
        if self.counters == "shared":
            t = self.t
        if self.correct:
            m, v = m / (1 - b1**t), v / (1 - b2**t)
        with np.errstate(all="ignore"):
            return x - self.lr * m / (np.sqrt(v) + (self.eps if self.damped else 0))


class AdamWithoutCorrection(Adam):
    correct = False


class AdamSquaringComplex(Adam):
    squares = staticmethod(lambda g: g * g)


class AdamWithoutDamping(Adam):
    damped = False


class AdamWithSharedCounter(Adam):
    counters = "shared"


class AdamWithoutDecay(Adam):
    decays = False


class AdamOutsideState(Adam):
    """Keeps its second moment where state_dict does not see it."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.hidden: dict[int, Any] = {}

    def keep(self, i: int, **values: Any) -> None:
        self.hidden[i] = values.pop("v")
        super().keep(i, **values)

    def of(self, i: int, name: str, like: Any = 0.0) -> Any:
        return self.hidden.get(i, 0 * like) if name == "v" else super().of(i, name, like)


class Momentum(Local):
    """v ← μv + g, x ← x − ηv; `inside` puts the rate into v."""

    inside = False

    def __init__(self, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.0):
        super().__init__(lr, weight_decay)
        self.momentum = momentum

    def one(self, i: int, x: Any, g: Any) -> Any:
        g = g + self.weight_decay * x
        v = self.momentum * self.of(i, "v", g) + (self.lr * g if self.inside else g)
        self.keep(i, v=v)
        return x - (v if self.inside else self.lr * v)


class RateInsideMomentum(Momentum):
    inside = True


class Idle(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x


class Uphill(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x + self.lr * g


class Warmup(Local):
    """The first step of its schedule is 0."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        t = self.of(i, "t")
        self.keep(i, t=t + 1)
        return x - self.lr * min(t / 10, 1) * g


class WarmupFromOne(Warmup):
    def one(self, i: int, x: Any, g: Any) -> Any:
        t = self.of(i, "t") + 1
        self.keep(i, t=t)
        return x - self.lr * min(t / 10, 1) * g


class LateStep(Local):
    """Emits the step of the call before."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        old = self.of(i, "u", g)
        self.keep(i, u=g)
        return x - self.lr * (old if self.of(i, "n") else g)

    def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
        found = super().step(params, grads)
        for i in range(len(params)):
            self.keep(i, n=1)
        return found


class TallOnly(Local):
    """A projection whose way back takes every matrix for a tall one."""

    right = False

    def one(self, i: int, x: Any, g: Any) -> Any:
        if g.ndim != 2:
            return x - self.lr * g
        tall = g.shape[0] >= g.shape[1]
        p = np.eye(min(g.shape))[:, :2]
        low = g @ p if tall else p.T @ g
        return x - self.lr * (low @ p.T if tall or not self.right else p @ low)


class AnyShape(TallOnly):
    right = True


class NormalizedAtZero(Local):
    """g/‖g‖ without care for 0/0."""

    floor = 0.0

    def one(self, i: int, x: Any, g: Any) -> Any:
        with np.errstate(all="ignore"):
            return x - self.lr * g / (np.sqrt((g * g).sum()) + self.floor)


class Normalized(NormalizedAtZero):
    floor = 1e-12


class ProportionalToX(Local):
    """A trust ratio: frozen at x = 0."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * np.linalg.norm(x) / (np.linalg.norm(g) + 1e-12) * g


class DoubleInSingle(Local):
    """A constant that is another one in single precision."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * (1.1 if x.dtype == np.float32 else 1.0) * g


class Overflowing(Local):
    """Squares twice: an outlier of 1e10 is infinite in float32, and ∞/∞ is NaN."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        v = 0.9 * self.of(i, "v", g) + 0.1 * (g * g) ** 2
        self.keep(i, v=v)
        with np.errstate(all="ignore"):
            return x - self.lr * g * np.sqrt(np.sqrt(v)) / (1e-8 + np.sqrt(v))


class Maximizer(Local):
    right = True

    def __init__(self, lr: float = 1e-2, maximize: bool = False):
        super().__init__(lr)
        self.maximize = maximize

    def one(self, i: int, x: Any, g: Any) -> Any:
        sign = -1 if self.maximize and self.right else 1
        m = 0.9 * self.of(i, "m", g) + g
        self.keep(i, m=m)
        return x - self.lr * (sign * m if self.right or not self.maximize else m - 2 * g)


class MaximizerOfOneTerm(Maximizer):
    right = False


class Clipped(Local):
    """Unscales, then clips."""

    clips_first = False

    def __init__(self, lr: float = 1e-2, clip: float = 0.7, loss_scale: float = 1.0):
        super().__init__(lr)
        self.clip, self.loss_scale = clip, loss_scale

    def one(self, i: int, x: Any, g: Any) -> Any:
        if self.clips_first:
            return x - self.lr * np.clip(g, -self.clip, self.clip) / self.loss_scale
        return x - self.lr * np.clip(g / self.loss_scale, -self.clip, self.clip)


class ClippedBeforeUnscaling(Clipped):
    clips_first = True


class Accumulating(Local):
    """One step on the mean of every k gradients."""

    how = "mean"

    def __init__(self, lr: float = 1e-2, accumulate: int = 1):
        super().__init__(lr)
        self.accumulate = accumulate

    def one(self, i: int, x: Any, g: Any) -> Any:
        n, total = self.of(i, "n") + 1, self.of(i, "sum", g) + g
        if n < self.accumulate:
            self.keep(i, n=n, sum=total)
            return x
        self.keep(i, n=0, sum=0 * g)
        mean = total / n if self.how == "mean" else total if self.how == "sum" else g
        return x - self.lr * mean


class AccumulatingSum(Accumulating):
    how = "sum"


class AccumulatingLast(Accumulating):
    how = "last"
