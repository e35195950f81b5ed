"""Every bound with explicit constants has an instance that would show a quarter too much of them,
or the page says why none is known. tests/test_registry.py holds the instances to it."""

from __future__ import annotations

import functools
import json
import re

import pytest

from convergence.cli.gather import everything
from convergence.registry import registry
from convergence.statistics import Verdict
from tests.statistics.power import CLAIMS, KINDS, PAGE, TIGHT, tightest

TIGHTEST: dict[str, str] = json.loads(CLAIMS.read_text(encoding="utf-8"))
ROW = re.compile(r"^\| `(\w+)` \| `([\w-]+)` \| (\S+) \| (\S+) \| (.+) \|$", re.MULTILINE)


@functools.cache
def about() -> dict[str, str]:
    """Claim → statement, counterexamples too."""
    return {claim.slug: type(claim.theorem).__name__ for claim in everything()}


def rows() -> dict[str, tuple[str, ...]]:
    """Statement → claim, slack, power and reason in the table of docs/verdicts.md."""
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {name: tuple(rest) for name, *rest in found}


def test_every_bound_is_tight_or_said_to_be_loose() -> None:
    """`python -m tests.statistics.power report.json` writes both lists from a run."""
    bounds = {
        type(claim.theorem).__name__
        for claim in registry()
        if str(claim.kind) in KINDS and claim.expect is Verdict.CONSISTENT
    }
    assert bounds == {*TIGHTEST, *rows()}
    assert not set(TIGHTEST) & set(rows())


def test_the_page_says_why() -> None:
    for name, (slug, _, power, why) in rows().items():
        assert float(power) > TIGHT, name
        assert "not looked for" not in why, name
        assert about()[slug] == name


@pytest.mark.parametrize("name", TIGHTEST)
def test_the_tightest_claim_is_about_its_statement(name: str) -> None:
    assert about()[TIGHTEST[name]] == name


def test_the_tightest_of_several_claims() -> None:
    base = {"kind": "pathwise", "expect": "CONSISTENT", "theorem": "A"}
    claims = [
        {**base, "slug": "loose", "power": 3.0, "slack": 2.9},
        {**base, "slug": "tight", "power": 1.1, "slack": 1.0},
        {**base, "slug": "blind", "power": None, "slack": None},
        {**base, "slug": "false", "power": 1.0, "slack": 0.5, "expect": "REFUTED"},
        {**base, "slug": "law", "power": 1.0, "slack": 1.0, "kind": "exact"},
    ]
    assert tightest(claims) == {"A": (1.1, 1.0, "tight")}
