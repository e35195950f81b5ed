"""What a claim is built from, one wrong field at a time, and what is said of it."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims import answers, forms
from convergence.claims.answers import check_bound, check_hyper, check_made, is_pair
from convergence.claims.fields import (
    LONGEST,
    LONGEST_NAME,
    check_fields,
    check_part,
    constants_of,
    counts,
    meant,
)
from convergence.claims.settings import MOST
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import Value
from convergence.noise.base import AbstractNoise
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import Isotropic
from convergence.statistics import Verdict
from convergence.theorems import Escape, SGDNonconvex, Woodbury
from convergence.theorems.base import Kind, Provenance
from tests.test_claims import CASES

USUAL: dict[str, Any] = dict(
    slug="own", theorem=SGDNonconvex(), problem=Isotropic([1.0]), noise=Gaussian(1.0),
    family="own", expect=Verdict.CONSISTENT, horizons=(4, 8), more={}, seeds=8, chunk=4,
    margin=0.05, note="", instead="", oracle=Oracle, compares=False,
)  # fmt: skip


def refused(**own: Any) -> str:
    """What is said of these fields, "" if nothing."""
    claim = SimpleNamespace(**{**USUAL, **own})
    try:
        check_fields(claim)
    except InvalidInput as error:
        return str(error)
    counts(claim)
    return ""


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_field(case: str) -> None:
    """As from a user's program, which is another process."""
    names = {"np": np, "Isotropic": Isotropic, "Gaussian": Gaussian, "Escape": Escape}
    own = eval(f"dict({case})", {**names, "SGDNonconvex": SGDNonconvex, "Woodbury": Woodbury})
    assert re.search(CASES[case], refused(**own) or "accepted")


def test_fields_at_their_ends() -> None:
    for own in (
        {}, {"slug": "x" * LONGEST_NAME}, {"horizons": (1, LONGEST)}, {"seeds": MOST}, {"seeds": 1},
        {"more": {"full": (4,), "quick": (8,)}}, {"margin": 0.999}, {"chunk": 1},
        {"theorem": Escape(), "compares": True}, {"problem": lambda T: None},
    ):  # fmt: skip
        assert refused(**own) == "", own
    for own, said in (
        ({"slug": "x" * (LONGEST_NAME + 1)}, "a name of at most 200"), ({"slug": "a\n"}, "a name"),
        ({"slug": "  "}, "a name"), ({"horizons": (LONGEST + 1,)}, "whole number"),
        ({"seeds": MOST + 1}, "seeds = "), ({"chunk": MOST + 1}, "chunk = "),
        ({"more": {"huge": (4,)}}, "a mapping from tiers"), ({"more": {"full": 4}}, "horizons = 4"),
        ({"margin": 1.0}, "margin = 1.0"), ({"family": 3}, "family = 3"),
        ({"instead": None}, "instead = None"), ({"horizons": [1.5]}, "the horizon T = 1.5"),
        ({"horizons": 1}, r"write horizons=\(1,\)"), ({"horizons": 0}, "give at least one"),
        ({"expect": "refuted"}, r"write Verdict\.REFUTED"), ({"problem": None}, "problem = None"),
        ({"expect": "nonsense"}, r"write Verdict\.CONSISTENT"),
        ({"expect": 3}, r"write Verdict\.CONSISTENT"), ({"noise": Isotropic}, r"Isotropic\(…\)"),
        ({"problem": SGDNonconvex}, "^$"),
    ):  # fmt: skip
        assert re.search(said, refused(**own)), (own, refused(**own))


