"""The prepared script for accelerators does all of its parts, small, on this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.benchmarks import accelerator
from tests.benchmarks._roofline import step_cost


def test_every_part_runs_on_the_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert accelerator.main(["--check", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "accelerator.md").read_text()
    assert page in capsys.readouterr().out
    assert "2 claims judged on both, 2 with the same verdict" in page
    assert "–" not in page
    rows = re.findall(r"^\| 2\^\d \| (.*) \|$", page, re.M)
    assert [len(row.split(" | ")) for row in rows] == [6]
    shares = [float(v) for v in re.findall(r"([\d.]+)% of", page)]
    assert len(shares) == 12
    assert all(v > 0 for v in shares[::2])
    assert list((tmp_path / "profile").rglob("*.xplane.pb"))


def test_a_verdict_that_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Run:
        def __init__(self, said: list[str], **_: object):
            file = Path(said[said.index("--json") + 1])
            verdict = "REFUTED" if file.stem == "here" else "CONSISTENT"
            file.write_text(json.dumps({"claims": [{"slug": "a", "verdict": verdict}]}))

        def wait(self, _: float) -> None:
            pass

    monkeypatch.setattr(accelerator.subprocess, "Popen", Run)
    lines, good = accelerator.parity(True, tmp_path, accelerator.Clock(9))
    assert not good
    assert "- a: REFUTED here, CONSISTENT on the CPU" in lines


def test_a_step_of_twice_the_seeds_costs_twice():
    few, many = (step_cost(accelerator.mixing(), seeds) for seeds in (64, 128))
    assert many[0] == pytest.approx(2 * few[0], rel=0.1)  # constants are read once
    assert many[1] == pytest.approx(2 * few[1], rel=0.1)


def test_what_the_limit_leaves_out_is_a_dash():
    lines, found = accelerator.speed(range(2, 3), 5, accelerator.Clock(0))
    assert found == {}
    assert lines[-1].count("–") == 6
