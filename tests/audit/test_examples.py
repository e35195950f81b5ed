"""What a few quick probes found in released packages comes out of the audit unaided, re-told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convergence.audit import audit
from tests.audit import adam_faults as a
from tests.audit.optimizers import Local


class Rectified(a.AdamBase):
    """RAdam; `before` is what multiplies the step until its rectification begins."""

    before, threshold = 1.0, 4.0

    def moved(self, x: Any, m: Any, v: Any, t: int, b1: float, b2: float) -> Any:
        top = 2 / (1 - b2) - 1
        rho = top - 2 * t * b2**t / (1 - b2**t)
        if rho <= self.threshold:
            return x - self.lr * self.before * m / (1 - b1**t)
        r = (rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho)
        return x - self.lr * np.sqrt(r) * (super().moved(0 * x, -m, v, t, b1, b2) / self.lr)


class RectifiedUphill(Rectified):
    """A flag that is −1 is taken for a factor."""

    before = -1.0


class RectifiedLater(Rectified):
    """From ρ > 5 on, and without a step before."""

    before, threshold = 0.0, 5.0


class Shampoo(Local):
    """(Σggᵀ)^{−1/2k} from both sides, k the order; a vector has one side."""

    root = 2.0

    def __init__(self, lr: float = 0.1, eps: float = 1e-12):
        super().__init__(lr)
        self.eps = eps

    def one(self, i: int, x: Any, g: Any) -> Any:
        if not g.size:
            return x
        flat = g.reshape(g.shape[0] if g.ndim else 1, -1)
        order = 2 if g.ndim > 1 else 1
        sides = []
        for name, square in (("l", flat @ flat.T), ("r", flat.T @ flat)):
            total = self.of(i, name, square) + square
            self.keep(i, **{name: total})
            values, vectors = np.linalg.eigh(total)
            kept = values > 1e-10 * max(float(values.max()), self.eps**2)
            power = np.where(kept, np.where(kept, values, 1) ** (-1 / (self.root * order)), 0)
            sides.append((vectors * power) @ vectors.T)
        step = sides[0] @ flat @ sides[1] if order == 2 else sides[0] @ flat
        return x - self.lr * step.reshape(g.shape).astype(x.dtype)


class ShampooOfOrder(Shampoo):
    """−1/k, where the paper has −1/2k."""

    root = 1.0


class DoWG(Local):
    """All that `step` does stands under a condition that is never met without a closure."""

    def step(self, params: Any, grads: Any, closure: Any = None) -> Any:
        return super().step(params, grads) if closure is not None else params


def broken(made: Any, **told: Any) -> set[str]:
    return {cell.law for cell in audit(made, **told).differs()}


def test_a_warm_up_that_goes_uphill():
    laws = ["S4", "U5", "U1"]
    assert broken(RectifiedUphill, laws=laws) == {"S4", "U5"}
    assert "t = 1 to" in audit(RectifiedUphill, laws=laws)["S4"].detail
    assert not broken(Rectified, laws=laws)


def test_an_exponent_that_is_twice_too_large():
    laws = ["U5", "S5"]
    assert broken(ShampooOfOrder, laws=laws, family="kronecker") >= {"S5"}
    assert not broken(Shampoo, laws=laws, family="kronecker")


def test_a_step_that_does_nothing_without_a_closure():
    assert broken(DoWG, laws=["U1", "S4z", "U11", "S13"]) == {"U1", "S4z", "U11"}


def test_one_name_and_several_methods():
    measured = [audit(made, laws=["U1"]).measured for made in (Rectified, RectifiedLater)]
    ways = [m["way"] for m in measured]
    assert abs(ways[0] - ways[1]) > 0.05
    assert [m["first step"] for m in measured] == [1.0, 0.0]


class Normalizer(Local):
    """The decay goes through a sign."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * np.sign(g + self.weight_decay * x)


class AtSteps(Local):
    """Decay where there is a gradient."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * (g + self.weight_decay * x * np.sign(np.abs(g)))


class OfTheRoot(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * (g + self.weight_decay * np.sign(x) * np.sqrt(np.abs(x)))


@pytest.mark.parametrize(
    ("made", "kind"),
    [(Local, "decoupled"), (Normalizer, "normalized"), (AtSteps, "none"), (OfTheRoot, "mixed")],
)
def test_four_kinds_of_weight_decay(made: Any, kind: str):
    assert audit(made, laws=["U1"]).measured["decay"] == kind
