"""What commands write fits the JSON Schemas that are published for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import convergence
from convergence.cli import main
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
    assert main(["prove", "galore-lemma-3-3-as-printed", "--json", "p.json"]) == 0
    check("proof", json.loads(Path("p.json").read_text()))
    assert main(["audit", "optax:sgd", "--laws", "U1", "--json", "a.json"]) == 0
    check("audit", json.loads(Path("a.json").read_text()))
    assert main(["plan", OWN, "galore-lemma-3-3", "--out", "r", "--json", "plan.json"]) == 0
    check("plan", json.loads(Path("plan.json").read_text()))


def test_what_is_moved_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("fsspec", reason="the extra share is not installed")
    monkeypatch.chdir(tmp_path)
    main(["verify", OWN, "--quiet", "--out", "r"])
    assert main(["records", "push", "p", "--out", "r", "--json", "m.json"]) == 0
    check("moved", json.loads(Path("m.json").read_text()))
    assert main(["records", "pull", "p", OWN, "--out", "q", "--json", "m.json"]) == 0
    check("moved", json.loads(Path("m.json").read_text()))


def test_reports_made_by_hand_in_other_tests_fit_but_for_what_is_new():
    document = rich()
    for claim in document["claims"]:
        claim.setdefault("metric", "")
        claim["reason"] = "because"
    check("report", document)
