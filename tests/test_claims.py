"""Claims refuse what they cannot be built from, in a sentence that says what to write instead."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from convergence import Verdict
from convergence.errors import place, told
from convergence.registry import registry
from convergence.theorems.base import AbstractTheorem, Kind, Provenance
from docs.make import rooms

# Under pytest beartype would refuse most of these before the claim does.
CASES = {
    "theorem=SGDNonconvex": r"write SGDNonconvex\(\)",
    "theorem=3": "a subclass of AbstractTheorem is needed",
    "theorem=Woodbury()": "use Identity",
    "theorem=Escape()": "use Separation",
    "noise='gaussian'": "noise = 'gaussian' in claim 'own'",
    "noise=Gaussian": r"write Gaussian\(…\)",
    "problem=Isotropic": r"write Isotropic\(…\)",
    "oracle=3": "oracle = 3",
    "expect='REFUTED'": "a Verdict is needed",
    "horizons=8": r"horizons=\(8,\)",
    "horizons=()": "give at least one",
    "horizons=(4.5,)": "the horizon T = 4.5",
    "horizons=(True,)": "the horizon T = True",
    "horizons=(2**31,)": "whole number",
    "more={'full': (0,)}": "the horizon T = 0",
    "more=(4,)": "a mapping from tiers",
    "seeds=8.0": "seeds = 8.0",
    "seeds=0": "one or more",
    "chunk=0": "chunk = 0",
    "margin=0": "relative margin",
    "note=None": "note = None",
    "slug=''": "the slug ''",
    "slug=3": "the slug 3",
    "horizons=(np.int64(8),)": "^accepted$",
}
PROGRAM = """
import json, sys
import numpy as np
from convergence import Claim
from convergence.noise import Gaussian
from convergence.problems import Isotropic
from convergence.theorems import Escape, SGDNonconvex, Woodbury

usual = dict(slug="own", theorem=SGDNonconvex(), problem=Isotropic([1.0]), noise=Gaussian(1.0))
found = {}
for case in json.loads(sys.argv[1]):
    try:
        Claim(**{**usual, **eval(f"dict({case})")})
        found[case] = "accepted"
    except Exception as error:
        found[case] = f"{'' if type(error).__name__ == 'InvalidInput' else repr(error)}{error}"
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """What a claim says to each case."""
    command = [sys.executable, "-c", PROGRAM, json.dumps(list(CASES))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES)
def test_a_field_that_is_none_is_one_sentence(case: str, answers: dict[str, str]):
    assert re.search(CASES[case], answers[case])
    assert "\n" not in answers[case]


def test_an_error_names_its_place_in_the_user_s_file():
    with pytest.raises(IndexError) as caught:
        np.zeros(3)[7]
    assert place(caught.value).startswith("test_claims.py:")
    assert told(caught.value).endswith(f"({place(caught.value)})")
    assert place(ValueError()) == ""


def classes(room: str) -> list[type]:
    """The public classes of a room."""
    found = []
    for module, names in rooms.offers(room).items():
        loaded = importlib.import_module(f"convergence.{room}.{module}")
        found += [getattr(loaded, n) for n in names if isinstance(getattr(loaded, n), type)]
    return found


@pytest.mark.parametrize("room", ["claims", "algorithms", "parts", "problems", "noise"])
def test_a_class_of_the_machine_is_abstract_or_final(room: str):
    """States are records, and may add a field to another one."""
    for class_ in classes(room):
        for base in class_.__mro__[1:]:
            ours = base.__module__.startswith("convergence.")
            if ours and not base.__name__.endswith("State"):
                assert base.__name__.startswith("Abstract"), f"{class_.__name__} < {base.__name__}"


def test_a_true_statement_descends_from_no_false_one():
    true = {type(c.theorem) for c in registry() if c.expect is Verdict.CONSISTENT}
    for class_ in true:
        for base in class_.__mro__[1:]:
            told = inspect.getdoc(base) or ""
            assert not told.startswith("FALSE"), f"{class_.__name__} descends from {base.__name__}"


def test_a_theorem_without_a_source_cannot_be_built():
    class Unsourced(AbstractTheorem):
        kind = Kind.EXPECTATION
        provenance = Provenance.DERIVED
        statement = "nobody says so"

        def prescribe(self, c, T):
            raise NotImplementedError

        def metric(self, c, T):
            raise NotImplementedError

        def bound(self, c, T):
            return 0.0

    with pytest.raises(TypeError, match="abstract"):
        Unsourced()
