"""The right-hand side of a statement, as it is printed, is the bound that is judged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.precision import precision
from convergence.theorems import Kind
from tests.formulas.instances import FAMILIES, difference, family, instances, statements
from tests.formulas.letters import EXACT, LETTERS, WORDS
from tests.formulas.reading import Unread, evaluated, stated


def differences(of: str, among: set[str]) -> list[str]:
    """How bounds of a family differ from their statements: at the constants of claims, and with
    every constant and field moved by up to a third."""
    found = []
    with precision("float64"):
        for name, claims in statements().items():
            one_sided = claims[0].kind is not Kind.EXACT
            if family(name) != of or (name in WORDS if one_sided else name not in EXACT):
                continue
            for theorem, c, T in instances(claims) if name in among else ():
                try:
                    found.append(difference(theorem, c, T))
                except Unread as error:
                    found.append(f"{name}: {error}")
    return [text for text in found if text]


@pytest.mark.parametrize("of", FAMILIES)
def test_the_bound_is_what_the_statement_says(of: str) -> None:
    assert not differences(of, set(statements()))


BOUND = test_the_bound_is_what_the_statement_says.__name__


def test_the_lists_are_about_statements() -> None:
    assert {*WORDS, *LETTERS, *EXACT} <= set(statements())
    assert {family(name) for name in statements()} <= {*FAMILIES, "identities", "misreading"}
    assert not set(WORDS) & set(LETTERS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2Δ/(γT) + Lγσ²", 2 * 3 / (0.5 * 7) + 2 * 0.5 * 1.21),
        ("Δ/2T", 3 / 2 * 7),  # `/` divides by one factor
        ("−√2L + |1−L|^T", -(2**0.5) * 2 + 1),
        ("⌈T/L⌉⌊T/L⌋", 12.0),
        ("Δ^{−1/2} L^(T−5)", 3**-0.5 * 4),
        ("max{1, Lγ, T} ½", 3.5),
        ("Σ_{k<T} L^k", 127.0),
        ("Π_{k≤T} k", float(math.factorial(7))),
        ("Σ_i |x_i|²", 14.0),
        ("min_s (Ls + 1/(2s))", 2.0),
        ("ln(L^T)/ln L", 7.0),
    ],
)
def test_formulas_are_read_as_printed(text: str, value: float) -> None:
    letters = {"Δ": 3, "γ": 0.5, "T": 7, "L": 2, "σ": 1.1, "x_i": np.array([1.0, -2.0, 3.0])}
    assert evaluated(text, letters.__getitem__) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("text", ["L +", "(L", "L)", "min L", "Σ L", "≤ L", ""])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(Unread):
        evaluated(text, lambda name: 2.0)


def test_the_parts_of_a_statement() -> None:
    rhs, letters = stated("(1/T) Σ_{t≤T} E‖∇f(x_t)‖² ≤ aσ²/(2 − a),  a = γL, a case for T ≥ 1")
    assert rhs == "aσ²/(2 − a)"
    assert letters == {"a": " γL"}
    assert stated("M = O(√(L/T)) for every f")[0] == "√(L/T)"
