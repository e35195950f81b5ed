"""The scripts of paper_figures/ can be run, and draw."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.claims.modules import load
from convergence.claims.settings import Session
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.runner.run import checkpoints

SCRIPTS = sorted(Path("paper_figures").resolve().glob("[!_]*.py"))
SIMULATED = [path for path in SCRIPTS if "simulate(" in path.read_text()]


@pytest.mark.parametrize("path", SIMULATED, ids=lambda path: path.stem)
def test_what_a_published_figure_runs_can_be_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With numbers made up in place of runs, which take minutes."""

    def made_up(self: Session, what: Simulation, seeds: int) -> Record:
        run, marks = what.experiment, what.marks
        marks = np.unique(checkpoints(what.T)) if marks is None else np.asarray(marks)

        def read(key: Any) -> Any:
            state = run.algorithm.init(run.problem.start(), run.oracle, key)
            metric: Any = run.metric
            return metric.read(
                jnp.zeros((), int), metric.init(run.problem, state), run.problem, state
            )

        one = eqx.filter_eval_shape(read, jax.random.key(0))
        noise = 1.0 + np.random.default_rng(0).random((seeds, *one.shape, len(marks)))
        values = np.moveaxis(noise * np.geomspace(1.0, 1e-9, len(marks)), -1, 1)
        finite = np.ones((seeds, len(marks)), bool)
        return Record(what.T, marks, values, finite, np.full(seeds, -1, np.int32))

    saved: list[str] = []
    monkeypatch.setattr(Session, "record", made_up)

    def keep(figure: Any, out: Path, name: str, table: Any) -> list[Path]:
        saved.append(name)
        return [out / name]

    # The second has the function by its own name, and must not be imported once it is replaced.
    names = ("convergence.figures.style", "convergence.figures.performance")
    for module in [importlib.import_module(name) for name in names]:
        monkeypatch.setattr(module, "save", keep)
    load(path).draw(tmp_path)
    assert saved == [path.stem]


@pytest.mark.full
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_published_figure_is_drawn(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    load(path).draw(tmp_path)
    assert (tmp_path / f"{path.stem}.pdf").is_file()