def test_what_a_theorem_must_say_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for field, value, said in (
        ("kind", "floor", r"kind = 'floor' of SGDNonconvex .* a Kind is needed; write Kind.FLOOR"),
        ("provenance", 3, "a Provenance is needed; write Provenance.PRINTED"),
        ("source", "a book", "a Source is needed; write Source"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(SGDNonconvex, field, value)
            assert re.search(said, refused()), field
    assert meant("derived", Provenance) == "Provenance.DERIVED"
    assert meant(" Exact ", Kind) == "Kind.EXACT"
    assert meant(None, Kind) == f"Kind.{next(iter(Kind)).name}"
    assert meant("x", SGD) == "SGD(…)"


def test_parts_that_are_made_and_parts_that_make_them() -> None:
    for value in Isotropic([1.0]), lambda T: Isotropic([1.0]):
        check_part(value, AbstractProblem, "problem", "here")
    for value, kind, said in (
        (Isotropic, AbstractProblem, "the class Isotropic as part here"),
        (Gaussian, AbstractProblem, "the class Gaussian as part here"),
        (Gaussian, type, "the class Gaussian as part here"), (3, AbstractNoise, "part = 3 here"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=said):
            check_part(value, kind, "part", "here")
    check_part(int, AbstractNoise, "part", "here")  # callable, and no part


def test_what_two_parts_certify_together(monkeypatch: pytest.MonkeyPatch) -> None:
    square, noise = Isotropic([3.0, 4.0]), Gaussian(2.0)
    found = constants_of(square, noise, 7)
    assert (found.R, found.sigma) == (5.0, 2.0)
    for given, said in (
        ((square, "loud"), "'loud' as noise at T = 7, but a noise is needed"),
        ((noise, noise), "as problem at T = 7, but a problem is needed"),
    ):
        with pytest.raises(InvalidInput, match=said):
            constants_of(*given, 7)
    shapes: list[Any] = []
    true = Gaussian.constants
    monkeypatch.setattr(Gaussian, "constants", lambda self, s: shapes.append(s) or true(self, s))
    constants_of(Isotropic(np.ones((2, 3))), noise, 7)
    assert shapes == [(2, 3)]
    monkeypatch.setattr(forms, "started", lambda problem: np.zeros((0, 3)))
    with pytest.raises(InvalidInput, match=r"a start of shape \(0, 3\)"):
        constants_of(square, noise, 7)
    monkeypatch.setattr(forms, "started", lambda problem: np.zeros(2) + np.zeros(3))
    with pytest.raises(InvalidInput, match=r"needed to certify its constants \(ValueError: oper"):
        constants_of(square, noise, 7)
    monkeypatch.undo()
    monkeypatch.setattr(Gaussian, "constants", lambda self, shape: 3)
    with pytest.raises(InvalidInput, match=r"3 from constants\(\) of Gaussian"):
        constants_of(square, noise, 7)
    monkeypatch.undo()
    words = "much too long " * 40

    def wide(problem: Any) -> Any:
        raise IndexError(words)

    monkeypatch.setattr(forms, "started", wide)
    with pytest.raises(InvalidInput) as met:
        constants_of(square, noise, 7)
    assert f"(IndexError: {' '.join(words.split())[:160]})" in str(met.value)


def test_bounds_that_are_numbers_or_ranges() -> None:
    inf = math.inf
    for bound in (
        3, 2.5, np.float32(1.0), np.uint8(3), (1.0, 2.0), (2.0, 2.0), (-inf, 3), inf,
        (1, np.int8(2)),
    ):  # fmt: skip
        assert check_bound(bound, 4, "own") is bound
        assert is_pair(bound) is isinstance(bound, tuple)
    for bound in (
        "3", None, True, 1j, math.nan, (2.0, 1.0), (1.0, math.nan), [1.0, 2.0], (1.0, 2.0, 3.0),
        (1.0,), np.array([1.0]), (True, 2.0), (1.0, "2"), np.array(True), [1.0],
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match="at T = 4 in claim 'own'"):
            check_bound(bound, 4, "own")
    for bound in [1.0, 2.0], (1.0,), (1.0, 2.0, 3.0), 3.0, "ab":
        assert not is_pair(bound)


def test_methods_without_a_nan() -> None:
    def method(**hyper: Any) -> Any:
        return SimpleNamespace(hyper=lambda: hyper)

    for hyper in {"eta": 0.1, "name": "nan"}, {"b": np.array([1.0, 2.0])}, {"n": 3}, {"c": 1j}:
        one = method(**hyper)
        assert check_hyper(one, 4, "own") is one
    for value in math.nan, np.array([1.0, math.nan]), complex(math.nan, 0.0):
        with pytest.raises(InvalidInput, match=r"\['b'\] = NaN prescribed at T = 4 in claim 'own'"):
            check_hyper(method(a=1.0, b=value, c=math.nan), 4, "own")
    assert answers._nan(np.array([None])) is False


def test_what_a_theorem_makes() -> None:
    claim = SimpleNamespace(theorem=SGDNonconvex(), slug="own")
    method = SGD(0.1)
    assert check_made(claim, method, Value(), 4) is method
    for made, metric, said in (
        (SGD, Value(), r"the class SGD from SGDNonconvex\.prescribe.* return SGD\(…\)"),
        (
            3,
            Value(),
            r"Got 3 from SGDNonconvex\.prescribe.* of AbstractAlgorithm is needed; .* one",
        ),
        (method, 3, r"Got 3 from SGDNonconvex\.metric.* AbstractMetric is needed; return one"),
        (method, Value, r"the class Value from SGDNonconvex\.metric"),
        (SGD(math.nan), Value(), "NaN prescribed at T = 4 in claim 'own'"),
    ):
        with pytest.raises(InvalidInput, match=said):
            check_made(claim, made, metric, 4)


def test_counts_without_a_width() -> None:
    claim = SimpleNamespace(
        more={"full": (np.int8(3), 4)}, horizons=(np.int32(5),), seeds=np.int8(7), chunk=np.int16(9)
    )
    found = counts(claim)
    assert found == {"more": {"full": (3, 4)}, "horizons": (5,), "seeds": 7, "chunk": 9}
    numbers = [*found["more"]["full"], *found["horizons"], found["seeds"], found["chunk"]]
    assert {type(n) for n in numbers} == {int}
