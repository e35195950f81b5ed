"""`convergence audit` as a user meets it, and what an optimizer may do without ending it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from convergence.audit.document import digest
from convergence.audit.pool import Job, Worker, one
from convergence.cli import main
from tests.testing.test_plugin import pytest_in

HOSTILE = str(Path(__file__).with_name("hostile.py"))


@pytest.fixture(scope="module")
def worker() -> Any:
    made = Worker()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CrashesAtZero", "killed by signal 6"),
        ("HangsAtZero", "no answer within 4 s"),
        ("LeavesAtZero", "sys.exit(3)"),
        ("Eats", "MemoryError"),
    ],
)
def test_what_happens_in_one_law_is_a_cell(worker: Worker, name: str, said: str):
    row = one(worker, Job(f"{HOSTILE}:{name}", laws=("U1", "S13", "S4")), law=4.0)
    assert said in row["S13"].detail
    assert [str(row[law].outcome) for law in ("U1", "S13", "S4")] == [
        "keeps", "cannot be run", "keeps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Crashes", "killed by signal 6"),
        ("Hangs", "no answer within 4 s"),
        ("WantsCuda", "needs a GPU"),
        ("AsksForArguments", "asks for model"),
        ("LeavesAtOnce", "it calls sys.exit(0)"),
        ("ComesBackAsAnother", "come back as [(7,), (7,)]"),
        ("HasNothing", "neither step(params, grads), nor init"),
    ],
)
def test_what_cannot_be_run_says_why(worker: Worker, name: str, said: str):
    row = one(worker, Job(f"{HOSTILE}:{name}", laws=("U1",)), law=4.0)
    assert said in row.error


def test_a_flood_of_prints_gets_nowhere(worker: Worker, capfd: pytest.CaptureFixture[str]):
    row = one(worker, Job(f"{HOSTILE}:Floods", laws=("U1", "S4")))
    assert not row.broken
    assert not row.error
    found = capfd.readouterr()
    assert found.out == found.err == ""


def test_what_it_forks_says_nothing_and_ends(worker: Worker):
    row = one(worker, Job(f"{HOSTILE}:Forks", laws=("S4z", "S4")), law=20.0)
    assert [str(cell.outcome) for cell in row.cells] == ["keeps", "keeps"]


def test_what_it_writes_beside_itself_is_gone(tmp_path: Path):
    worker = Worker()
    try:
        row = one(worker, Job(f"{HOSTILE}:Writes", laws=("U1",)))
        place = Path(worker.folder)
        assert str(row["U1"].outcome) == "keeps"
        assert (place / "left_behind.txt").exists()
    finally:
        worker.end()
    assert not place.exists()
    assert not list(tmp_path.iterdir())


def test_a_package_that_cannot_be_imported_is_a_row(capsys: pytest.CaptureFixture[str]):
    arguments = ["audit", "no_such_package:*", "optax:sgd", "--laws", "U1", "--json", "a.json"]
    assert main(arguments) == 2
    rows = {row["target"]: row for row in json.loads(Path("a.json").read_text())["rows"]}
    assert rows["optax:sgd"]["cells"][0]["outcome"] == "keeps"
    assert "pip install no_such_package" in rows["no_such_package:*"]["error"]
    assert "no_such_package:* cannot be run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no target"),
        (("no_such_package:adam",), "pip install no_such_package"),
        (("optax.no_such_part:adam",), "has no"),
        (("optax:adamm",), "did you mean"),
        (("no_file.py:Adam",), "a file that exists"),
        ((f"{HOSTILE}:NUMBER",), "of type int"),
        ((f"{HOSTILE}:not_one",), "cannot be run"),
        ((f"{HOSTILE}:WantsCuda", "--laws", "U1"), "needs a GPU"),
        ((f"{HOSTILE}:AsksForArguments", "--laws", "U1"), "--set model=VALUE"),
        ((f"{HOSTILE}:Good", "--laws", "Z9"), "an id of docs/audit.md"),
        ((f"{HOSTILE}:Good", "--like", "adamm"), "references are"),
        ((f"{HOSTILE}:Good", "--like", ""), "references are"),
        ((f"{HOSTILE}:Good", "--like", f"{HOSTILE}:God", "--laws", "U1"), "did you mean"),
        ((f"{HOSTILE}:Good", "--like", f"{HOSTILE}:WantsCuda", "--laws", "P"), "beside"),
        ((f"{HOSTILE}:Good", "--set", "lr=fast", "--laws", "U1"), "under lr = 'fast'"),
        ((f"{HOSTILE}:Good", "--as", "fast"), "choose from"),
        ((f"{HOSTILE}:Good", "--set", "rate=1", "--laws", "U1"), "it accepts lr"),
        ((f"{HOSTILE}:Good", "--against", "none.json"), "a file that `audit --json` wrote"),
    ],
)
def test_bad_input_is_a_sentence(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["audit", *arguments]) == 2
    found = capsys.readouterr()
    assert said in found.err + found.out
    assert "Traceback" not in found.err + found.out


def test_an_audit_in_full_and_again(capsys: pytest.CaptureFixture[str]):
    laws = ["--laws", "U1,S4,S13", "--json", "a.json", "--page", "deep/a.html"]
    assert main(["audit", f"{HOSTILE}:Good", f"{HOSTILE}:LeavesAtZero", *laws]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.split("✓ keeps")[0].splitlines())) <= 100 or HOSTILE in out
    document = json.loads(Path("a.json").read_text())
    assert [row["name"] for row in document["rows"]] == ["Good", "LeavesAtZero"]
    assert "Content-Security-Policy" in Path("deep/a.html").read_text()
    document["rows"][0]["cells"][0]["outcome"] = "breaks"
    Path("old.json").write_text(json.dumps(document))
    against = ["audit", f"{HOSTILE}:Good", "--laws", "U1", "--against", "old.json"]
    assert main(against) == 2
    assert "altered since" in capsys.readouterr().err
    Path("old.json").write_text(json.dumps(document | {"digest": digest(document)}))
    assert main(against) == 0
    out = capsys.readouterr().out
    assert "U1 breaks → keeps" in out
    assert "LeavesAtZero: gone" in out


def test_a_finished_row_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    arguments = ["audit", "optax:sgd", "--laws", "U1,S4"]
    assert main(arguments) == 0
    first = capsys.readouterr().out

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("it was asked again")

    monkeypatch.setattr("convergence.audit.pool.one", never)
    assert main(arguments) == 0
    assert capsys.readouterr().out == first


def test_a_broken_promise_is_exit_code_1(capsys: pytest.CaptureFixture[str]):
    assert main(["audit", "optax:rprop", "--laws", "P", "--like", "rprop"]) == 1
    assert "optax:rprop differs from law P (same path as rprop)" in capsys.readouterr().out


def test_a_marker_audits_a_list_of_optimizers(tmp_path: Path):
    (tmp_path / "test_mine.py").write_text(
        "import pytest\n\n\n"
        f"@pytest.mark.optimizers({HOSTILE + ':Good'!r}, {HOSTILE + ':Floods'!r}, laws=['U1'])\n"
        "def test_promises(audited):\n    assert not audited.broken\n"
    )
    done = pytest_in(tmp_path, "--junitxml", "found.xml", "-W", "error::pytest.PytestWarning")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    assert "convergence.audit.broken" in (tmp_path / "found.xml").read_text()


def test_the_list_names_every_law(capsys: pytest.CaptureFixture[str]):
    assert main(["audit", "--list"]) == 0
    out = capsys.readouterr().out
    assert "S13" in out
    assert "families:" in out
    assert max(map(len, out.split("\n\n")[0].splitlines())) <= 100


def test_a_stochastic_cell_says_its_error_control_and_is_compared_in_pairs():
    from convergence.audit import audit
    from convergence.audit.compare import rows
    from tests.audit.optimizers import Local

    first, second = (
        audit(Local, laws=["C6"], family="sgd", options={"weight_decay": 0.0}).to_json()
        for _ in range(2)
    )
    cell = first["cells"][0]
    assert (cell["verdict"], cell["alpha"]) == ("CONSISTENT", 1e-6)
    assert cell["interval"][0] < cell["amount"] < cell["interval"][1] < 0
    assert rows("a", second, first, {"C6"}) == []
    # 0.01 of a step on every copy: far inside both intervals, and seen in pairs.
    moved = {**cell, "sample": [v + 0.01 for v in cell["sample"]]}
    (said,) = rows("a", {**second, "cells": [moved]}, first, {"C6"})
    assert "C6 moved by 0.01" in said


def test_a_cell_is_repeated_by_the_command_below_it(capsys: pytest.CaptureFixture[str]):
    arguments = ["audit", f"{HOSTILE}:Good", "--as", "sign", "--set", "lr=0.5", "--laws"]
    assert main([*arguments, "U1,S5"]) == 1
    out = capsys.readouterr().out
    assert f"convergence audit {HOSTILE}:Good --laws S5 --as sign --set lr=0.5" in out
