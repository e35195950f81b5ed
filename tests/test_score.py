"""`convergence score`: from files to a table, a figure, or one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence.audit.cells import Audit, Cell, Outcome
from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.report.timetable import read
from convergence.statistics import scoring
from convergence.statistics.scoring import scores
from tests.test_report import claim, document

WIDE = "submission,w1,w2,w3\nA,1,4,inf\nB,2,1,inf\nC,inf,2,5\n"


def saved(folder: Path, text: str, name: str = "times.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_table_of_times(tmp_path: Path, capsys: Any) -> None:
    path = saved(tmp_path, WIDE)
    assert main(["score", str(path), "--figure", str(tmp_path / "p.svg")]) == 0
    said = capsys.readouterr().out
    assert "0.333333   0.335017" in said
    assert "3 solvers, 3 workloads" in said
    assert all((tmp_path / f"p.{kind}").exists() for kind in ("svg", "pdf", "png", "csv"))


def test_studies_and_trials(tmp_path: Path) -> None:
    """The median over studies of the fastest trial."""
    rows = [f"A,w,{s},{t},{s + t}" for s in (3, 1, 2) for t in (2, 1)]
    text = "submission,workload,study,trial,time to target (s)\n" + "\n".join(rows)
    found = read([saved(tmp_path, text)])
    assert sorted(found.draws.ravel()) == [2.0, 3.0, 4.0]
    assert found.medians().tolist() == [[3.0]]
    lone = read([saved(tmp_path, "workload,trial,time\nw,1,5\n", "mine.csv")])
    assert lone.names == ["mine"]


def test_intervals_and_verdicts(tmp_path: Path, capsys: Any) -> None:
    rng = np.random.default_rng(0)
    lines = [
        f"{name},{slow * t:.6f}"
        for name, slow in (("fast", 1.0), ("slow", 3.0))
        for t in np.exp(0.01 * rng.standard_normal(15))
    ]
    path = saved(tmp_path, "solver,w\n" + "\n".join(lines))
    assert main(["score", str(path), "--error", "0.05"]) == 0
    assert "fast scores above slow: CONSISTENT" in capsys.readouterr().out


def test_reports_and_audits(tmp_path: Path, capsys: Any) -> None:
    """Two runs: one misses the expected verdict of the second claim. Laws kept, of those asked."""

    def run(name: str, *claims: Any) -> Path:
        entries = [claim(s, v, expect="REFUTED", seconds=t) for s, t, v in claims]
        return saved(tmp_path, json.dumps(document(*entries)), f"{name}.json")

    one = run("one", ("a", 1.0, "REFUTED"), ("b", 2.0, "REFUTED"))
    two = run("two", ("a", 2.0, "REFUTED"), ("b", 1.0, "INCONCLUSIVE"))
    found = read([one, two])
    assert found.medians().tolist() == [[1.0, 2.0], [2.0, np.inf]]
    assert scores(found.medians()).tolist() == [1.0, pytest.approx(1 / 3)]
    cells = [[("x", "keeps"), ("y", "breaks"), ("z", "not asked")],
             [("x", "keeps"), ("y", "keeps"), ("z", "keeps")]]  # fmt: skip
    audit = audited(
        (f"p:{k}", [Cell(law, Outcome(what)) for law, what in row]) for k, row in enumerate(cells)
    )
    path = saved(tmp_path, json.dumps(audit), "audit.json")
    assert main(["score", str(path)]) == 0
    said = capsys.readouterr().out
    assert "1 laws were not asked" in said
    assert "0.500000" in said


def audited(found: Any) -> Any:
    """An audit of laws x, y, z."""
    rows = [
        Audit(target, "p", target, "0", "own", tuple(cells)).to_json() for target, cells in found
    ]
    laws = [
        {"id": law, "title": law, "everyone": True, "statement": law, "stochastic": False}
        for law in "xyz"
    ]
    run = {"date": "2000-01-01", "versions": {}, "targets": []}
    return {"schema": "convergence-audit/1", "run": run, "laws": laws, "rows": rows}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s,w\nA,0\n", "the time '0'"),
        ("s,w\nA,-3\n", "the time '-3'"),
        ("s,w\nA,nan\n", "the time 'nan'"),
        ("s,w\nA,soon\n", "the time 'soon'"),
        ("s,w\nA,1,2\n", "3 cells in row 2"),
        ("s,w\n", "1 rows"),
        ("s,workload,seconds\nA,w,1\n", "name it so"),
        ("solver,workload,time\nA,w,1\nB,v,1\n", "no time"),
        ("s,w\nA,1\nA,2\n", "2 times a cell"),
        ("s,w\nA,1\nA,2\nA,3\nB,1\n", "as many times"),
    ],
)
def test_bad_tables_are_one_sentence(tmp_path: Path, text: str, words: str, capsys: Any) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(InvalidInput) as error:
        read([path])
    assert words in str(error.value)
    assert main(["score", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_bad_files_and_options(tmp_path: Path, capsys: Any) -> None:
    assert main(["score", str(tmp_path / "none.csv")]) == 2
    assert main(["score", str(saved(tmp_path, "{}", "x.json"))]) == 2
    broken = {"schema": "convergence-report/1", "claims": [{"slug": "a"}]}
    assert main(["score", str(saved(tmp_path, json.dumps(broken), "y.json"))]) == 2
    few = saved(tmp_path, WIDE)
    assert main(["score", str(few), "--error", "0.05"]) == 2
    said = capsys.readouterr().err
    assert "1 draws of a time" in said
    with pytest.raises(SystemExit):
        main(["score", str(few), "--r-max", "1"])


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: scoring.scores([[0.0, 1.0]]), "a time of 0"),
        (lambda: scoring.scores([[-1.0, 1.0]]), "a time of -1"),
        (lambda: scoring.scores([[float("nan"), 1.0]]), "a time of nan"),
        (lambda: scoring.scores([["soon", 1.0]]), "numbers alone"),
        (lambda: scoring.scores([[1.0, 2.0], [1.0]]), "equal length"),
        (lambda: scoring.median_interval([1.0, 2.0, 3.0], 0.01), "8 of them or more"),
        (lambda: scoring.median_interval([], 0.01), "8 of them or more"),
        (lambda: scoring.median_interval([1.0, 2.0], 0.0), "between 0 and 1"),
        (lambda: scoring.median_interval([1.0, 2.0], float("nan")), "between 0 and 1"),
        (lambda: scoring.mean_score_intervals([[0.5, 0.2]], 2.0), "between 0 and 1"),
        (lambda: scoring.beats([[0.5, 0.2]], 0.0), "between 0 and 1"),
        (lambda: scoring.mean_score_intervals([[1.5, 0.2]], 0.05), "in [0, 1]"),
    ],
)
def test_bad_times_and_errors_are_one_sentence(ask: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(says)):
        ask()
