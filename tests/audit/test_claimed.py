"""Cells are reports of claims, and a certificate of them is asked again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from convergence.audit import audit, reports
from convergence.audit.cells import Cell, Outcome
from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.report.certificate import hashed
from convergence.schemas import wrong
from convergence.statistics import Grade, Verdict
from tests.audit.optimizers import Adam

ABOUT = str(Path(__file__).with_name("hostile.py"))


class Median(Adam):
    """Steps by the sign, which go to a median."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * (g > 0) + self.lr * (g < 0)


def test_a_cell_is_the_report_of_a_claim():
    row = audit(Median, family="sgd", laws=["U1", "C4", "C6"])
    moves, mean, majority = reports(row)
    assert (moves.verdict, moves.expect) == (Verdict.CONSISTENT, Verdict.CONSISTENT)
    assert (moves.alpha, moves.judgement and moves.judgement.rows) == (0.0, ())
    assert moves.statement.startswith("Median keeps: U1. No-op")
    # A median is no mean; the family does not promise that it were, so that this is expected.
    assert mean.verdict is mean.expect is Verdict.REFUTED
    assert mean.judgement is not None
    (limits,) = mean.judgement.rows
    assert (limits.T, limits.seeds, limits.bound) == (3000, 400, (-0.1, 0.1))
    assert limits.interval[1] < -0.1
    assert (limits.grade, mean.alpha) == (Grade.ASYMPTOTIC, 1e-6)
    assert majority.verdict is Verdict.REFUTED
    for report in (moves, mean, majority):
        assert not wrong(report.to_json(), "report", "claim")


def test_what_is_expected_of_a_promise():
    row = audit(Median, family="sgd", laws=["U1"])

    def expected(outcome: Outcome, promised: bool) -> Verdict:
        cell = Cell("U1", outcome, promised=promised)
        return reports(dataclasses.replace(row, cells=(cell,)))[0].expect

    assert expected(Outcome.BREAKS, True) is Verdict.CONSISTENT
    assert expected(Outcome.CANNOT, True) is Verdict.CONSISTENT
    assert expected(Outcome.NOT_ASKED, True) is Verdict.INAPPLICABLE
    assert expected(Outcome.BREAKS, False) is Verdict.REFUTED
    beside = dataclasses.replace(row, cells=(Cell("P", Outcome.KEEPS),))
    with pytest.raises(InvalidInput, match="name it with like="):
        reports(beside)
    assert "as adam" in reports(beside, "adam")[0].theorem


def test_a_certificate_of_an_audit_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    target, file = f"{ABOUT}:Good", tmp_path / "c.json"
    command = ["audit", target, "--laws", "U1,S13,C6", "--certificate", str(file)]
    assert main([*command, "--reports", "r.json"]) == 0
    found = json.loads(file.read_text())
    assert [c["slug"] for c in found["claims"]] == [
        f"{target} {law}" for law in ("U1", "S13", "C6")
    ]
    assert (found["run"]["alpha"], found["run"]["shared"]) == (1e-6, 1)
    assert not wrong(json.loads((tmp_path / "r.json").read_text()), "report")
    assert main(["report", "r.json", "--out", "page"]) == 0
    capsys.readouterr()
    assert main(["reproduce", str(file)]) == 2  # a file is a program
    assert "is not run unasked" in capsys.readouterr().err
    assert main(["reproduce", str(file), ABOUT]) == 0
    told = capsys.readouterr()
    assert "bit for bit" in told.err
    assert told.out.splitlines()[-1] == "reproduced"
    # Another verdict, and other bits behind the same one.
    found["claims"][0]["verdict"], found["claims"][1]["digest"] = "REFUTED", "0"
    found.pop("integrity")
    file.write_text(json.dumps({**found, "integrity": hashed(found)}))
    assert main(["reproduce", str(file), ABOUT]) == 1
    out = capsys.readouterr().out
    assert "CONSISTENT, certified as REFUTED" in out
    assert "CONSISTENT again, but from other bits" in out
