"""What strangers' files may do: nothing but be read, in bounded time, and named in a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from convergence.cli import main
from convergence.files import read_json, write_whole
from convergence.report.certificate import hashed
from convergence.schemas import wrong
from tests.test_report import rich

MINE = "from tests.own import GOOD\nopen('ran', 'w').close()\nCLAIMS = (GOOD,)\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a folder beside it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def certificate(target: str) -> str:
    """One that somebody else made, of a file."""
    run = {
        "date": "2000-01-01", "versions": {}, "platform": "", "device": "", "devices": 1,
        "dtype": "float64", "rng": "philox", "tier": "quick", "seed": 0, "alpha": 1e-3,
        "asked": 1, "shared": 1, "targets": [target], "seeds": 1024,
    }  # fmt: skip
    entry = {"slug": "own-good", "verdict": "CONSISTENT", "expect": "CONSISTENT", "grade": "",
             "look": 1, "digest": ""}  # fmt: skip
    content = {"schema": "convergence-certificate/1", "run": run, "claims": [entry]}
    Path("c.json").write_text(json.dumps({**content, "integrity": hashed(content)}))
    return "c.json"


@pytest.mark.parametrize(
    ("words", "ran"),
    [([], False), (["--trust"], True), (["mine.py"], True)],
    ids=["unasked", "trusted", "named"],
)
def test_a_file_that_a_certificate_names_is_not_run_unasked(
    words: list[str], ran: bool, here: Path, capsys: pytest.CaptureFixture[str]
):
    Path("mine.py").write_text(MINE)
    assert main(["reproduce", certificate("./mine.py"), *words]) == (0 if ran else 2)
    assert Path("ran").exists() is ran
    assert ran or "'./mine.py'" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["../theirs.py", "{}/theirs.py", "link.py", "../folder/", "in/"])
def test_trust_ends_at_the_working_directory(target: str, here: Path):
    Path("../theirs.py").write_text(MINE)
    Path("../folder").mkdir()
    Path("../folder/a.py").write_text(MINE)
    Path("link.py").symlink_to("../theirs.py")
    Path("in").mkdir()
    Path("in/link.py").symlink_to(Path("../theirs.py").resolve())
    assert main(["reproduce", certificate(target.format(here.parent)), "--trust"]) == 2
    assert not Path("ran").exists()


PLACES = {
    "pipe": lambda p: os.mkfifo(p),
    "device": lambda p: p.symlink_to("/dev/zero"),
    "giant": lambda p: os.truncate(os.open(p, os.O_CREAT | os.O_RDWR), 2**33),
    "folder": lambda p: p.mkdir(),
    "dangling": lambda p: p.symlink_to("nothing"),
    "deep": lambda p: p.write_text("[" * 10**6),
    "number": lambda p: p.write_text("1" * 10**6),
    "bytes": lambda p: p.write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("command", ["report", "reproduce", "audit", "verify"])
def test_what_is_no_file_of_ours_is_one_sentence(
    command: str, kind: str, capsys: pytest.CaptureFixture[str]
):
    place = Path("x.py" if command == "verify" else "x.json")
    PLACES[kind](place)
    words = ["audit", "optax:sgd", "--against", "x.json"]
    try:
        code = main(words if command == "audit" else [command, str(place)])
    except SystemExit as leave:  # the grammar's, after its usage
        code = leave.code
    said = capsys.readouterr().err.splitlines()
    assert code == 2
    assert len(said) == 1 or said[0].startswith("usage:")
    assert len(said[-1]) < 500


def test_a_device_is_written_to_and_stays_one():
    before = os.stat(os.devnull)
    write_whole(Path(os.devnull), b"x")
    assert os.stat(os.devnull).st_ino == before.st_ino
    os.mkfifo("pipe")
    with pytest.raises(OSError, match="No such device"):
        write_whole(Path("pipe"), b"nobody reads")


def test_an_endless_nesting_is_no_json():
    Path("deep.json").write_text("[" * 10**6)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(Path("deep.json"))


def test_names_of_figures_and_violations_stay_in_their_folder(monkeypatch: Any):
    from convergence.cli import falsify

    for name in ("../../out", "/abs", "a-b", "a_b", "A-b"):
        falsify.keep(name, "x = 1\n", Path("kept"))
    assert len(list(Path("kept").iterdir())) == 5
    assert {p.name for p in Path().iterdir()} == {"kept"}


@pytest.mark.parametrize(
    "found",
    [
        {"rows": None, "laws": []},
        {"rows": []},
        {"rows": [3], "laws": []},
        {"rows": [], "laws": [3]},
    ],
)
def test_an_audit_that_is_none_is_one_sentence(found: Any, capsys: pytest.CaptureFixture[str]):
    Path("x.json").write_text(json.dumps({"schema": "convergence-audit/1", "run": {}, **found}))
    assert main(["audit", "optax:sgd", "--against", "x.json"]) == 2
    assert "a document of schema" in capsys.readouterr().err


def test_a_verdict_that_is_a_list_is_none():
    found = json.loads(json.dumps(rich()))
    assert not wrong(found, "report")
    found["claims"][1]["verdict"] = []
    assert wrong(found, "report").startswith("claims[1].verdict must be one of")
