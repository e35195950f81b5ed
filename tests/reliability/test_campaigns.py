"""The campaigns, small with every run and large with `TIER=full` or `make reliability`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.page import write
from tests.reliability.tally import Tally

ROOT = Path(__file__).parents[2]


def campaigns(*words: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: it forks before anything starts a backend of JAX."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.reliability", *words]
    around = {**os.environ, "JAX_PLATFORMS": "cpu"}
    return subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True)


def test_nothing_is_lost_and_nothing_silently_wrong():
    done = campaigns()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("survived") == 8


def test_a_campaign_alone_leaves_the_others_on_the_page(tmp_path: Path):
    page = tmp_path / "page.md"
    write({n: (Tally(n, "all", 1), 0.0) for n in ("first", "second")}, page)
    write({"first": (Tally("first", "all", 7), 0.0)}, page)
    rows = [line for line in page.read_text().splitlines() if line.endswith(" s |")]
    assert rows == ["| first | all | 7 | 7 | 0 s |", "| second | all | 1 | 1 | 0 s |"]


@pytest.mark.full
def test_nothing_is_lost_and_nothing_silently_wrong_in_the_large():
    done = campaigns("--large")
    assert done.returncode == 0, done.stdout + done.stderr
