"""Other methods in the manner of torch, right and with one planted fault each."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tests.audit.torch_adam import Adam
from tests.audit.torch_base import Base, PerParameter
from tests.audit.torch_faults import Momentum


class Lookahead(PerParameter):
    """SGD whose slow weights come after it every k steps: s ← s + α(x − s), x ← s."""

    shift = 0

    def __init__(self, params: Any, lr: float = 1e-2, k: int = 5, alpha: float = 0.5):
        super().__init__(params, {"lr": lr, "k": k, "alpha": alpha})

    def one(self, p: Any, g: Any, group: Any) -> None:
        state = self.state[p]
        if "slow" not in state:
            state.update(slow=self.first(p), t=self.shift)
        state["t"] += 1
        p -= group["lr"] * g
        if state["t"] % group["k"] == 0:
            self.sync(p, state, group["alpha"])

    def first(self, p: Any) -> Any:
        return p.clone()

    def sync(self, p: Any, state: Any, alpha: float) -> None:
        state["slow"] = state["slow"] + alpha * (p - state["slow"])
        p.copy_(state["slow"])


class LookaheadOfZero(Lookahead):
    """Slow weights begin at 0."""

    def first(self, p: Any) -> Any:
        return torch.zeros_like(p)


class LookaheadAlias(Lookahead):
    """Slow weights are the parameters themselves."""

    def first(self, p: Any) -> Any:
        return p


class LookaheadForgets(Lookahead):
    """Slow weights move, and the fast ones go on from where they were."""

    def sync(self, p: Any, state: Any, alpha: float) -> None:
        state["slow"] = state["slow"] + alpha * (p - state["slow"])


class LookaheadEarly(Lookahead):
    shift = 1


class LookaheadOfOther(Lookahead):
    """1 − α for α."""

    def sync(self, p: Any, state: Any, alpha: float) -> None:
        super().sync(p, state, 1 - 0.8 * alpha)


class Averaged(PerParameter):
    """SGD that returns an average of its iterates in `.eval()`."""

    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, {"lr": lr})
        self.fast = True

    def one(self, p: Any, g: Any, group: Any) -> None:
        state = self.state[p]
        x0, n = p.clone(), state.get("n", 0) + 1
        p -= group["lr"] * g
        state.update(n=n, mean=self.mean(state.get("mean"), x0, p, n))

    def mean(self, mean: Any, before: Any, x: Any, n: int) -> Any:
        return x.clone() if mean is None else mean + (x - mean) / n

    def swap(self, fast: bool) -> None:
        if fast == self.fast:
            return
        self.fast = fast
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if "mean" in state:
                    p.data, state["mean"] = state["mean"], p.data

    def train(self) -> None:
        self.swap(True)

    def eval(self) -> None:
        self.swap(False)


class AveragedTooFar(Averaged):
    """The weight of the newest is n/(n + 1)·2: the average runs ahead."""

    def mean(self, mean: Any, before: Any, x: Any, n: int) -> Any:
        return x + (x - before)


class Polyak(Base):
    """The step (f − f*)/‖g‖², f* = 0, all parameters together."""

    factor = 1.0

    def __init__(self, params: Any, lr: float = 1.0):
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any) -> Any:
        loss = closure()
        with torch.no_grad():
            pairs = [(g["lr"], p) for g in self.param_groups for p in g["params"]]
            pairs = [(lr, p) for lr, p in pairs if p.grad is not None]
            size = sum((p.grad.abs() ** 2).sum() for _, p in pairs)
            for lr, p in pairs if size > 0 else ():
                p -= self.factor * lr * loss.detach() / size * p.grad
        return loss


class PolyakOfHalf(Polyak):
    """‖g‖²/2 in the denominator: on ½‖x‖² it is twice too long."""

    factor = 2.0


class PolyakOfNorm(Polyak):
    factor = 0.5


class ClippedMomentum(Momentum):
    """Gradients are clipped before the momentum."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.0,
                 weight_decay: float = 0.0, max_grad_norm: float = 1e6):  # fmt: skip
        Base.__init__(self, params, {
            "lr": lr, "momentum": momentum, "weight_decay": weight_decay,
            "max_grad_norm": max_grad_norm,
        })  # fmt: skip

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        self.scale = self.norm(self.param_groups)
        return super().step(closure)

    def norm(self, groups: Any) -> Any:
        squares = [(p.grad**2).sum() for g in groups for p in g["params"] if p.grad is not None]
        return torch.as_tensor(sum(squares)).sqrt()

    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, self.clip(g, group), group)

    def clip(self, g: Any, group: Any) -> Any:
        most = group["max_grad_norm"]
        return g * (most / self.scale) if self.scale > most else g


class ClippedAfterMomentum(ClippedMomentum):
    """The velocity is clipped, not the gradient."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        before = p.clone()
        Momentum.one(self, p, g, group)
        move = (before - p) / group["lr"] if group["lr"] else 0 * p
        size, most = move.norm(), group["max_grad_norm"]
        if size > most:
            p.copy_(before - group["lr"] * move * most / size)


class ClippedByGroup(ClippedMomentum):
    """The norm is that of a group."""

    def clip(self, g: Any, group: Any) -> Any:
        self.scale = self.norm([group])
        return super().clip(g, group)


class BufferBeforeDecay(Momentum):
    """The velocity begins at the gradient without its decay."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        first = "v" not in self.state[p]
        v = self.state[p].get("v")
        d = g + group["weight_decay"] * p
        v = g.clone() if first else group["momentum"] * v + d
        self.state[p]["v"] = v
        p -= group["lr"] * v


class DecayAfterMomentum(Momentum):
    """The decay is added to the velocity's step, and so is not averaged."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        x = p.clone()
        super().one(p, g, {**group, "weight_decay": 0.0})
        p -= group["lr"] * group["weight_decay"] * x


class RealSquares(Adam):
    """Of a complex number the real part alone is squared."""

    def squared(self, p: Any, g: Any, m: Any) -> Any:
        return g.real**2 if g.is_complex() else g * g


class ScalesWithSize(Adam):
    """Divides by the number of entries, once too often."""

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        return super().move(p, m, v, t, group) / max(p.numel(), 1)


class WideTransposed(Adam):
    """A wide matrix is scaled as a tall one."""

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        wide = p.ndim == 2 and p.shape[0] < p.shape[1]
        return super().move(p, m, v, t, group) * (1.5 if wide else 1.0)
