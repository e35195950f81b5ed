"""What commands write fits the JSON Schemas that are published for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import convergence
from convergence.cli import main
from convergence.cli.parser import parser
from tests.test_report import rich

OWN = str(Path(__file__).with_name("own.py"))
FOLDER = Path(convergence.__file__).parent / "schemas"
SCHEMAS = {path.name.split(".")[0]: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


def check(name: str, content: Any) -> None:
    """Raise unless the content fits the schema."""
    jsonschema.Draft202012Validator(SCHEMAS[name]).validate(content)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one_and_takes_no_empty_object(name: str):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    with pytest.raises(jsonschema.ValidationError):
        check(name, {})


def test_what_is_printed_fits(capsys: pytest.CaptureFixture[str]):
    for arguments, name in (
        (["list", OWN], "list"), (["show", OWN, "galore-lemma-3-3"], "show"),
        (["catalog"], "catalog"),
    ):  # fmt: skip
        assert main([*arguments, "--json"]) == 0
        check(name, json.loads(capsys.readouterr().out))


def test_what_is_written_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    main(["verify", OWN, "--quiet", "--json", "r.json", "--certificate", "c.json"])
    check("report", json.loads(Path("r.json").read_text()))
    check("certificate", json.loads(Path("c.json").read_text()))
    found = json.loads(Path("r.json").read_text())
    found["claims"][0]["verdict"] = "PROVED"
    with pytest.raises(jsonschema.ValidationError):
        check("report", found)
    assert main(["falsify", OWN, "--budget", "1", "--json", "s.json"]) in (0, 1)
    check("search", json.loads(Path("s.json").read_text()))
    assert main(["falsify", OWN, "--json", "-"]) == 2
    assert main(["audit", "optax:sgd", "--laws", "U1", "--json", "a.json"]) == 0
    check("audit", json.loads(Path("a.json").read_text()))
    assert main(["plan", OWN, "galore-lemma-3-3", "--out", "r", "--json", "plan.json"]) == 0
    check("plan", json.loads(Path("plan.json").read_text()))


# Runs, exact moments with and without a rate, coins, masks, a proof, an identity, nothing run.
KINDS = (
    "average-before-normalizing", "ist-importance-helps", "flat-excess-risk-small-step-diffusion",
    "bilevel-rate", "bilevel-extra-is-faster-than-tracking", "econtrol-eta-above-limit",
    "interpolation-like-descent", "rprop-linear-optax", "dimat-align-to-the-first",
    "lozo-quadratic-on-cosines", "dsgd-center-law-one-sample",
)  # fmt: skip


def test_a_report_of_every_kind_of_claim_fits_and_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["verify", *KINDS, "--quiet", "--json", "r.json", "--certificate", "c.json"]) == 0
    found = json.loads(Path("r.json").read_text())
    check("report", found)
    check("certificate", json.loads(Path("c.json").read_text()))
    assert {h["seeds"] for c in found["claims"] for h in c["horizons"]} >= {0, 1}
    assert main(["report", "r.json"]) == 0
    assert main(["figures"]) == 0


def test_what_is_moved_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("fsspec", reason="the extra share is not installed")
    monkeypatch.chdir(tmp_path)
    main(["verify", OWN, "--quiet", "--out", "r"])
    assert main(["records", "push", "p", "--out", "r", "--json", "m.json"]) == 0
    check("moved", json.loads(Path("m.json").read_text()))
    assert main(["records", "pull", "p", OWN, "--out", "q", "--json", "m.json"]) == 0
    check("moved", json.loads(Path("m.json").read_text()))


def printed(capsys: pytest.CaptureFixture[str], name: str, *arguments: str, code: int = 0) -> Any:
    """What a command prints under --json, checked."""
    capsys.readouterr()
    assert main([*arguments, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    check(name, found)
    return found


def test_what_follows_a_run_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    made = printed(capsys, "new", "new", "mine.py")
    assert made == {"schema": "convergence-new/1", "file": "mine.py", "kind": "claim",
                    "next": "convergence verify mine.py"}  # fmt: skip
    main(["verify", OWN, "--quiet", "--json", "r.json", "--certificate", "c.json"])
    drawn = printed(capsys, "figures", "figures", "own-good")["figures"]
    assert [(f["name"], f["drawn"]) for f in drawn] == [("own-good", True)]
    assert all(Path("results/figures", file).is_file() for file in drawn[0]["files"])
    again = printed(capsys, "figures", "figures", "own-good")["figures"]
    assert again == [{**drawn[0], "drawn": False}]
    paper = printed(capsys, "figures", "figures", "own-good", "--for-paper", "--trust")["figures"]
    assert len(paper[0]["files"]) == 8  # two figures in three forms, and their numbers
    same = printed(capsys, "page", "report", "r.json", "r.json")
    assert same["changes"] == []
    assert same["since"]
    assert Path(same["page"]).is_file()
    found = printed(capsys, "reproduction", "reproduce", "c.json", OWN, "--sample", "1")
    assert found["reproduced"]
    assert found["exact"]


def test_proofs_that_are_reproduced_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main(["prove", "galore-lemma-3-3-as-printed", "--json", "p.json"]) == 0
    check("proof", json.loads(Path("p.json").read_text()))
    found = printed(capsys, "reproduction", "reproduce", "p.json")
    assert (found["about"], found["reproduced"]) == ("proofs", True)
    proof = Path("p.json").read_text()
    Path("p.json").write_text(proof.replace('"T": ', '"T": 1'))
    assert main(["reproduce", "p.json", "--json"]) != 0


def test_rates_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    found = printed(capsys, "rate", "rate", "gd-value-half-step", "--budget", "0")["claims"][0]
    assert found["conjecture"]["exponent"] == 1
    found["conjecture"].pop("since")
    with pytest.raises(jsonschema.ValidationError):
        check("rate", {"schema": "convergence-rate/1", "alpha": 1e-3, "claims": [found]})


def test_worst_cases_fit(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("PEPit", reason="the extra pep is not installed")
    found = printed(capsys, "worst-case", "worst-case", "gd-huber-tight", "--horizons", "1")
    assert [row["ordered"] for row in found["claims"][0]["rows"]] == [True]
    found["claims"][0]["rows"][0]["worst"] = None
    with pytest.raises(jsonschema.ValidationError):
        check("worst-case", found)


def test_a_figure_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("paper_figures").mkdir()
    Path("paper_figures/broken.py").write_text("def draw(out):\n    raise ValueError('no ink')\n")
    found = printed(capsys, "figures", "figures", "broken", code=2)["figures"]
    assert found[0]["drawn"] is False
    assert "no ink" in found[0]["error"]


def test_scores_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    table = tmp_path / "times.csv"
    table.write_text("submission,w1,w2\nA,1,4\nB,2,inf\n")
    found = printed(capsys, "score", "score", str(table))
    assert [(s["name"], s["hits"], s["interval"]) for s in found["solvers"]] == [
        ("A", 2, None), ("B", 1, None)
    ]  # fmt: skip


def test_every_command_has_json():
    choices: Any = next(a for a in parser()._actions if a.dest == "command").choices
    lacking = [n for n, c in choices.items() if "--json" not in c._option_string_actions]
    assert lacking == []


def test_reports_made_by_hand_in_other_tests_fit_but_for_what_is_new():
    document = rich()
    for claim in document["claims"]:
        claim.setdefault("metric", "")
        claim["reason"] = "because"
    check("report", document)
