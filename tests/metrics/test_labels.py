"""How metrics are called beside an axis, and what else a state remembers."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import pytest

from convergence.algorithms.base import AbstractState
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import (
    Average,
    AverageAndLast,
    AverageEvery,
    Extremes,
    Largest,
    Smallest,
)
from convergence.metrics.points import Remembered
from convergence.metrics.pointwise import AbstractPointwise, GradNorm, Value
from tests.walked import made

WORDS = {
    "f(x) − c.": "f(x_T) − c", "‖x‖: a norm": "‖x_T‖", "⟨x, u⟩, j of them": "⟨x_T, u⟩",
    "x(t) by hand": "x_T(t)", "x with u": "x_T", "‖x − x*‖ and max_x": "‖x_T − x*‖ and max_x",
    "The x": "Said", "A norm of x": "Said", "": "Said()", "x" + " + u" * 14: "x_T" + " + u" * 14,
    "xy" + " + u" * 14 + "uu": "xy" + " + u" * 14 + "uu", "xy" + " + u" * 14 + "uuu": "Said",
    "x\nbut more": "x_T", "u: x with v": "u", "x by u by v": "x_T", ": x": ": x_T", "x.": "x_T",
}  # fmt: skip


class Counted(AbstractState):
    """Numbers beside the iterate."""

    x: Any
    more: Any
    d: Any


def said(words: str) -> Any:
    """A metric that is described so."""
    return type("Said", (Value,), {"__doc__": words})()


@pytest.mark.parametrize("words", WORDS)
def test_a_formula_is_the_beginning_of_what_a_metric_says(words: str) -> None:
    assert AbstractMetric.label(said(words)) == WORDS[words]


def test_a_metric_of_another_place() -> None:
    assert AbstractMetric.label(said("f(x)"), "y") == "f(y)"


def test_labels_of_folds() -> None:
    for words, wanted in (
        ("f(x)", "(1/T) Σ f(x_t)"), ("f(x) − c", "(1/T) Σ (f(x_t) − c)"),
        ("c Σ x", "(1/T) Σ (c Σ x_t)"), ("c Σ x − c", "(1/T) Σ (c Σ x_t − c)"),
    ):  # fmt: skip
        assert Average(said(words)).label() == wanted
    value: AbstractPointwise = Value()
    assert AverageAndLast(Average(value), GradNorm()).label() == "(1/T) Σ f(x_t) + ‖∇f(x_T)‖"
    assert Extremes(value).label() == "f(x_t), every t ≤ T"
    assert Largest(value).label() == "max f(x_t) over t ≤ T"
    assert Smallest(value).label() == "min f(x_t) over t ≤ T"
    assert AverageEvery(value, 3).label() == "(1/K) Σ_k f(x_{kτ})"


def test_what_a_state_remembers_under_a_name() -> None:
    """The first whose path ends so, as a number of the iterate's type."""
    state = Counted(jnp.zeros(2), {"speed": jnp.asarray(5), "d": jnp.asarray(7)}, jnp.asarray(9))
    found = Remembered("d']").at(made(), state)
    assert (float(found), found.dtype) == (7.0, state.x.dtype)
    assert float(Remembered(".d").at(made(), state)) == 9.0
