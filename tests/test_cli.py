"""The command line as a user meets it: exit codes, what is printed, what is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from convergence.claims.report import SCHEMA
from convergence.cli import main
from convergence.cli.environment import rivals
from convergence.cli.table import number, whole

OWN = str(Path(__file__).with_name("own.py"))
COMMANDS = (
    "list", "show", "verify", "falsify", "worst-case", "figures", "report", "reproduce", "audit"
)  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in an empty folder."""
    monkeypatch.chdir(tmp_path)


def without_jax(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process where importing JAX fails loudly."""
    code = (
        "import sys; sys.modules['jax'] = None\n"
        f"from convergence.cli import main; sys.exit(main({list(arguments)!r}))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def module(text: str, name: str = "mine.py") -> str:
    Path(name).write_text(text)
    return name


@pytest.mark.parametrize("command", [(), *[(c,) for c in COMMANDS]])
def test_help_needs_no_jax(command: tuple[str, ...]):
    done = without_jax(*command, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: convergence" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required"),
        (("disprove",), "invalid choice"),
        (("show",), "required"),
        (("verify", "--alpha", "0"), "0 < alpha < 1"),
        (("verify", "--alpha", "1"), "0 < alpha < 1"),
        (("verify", "--alpha", "nan"), "0 < alpha < 1"),
        (("verify", "--alpha", "small"), "0 < alpha < 1"),
        (("verify", "--seeds", "1"), "at least 2"),
        (("verify", "--seeds", "many"), "at least 2"),
        (("verify", "--seed", "-1"), "at least 0"),
        (("verify", "--seed", str(2**32)), "below 2**32"),
        (("verify", "--tier", "huge"), "invalid choice"),
        (("verify", "--dtype", "float16"), "invalid choice"),
        (("verify", "--jobs", "0"), "at least 1"),
        (("verify", "no_such_file.py"), "no_such_file.py"),
        (("verify", "no/such/folder"), "no/such/folder"),
        (("verify", "--out", __file__), "cannot be written"),
        (("verify", "--json", "."), "is a folder"),
        (("verify", "--json", f"{__file__}/x.json"), "cannot be written"),
        (("figures", "--out", __file__), "cannot be written"),
        (("report", "--out", __file__), "cannot be written"),
        (("verify", "--certificate", "c.txt"), "ends in .json"),
        (("verify", "--certificate", f"{__file__}/c.json"), "cannot be written"),
        (("reproduce",), "required"),
        (("reproduce", "c.json", "--sample", "0"), "at least 1"),
        (("reproduce", "c.json", "--seed", "-1"), "at least 0"),
    ],
)
def test_bad_usage_needs_no_jax_and_leaves_with_2(arguments: tuple[str, ...], said: str):
    done = without_jax(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_bad_usage(tmp_path: Path):
    tmp_path.chmod(0o500)
    assert without_jax("verify", "--out", str(tmp_path / "deep")).returncode == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "has no CLAIMS"),
        ("CLAIMS = 3\n", "a tuple of one Claim or more"),
        ("CLAIMS = ('a',)\n", "a tuple of one Claim or more"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("def f(:\n", "SyntaxError"),
        ("import no_such_package_at_all\n", "no_such_package_at_all"),
        (
            "import numpy as np\nfrom convergence.problems.quadratic import Isotropic\n"
            "Isotropic(np.array([np.nan]))\n",
            "NaN",
        ),
        (
            "from tests.own import GOOD\nimport dataclasses\n"
            "CLAIMS = (GOOD, dataclasses.replace(GOOD, seeds=8))\n",
            "Two claims",
        ),
    ],
)
def test_a_module_that_cannot_be_used_is_one_sentence(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["verify", module(text, f"bad{abs(hash(text))}.py")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_an_unknown_slug_suggests_the_nearest(capsys: pytest.CaptureFixture[str]):
    assert main(["show", "sgd-ghadimi-lam"]) == 2
    assert "did you mean 'sgd-ghadimi-lan'?" in capsys.readouterr().err
    assert main(["verify", "zzzzzzzz-*"]) == 2
    assert "convergence list" in capsys.readouterr().err


def test_verify_a_file(capsys: pytest.CaptureFixture[str]):
    code = main(["verify", OWN, "--json", "deep/a.json", "--out", "kept"])
    out = capsys.readouterr().out
    assert code == 1  # own-odd expects REFUTED
    assert max(map(len, out.splitlines())) <= 100 or "own-odd: CONSISTENT, EXPECTED" in out
    table = out[out.index("claim ") :]
    assert max(map(len, table.splitlines())) <= 100
    assert "own-odd: CONSISTENT, expected REFUTED" in table
    assert "1 of 2 verdicts as expected" in table
    check_schema(json.loads(Path("deep/a.json").read_text()), ["own-good", "own-odd"])
    assert {p.name for p in Path("kept").iterdir()} == {"own-good", "own-odd"}


def check_schema(document: dict[str, Any], slugs: list[str]) -> None:
    """The promises of docs/json.md."""
    assert document["schema"] == SCHEMA
    assert [c["slug"] for c in document["claims"]] == slugs
    run = document["run"]
    assert {"date", "versions", "platform", "device", "dtype", "tier", "seed", "alpha"} <= set(run)
    assert {"python", "jax", "jaxlib", "numpy", "convergence-lab"} <= set(run["versions"])
    for claim in document["claims"]:
        assert {
            "slug", "family", "kind", "statement", "source", "provenance", "verdict", "expect",
            "reason", "proof", "slack", "power", "vacuous", "assumptions", "constants",
            "hyper_parameters", "horizons", "notes", "alpha", "look", "grade",
                "tier", "seconds", "theorem",
            "explanation", "problem", "noise", "metric", "note", "instead",
        } == set(claim)  # fmt: skip
        for a in claim["assumptions"]:
            assert set(a) == {"name", "holds", "value", "detail"}
        for row in claim["horizons"]:
            assert set(row) == {
                "T", "seeds", "estimate", "interval", "bound", "e_value", "grade",
                "vacuous", "note",
            }  # fmt: skip
    json.dumps(document, allow_nan=False)


def test_json_to_the_standard_output(capsys: pytest.CaptureFixture[str]):
    main(["verify", OWN, "--json", "-"])
    captured = capsys.readouterr()
    check_schema(json.loads(captured.out), ["own-good", "own-odd"])
    assert "own-good" in captured.err


def test_quiet_prints_what_is_unexpected_alone(capsys: pytest.CaptureFixture[str]):
    assert main(["verify", OWN, "--quiet"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("own-odd: CONSISTENT, expected REFUTED")
    assert "own-good" not in out
    good = module("from tests.own import GOOD\nCLAIMS = (GOOD,)\n")
    assert main(["verify", good, "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_folders_and_the_working_directory(capsys: pytest.CaptureFixture[str]):
    Path("counterexamples").mkdir()
    module("from tests.own import GOOD\nCLAIMS = (GOOD,)\n", "counterexamples/a.py")
    module("helper = 1\n", "counterexamples/_helper.py")
    module("forgotten = 1\n", "counterexamples/b.py")
    assert main(["verify", "counterexamples", "--quiet"]) == 0
    assert "b.py has no CLAIMS" in capsys.readouterr().err
    assert main(["list", "--json"]) == 0
    assert "own-good" in [c["slug"] for c in json.loads(capsys.readouterr().out)]
    assert main(["verify", "own-*", "--quiet"]) == 0


def test_a_claim_that_raises_spoils_no_other(capsys: pytest.CaptureFixture[str]):
    bad = module(
        "import dataclasses\nfrom tests.own import GOOD\n"
        "def broken(T): raise RuntimeError('no instance today')\n"
        "CLAIMS = (dataclasses.replace(GOOD, slug='own-broken', problem=broken), GOOD)\n",
        "broken.py",
    )
    assert main(["verify", bad, "--json", "a.json"]) == 2
    document = json.loads(Path("a.json").read_text())
    check_schema(document, ["own-good"])
    assert document["errors"] == [
        {
            "slug": "own-broken",
            "error": "could not be judged: RuntimeError: no instance today (broken.py:3)",
        }
    ]
    assert "own-broken: could not be judged" in capsys.readouterr().out


def test_list_and_show(capsys: pytest.CaptureFixture[str]):
    assert main(["list", OWN, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [r["slug"] for r in rows] == ["own-good", "own-odd"]
    assert {"slug", "family", "kind", "theorem", "provenance", "expect"} <= set(rows[0])
    assert main(["list", OWN]) == 0
    assert "2 claims" in capsys.readouterr().out
    assert main(["show", OWN]) == 0
    out = capsys.readouterr().out
    for said in ("Theorem 2.1", "derived", "Smooth", "eta", "Isotropic", "Delta = 2", "4, 8"):
        assert said in out
    assert main(["show", OWN, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["hyper_parameters"]["algorithm"] == "SGD"


def test_ctrl_c_keeps_what_is_finished():
    slow = module(
        "import dataclasses, time\nfrom tests.own import GOOD\n"
        "def wait(T):\n    time.sleep(600)\n"
        "CLAIMS = (dataclasses.replace(GOOD, slug='own-slow', problem=wait), GOOD)\n",
        "slow.py",
    )
    # A suite started in the background hands down an ignored SIGINT; a terminal does not.
    listening = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from convergence.cli import main\nraise SystemExit(main())"
    )
    command = [sys.executable, "-c", listening, "verify", slow, "--json", "a.json"]
    process = subprocess.Popen(
        [*command, "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while not Path("results/own-good").exists() and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(3)  # the record is kept before it is judged, which takes milliseconds
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "1 of 2 claims were finished" in out
    document = json.loads(Path("a.json").read_text())
    check_schema(document, ["own-good"])
    assert document["run"]["interrupted"] is True
    assert Path("results/own-good/report.json").exists()


def test_another_owner_of_the_import_name_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name, owned in (("convergence", "convergence/a.py"), ("other", "other/convergence/a.py")):
        (found := Path(f"{name}-1.dist-info")).mkdir()
        (found / "METADATA").write_text(f"Name: {name}\n")
        (found / "RECORD").write_text(f"{owned},,\n")
    monkeypatch.syspath_prepend(".")
    assert (rivals(), main(["list", OWN])) == (["convergence"], 0)
    error = capsys.readouterr().err
    assert "also installs the import name 'convergence'" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (float("nan"), "–"), (float("inf"), "∞"), (0.0, "0"), (1.0, "1"),
        (1.2345, "1.23"), (1234.5, "1234"), (123456.0, "1.2e5"), (1e-7, "1.0e-7"),
        (1e300, "1.0e300"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: float | None, shown: str):
    assert number(value) == shown
    assert len(shown) <= 7


def test_counts_are_short_and_exact():
    assert [whole(n) for n in (1, 1024, 2000, 131072, 10**6)] == ["1", "1024", "2k", "131072", "1M"]
