"""What a first user gets wrong is one sentence that says what to write, with the user's line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pytest

from convergence.algorithms import SGD
from convergence.claims.modules import load
from convergence.errors import InvalidInput
from convergence.metrics import DistanceSq
from convergence.noise import Noiseless
from convergence.oracles.base import Oracle
from convergence.problems import Huber
from convergence.problems.max_abs import MaxAbs
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.statistics.judges import apart, judge_pathwise
from convergence.statistics.verdict import Sample
from convergence.testing import assert_converges
from convergence.theorems import GradientDescentConvex

MODULE = '''\
import jax.numpy as jnp
from convergence import Claim, Verdict
from convergence.algorithms import SGD, AbstractAlgorithm, State
from convergence.metrics import GradNorm
from convergence.problems import Isotropic
from convergence.theorems import AbstractTheorem, Kind, Provenance, Source


class Turns(AbstractAlgorithm):
    def init(self, x0, oracle, key):
        return State(x0)

    def step(self, t, state, oracle, key):
        g = oracle.grad(state.x, key)
        return State(state.x - g)


class Own(AbstractTheorem):
    """A statement."""

    kind = Kind.PATHWISE
    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "‖∇f(x_T)‖ ≤ 1"

    def prescribe(self, c, T):
        return SGD(0.1)

    def metric(self, c, T):
        return GradNorm()

    def bound(self, c, T):
        return 1.0


CLAIMS = (Claim("own-mistake", Own(), Isotropic([0.5]), horizons=(4,), seeds=1),)
'''
# What is written instead, what is said, and the line that is named.
MISTAKES = {
    "enum": ("seeds=1", "expect='REFUTED'", "write Verdict.REFUTED", 36),
    "horizon": ("(4,)", "4", "write horizons=(4,)", 36),
    "kind": ("Kind.PATHWISE", "'pathwise'", "write Kind.PATHWISE", 36),
    "provenance": ("Provenance.DERIVED", "'derived'", "write Provenance.DERIVED", 36),
    "source": ('Source("own", "here")', "'own'", "write Source(…)", 36),
    "metric": ("GradNorm()", "GradNorm", "return GradNorm(…)", 29),
    "algorithm": ("SGD(0.1)", "SGD", "return SGD(…)", 26),
    "if": (
        "    return State(state.x - g)",
        "    g = -g if g[0] > 0 else g\n        return State(state.x - g)",
        "write jnp.where(condition, one, other)",
        15,
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the command line says of each, in a process where no type checker is before it."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name, (old, new, _, _) in MISTAKES.items():
        text = MODULE.replace(old, new)
        assert text != MODULE
        text = text.replace("SGD(0.1)", "Turns()") if name == "if" else text
        (folder / f"own_{name}.py").write_text(text)
    code = (
        "from convergence.cli import main\n"
        f"for name in {list(MISTAKES)}:\n"
        "    print(main(['verify', f'own_{name}.py', '--quiet']), flush=True)\n"
        "    print('== end', flush=True)\n"
        "main(['verify', 'own_if.py', '--quiet', '--debug'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, text=True, stdout=-1, stderr=subprocess.STDOUT
    )
    parts = done.stdout.split("== end")
    return dict(zip([*MISTAKES, "debug"], (" ".join(part.split()) for part in parts), strict=True))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_with_its_line(name: str, told: dict[str, str]):
    _, _, said, line = MISTAKES[name]
    assert said in told[name]
    assert told[name].count(f"(own_{name}.py:{line})") == 1, told[name]
    assert "Traceback" not in told[name]
    assert told[name].endswith(" 2")


def test_the_traceback_is_there_for_who_asks(told: dict[str, str]):
    assert 'Traceback (most recent call last): File "' in told["debug"]
    assert "write jnp.where" in told["debug"]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (optax.sgd, "write optax.sgd(1e-2), or lambda c, T: optax.sgd(1 / c.L)"),
        (optax.contrib.muon, "write optax.muon(1e-2)"),
        (Huber, "write Huber(…)"),
    ],
    ids=["optax", "contrib", "class"],
)
def test_what_makes_a_method_is_no_method(method: Any, said: str):
    with pytest.raises(InvalidInput) as caught:
        assert_converges(method, theorem=GradientDescentConvex(), problem=Huber(0.1))
    assert said in str(caught.value)


def test_numbers_that_differ_in_late_digits_are_told_apart():
    assert apart(1.5, 1.0, 0.3, 1e-9) == "1.5 against ≤ 1"
    found = judge_pathwise([Sample(3, np.array([1 + 2e-12]), 1.0)], rounding=[1e-14])
    assert "1.000000000002 against ≤ 1: 2e-12 beyond it, 1e-14 granted" in found.reason


def test_a_metric_that_asks_a_problem_for_what_it_has_not_names_both():
    problem = Huber(0.1)
    asked = Experiment(problem, Oracle(problem, Noiseless()), SGD(0.1), DistanceSq())
    with pytest.raises(InvalidInput, match=r"Huber, .* DistanceSq asks .* define Huber\.x_star,"):
        run(asked, 4, jax.random.key(0), seeds=range(1))


@pytest.mark.parametrize(("count", "d"), [(5, 4), (0, 4), (0, None)])
def test_a_corner_has_as_many_entries_as_it_asks_for(count: int, d: int | None):
    assert MaxAbs.corner(4, d=6).x0.shape == (6,)
    with pytest.raises(InvalidInput, match=f"a corner of {count} of "):
        MaxAbs.corner(count, d=d)


def test_a_file_that_needs_torch_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "needs.py").write_text("import torch\n")
    with pytest.raises(InvalidInput, match=r"pip install 'convergence-lab\[torch\]'"):
        load(tmp_path / "needs.py")
