"""Output ends no run: the JSON is written, and the exit code is that of the verdicts."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convergence.cli import main
from convergence.cli.streams import Steady

ODD_NAMES = ("a[/red]b", "[bold]x", "c✓d", "[/]")
MINE = (
    "import dataclasses\nfrom tests.own import GOOD\n"
    f"CLAIMS = tuple(dataclasses.replace(GOOD, slug=s) for s in {ODD_NAMES!r})\n"
)


def shell(line: str, folder: Path, **around: str) -> subprocess.CompletedProcess[bytes]:
    """A line of bash; `$C` is the command line."""
    (folder / "mine.py").write_text(MINE, encoding="utf-8")
    root = str(Path(__file__).parents[1])
    around = {**os.environ, "C": f"{sys.executable} -m convergence", "PYTHONPATH": root, **around}
    return subprocess.run(["bash", "-c", line], cwd=folder, env=around, capture_output=True)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$C verify mine.py --json a.json | true; exit ${PIPESTATUS[0]}", 0),
        ("$C verify mine.py --json a.json > /dev/full", 2),
        ("$C verify mine.py --json a.json >&- 2>&-", 2),
        ("PYTHONIOENCODING=ascii $C verify mine.py --json - > a.json", 0),
    ],
)
def test_output_ends_no_run(line: str, code: int, tmp_path: Path):
    done = shell(line, tmp_path)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    found = json.loads((tmp_path / "a.json").read_bytes())
    assert [claim["slug"] for claim in found["claims"]] == list(ODD_NAMES)
    if "full" in line:
        assert b"No space left" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_help_that_cannot_be_printed_is_told(unbuffered: str, tmp_path: Path):
    done = shell("$C --help > /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "koi8-r"])
def test_signs_that_an_encoding_lacks_have_likenesses(encoding: str, tmp_path: Path):
    file = tmp_path / "out.txt"
    with open(file, "w", encoding=encoding) as stream:
        Steady(stream).write("✓ Σ‖x‖² ≤ 1 \ud800 中\n")
    assert file.read_bytes().decode(encoding).startswith("+ Sigma||x||") or encoding != "ascii"
    assert file.read_bytes()


def test_slugs_are_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE, encoding="utf-8")
    assert main(["verify", "mine.py"]) == 0
    out = capsys.readouterr().out  # pyright: ignore[reportAttributeAccessIssue]
    assert all(out.count(name) >= 2 for name in ("a[/red]b", "[bold]x", "[/]"))  # line and table


def test_a_file_in_the_place_of_a_folder_loses_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results/own-good").touch()
    own = str(Path(__file__).with_name("own.py"))
    assert main(["verify", own, "--seeds", "8", "--json", "a.json", "--quiet"]) == 2
    found = json.loads(Path("a.json").read_text())
    assert len(found["claims"]) == 2
    assert {entry["slug"] for entry in found["errors"]} == {"own-good", "--out"}


@pytest.mark.parametrize("leave", ["sys.exit(0)", "(_ for _ in ()).throw(GeneratorExit)"])
def test_a_claim_that_leaves_is_an_error(
    leave: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        "import dataclasses, sys\nfrom tests.own import GOOD\n"
        "class Leaves(type(GOOD.theorem)):\n    'odd'\n    def bound(self, c, T):\n"
        f"        return {leave}\nCLAIMS = (dataclasses.replace(GOOD, theorem=Leaves(0.1)),)\n"
    )
    assert main(["verify", "mine.py", "--seeds", "8"]) == 2
    assert "could not be judged" in capsys.readouterr().out


def test_every_sign_has_a_likeness():
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    assert every.encode("ascii", "plain").isascii()


def test_who_kept_the_stream_of_a_run_does_not_close_what_is_under_it() -> None:
    """A handler of a log does, when others configure it: the next run had nowhere to write."""
    under = io.TextIOWrapper(io.BytesIO(), "utf-8")
    assert under in (None, Steady(under))  # as is asked before closing
    Steady(under).close()
    assert not under.closed
