"""Every claim of the registry and of counterexamples/ comes out as expected, with the budget of
continuous integration: a chance of 1e-6 over all of them that any verdict errs."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import pytest

from convergence.claims.base import AbstractClaim, Settings
from convergence.registry import registry
from tests.statistics.power import CLAIMS as RECORD
from tests.statistics.power import TIGHT

STORIES = sorted(p.stem for p in (Path(__file__).parents[1] / "counterexamples").glob("[!_]*.py"))


def every_claim() -> list[AbstractClaim]:
    told = [c for s in STORIES for c in importlib.import_module(f"counterexamples.{s}").CLAIMS]
    known = {c.slug for c in registry()}
    return [*registry(), *(c for c in told if c.slug not in known)]


CLAIMS = every_claim()
TIGHTEST = set(json.loads(RECORD.read_text(encoding="utf-8")).values())
SCATTER = 1.1  # other seeds, and a smaller alpha than the record's


@pytest.mark.unchecked
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.slug)
def test_verdict_is_the_expected_one(claim: AbstractClaim, test_seed: int) -> None:
    tier = os.environ.get("CONVERGENCE_TEST_TIER", "quick")
    report = claim.verify(Settings(tier=tier, seed=test_seed, alpha=1e-6, claims=len(CLAIMS)))
    assert report.expected, f"{report.verdict}, expected {report.expect}: {report.reason}"
    if claim.slug in TIGHTEST:
        assert report.judgement is not None
        assert report.judgement.power is not None
        assert report.judgement.power <= SCATTER * TIGHT, (
            "`python -m tests.statistics.power` on a new run"
        )


def test_slugs_are_unique() -> None:
    slugs = [c.slug for c in registry()]
    assert len(slugs) == len(set(slugs))
