"""Faults that show only beside something else; each beside the right one."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit
from tests.audit import hidden as k
from tests.audit.caught import check
from tests.audit.kinds import Velocity

# the law that catches it, faulty, right, what `audit` is told of both
PLAIN: tuple[tuple[str, Any, Any, dict[str, Any]], ...] = (
    ("U2", k.RateInVelocity, Velocity, {}),
    ("S21", k.MeanOfGradients, Velocity, {"family": "sgd"}),
    ("S21", k.DampedWithNesterov, Velocity, {"family": "sgd"}),
    ("U21", k.GlobalOfEach, k.GlobalOfAll, {}),
    ("U21", k.ValueOfNorm, k.ValueOfEntries, {}),
)


@pytest.mark.parametrize(
    ("law", "faulty", "right", "told"), PLAIN, ids=[f"{law}-{b.__name__}" for law, b, *_ in PLAIN]
)
def test_a_fault_shows_beside_momentum_or_a_clip(law: str, faulty: Any, right: Any, told: Any):
    check(law, faulty, right, told)


ADAM = {"family": "adam"}
TORCH = (
    ("U10n", "ReturnsAtNone", "Adam", {}), ("S9l", "OptionsOfTheLast", "Adam", {}),
    ("S9o", "OptionsOfTheLast", "Adam", {}), ("U16", "NegatesInPlace", "Adam", {}),
    ("S12i", "DifferentiableUncorrected", "Paths", {}), ("S12i", "CapturableInside", "Paths", {}),
    ("S12i", "ForeachWithoutLargest", "Adam", {}), ("S8", "RateIsNotSaved", "Adam", {}),
    ("U36", "PutsAnother", "Adam", {}), ("U37", "SkipsZero", "Adam", ADAM),
    ("S1", "HandsOn", "HandsOn", ADAM),
)  # fmt: skip


@pytest.mark.parametrize(("law", "faulty", "right", "told"), TORCH)
def test_a_fault_of_torch_shows_beside_something_else(law: str, faulty: str, right: str, told: Any):
    pytest.importorskip("torch", reason="torch is not installed: make test TORCH=1 brings it")
    from tests.audit import torch_hidden as h

    if faulty != right:
        check(law, getattr(h, faulty), getattr(h, right), told)
    else:  # options are found in the base
        assert str(audit(getattr(h, faulty), laws=[law], **told)[law].outcome) == "keeps"
