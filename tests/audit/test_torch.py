"""torch's optimizers under the audit, and the laws that are about torch alone."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit

torch = pytest.importorskip("torch", reason="torch is not installed: make test TORCH=1 brings it")
from tests.audit import torch_faults as t  # noqa: E402 - it imports torch
from tests.audit import torch_more as u  # noqa: E402 - likewise

Base: Any = torch.optim.Optimizer


class Plain(Base):
    """SGD in the manner of torch; subclasses plant faults in `move`."""

    def __init__(self, params: Any, lr: float = 1e-2, foreach: bool = False):
        super().__init__(params, {"lr": lr, "foreach": foreach})
        self.count = 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        self.count += 1
        for at, group in enumerate(self.param_groups):
            for p in group["params"]:
                if p.grad is not None:
                    p -= self.rate(at, group) * p.grad * self.factor(p)

    def rate(self, at: int, group: Any) -> float:
        return group["lr"]

    def factor(self, p: Any) -> float:
        return 1.0


class FirstGroupOnly(Plain):
    def rate(self, at: int, group: Any) -> float:
        return self.param_groups[0]["lr"]


class OtherInSecondGroup(Plain):
    def rate(self, at: int, group: Any) -> float:
        return group["lr"] * (1 + at)


class CounterOfAll(Plain):
    def factor(self, p: Any) -> float:
        return 1 / self.count


class CounterOfEach(Plain):
    def factor(self, p: Any) -> float:
        self.state[p]["n"] = self.state[p].get("n", 0) + 1
        return 1 / self.state[p]["n"]


class OtherForeach(Plain):
    def rate(self, at: int, group: Any) -> float:
        return group["lr"] * (1.5 if group["foreach"] else 1)


class Inner(Plain):
    """Hands the step to an optimizer of its own, whose state nobody saves."""

    def __init__(self, params: Any, lr: float = 1e-2):
        super().__init__(params, lr)
        self.inner = torch.optim.SGD([p for g in self.param_groups for p in g["params"]], lr, 0.9)

    def step(self, closure: Any = None) -> None:
        self.inner.step()


@pytest.mark.parametrize(
    ("law", "faulty", "right"),
    [
        ("S9l", FirstGroupOnly, Plain),
        ("S9g", OtherInSecondGroup, Plain),
        ("U10l", CounterOfAll, CounterOfEach),
        ("S12i", OtherForeach, Plain),
        ("S8", Inner, Plain),
        ("U16", t.DecaysInTheGradient, t.Momentum),
        ("U16", t.ClipsTheGradient, t.Momentum),
        ("U16", t.KeepsTheGradient, t.Momentum),
        ("U16", t.ForgetsTheGradient, t.Momentum),
        ("U19", t.ClosureTwice, t.Momentum),
        ("U19", t.ClosureNever, t.Momentum),
        ("U19", t.ClosureWithoutGraph, t.Momentum),
        ("U19", t.ClosureWithoutLoss, t.Momentum),
        ("U24", t.ParametersOnce, t.Momentum),
        ("S9a", t.ListsParametersAtFirst, t.Momentum),
        ("U20", t.FlattensByMemory, t.Momentum),
        ("U20", t.WantsContiguous, t.Momentum),
        ("U18", t.ValuesOfSparse, t.OfSparse),
        ("S9o", t.DecayOfFirstGroup, t.Momentum),
        ("S9o", t.MomentumAtStart, t.Momentum),
        ("S9l", t.RateAtStart, t.Momentum),
        ("U2", t.RateAtStart, t.Momentum),
        ("U2s", t.RateOfTheStepBefore, t.Momentum),
        ("U25", t.SharedByClass, t.Momentum),
        ("U10t", t.SharedByShape, t.Momentum),
        ("U10e", t.MeanOfNothing, t.Momentum),
        ("U10n", t.NoneIsZero, t.Momentum),
        ("U10n", t.NoneIsAnError, t.Momentum),
        ("S12w", t.RoundsByData, t.Momentum),
        ("U22", u.Centered, u.CenteredWithFloor),
    ],
)
def test_a_law_catches_its_fault(law: str, faulty: Any, right: Any):
    assert str(audit(faulty, laws=[law])[law].outcome) == "breaks"
    assert str(audit(right, laws=[law])[law].outcome) == "keeps"


def test_two_gradients_a_step_are_told_from_one():
    told: dict[str, Any] = {"laws": ["C14"], "family": "extragradient"}
    assert str(audit(u.ExtragradientThatStays, **told)["C14"].outcome) == "breaks"
    assert str(audit(u.Extragradient, **told)["C14"].outcome) == "keeps"


def test_a_momentum_that_is_never_felt_is_not_the_momentum_that_was_asked():
    told: dict[str, Any] = {"laws": ["R6"], "family": "heavy-ball"}
    assert str(audit(t.AliasOfX, **told)["R6"].outcome) == "breaks"
    assert str(audit(t.CopyOfX, **told)["R6"].outcome) == "keeps"


NAMES = pytest.mark.parametrize(
    ("name", "like"),
    [("SGD", "sgd"), ("Adam", "adam"), ("AdamW", "adamw"), ("NAdam", "nadam"), ("RAdam", "radam5"),
     ("Adagrad", "adagrad"), ("RMSprop", "rmsprop"), ("Adadelta", "adadelta"),
     ("Adamax", "adamax"), ("Rprop", "rprop"), ("Muon", "muon")],
)  # fmt: skip


@NAMES
def test_torch_takes_the_path_of_the_references(name: str, like: str):
    assert not audit(getattr(torch.optim, name), like=like, laws=["P"]).broken


@pytest.mark.full
@NAMES
def test_torch_keeps_what_its_families_promise(name: str, like: str):
    assert not audit(f"torch.optim:{name}", like=like).broken


def test_a_finished_optimizer_is_audited_under_its_own_arguments():
    p = torch.nn.Parameter(torch.ones(2))
    row = audit(torch.optim.AdamW([p], lr=0.5, weight_decay=0.3), like="adamw", laws=["P"])
    assert not row.broken
    assert row.options["lr"] == 0.5
