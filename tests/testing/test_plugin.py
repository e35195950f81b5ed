"""The pytest plugin, as a maintainer sees it: in a folder and a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as xml
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import convergence
from convergence.claims.base import Claim
from convergence.claims.modules import claims_in, sound
from convergence.errors import InvalidInput
from convergence.problems.quadratic import Isotropic
from convergence.testing.plugin import table
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex

ROOT = Path(convergence.__file__).parents[1]
INSTALLED = any(
    entry.value == "convergence.testing.plugin" for entry in metadata.entry_points(group="pytest11")
)

PAPER = """
from convergence import Claim, Verdict
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.theorems.classical.ghadimi2013 import SGDAnyStep, SGDNonconvex

X = Isotropic([1.0, -1.0])
CLAIMS = (
    Claim("good", SGDNonconvex(), X, Gaussian(1.0), horizons=(16,), seeds=2048),
    Claim("wrong", SGDAnyStep(scale=2.2), X, Gaussian(1.0), horizons=(64,), seeds=64),
)
"""
TEST = """
from my_paper import CLAIMS

def test_claim(claim, verify_claim):
    verify_claim(claim)
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on `folder` with the plugin, installed or not."""
    load = [] if INSTALLED else ["-p", "convergence.testing.plugin"]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    path = [str(ROOT), str(folder), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *load, *arguments],
        cwd=folder,
        env=surroundings | {"PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A folder with a module of two claims, one of them expected wrongly, and its test."""
    (tmp_path / "my_paper.py").write_text(PAPER)
    (tmp_path / "test_paper.py").write_text(TEST)
    return tmp_path


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_claims_become_tests_with_a_table_properties_and_json(paper: Path, workers: tuple):
    done = pytest_in(
        paper, *workers, "--convergence-json=out.json", "--junitxml=out.xml",
        "--convergence-alpha=1e-2", "-W", "error::pytest.PytestWarning",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "wrong: REFUTED, expected CONSISTENT" in done.stdout
    assert "1 of 2 verdicts as expected; alpha 0.0025 a claim" in done.stdout
    document = json.loads((paper / "out.json").read_text())
    assert document["schema"] == "convergence-report/1"
    assert {c["slug"]: c["verdict"] for c in document["claims"]} == {
        "good": "CONSISTENT",
        "wrong": "REFUTED",
    }
    properties = {
        (p.get("name"), p.get("value")) for p in xml.parse(paper / "out.xml").iter("property")
    }
    assert ("convergence.verdict", "REFUTED") in properties


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--convergence-tier=slow", "one of quick, standard, full is needed"),
        ("--convergence-alpha=2", "0 < alpha < 1 is needed"),
        ("--convergence-alpha=few", "0 < alpha < 1 is needed"),
        ("--convergence-json=no/such/folder/x.json", "an existing folder is needed"),
    ],
)
def test_a_bad_option_is_one_sentence(tmp_path: Path, option: str, told: str):
    done = pytest_in(tmp_path, option)
    assert done.returncode == 4  # pytest's code for wrong usage
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_plugin_is_inert_and_brings_no_jax(tmp_path: Path):
    (tmp_path / "test_other.py").write_text(
        "import sys, pytest\n"
        "@pytest.fixture\ndef claim(): return 3\n"
        "def test_own_fixture(claim): assert claim == 3\n"
        "@pytest.mark.parametrize('claim', [1, 2])\ndef test_own(claim): assert claim\n"
        "def test_jax(): assert 'jax' not in sys.modules\n"
    )
    done = pytest_in(tmp_path, "-q")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    assert "verdicts" not in done.stdout


def test_a_module_that_raises_at_import_is_told(tmp_path: Path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n@pytest.mark.claims('broken.py')\n"
        "def test_claim(claim, verify_claim): verify_claim(claim)\n"
    )
    done = pytest_in(tmp_path, "-q", "--strict-markers")
    assert done.returncode == 2
    assert "'ZeroDivisionError" not in done.stdout
    assert "broken.py' cannot be imported: ZeroDivisionError: division by zero" in done.stdout


def test_claims_that_are_none_are_refused(tmp_path: Path):
    file = tmp_path / "paper.py"
    with pytest.raises(InvalidInput, match="There is no file"):
        claims_in(file)
    file.write_text("CLAIMS = ()")
    with pytest.raises(InvalidInput, match="one Claim or more"):
        claims_in(file)
    once, again = (Claim("a", SGDNonconvex(), Isotropic([1.0])) for _ in range(2))
    assert sound((once, once), "here") == (once,)
    with pytest.raises(InvalidInput, match="called 'a'"):
        sound((once, again), "here")
    (tmp_path / "other.py").write_text("x = 1")
    with pytest.raises(InvalidInput, match="has no CLAIMS"):
        claims_in(tmp_path / "other.py")


def test_the_table_marks_what_is_vacuous_or_missing():
    row: dict[str, Any] = dict(
        slug="a", verdict="CONSISTENT", expect="REFUTED", slack=12.5, power=None, vacuous=True,
        alpha=1e-3, seconds=0.1,
    )  # fmt: skip
    lines = table([row])
    assert "REFUTED" in lines[1]
    assert "12.5*" in lines[1]
    assert "–" in lines[1]
    assert lines[-1].startswith("* vacuous")
