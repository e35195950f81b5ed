"""The search finds a step beyond 2/L unaided and keeps it; true bounds survive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.testing.falsify import falsify
from convergence.theorems.ghadimi2013 import SGDAnyStep, SGDNonconvex
from convergence.theorems.moment_lemmas import VonBahrEsseenOne

SQUARE, NOISE = Isotropic([1.0, -1.0]), Gaussian(1.0)
TOO_LARGE = """
from convergence import Claim
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.theorems.ghadimi2013 import SGDAnyStep

CLAIMS = (Claim("big", SGDAnyStep(scale=2.2), Isotropic([1.0, -1.0]), Gaussian(), horizons=(16,)),)
"""


def test_a_violation_is_found_kept_and_verified_again(
    tmp_path: Path, test_seed: int, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "paper.py").write_text(TOO_LARGE)
    out = tmp_path / "found"
    seed = ["--seed", str(test_seed)]
    assert (
        main(["falsify", str(tmp_path / "paper.py"), "--budget=1", "--out", str(out), *seed]) == 1
    )
    assert "VIOLATED" in capsys.readouterr().out
    kept = out / "big_violated.py"
    # The module expects REFUTED, and that is what a fresh judgement of it finds.
    assert main(["verify", str(kept), "--out", str(tmp_path / "results"), "--jobs=1"]) == 0


def test_a_true_bound_survives_and_its_tightness_is_told(test_seed: int):
    claim = Claim("gl", SGDNonconvex(), SQUARE, NOISE, horizons=(16,))
    found = falsify(claim, budget=0.1, seed=test_seed)
    assert found.module is None
    assert found.candidates >= 48  # a batch of each of three families
    # The bound is loose by f(x_T) − f* alone, which some candidates make a small part of it.
    assert 0.3 < found.ratio < 1.1


def test_a_step_within_the_theorem_is_not_blamed(test_seed: int):
    claim = Claim("ok", SGDAnyStep(scale=0.5), SQUARE, NOISE, horizons=(16,))
    assert falsify(claim, budget=0.1, seed=test_seed).module is None


def test_statements_without_a_bound_are_refused():
    with pytest.raises(InvalidInput, match="only a bound has a ratio"):
        falsify(Identity("vbe", VonBahrEsseenOne()))


def test_a_bad_budget_is_one_sentence(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["falsify", "sgd-ghadimi-lan", "--budget=-1"])
    assert "a time of more than 0 s is needed" in capsys.readouterr().err
