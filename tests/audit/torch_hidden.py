"""Faults that hide behind a missing gradient, another group, maximize, a path, a rate that was
changed, or a zero; in the manner of torch."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tests.audit.torch_adam import Adam


class ReturnsAtNone(Adam):
    """Ends at the first parameter without a gradient."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    return
                self.one(p, p.grad, group)


class OptionsOfTheLast(Adam):
    """A variable of a loop over groups outlives it."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g, self.param_groups[-1])


class NegatesInPlace(Adam):
    def signed(self, p: Any, g: Any, group: Any) -> Any:
        return g.neg_() if group["maximize"] else g


class Paths(Adam):
    """With flags that choose how a step is made."""

    def __init__(self, params: Any, lr: float = 1e-2, differentiable: bool = False,
                 capturable: bool = False, eps: float = 1e-8):  # fmt: skip
        super().__init__(params, lr, eps=eps)
        for group in self.param_groups:
            group.update(differentiable=differentiable, capturable=capturable)


class DifferentiableUncorrected(Paths):
    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        return super().move(p, m, v, 10**9 if group["differentiable"] else t, group)


class CapturableInside(Paths):
    """ε inside the root on one path."""

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        if not group["capturable"]:
            return super().move(p, m, v, t, group)
        (b1, b2), lr = group["betas"], group["lr"]
        return -lr * m / (1 - b1**t) / (v / (1 - b2**t) + group["eps"]).sqrt()


class ForeachWithoutLargest(Adam):
    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g, {**group, "amsgrad": group["amsgrad"] and not group["foreach"]})


class RateIsNotSaved(Adam):
    def state_dict(self) -> Any:
        saved = super().state_dict()
        groups = [{**group, "lr": self.defaults["lr"]} for group in saved["param_groups"]]
        return {**saved, "param_groups": groups}


class PutsAnother(Adam):
    """`p.data` becomes another array."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        p.data = p.data.clone()
        super().one(p, g, group)


class SkipsZero(Adam):
    def one(self, p: Any, g: Any, group: Any) -> None:
        if g.any():
            super().one(p, g, group)


class HandsOn(SkipsZero):
    """Its options are those of its base."""

    def __init__(self, *given: Any, **options: Any):
        super().__init__(*given, **options)
