"""Methods that factor the squares of a matrix, in the manner of torch: right, and with a fault."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tests.audit.torch_base import PerParameter


class Adafactor(PerParameter):
    """g/√v, v = r cᵀ/mean(r) of row and column means of g², at rate η."""

    axis = 0

    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, {"lr": lr})

    def one(self, p: Any, g: Any, group: Any) -> None:
        state, square = self.state[p], g.abs() ** 2 + 1e-30
        t = state["t"] = state.get("t", 0) + 1
        keep = 1 - t**-0.8
        if p.ndim != 2:
            v = state["v"] = keep * state.get("v", 0) + (1 - keep) * square
        else:
            r = state["r"] = keep * state.get("r", 0) + (1 - keep) * square.mean(1)
            c = state["c"] = keep * state.get("c", 0) + (1 - keep) * square.mean(0)
            v = self.factored(r, c)
        p -= group["lr"] * g / v.sqrt()

    def factored(self, r: Any, c: Any) -> Any:
        return r[:, None] * c[None] / r.mean()


class AdafactorWithoutMean(Adafactor):
    """The mean of the rows is left out."""

    def factored(self, r: Any, c: Any) -> Any:
        return r[:, None] * c[None]


class AdafactorOfSum(Adafactor):
    """r + c in place of r c."""

    def factored(self, r: Any, c: Any) -> Any:
        return (r[:, None] + c[None]) / 2


class Shampoo(PerParameter):
    """L^{−1/4} G R^{−1/4}, L and R sums of GGᵀ and GᵀG."""

    root = 0.25

    def __init__(self, params: Any, lr: float = 1e-2, eps: float = 1e-12):
        super().__init__(params, {"lr": lr, "eps": eps})

    def one(self, p: Any, g: Any, group: Any) -> None:
        if not p.numel():
            return
        state, flat = self.state[p], g.reshape(g.shape[0] if g.ndim else 1, -1)
        left = state["l"] = state.get("l", 0) + flat @ flat.mH
        right = state["r"] = state.get("r", 0) + flat.mH @ flat
        move = self.power(left, group) @ flat @ self.power(right, group)
        p -= group["lr"] * move.reshape(p.shape)

    def power(self, a: Any, group: Any) -> Any:
        values, vectors = torch.linalg.eigh(a)
        top = values.max().clamp(min=group["eps"] ** 2)
        scaled = torch.where(values > 1e-10 * top, values.clamp(min=1e-300), 0 * values)
        inverse = torch.where(scaled > 0, scaled**-self.root, 0 * scaled)
        return vectors * inverse @ vectors.mH


class ShampooOfOrder(Shampoo):
    """−1/order, where the paper has −1/(2 order)."""

    root = 0.5
