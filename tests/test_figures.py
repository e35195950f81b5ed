"""Figures come out the same each time, whatever a report holds."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.cli import main
from convergence.cli.drawing import drawers, perform
from convergence.cli.gather import gather
from convergence.figures import rate, verdicts
from convergence.figures.columns import band, numbers, slopes, statement, tightest
from convergence.figures.runs import simulate
from convergence.figures.style import panels, plain_log, power, save, styled
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic

OWN = str(Path(__file__).with_name("own.py"))
KINDS = ("pathwise", "expectation", "exact", "rate", "floor", "separation")


def row(T: int, estimate: Any, interval: list[Any], bound: Any) -> dict[str, Any]:
    return {
        "T": T, "seeds": 8, "estimate": estimate, "interval": interval, "bound": bound,
        "e_value": None, "grade": None, "vacuous": False, "note": "",
    }  # fmt: skip


def report(
    kind: str = "expectation", rows: list[Any] | None = None, **other: Any
) -> dict[str, Any]:
    if rows is None:
        rows = [row(T, 1 / T, [0.9 / T, 1.1 / T], 1.5 / T) for T in (10, 100, 1000)]
    return {
        "slug": f"a-{kind}", "family": "own", "kind": kind, "statement": "E M ≤ √b " * 20,
        "verdict": "CONSISTENT", "expect": "CONSISTENT", "slack": 1.5, "power": 2.0,
        "vacuous": False, "horizons": rows, "theorem": "Some", "alpha": 1e-6, **other,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_with_its_numbers(kind: str, tmp_path: Path):
    made = rate.draw(report(kind), tmp_path)
    assert {p.suffix for p in made} == {".svg", ".pdf", ".png", ".csv"}
    assert all(p.stat().st_size > 100 for p in made)
    with open(tmp_path / f"a-{kind}.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(r["T"]) for r in rows] == [10, 100, 1000]
    assert float(rows[0]["bound"]) == 0.15


@pytest.mark.parametrize(
    "rows",
    [
        [row(5, 0.0, [0.0, 0.0], 0.0)],
        [row(5, 1.0, [1.0, 1.0], [1.0, 1.0]), row(9, 1.0, [1.0, 1.0], [1.0, 1.0])],
        [row(5, -1.0, [-2.0, "inf"], 0.0), row(9, -3.0, ["-inf", 1.0], 0.0)],
        [row(5, "nan", ["nan", "nan"], 1.0), row(9, "inf", ["nan", "inf"], 1.0)],
        [row(5, 1e-90, [0.0, 1.0], ["-inf", "inf"]), row(9, 1e90, [0.0, 1.0], [0.5, "inf"])],
        [row(T, 1.0, [0.9, 1.1], 2.0) for T in range(1, 40)],
    ],
    ids=["zero", "equality", "negative", "not finite", "extreme", "many"],
)
def test_odd_numbers_are_drawn_without_warnings(rows: list[Any], tmp_path: Path):
    assert len(rate.draw(report(rows=rows), tmp_path)) == 4


def test_a_report_without_horizons_has_no_figure(tmp_path: Path):
    assert rate.draw(report("identity", []), tmp_path) == []


def test_the_band_is_named_for_what_it_is():
    def said(kind: str, rows: list[Any]) -> str:
        return band(report(kind, rows))

    sampled = [row(T, 1.0, [0.9, 1.1], 2.0) for T in (1, 2, 3)]
    assert said("expectation", sampled).endswith("with probability 6e-06")  # 2·3 limits
    assert said("exact", sampled).endswith("with probability 1e-06")
    assert said("rate", sampled).endswith("with probability 3e-06 (asymptotic)")
    assert "lowest to the highest" in said("pathwise", sampled)
    assert "no certified limit" in said("expectation", [row(1, 1.0, [0.9, "inf"], 2.0)])
    assert "without sampling" in said("exact", [row(1, 1.0, [1.0, 1.0], 1.0) | {"seeds": 0}])


def test_slopes_are_those_of_the_powers():
    rows = [row(T, 2.0 / T, [0, 1], T**-0.5) for T in (1, 10, 100)]
    assert slopes(numbers(rows)) == pytest.approx((-1.0, -0.5))
    assert slopes(numbers(rows[:2])) is None
    assert slopes(numbers([row(T, -1.0, [0, 1], 1.0) for T in (1, 2, 3)])) is None


def test_the_tight_instance_is_the_tightest_of_the_same_statement(tmp_path: Path):
    loose = report(slug="loose", slack=9.0)
    close = report(slug="close", slack=1.05)
    closest = report(slug="closest", slack=1.01)
    other = report(slug="other", slack=1.0, statement="something else")
    false = report(slug="false", slack=1.0, verdict="REFUTED")
    found = tightest([loose, close, closest, other, false])
    assert found[statement(loose)] is closest
    assert len(found) == 2
    rate.draw(loose, tmp_path, "alone")
    rate.draw(loose, tmp_path, "beside", tight=closest)
    alone, beside = ((tmp_path / f"{name}.svg").read_bytes() for name in ("alone", "beside"))
    assert alone != beside


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(1e-9, 1e-1, 7), (0.09, 0.4, 7), (1.0, 1.0001, 2), (5e-4, 2e-3, 7)],
)
def test_logarithmic_ticks_are_few_and_within(low: float, high: float, marks: int):
    with styled():
        _, axes = panels()
        axes.set_yscale("log")
        axes.plot([1, 2], [low, high])
        plain_log(axes.yaxis, low, high)
        ticks = axes.get_yticks()
    assert 2 <= len(ticks) <= marks
    assert all(low <= tick <= high for tick in ticks)


def test_powers_are_written_out():
    words = ["10⁻¹²", "10⁵", "0.01", "1000", "0.25"]
    assert [power(v) for v in (1e-12, 1e5, 0.01, 1000, 0.25)] == words


def test_what_has_not_changed_is_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"

    def figures(slack: float) -> str:
        jobs = drawers([report(slug="one", slack=slack)], out)
        assert not any(figure["error"] for figure in perform(jobs, out, 1))
        return capsys.readouterr().err

    assert "unchanged" not in figures(1.5)
    before = (out / "claims/one.svg").stat().st_mtime_ns
    assert "2 of them unchanged" in figures(1.5)
    assert (out / "claims/one.svg").stat().st_mtime_ns == before
    (out / "claims/one.pdf").unlink()
    assert "1 of them unchanged" in figures(1.5)
    assert (out / "claims/one.pdf").exists()
    assert "unchanged" not in figures(1.6)
    (out / "drawn.json").write_text("[")
    assert "unchanged" not in figures(1.6)


def test_the_overview_takes_every_verdict(tmp_path: Path):
    entries = [
        report(slug=f"claim-{i}", verdict=v, expect="CONSISTENT", slack=s, power=p)
        for i, (v, s, p) in enumerate(
            [
                ("CONSISTENT", 1.0, 1.1),
                ("REFUTED", 0.2, None),
                ("INCONCLUSIVE", "inf", "nan"),
                ("INAPPLICABLE", None, None),
                ("CONSISTENT", 1e80, 1e80),
            ]
        )
    ]
    assert len(verdicts.draw(entries, tmp_path)) == 4
    assert verdicts.draw([], tmp_path) == []


def test_the_files_are_the_same_bytes_in_another_process(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from convergence.figures import rate\n"
        "from tests.test_figures import report; rate.draw(report(), Path(sys.argv[1]))"
    )
    for name in ("a", "b"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], check=True)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_no_global_state_is_touched(tmp_path: Path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    rate.draw(report(), tmp_path)
    assert dict(matplotlib.rcParams) == before


def test_columns_of_unequal_length_are_refused(tmp_path: Path):
    with styled():
        figure, _ = panels()
        with pytest.raises(ValueError, match="lengths"):
            save(figure, tmp_path, "x", {"a": [1], "b": [1, 2]})


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main(["figures"]) == 2
    assert "nothing to draw" in capsys.readouterr().err
    Path("paper_figures").mkdir()
    Path("paper_figures/one.py").write_text("def draw(out):\n    (out / 'x').touch()\n")
    Path("paper_figures/two.py").write_text("def draw(out):\n    raise RuntimeError('no ink')\n")
    Path("out").mkdir()
    assert main(["figures", "one", "--out", "out"]) == 0
    assert Path("out/x").exists()
    assert main(["figures", "--out", "out"]) == 2
    assert "RuntimeError: no ink" in capsys.readouterr().err
    assert main(["figures", "onne"]) == 2
    assert "did you mean 'one'?" in capsys.readouterr().err


def test_runs_behind_figures_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    oracle = Oracle(Isotropic([1.0, -1.0]), Gaussian(1.0))
    with precision("float64"):
        first = simulate("x", oracle, SGD(0.1), GradNormSq(), 8, 4)
        monkeypatch.setattr("convergence.claims.settings.run", None)  # whatever runs now fails
        again = simulate("x", oracle, SGD(0.1), GradNormSq(), 8, 4)
        np.testing.assert_array_equal(first.values, again.values)
        for name, step, T in (("y", 0.1, 8), ("x", 0.2, 8), ("x", 0.1, 9)):
            with pytest.raises(TypeError):
                simulate(name, oracle, SGD(step), GradNormSq(), T, 4)


@pytest.mark.parametrize("named", [[OWN], []])
def test_verify_draws_what_is_named(
    named: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """And the papers' figures."""
    monkeypatch.chdir(tmp_path)
    Path("paper_figures").mkdir()
    Path("paper_figures/flat.py").write_text("def draw(out):\n    (out / 'flat.png').touch()\n")
    monkeypatch.setattr("convergence.cli.verify.gather", lambda targets: gather([OWN]))
    main(["verify", *named, "--figures", "--quiet"])
    drawn = {p.stem for p in Path("results/figures").rglob("*.png")}
    assert drawn == {"verdicts", "flat"} | ({"own-good", "own-odd"} if named else set())
