"""Figures for a paper: a claim's runs with their band and bound, and nothing burnt in."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence import Claim
from convergence.cli import main, paper
from convergence.errors import InvalidInput
from convergence.figures import plot_run
from convergence.figures.rate import draw_for_paper
from convergence.figures.runs import trajectory
from convergence.figures.style import math_text
from convergence.metrics import Average, Gap, GradNorm, Largest, Value
from convergence.metrics.attention import Along
from convergence.noise import Gaussian
from convergence.problems import Huber, Isotropic
from convergence.theorems import GradientDescentConvex, SGDNonconvex

OWN = Path(__file__).with_name("own.py")
EXACT = Claim("exact-run", GradientDescentConvex(), Huber(0.05), horizons=(8,), seeds=1)
NOISY = Claim("noisy-run", SGDNonconvex(), Isotropic([1.0, 2.0]), Gaussian(0.5), horizons=(8,))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_trajectory_is_that_of_the_method_with_its_bound():
    """Gradient descent with η = 1/L on Huber's linear part moves by w a step from x_0 = 1."""
    found = trajectory(EXACT, seeds=1, metric=Gap())
    x = 1 - 0.05 * np.arange(9)
    np.testing.assert_allclose(found.mean, 0.05 * x - 0.05**2 / 2, rtol=1e-12)
    assert (found.low == found.high).all()
    assert found.stated == "bound"  # 1/L does not depend on T: a bound at every t
    np.testing.assert_allclose(found.bound[1:], 1 / (4 * np.arange(1, 9) + 2), rtol=1e-12)
    assert (found.bound[1:] >= found.mean[1:]).all()


def test_a_bound_on_a_mean_of_squares_is_drawn_as_its_root():
    found = trajectory(NOISY, seeds=16)
    assert found.label == "‖∇f(x_t)‖"
    assert found.stated.startswith("root of the bound on (1/T) Σ")
    c = NOISY.instance(8)[2]
    level = NOISY.theorem.bound(c, 8)
    np.testing.assert_allclose(found.bound, np.sqrt(np.full(9, level)), rtol=1e-12)
    assert found.mean[0] == pytest.approx(c.grad0)
    average = np.mean(found.mean[:-1] ** 2)  # what the theorem bounds, of these runs
    assert average < level
    assert not np.isfinite(trajectory(NOISY, seeds=16, metric=Value()).bound).any()


def test_one_line_makes_a_figure():
    figure = plot_run(NOISY, seeds=8)
    (axes,) = figure.axes
    assert axes.get_xlabel() == "t"
    assert "∇f(x" in axes.get_ylabel()
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()][1] == "root mean square of 8 runs"
    figure.draw_without_rendering()
    inside = axes.get_window_extent()
    assert legend.get_window_extent().y0 >= inside.y1  # over nothing that is drawn
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    with pytest.raises(InvalidInput, match="one of the current state"):
        plot_run(NOISY, metric=Average(GradNorm()))


def test_the_figures_of_a_stored_report_are_bare(capsys: pytest.CaptureFixture[str]):
    main(["verify", str(OWN), "--quiet"])
    assert main(["figures", "own-good", "--for-paper", "--trust"]) == 0
    out = Path("results/figures/paper")
    assert {p.stem for p in out.iterdir()} == {"own-good", "own-good_run"}
    with open(out / "own-good.csv") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["band"].startswith("band: about all means at once")
    assert main(["figures", "--for-paper"]) == 2
    assert "a slug" in capsys.readouterr().err


def test_one_figure_that_fails_stops_no_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def draw(report: Any, out: Path) -> list[Path]:
        if report["slug"] == "own-good":
            raise ValueError("no ink")
        return draw_for_paper(report, out)

    main(["verify", str(OWN), "--quiet"])
    capsys.readouterr()
    monkeypatch.setattr(paper, "draw_for_paper", draw)
    assert main(["figures", "own-*", "--for-paper", "--json"]) == 2
    printed = capsys.readouterr()
    drawn = json.loads(printed.out)["figures"]
    assert [(f["name"], f["drawn"]) for f in drawn] == [("own-good", False), ("own-odd", True)]
    assert "no ink" in drawn[0]["error"]
    assert drawn[1]["error"] is None
    assert printed.err.endswith("the figures of 1 of 2 claims failed\n")


def test_a_report_runs_no_file_beyond_the_working_directory(capsys: pytest.CaptureFixture[str]):
    """A stranger's report may name any file."""
    main(["verify", str(OWN), "--quiet"])
    assert main(["figures", "own-good", "--for-paper"]) == 0
    assert "not below the working directory" in capsys.readouterr().err
    assert not Path("results/figures/paper/own-good_run.svg").exists()


def test_labels_are_formulas():
    assert Gap().label() == "f(x_T) − f*"
    assert Along([[1.0]]).label() == "⟨W, u⟩"  # a comma inside brackets ends no formula
    assert Average(Gap()).label() == "(1/T) Σ (f(x_t) − f*)"
    assert Largest(GradNorm()).label() == "max ‖∇f(x_t)‖ over t ≤ T"
    assert math_text("x_{kτ}, x_t, L_1") == (
        "x$_{\\mathregular{kτ}}$, x$_{\\mathregular{t}}$, L$_{\\mathregular{1}}$"
    )
