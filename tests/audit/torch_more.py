"""More optimizers in the manner of torch: variances about a mean, and two gradients a step."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

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


class ClippedTogether(PerParameter):
    """SGD that clips the gradient to `max_norm`, all parameters together."""

    def __init__(self, params: Any, lr: float = 1e-2, max_norm: float = 1.0):
        super().__init__(params, {"lr": lr, "max_norm": max_norm})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        given = [p.grad for g in self.param_groups for p in g["params"] if p.grad is not None]
        self.size = float(self.total([g.norm() for g in given])) if given else 0.0
        return super().step(closure)

    def total(self, norms: list[Any]) -> Any:
        return torch.stack(norms).norm()

    def one(self, p: Any, g: Any, group: Any) -> None:
        p -= (
            group["lr"]
            * g
            * (1 if self.size <= group["max_norm"] else group["max_norm"] / self.size)
        )


class ClippedBySum(ClippedTogether):
    """The sum of the norms in place of the norm of all."""

    def total(self, norms: list[Any]) -> Any:
        return torch.stack(norms).sum()


class Adagrad(PerParameter):
    """g/√Σg² from an initial accumulator."""

    def __init__(self, params: Any, lr: float = 1e-2, initial_accumulator_value: float = 0.0,
                 eps: float = 1e-10):  # fmt: skip
        super().__init__(params, {
            "lr": lr, "initial_accumulator_value": initial_accumulator_value, "eps": eps,
        })  # fmt: skip

    def first(self, p: Any, group: Any) -> Any:
        return torch.full_like(p, group["initial_accumulator_value"])

    def one(self, p: Any, g: Any, group: Any) -> None:
        state = self.state[p]
        total = state["sum"] = state.get("sum", self.first(p, group)) + g * g.conj()
        p -= group["lr"] * g / (total.sqrt() + group["eps"])


class AdagradFromZero(Adagrad):
    """The initial accumulator is not read."""

    def first(self, p: Any, group: Any) -> Any:
        return torch.zeros_like(p)


class OnlyMatrices(PerParameter):
    """SGD that refuses what is no matrix."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        if p.ndim != 2:
            raise ValueError("matrices only")
        p -= group["lr"] * g

    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, {"lr": lr})
