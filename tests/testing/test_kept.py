"""What a search keeps stands alone: the command that it prints runs, wherever the claim was."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from convergence.cli import main
from convergence.search.render import claim_module
from convergence.search.slices import bound_in, cut

HELPER = "STEP = 2.0\nSTEP += 0.3\n\n\ndef unused():\n    return 1\n"
OWN = '''\
from convergence import Claim
from convergence.algorithms import SGD
from convergence.metrics import GradNorm
from convergence.problems import Isotropic
from convergence.theorems import AbstractTheorem, Kind, Provenance, Source
from helper_of_kept import STEP as PROBLEM  # a name that the kept module has a use for


class NoNoise:
    """Not the assumption of that name."""


def step(L):
    """Read by a method, defined before it."""
    return PROBLEM / L if NoNoise else 0


class Falls(AbstractTheorem):
    """‖∇f(x_T)‖ ≤ ‖∇f(x_0)‖ for a step of 2.3/L (false)."""

    kind = Kind.PATHWISE
    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "‖∇f(x_T)‖ ≤ ‖∇f(x_0)‖"

    def prescribe(self, c, T):
        return SGD(step(c.L))

    def metric(self, c, T):
        return GradNorm()

    def bound(self, c, T):
        return c.grad0


CLAIMS = (Claim("falls", Falls(), Isotropic([1.0, 2.0]), horizons=(8,), seeds=1),)
'''


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a helper of its own."""
    monkeypatch.delitem(sys.modules, "helper_of_kept", raising=False)


def test_the_printed_command_runs_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "helper_of_kept.py").write_text(HELPER)
    (tmp_path / "own paper.py").write_text(OWN)
    assert main(["falsify", "own paper.py", "--budget", "1"]) == 1
    out = capsys.readouterr().out
    assert "varied: instances like its own (x0, L of Isotropic)" in out
    command = out.split("kept: ")[1].strip()
    for file in ("helper_of_kept.py", "own paper.py"):  # what is kept needs neither
        (tmp_path / file).unlink()
    program, *arguments = shlex.split(command)
    assert program == "convergence"
    done = subprocess.run(
        [sys.executable, "-m", "convergence", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "REFUTED, as expected" in done.stdout


def test_a_notebook_is_cut_into_what_is_needed(monkeypatch: pytest.MonkeyPatch):
    cells = ["", "x = 1\nclass A:\n    y = x\n", "1 +", "import numpy as np\nx = np.ones(2)", "x\n"]
    notebook = ModuleType("__main__")
    notebook.__dict__["In"] = cells
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    kept = cut("__main__", ["A"])
    assert bound_in(kept) == {"A", "x", "np"}
    assert "x = 1" not in kept  # of two cells that define it the later one counts


def test_a_name_that_means_two_things_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A class of the user's own called like one of the package that the module needs."""
    text = OWN.replace("NoNoise", "Isotropic").replace("import Isotropic", "import Isotropic as Q")
    text = text.replace("Isotropic([", "Q([")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "helper_of_kept.py").write_text(HELPER)
    (tmp_path / "two.py").write_text(text)
    from convergence.cli.gather import gather

    (claim,) = gather([str(tmp_path / "two.py")])
    kept = claim_module("A story.", claim)
    space: dict[str, object] = {"__name__": "kept"}
    exec(compile(kept, "kept", "exec"), space)
    assert "import Isotropic as Isotropic_" in kept
    (again,) = space["CLAIMS"]  # type: ignore[misc]
    assert again.slug == "falls"
