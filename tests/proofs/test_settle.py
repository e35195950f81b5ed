"""A pathwise claim is refuted by a proof, cleared by one, or left open; never by a model."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from convergence import Verdict
from convergence.claims.settings import Session, Settings
from convergence.cli.gather import everything
from convergence.precision import precision
from convergence.proofs import interpreter
from convergence.proofs.balls import Undecided, Unsupported
from convergence.proofs.enclose import enclose, program
from convergence.theorems.base import Kind

CLAIM: dict[str, Any] = {claim.slug: claim for claim in everything()}
STALE = "celora-stale-rows"


def replayed(claim: Any, T: int, dtype: str = "float64") -> tuple[Any, Any]:
    """(the traced run 0, its float metric) of a claim."""
    with precision(dtype):
        what = claim.simulation(T)
        settings = Settings(dtype=dtype)
        record = Session(settings).run(what, range(1), claim.plan(settings)[1])
        return program(what, 0, 0), record.final()[0]


def test_a_refutation_carries_its_proof() -> None:
    claim = CLAIM[STALE]
    report = claim.verify(Settings())
    assert report.verdict is Verdict.REFUTED
    assert report.reason.startswith("proved: ")
    proof = report.proof
    low, high = map(float, proof.metric)
    _, value = replayed(claim, proof.T)
    assert low <= float(value) <= high
    assert low > proof.bound[1] * (1 + proof.granted)
    assert json.loads(json.dumps(report.to_json()))["proof"]["slug"] == STALE


def test_a_true_statement_that_float32_breaks_is_cleared() -> None:
    report = CLAIM["celora-rotating-rows"].verify(Settings(dtype="float32"))
    assert report.verdict is Verdict.CONSISTENT
    assert "by rounding alone" in report.reason


def test_where_last_digits_decide_all_float32_is_left_open() -> None:
    """An average of 0 but for rounding: any twin of (1, −1) in float32 ends elsewhere, and β₂ as
    float32 has it alone moves the law by 2e-4."""
    report = CLAIM["two-entries-overflow"].verify(Settings(dtype="float32"))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "the last digits of the instance move the run" in report.reason


def test_without_enclosure_nothing_is_refuted(monkeypatch: Any) -> None:
    monkeypatch.delitem(interpreter.RULES, "sub")
    report = CLAIM[STALE].verify(Settings())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "the operation sub has no enclosure" in report.reason


def test_a_replay_is_of_the_very_run() -> None:
    """Two seeds, two draws: the enclosure of run 0 holds the value of run 0 alone."""
    claim = CLAIM["nsgdm-certificate"]
    with precision("float64"):
        what = claim.simulation(claim.horizons[0])
        values = Session().run(what, range(3), claim.seeds).final()
        for index in range(3):
            found = enclose(program(what, 0, index), 200)
            mids = [float(v.mid()) for v in found.values.ravel()]
            # 1e-9: the rounding of 64 steps, far below the difference of two runs.
            np.testing.assert_allclose(mids, values[index].ravel(), rtol=1e-9)
    assert len(set(values.ravel().tolist())) > 1


@pytest.mark.full
@pytest.mark.parametrize(
    "claim", [c for c in everything() if c.kind is Kind.PATHWISE], ids=lambda c: c.slug
)
def test_enclosures_hold_the_runs_of_the_registry(claim: Any) -> None:
    T = claim.plan(Settings())[0][0]
    run, value = replayed(dataclasses.replace(claim), T)
    try:
        with precision("float64"):
            found = enclose(run, 1024)
    except (Undecided, Unsupported) as undecided:
        pytest.skip(str(undecided))  # as `settle` says: INCONCLUSIVE, or a callback
    for ball, number in zip(found.values.ravel(), np.ravel(value), strict=True):
        if ball.is_finite():
            low, high = float(ball.lower()), float(ball.upper())
            # 1e-9: what float64 loses in a run; the ball adds its own radius.
            room = 1e-9 * max(abs(low), abs(high), 1e-300)
            assert low - room <= number <= high + room
