"""More optimizers in the manner of torch: variances about a mean, and two gradients a step."""

from __future__ import annotations

from typing import Any

import torch

from tests.audit.torch_base import Base, PerParameter


class Centered(PerParameter):
    """RMSprop about the mean; the variance may come out negative."""

    floor = False

    def __init__(self, params: Any, lr: float = 1e-2, alpha: float = 0.99, eps: float = 0.0,
                 centered: bool = False):  # fmt: skip
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "centered": centered})

    def one(self, p: Any, g: Any, group: Any) -> None:
        a, state = group["alpha"], self.state[p]
        v = (a * state.get("v", torch.zeros_like(p))).addcmul_(g, g.conj(), value=1 - a)
        m = state.get("m", torch.zeros_like(p)).lerp(g, 1 - a)
        state.update(v=v, m=m)
        spread = v.addcmul(m, m, value=-1) if group["centered"] else v
        spread = spread.clamp(min=1e-8) if self.floor else spread
        p -= group["lr"] * g / (spread.sqrt() + group["eps"] + 1e-8)


class CenteredWithFloor(Centered):
    floor = True


class Extragradient(Base):
    """x ← x − ηF(x − ηF(x)), by a closure; `ahead` is where the second gradient is taken."""

    ahead = 1.0

    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any) -> Any:
        closure()
        pairs = [(g["lr"], p, p.detach().clone()) for g in self.param_groups for p in g["params"]]
        with torch.no_grad():
            for lr, p, _ in pairs:
                p -= 0 if p.grad is None else self.ahead * lr * p.grad
        loss = closure()
        with torch.no_grad():
            for lr, p, x in pairs:
                p.copy_(x if p.grad is None else x - lr * p.grad)
        return loss


class ExtragradientThatStays(Extragradient):
    """The second gradient is taken where the first was."""

    ahead = 0.0
