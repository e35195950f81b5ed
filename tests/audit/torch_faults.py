"""Small optimizers in the manner of torch, right and with one planted fault each."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tests.audit.torch_base import PerParameter


class Momentum(PerParameter):
    """v ← μv + g + λx, x ← x − ηv; subclasses plant faults."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9,
                 weight_decay: float = 0.0):  # fmt: skip
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def one(self, p: Any, g: Any, group: Any) -> None:
        g = g + group["weight_decay"] * p
        v = self.state[p].get("v")
        v = g if v is None else group["momentum"] * v + g
        self.state[p]["v"] = v
        p -= group["lr"] * v


class DecaysInTheGradient(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        g.add_(p, alpha=group["weight_decay"] + 0.1)
        super().one(p, g, {**group, "weight_decay": 0.0})


class ClipsTheGradient(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g.clamp_(-0.7, 0.7), group)


class KeepsTheGradient(Momentum):
    """The first velocity is the gradient's own memory."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        v = self.state[p].setdefault("v", g)
        p -= group["lr"] * (g + group["momentum"] * v)
        self.state[p]["last"] = g


class ForgetsTheGradient(Momentum):
    """Takes it away after the step."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g, group)
        p.grad = None


class ClosureTwice(Momentum):
    def step(self, closure: Any = None) -> Any:
        if closure is not None:
            closure()
        return super().step(closure)


class ClosureNever(Momentum):
    def step(self, closure: Any = None) -> Any:
        return super().step()


class ClosureWithoutGraph(Momentum):
    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure is not None else None
        super().step()
        return loss


class ClosureWithoutLoss(Momentum):
    def step(self, closure: Any = None) -> Any:
        super().step(closure)


class ParametersOnce(Momentum):
    """Goes through the parameters a second time, when a generator has ended."""

    def __init__(self, params: Any, lr: float = 1e-2):
        groups = params if isinstance(params, list) else iter(params)
        first = list(groups)
        super().__init__(first, lr)
        self.mine = list(groups)
        self.mine = [p for e in self.mine for p in (e["params"] if isinstance(e, dict) else [e])]

    def one(self, p: Any, g: Any, group: Any) -> None:
        if any(p is q for q in self.mine):
            super().one(p, g, group)


class ListsParametersAtFirst(Momentum):
    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, lr)
        self.mine = {p for g in self.param_groups for p in g["params"]}

    def one(self, p: Any, g: Any, group: Any) -> None:
        if p in self.mine:
            super().one(p, g, group)


class FlattensByMemory(Momentum):
    """Reads a gradient in the order of its memory."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        flat = torch.as_strided(g, (g.numel(),), (1,)).reshape(p.shape) if g.ndim == 2 else g
        super().one(p, flat, group)


class WantsContiguous(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g.view(-1).view(p.shape), group)


class ValuesOfSparse(Momentum):
    """Takes the values of a sparse gradient before they are added up."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        if g.is_sparse:
            dense = torch.zeros_like(p)
            dense[g._indices()[0]] = g._values()
            g = dense
        super().one(p, g, group)


class OfSparse(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g.to_dense() if g.is_sparse else g, group)


class DecayOfFirstGroup(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        decay = self.param_groups[0]["weight_decay"]
        super().one(p, g, {**group, "weight_decay": decay})


class MomentumAtStart(Momentum):
    """Reads its options when it is made, not from the groups."""

    def __init__(self, params: Any, lr: float = 1e-2, momentum: float = 0.9):
        super().__init__(params, lr, momentum)
        self.momentum = momentum

    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g, {**group, "momentum": self.momentum})


class RateAtStart(Momentum):
    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, lr)
        self.lr = lr

    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g, {**group, "lr": self.lr})


class RateOfTheStepBefore(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        rate = self.state[p].get("rate", group["lr"])
        self.state[p]["rate"] = group["lr"]
        super().one(p, g, {**group, "lr": rate})


class SharedByClass(Momentum):
    """Velocities in a dictionary of the class, by place."""

    velocities: dict[int, Any] = {}

    def one(self, p: Any, g: Any, group: Any) -> None:
        place = [id(q) for q in group["params"]].index(id(p))
        v = self.velocities.get(place, torch.zeros_like(p))
        v = group["momentum"] * (v if v.shape == p.shape else torch.zeros_like(p)) + g
        self.velocities[place] = v
        p -= group["lr"] * v


class SharedByShape(Momentum):
    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, lr)
        self.velocities: dict[Any, Any] = {}

    def one(self, p: Any, g: Any, group: Any) -> None:
        v = group["momentum"] * self.velocities.get(p.shape, 0) + g
        self.velocities[p.shape] = v
        p -= group["lr"] * v


class MeanOfNothing(Momentum):
    """Divides by the mean size of all entries, each parameter's for itself."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        total = getattr(self, "total", None)
        mean = g.abs().mean()
        self.total = mean if total is None else 0.9 * total + 0.1 * mean
        p -= group["lr"] * g * (1 + 0 * self.total)


class NoneIsZero(Momentum):
    """Takes a parameter without a gradient for one whose gradient is 0, and decays it."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                self.one(p, p.grad if p.grad is not None else torch.zeros_like(p) + 0.1 * p, group)


class NoneIsAnError(Momentum):
    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                self.one(p, p.grad * 1, group)


class AliasOfX(Momentum):
    """x_{t−1} is the parameter itself, so that x_t − x_{t−1} is 0."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        old = self.state[p].setdefault("old", p)
        move = group["momentum"] * (p - old) - group["lr"] * g
        self.state[p]["old"] = p
        p += move


class CopyOfX(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        g = g + group["weight_decay"] * p
        old = self.state[p].get("old", p)
        move = group["momentum"] * (p - old) - group["lr"] * g
        self.state[p]["old"] = p.clone()
        p += move


class RoundsByData(Momentum):
    def one(self, p: Any, g: Any, group: Any) -> None:
        super().one(p, g, group)
        p.data = p.data.float()
