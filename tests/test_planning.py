"""Plans of claims: what they say, and that runs of so many seeds come out so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from convergence.claims.report import Report
from convergence.claims.settings import Settings
from convergence.cli import main
from convergence.registry import named
from convergence.statistics import Verdict

SLUG = "golore-sgd-law"
OWN = str(Path(__file__).with_name("own.py"))


def test_inconclusive_names_a_number_that_decides(test_seed: int):
    claim = named(SLUG)
    assert claim is not None

    def verified(seeds: int) -> Report:
        return claim.verify(Settings(claims=100, seed=test_seed, seeds=seeds))

    few = verified(128)
    assert few.verdict is Verdict.INCONCLUSIVE
    found = re.search(r"about (\d+) seeds are needed \(`convergence plan`\)", few.reason)
    assert found, few.reason
    # The number is for nine of ten runs, and so twice as many decide but for one in hundreds.
    enough = verified(2 * int(found[1]))
    assert enough.verdict is Verdict.CONSISTENT


def test_a_plan_is_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str], test_seed: int):
    how = ["--seed", str(test_seed), "--out", str(tmp_path)]
    said = ["plan", SLUG, "galore-lemma-3-3", "--power", "1.04", "--budget", "1", "--json", "-"]
    assert main([*said, *how]) == 0
    plan, other = json.loads(capsys.readouterr().out)["claims"]
    assert other["rows"] == []
    assert "no number of seeds decides it" in other["note"]
    together, *alone = plan["rows"]
    assert [row["horizons"] for row in alone] == [[T] for T in together["horizons"]]
    seeds = together["power"]["seeds"]
    assert together["power"]["seconds"] == pytest.approx(
        seeds * sum(together["horizons"]) / plan["speed"]
    )
    assert together["verdict"]["seeds"] >= max(row["verdict"]["seeds"] for row in alone)
    assert main(["verify", SLUG, "--seeds", str(seeds), *how, "--json", "-"]) in (0, 1)
    (claim,) = json.loads(capsys.readouterr().out)["claims"]
    assert claim["power"] == pytest.approx(1.04, rel=0.05)
    assert main([*said, *how]) == 0
    assert json.loads(capsys.readouterr().out)["claims"][0]["look"] == 2


def test_a_plan_for_people_and_a_power_out_of_reach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["plan", OWN, "--out", str(tmp_path), "--budget", "1"]) == 0
    text = capsys.readouterr().out
    assert "own-good (expectation)" in text
    assert re.search(r"4–8 together +1\.\d+ +\d+ .* none", text)
    assert max(map(len, text.splitlines())) <= 100


def test_bad_input_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for odd in (["--power", "1"], ["--budget", "0"], ["--alpha", "2"]):
        with pytest.raises(SystemExit) as leave:
            main(["plan", OWN, *odd])
        assert leave.value.code == 2
        assert "is needed" in capsys.readouterr().err
    assert main(["plan", "golore-sgd-lww", "--out", str(tmp_path)]) == 2
    assert "did you mean 'golore-sgd-law'" in capsys.readouterr().err
