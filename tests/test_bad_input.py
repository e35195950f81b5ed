"""Fields of wrong types and ranges: one sentence each, none of them silent, none endless."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Settings, Verdict, verify
from convergence.claims.assemble import judge, signs
from convergence.claims.fields import counts
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import look
from convergence.problems.huber import Huber
from convergence.problems.quadratic import Isotropic
from convergence.runner import plan
from convergence.shapes import real, whole
from convergence.statistics import Sample
from convergence.theorems.base import Kind
from tests.own import GOOD


def test_fields_of_other_types_and_ranges_are_sentences():
    command = [sys.executable, "-m", "tests.bad_input"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_empty_iterate_and_a_start_at_the_optimum():
    with pytest.raises(InvalidInput, match="entries"):
        verify(dataclasses.replace(GOOD, problem=lambda T: Isotropic(np.ones(0))))
    report = verify(dataclasses.replace(GOOD, problem=Isotropic(np.zeros(3)), seeds=64))
    assert report.verdict is not Verdict.REFUTED


def test_a_billion_seeds_and_endless_horizons_are_refused_before_they_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(InvalidInput, match="GiB"):
        verify(dataclasses.replace(GOOD, horizons=(4,), seeds=10**9))
    with pytest.raises(InvalidInput, match="GiB"):
        verify(dataclasses.replace(GOOD, horizons=(4,), seeds=64, chunk=2**31 - 1))
    monkeypatch.setattr(plan, "LIMIT", 1.0)
    with pytest.raises(InvalidInput, match="ask for shorter horizons"):
        verify(dataclasses.replace(GOOD, horizons=(2**31 - 2,), seeds=64))


def test_a_large_iterate_is_run_alone():
    what = dataclasses.replace(GOOD, problem=Isotropic(np.ones(plan.LARGE))).experiment(4)
    assert plan.chunk_width(what, 256) == 1
    assert plan.chunk_width(GOOD.experiment(4), 256) == 256


@pytest.mark.parametrize("size", [200, 5000, 10**6])
def test_a_large_instance_is_checked_in_little_memory(size: int):
    """What is certified is true at every size, and nothing that is made has d² entries."""
    code = (
        "import dataclasses, pathlib, resource, numpy as np, convergence\n"
        "from convergence.problems import Isotropic\nfrom tests.own import GOOD\n"
        f"claim = dataclasses.replace(GOOD, problem=Isotropic(np.ones({size})), horizons=(4,))\n"
        "print(convergence.verify(claim, seeds=2).verdict)\n"
        # On Linux ru_maxrss begins with what the parent held when it started the child.
        "own = pathlib.Path('/proc/self/status')\n"
        "peaks = [s.split()[1] for s in own.read_text().splitlines() if s.startswith('VmHWM')]"
        " if own.exists() else []\n"
        "print(*peaks or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    verdict, kilobytes = done.stdout.split()
    assert verdict in ("CONSISTENT", "INCONCLUSIVE"), done.stderr  # of two runs
    assert int(kilobytes) < 1.5 * 2**20


def test_an_instance_that_memory_does_not_hold_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(look, "available", lambda: 10**6)
    with pytest.raises(InvalidInput, match="take a smaller one"):
        verify(dataclasses.replace(GOOD, problem=Isotropic(np.ones(look.LARGE)), horizons=(4,)))


@pytest.mark.parametrize(
    "value",
    ["1", 1j, True, np.ones(2) * 1j, np.array(["1"]), jnp.ones(2) * 1j, jnp.array(True), [1, "2"],
     np.ma.array([1.0, 2.0], mask=[False, True]), np.array([np.datetime64(0, "s")]), 10**400],
    ids=str,
)  # fmt: skip
def test_a_field_takes_no_text_no_flag_and_no_complex_or_masked_number(value: Any):
    """NumPy would convert each of them: a half of a complex number, what a mask hides."""
    for convert in (real, whole):
        with pytest.raises(InvalidInput, match="in a field"):
            convert(value)
    with pytest.raises(InvalidInput):
        Constants(L=value)


def test_a_field_takes_whole_numbers_that_are_and_fractions():
    for value in (4.5, 4.0, 2**40):
        with pytest.raises(InvalidInput, match="of 32 bits"):
            whole(value)
    assert real(np.array([Fraction(1, 2)])) == 0.5
    assert whole([np.int64(3)]) == 3


def test_a_claim_counts_in_numbers_without_a_width():
    """100² is no number of 8 bits, and a bound may well take it."""
    small = np.int8(100)
    claim = SimpleNamespace(horizons=(small,), more={"full": [small]}, seeds=small, chunk=small)
    found = counts(claim)
    numbers = *found["horizons"], *found["more"]["full"], found["seeds"], found["chunk"]
    assert [type(n) for n in numbers] == [int] * 4


@pytest.mark.parametrize("kind", [Kind.EXPECTATION, Kind.RATE, Kind.FLOOR])
def test_a_metric_that_is_nan_in_every_run_decides_nothing(kind: Kind):
    """Nor does it warn: there is no least of such values."""
    sample = Sample(4, np.full(8, np.nan), 1.0)
    signs(kind, sample)
    judged = judge(kind, [sample, dataclasses.replace(sample, T=8)], Settings(), 0.05)
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_fields_that_do_not_fit_each_other_are_a_sentence():
    """Nothing is wrong with the length of R before the constants ask for it."""
    with pytest.raises(InvalidInput, match=r"Got Huber.*shapes that fit each other"):
        verify(dataclasses.replace(GOOD, problem=Huber(1.0, [1.0])))
