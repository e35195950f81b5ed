"""The loop of an optimizer in the manner of torch, whose step subclasses write."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

Base: Any = torch.optim.Optimizer


class PerParameter(Base):
    """Asks the closure, then takes `one` step of each parameter that has a gradient."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.one(p, self.signed(p, p.grad, group), group)
        return loss

    def signed(self, p: Any, g: Any, group: Any) -> Any:
        return g

    def one(self, p: Any, g: Any, group: Any) -> None:
        raise NotImplementedError
