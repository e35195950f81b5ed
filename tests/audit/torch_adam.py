"""Adam in the manner of torch by its parts, which subclasses exchange: right, and with a fault."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tests.audit.torch_base import PerParameter


class Adam(PerParameter):
    """Adam with every option that torch's has; `decoupled` is AdamW."""

    decoupled = False

    def __init__(self, params: Any, lr: float = 1e-2, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0, amsgrad: bool = False,
                 maximize: bool = False, foreach: bool = False):  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
        })  # fmt: skip

    def signed(self, p: Any, g: Any, group: Any) -> Any:
        return -g if group["maximize"] else g

    def one(self, p: Any, g: Any, group: Any) -> None:
        (b1, b2), state = group["betas"], self.state[p]
        g = self.decayed(p, g, group)
        m, v = (state.get(k, torch.zeros_like(p, dtype=self.kept(p))) for k in ("m", "v"))
        t = state.get("t", 0) + 1
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * self.squared(p, g, m)
        m, v = m.to(self.kept(p)), v.to(self.kept(p))
        state.update(m=m, v=v, t=t)
        if group["amsgrad"]:
            v = state["top"] = torch.maximum(state.get("top", v), v)
        p += self.move(p, m.to(p.dtype), v.to(p.dtype), t, group)

    def kept(self, p: Any) -> Any:
        return p.dtype

    def squared(self, p: Any, g: Any, m: Any) -> Any:
        return g * g.conj()

    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        if not self.decoupled:
            return g + group["weight_decay"] * p
        p *= 1 - group["lr"] * group["weight_decay"]
        return g

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        b1, b2 = group["betas"]
        return -group["lr"] * m / (1 - b1**t) / ((v / (1 - b2**t)).sqrt() + group["eps"])


class AdamW(Adam):
    decoupled = True


class MaximizedAfterDecay(Adam):
    """The sign of the decay is turned over too."""

    def signed(self, p: Any, g: Any, group: Any) -> Any:
        return g

    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        g = super().decayed(p, g, group)
        return -g if group["maximize"] else g


class DecayOfFrozen(AdamW):
    """Decays parameters without a gradient."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                p *= 1 - group["lr"] * group["weight_decay"]
        return super().step(closure)

    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        return g


class DecayAtFirstRate(AdamW):
    """Decay with the rate that it was made with."""

    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        p *= 1 - self.defaults["lr"] * group["weight_decay"]
        return g


class DecayWithRateTwice(AdamW):
    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        p *= 1 - group["lr"] ** 2 * group["weight_decay"]
        return g


class DecayOfTheUpdate(Adam):
    """λ times the gradient, not the parameter."""

    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        return g + group["weight_decay"] * g.abs()


class ForeachWithoutDecay(Adam):
    """The fast path forgets an option."""

    def decayed(self, p: Any, g: Any, group: Any) -> Any:
        return g if group["foreach"] else super().decayed(p, g, group)


class ForeachWithoutMaximize(Adam):
    def signed(self, p: Any, g: Any, group: Any) -> Any:
        return g if group["foreach"] else super().signed(p, g, group)


class LargestIsNotSaved(Adam):
    """amsgrad's largest v is an attribute."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        tops = self.__dict__.setdefault("tops", {})
        if id(p) in tops:
            self.state[p]["top"] = tops[id(p)]
        super().one(p, g, group)
        if "top" in self.state[p]:
            tops[id(p)] = self.state[p].pop("top")


class StateInHalf(Adam):
    """Averages in bfloat16, whatever the parameters are."""

    def kept(self, p: Any) -> Any:
        return torch.bfloat16


class StateInSingle(Adam):
    def kept(self, p: Any) -> Any:
        return torch.float32


class SquareOfTheMean(Adam):
    """v of m², in place of g²."""

    def squared(self, p: Any, g: Any, m: Any) -> Any:
        return m * m


class SquareOfTheStepBefore(Adam):
    def squared(self, p: Any, g: Any, m: Any) -> Any:
        old = self.state[p].get("g", g)
        self.state[p]["g"] = g.clone()
        return old * old


class SquareWithoutDecay(Adam):
    """v of the gradient without its decay."""

    def squared(self, p: Any, g: Any, m: Any) -> Any:
        bare = g - self.param_groups[0]["weight_decay"] * p
        return bare * bare


class ClockOfTheGroup(Adam):
    """One clock for all groups, that ticks once a group."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        if p is group["params"][0]:
            self.clock = getattr(self, "clock", 0) + 1
        self.state[p]["t"] = self.clock - 1
        super().one(p, g, group)


class StateByPlace(Adam):
    """State is kept by place in the group, and groups share it."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        place = [q is p for q in group["params"]].index(True)
        shared = self.__dict__.setdefault("shared", {})
        kept = shared.setdefault(place, {})
        self.state[p] = kept if kept.get("m", p).shape == p.shape else {}
        super().one(p, g, group)
        shared[place] = self.state[p]


class RateIsChanged(Adam):
    """The correction is written into the group's rate."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        group["lr"] *= 1.0 - 1e-3
        super().one(p, g, group)


class SeedsTheGenerator(Adam):
    def one(self, p: Any, g: Any, group: Any) -> None:
        torch.manual_seed(0)
        super().one(p, g, group)


class LeavesGradOff(Adam):
    """Turns the graph off for whoever comes after."""

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        torch.set_grad_enabled(False)
        return loss


class KeepsAGraph(Adam):
    """The average remembers the graph of every step."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        with torch.enable_grad():
            q = p.detach().clone().requires_grad_()
            kept = self.state[p].get("m", 0) * 1 + 0 * q
        self.state[p]["graph"] = kept
        super().one(p, g, group)


class StartsAtTheParameter(Adam):
    """m begins at a copy of x."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        self.state[p].setdefault("m", p.detach().clone())
        super().one(p, g, group)


class SkipsTheFirst(Adam):
    """The first gradient only makes the state."""

    def one(self, p: Any, g: Any, group: Any) -> None:
        if "v" not in self.state[p]:
            self.state[p].update(m=torch.zeros_like(p), v=torch.zeros_like(p))
            return
        super().one(p, g, group)


class CorrectedOnce(Adam):
    """The first step is not corrected."""

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        if t == 1:
            return -group["lr"] * m / (v.sqrt() + group["eps"])
        return super().move(p, m, v, t, group)


class LargestOfCorrected(Adam):
    """amsgrad's largest is that of the corrected averages."""

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        b1, b2 = group["betas"]
        if not group["amsgrad"]:
            return super().move(p, m, v, t, group)
        hat = self.state[p]["v"] / (1 - b2**t)
        top = torch.maximum(self.state[p].get("hat", hat), hat)
        self.state[p]["hat"] = top
        return -group["lr"] * m / (1 - b1**t) / (top.sqrt() + group["eps"])


class DampedBeforeCorrection(Adam):
    """ε is corrected along with √v."""

    def move(self, p: Any, m: Any, v: Any, t: int, group: Any) -> Any:
        b1, b2 = group["betas"]
        return -group["lr"] * (1 - b2**t) ** 0.5 / (1 - b1**t) * m / (v.sqrt() + group["eps"])
