"""`convergence rate`: laws of methods without a theorem, and what breaks a conjecture."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Settings
from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.problems import Isotropic, Quadratic
from convergence.registry import named
from convergence.search import conjecture as conjecturing
from convergence.search import falsify as falsifying
from convergence.search.conjecture import conjecture
from convergence.search.conjectured import Conjecture
from convergence.search.estimate import about, estimate, sampled, subject
from convergence.statistics import Sample, Verdict
from convergence.theorems import GradientDescentConvex, Kind, SGDNonconvex

Said = pytest.CaptureFixture[str]
STEPS = (4, 8, 16, 32, 64)


def known(slug: str) -> Any:
    claim = named(slug)
    assert claim is not None
    return claim


@pytest.mark.parametrize(
    ("slug", "exponent", "constant"),
    [("gd-value-half-step", 1.0, 0.5), ("nesterov-convex", 2.0, 2.0)],
)
def test_rates_of_the_textbook(slug: str, exponent: float, constant: float) -> None:
    """LR²/(2T + 2) and 2LR²/((T + 2)(T + 3)), both with R = 1."""
    found = estimate(subject(known(slug)), (8, 16, 32, 64, 128, 256), Settings())
    assert found.grade == "exact"
    assert found.law is not None
    assert found.law.guess == exponent
    # The constant is the largest M T^p on the horizons: at 256, a shift of 2.5 leaves 2 %.
    assert found.law.constant[1] == pytest.approx(constant, rel=0.03)


def test_a_geometric_rate() -> None:
    """‖x_T − x*‖ ≤ ϱ^T R is attained: r = −log ϱ."""
    claim = known("gd-distance-contraction")
    found = estimate(subject(claim), (8, 16, 32, 64, 128), Settings()).law
    assert found is not None
    assert found.shape == "geometric"
    c = claim.instance(8)[2]
    ratio = claim.theorem.bound(c, 65) / claim.theorem.bound(c, 64)
    assert found.exponent[0] < -math.log(ratio) < found.exponent[1]


def test_a_floor_is_a_level_and_no_conjecture() -> None:
    found = conjecture(known("sgd-strongly-convex"), budget=0)
    assert found.estimate.points[0].seeds == 0  # exact moments
    assert found.estimate.law is not None
    assert found.estimate.law.level
    assert found.claim is None
    assert "nothing decays" in found.why


def test_runs_have_limits_and_no_tail_has_none() -> None:
    rng = np.random.default_rng(3)
    runs = [rng.uniform(0.0, 2.0, 4096) / T for T in (4, 16, 64, 256)]
    times = (4, 16, 64, 256)
    seen = [Sample(T, v, 1.0, ceiling=2.0 / T) for T, v in zip(times, runs, strict=True)]
    found = sampled(seen, 1e-3)
    assert found.grade == "certified"
    assert found.law is not None
    assert found.law.exponent[0] < 1 < found.law.exponent[1]
    assert found.law.guess == 1
    bare = sampled([dataclasses.replace(s, ceiling=None) for s in seen], 1e-3)
    assert bare.law is None
    assert "no limits of the means" in bare.why
    few = sampled([dataclasses.replace(s, values=s.values[:40]) for s in seen], 1e-3)
    assert few.law is None
    assert "are possible: more seeds" in few.why
    lost = [dataclasses.replace(seen[-1], values=np.full(3, np.inf)), *seen[:-1]]
    assert "diverge at T = 256" in sampled(lost, 1e-3).why


def test_a_conjecture_is_judged_like_any_statement() -> None:
    """On (L/2)‖x‖² a step of 1/(2L) takes ¾ of f − f*: what is slower holds, what is faster not."""
    base = subject(known("gd-value-half-step"))
    for constant, verdict in ((1.2, Verdict.CONSISTENT), (1.0, Verdict.REFUTED)):
        claim = about(base, (8, 64), since=8, exponent=1.0, constant=constant)
        assert claim.verify(Settings()).verdict is verdict
    for exponent, verdict in ((1.0, Verdict.CONSISTENT), (1.2, Verdict.REFUTED)):
        claim = about(base, (8, 32, 128, 512), since=8, exponent=exponent)
        assert claim.kind is Kind.RATE
        assert claim.verify(Settings()).verdict is verdict


def test_the_bound_of_a_conjecture_by_hand() -> None:
    c = Isotropic([3.0]).constants()
    of = GradientDescentConvex()
    b = 9 / 34  # LR²/(4T + 2) at T = 8
    assert Conjecture(of, 8, 0.5, 2.0).bound(c, 32) == pytest.approx(b)
    assert Conjecture(of, 8, 0.5).bound(c, 32) == pytest.approx(b / 2)
    decayed = Conjecture(of, 8, 0.5, 2.0, geometric=True)
    assert decayed.bound(c, 10) == pytest.approx(2 * b / math.e)
    with pytest.raises(InvalidInput, match="constant"):
        Conjecture(of, 8, 0.5, -1.0)


def test_what_one_instance_shows_is_broken_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """On ½x² gradient descent is geometric; a curvature that is small is slow, and found, on a
    clock that counts how often it is looked at."""
    ticks = SimpleNamespace(perf_counter=map(float, itertools.count()).__next__)
    monkeypatch.setattr(conjecturing, "time", ticks)
    monkeypatch.setattr(falsifying, "time", ticks)
    theorem = known("gd-value-half-step").theorem
    easy = Claim("easy", theorem, Quadratic([1.0, 1.0], [1.0, 0.2]), horizons=(8,), seeds=1)
    found = conjecture(easy, STEPS, budget=300.0)
    assert found.estimate.law is not None
    assert found.estimate.law.shape == "geometric"
    assert found.breaks
    first = found.breaks[0]
    assert first.law is None or first.law.guess < found.estimate.law.guess
    assert "CLAIMS" in first.module


def test_the_command_keeps_what_it_conjectures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "turns.py", "--kind", "rate"]) == 0
    assert main(["rate", "turns.py", "--budget", "0"]) == 0
    said = capsys.readouterr().out
    assert "power law on T = 8 … 1024: C T^−1" in said
    assert all(len(line) <= 100 for line in said.splitlines()[1:])
    assert main(["verify", "results/conjectures/half-and-whole_conjecture.py", "--quiet"]) == 0
    assert main(["rate", "sgd-strongly-convex", "--budget", "0"]) == 1
    assert "no conjecture: nothing decays" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["silver-value"], "T + 1 must be a power of two"),
        (["subgradient-average"], "no instance there"),
        (["gd-huber-tight", "--horizons", "1", "2", "2", "4"], "4 different ones is needed"),
        (["heavy-ball-radius"], "a statement about the metric of one method is needed"),
        (["adawac-weights-regret"], "a statement about the metric of one method is needed"),
        (["gd-huber-tight", "--budget", "-1"], "more than 0 s"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], says: str, capsys: Said) -> None:
    try:
        code = main(["rate", *arguments])
    except SystemExit as leave:
        code = leave.code
    assert code == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_a_metric_that_may_be_negative_is_refused() -> None:
    with pytest.raises(InvalidInput, match="one number ≥ 0 a run"):
        sampled([Sample(T, np.array([1.0, -1.0]), 1.0) for T in STEPS], 1e-3)


@pytest.mark.standard
def test_noise_is_seen_in_the_rate() -> None:
    """SGD with the step of Ghadimi and Lan under noise: T^−½ of ‖∇f‖², by exact moments."""
    claim = Claim(
        "noisy", SGDNonconvex(), Isotropic(np.ones(4)), known("sgd-ghadimi-lan").noise,
        horizons=(8,),
    )  # fmt: skip
    found = estimate(subject(claim), (64, 256, 1024, 4096, 16384), Settings())
    assert found.law is not None
    assert found.law.guess == pytest.approx(0.5)
