"""Kinds of faults that hide behind an option, a group, a format or a shape."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit
from tests.audit import optax_kinds as j
from tests.audit.caught import check

pytest.importorskip("torch", reason="torch is not installed: make test TORCH=1 brings it")
from tests.audit import torch_adam as a
from tests.audit import torch_factored as q
from tests.audit import torch_more as n
from tests.audit import torch_others as o

LIKE: dict[str, Any] = {"like": "adam"}
LIKEW: dict[str, Any] = {"like": "adamw"}
SGD: dict[str, Any] = {"like": "sgd"}

# the law that catches it, faulty, right, what `audit` is told of both
ROWS: tuple[tuple[str, Any, Any, dict[str, Any]], ...] = (
    ("U14", a.MaximizedAfterDecay, a.Adam, {}),
    ("U10n", a.DecayOfFrozen, a.AdamW, {}),
    ("S9l", a.DecayAtFirstRate, a.AdamW, {}),
    ("U2s", a.DecayAtFirstRate, a.AdamW, {}),
    ("W1", a.DecayWithRateTwice, a.AdamW, LIKEW),
    ("W1", a.DecayOfTheUpdate, a.Adam, LIKE),
    ("S12i", a.ForeachWithoutDecay, a.Adam, {}),
    ("S12i", a.ForeachWithoutMaximize, a.Adam, {}),
    ("S8", a.LargestIsNotSaved, a.Adam, {}),
    ("S1", a.StateInHalf, a.Adam, LIKE),
    ("S12w", a.StateInHalf, a.Adam, {}),
    ("S12w", a.StateInSingle, a.Adam, {}),
    ("P", a.SquareOfTheMean, a.Adam, LIKE),
    ("S1", a.SquareOfTheMean, a.Adam, LIKE),
    ("P", a.SquareOfTheStepBefore, a.Adam, LIKE),
    ("S10", a.SquareOfTheStepBefore, a.Adam, LIKE),
    ("P", a.SquareWithoutDecay, a.Adam, LIKE),
    ("W7", a.SquareWithoutDecay, a.Adam, LIKE),
    ("S9o", a.SquareWithoutDecay, a.Adam, {}),
    ("S9g", a.ClockOfTheGroup, a.Adam, {}),
    ("S9g", a.StateByPlace, a.Adam, {}),
    ("U31", a.RateIsChanged, a.Adam, {}),
    ("U34", a.SeedsTheGenerator, a.Adam, {}),
    ("U34", a.LeavesGradOff, a.Adam, {}),
    ("U35", a.KeepsAGraph, a.Adam, {}),
    ("S13", a.StartsAtTheParameter, a.Adam, {}),
    ("S4z", a.SkipsTheFirst, a.Adam, {}),
    ("P", a.CorrectedOnce, a.Adam, LIKE),
    ("S20", a.CorrectedOnce, a.Adam, LIKE),
    ("P", a.LargestOfCorrected, a.Adam, LIKE),
    ("S22", a.LargestOfCorrected, a.Adam, {"family": "adam"}),
    ("P", a.DampedBeforeCorrection, a.Adam, LIKE),
    ("S19", a.DampedBeforeCorrection, a.Adam, LIKE),
    ("U8", o.RealSquares, a.Adam, {}),
    ("S1", o.ScalesWithSize, a.Adam, LIKE),
    ("P", o.WideTransposed, a.Adam, LIKE),
    ("U3t", o.WideTransposed, a.Adam, LIKE),
    ("K1", o.LookaheadOfZero, o.Lookahead, {}),
    ("K1", o.LookaheadAlias, o.Lookahead, {}),
    ("K1", o.LookaheadForgets, o.Lookahead, {}),
    ("K1", o.LookaheadEarly, o.Lookahead, {}),
    ("K1", o.LookaheadOfOther, o.Lookahead, {}),
    ("A2", o.AveragedTooFar, o.Averaged, {}),
    ("K2", o.PolyakOfHalf, o.Polyak, {"family": "polyak"}),
    ("K2", o.PolyakOfNorm, o.Polyak, {"family": "polyak"}),
    ("U21", o.ClippedAfterMomentum, o.ClippedMomentum, {}),
    ("S9g", o.ClippedByGroup, o.ClippedMomentum, {}),
    ("P", o.BufferBeforeDecay, o.Momentum, SGD),
    ("W7", o.BufferBeforeDecay, o.Momentum, SGD),
    ("P", o.DecayAfterMomentum, o.Momentum, SGD),
    ("W7", o.DecayAfterMomentum, o.Momentum, SGD),
    ("S5", q.AdafactorWithoutMean, q.Adafactor, {"family": "adafactor"}),
    ("S18", q.AdafactorOfSum, q.Adafactor, {"family": "adafactor"}),
    ("S5", q.ShampooOfOrder, q.Shampoo, {"family": "kronecker"}),
    ("U21", n.ClippedBySum, n.ClippedTogether, {}),
    ("U7", n.AdagradFromZero, n.Adagrad, {}),
    ("U28", j.mask_of_all, j.right, {}),
    ("W5", j.decay_of_gradient, j.right, {}),
    ("P", j.decay_with_rate_twice, j.right, LIKEW),
    ("W1", j.decay_with_rate_twice, j.right, LIKEW),
    ("U2s", j.decay_at_first_rate, j.right, {}),
    ("S12", j.state_in_half, j.right, {}),
    ("S1", j.clock_behind, j.right, LIKEW),
)


@pytest.mark.parametrize(
    ("law", "faulty", "right", "told"), ROWS, ids=[f"{law}-{b.__name__}" for law, b, *_ in ROWS]
)
def test_a_kind_of_fault_is_caught(law: str, faulty: Any, right: Any, told: dict[str, Any]):
    check(law, faulty, right, told)


@pytest.mark.parametrize(
    ("right", "told"),
    [
        (a.Adam, LIKE), (a.AdamW, LIKEW), (o.Lookahead, {}), (o.Averaged, {}),
        (o.Polyak, {"family": "polyak"}), (o.ClippedMomentum, SGD),
        (q.Adafactor, {"family": "adafactor"}), (q.Shampoo, {"family": "kronecker"}),
        (j.right, LIKEW),
    ],
)  # fmt: skip
@pytest.mark.full
def test_what_is_right_breaks_no_promise(right: Any, told: dict[str, Any]):
    assert not audit(right, **told).broken


def test_a_mode_that_is_left_behind_spoils_no_other_law():
    import torch  # pyright: ignore[reportMissingImports]

    audit(a.LeavesGradOff, laws=["U1"])
    assert torch.is_grad_enabled()


def test_an_empty_parameter_is_no_fault_of_what_takes_matrices_alone():
    assert str(audit(n.OnlyMatrices, laws=["U10e"])["U10e"].outcome) == "keeps"
