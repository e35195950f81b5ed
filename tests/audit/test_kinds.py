"""Kinds of faults of released optimizers: a law catches each, and passes the right one."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit
from tests.audit import adam_faults as a
from tests.audit import kinds as k
from tests.audit import optax_faults as j
from tests.audit import optimizers as o
from tests.audit.caught import check

ADAM: dict[str, Any] = {"family": "adam"}
LIKE: dict[str, Any] = {"like": "adam"}
ADAMW: dict[str, Any] = {"family": "adamw"}
SGD: dict[str, Any] = {"like": "sgd"}
SIGN: dict[str, Any] = {"family": "sign"}
LOW: dict[str, Any] = {"family": "low-rank"}
OPTIMISTIC: dict[str, Any] = {"family": "optimistic"}

# the law that catches it, faulty, right, what `audit` is told of both
ROWS: tuple[tuple[str, Any, Any, dict[str, Any]], ...] = (
    ("S1", a.CorrectedByTheStepBefore, a.AdamBase, ADAM),
    ("S1", a.CorrectedByTheStepAfter, a.AdamBase, ADAM),
    ("S1", a.CorrectedMeanAlone, a.AdamBase, ADAM),
    ("S1", a.WithoutRoot, a.AdamBase, ADAM),
    ("P", a.DampedInside, a.AdamBase, LIKE),
    ("P", a.DampedBeforeCorrection, a.AdamBase, LIKE),
    ("P", a.LargestMean, a.AdamBase, LIKE),
    ("S19", a.DampedInside, a.AdamBase, ADAM),
    ("S19", a.DampedBeforeCorrection, a.AdamBase, ADAM),
    ("S20", a.LargestMean, a.AdamBase, ADAM),
    ("S20", a.ExchangedBetas, a.AdamBase, ADAM),
    ("S16", a.ExchangedBetas, a.AdamBase, ADAM),
    ("S17", a.LargestForgotten, a.AdamBase, {}),
    ("S17", a.LargestWithTheLast, a.AdamBase, {}),
    ("W0", a.DecayOfTheWrongSign, a.AdamBase, {}),
    ("W2", a.DecayOfTheWrongSign, a.AdamBase, ADAM),
    ("W1", a.DecayTwice, a.AdamBase, ADAM),
    ("W2", a.Decoupled, a.AdamBase, ADAM),
    ("W6", a.DecayOfTheSteppedX, a.Decoupled, ADAMW),
    ("W1", a.DecayWithoutRate, a.Decoupled, ADAMW),
    ("W0", a.DecayPositive, a.Decoupled, {}),
    ("P", k.DampedAtFirst, k.Velocity, SGD),
    ("S21", k.DampedAtFirst, k.Velocity, SGD),
    ("P", k.LooksAheadTwice, k.Velocity, SGD),
    ("R6", k.LooksAheadTwice, k.Velocity, {"family": "sgd"}),
    ("P", k.NesterovIgnored, k.Velocity, SGD),
    ("U7", k.NesterovIgnored, k.Velocity, SGD),
    ("U30", k.RateTwice, o.Local, {}),
    ("U30", k.RateFixed, o.Local, {}),
    ("S13", k.AverageFromZero, k.AverageFromX, {}),
    ("U29", k.ReadingCounts, k.AverageFromX, {}),
    ("U16", k.ChangesTheGradient, o.Local, {}),
    ("U16", k.KeepsTheGradient, o.Local, {}),
    ("U17", k.Upcasting, o.Local, {}),
    ("U25", k.CounterOfTheClass, o.Warmup, {}),
    ("U10t", k.BufferOfOrder, o.Momentum, {}),
    ("U10e", k.MeanOverAll, o.Local, {}),
    ("S13f", k.ZeroRow, k.ZeroRowDamped, {}),
    ("U21", k.ClippedBySquare, k.ClippedByNorm, {}),
    ("U21", k.AlwaysScaled, k.ClippedByNorm, {}),
    ("U21", k.ClipIgnored, k.ClippedByNorm, {}),
    ("C16", k.GaLore, k.GoLore, LOW),
    ("C15", k.OptimisticOfWrongSign, k.Optimistic, OPTIMISTIC),
    ("C13", o.Local, k.Optimistic, {}),
    ("W4", k.SignTwiceAsLong, k.SignOfMean, SIGN),
    ("W3", k.SignTwiceAsLong, k.SignOfMean, SIGN),
    ("U2s", j.late_schedule, j.momentum, {}),
    ("U2s", j.early_schedule, j.momentum, {}),
    ("U17", j.wide_updates, j.momentum, {}),
    ("U17", j.wide_state, j.momentum, {}),
    ("U27", j.counted_in_python, j.momentum, {}),
    ("U27", j.branches_in_python, j.momentum, {}),
    ("U26", j.lists_only, j.momentum, {}),
    ("U10t", j.shuffled_tree, j.momentum, {}),
    ("U28", j.inverted_mask, j.masked, {}),
)


@pytest.mark.parametrize(
    ("law", "faulty", "right", "told"), ROWS, ids=[f"{law}-{b.__name__}" for law, b, *_ in ROWS]
)
def test_a_kind_of_fault_is_caught(law: str, faulty: Any, right: Any, told: dict[str, Any]):
    check(law, faulty, right, told)


@pytest.mark.parametrize(
    ("right", "told"),
    [(a.AdamBase, LIKE), (a.Decoupled, {"like": "adamw"}), (k.Velocity, SGD),
     (k.SignOfMean, {"like": "lion"}), (k.ClippedByNorm, {}), (k.GoLore, LOW)],
)  # fmt: skip
def test_what_is_right_breaks_no_promise(right: Any, told: dict[str, Any]):
    assert not audit(right, **told).broken
