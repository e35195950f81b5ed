"""Figures come out the same each time, whatever a report holds."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convergence.cli import main
from convergence.figures import rate, verdicts
from convergence.figures.style import panels, save, styled

KINDS = ("pathwise", "expectation", "exact", "rate", "floor", "separation")


def row(T: int, estimate: Any, interval: list[Any], bound: Any) -> dict[str, Any]:
    return {
        "T": T, "seeds": 8, "estimate": estimate, "interval": interval, "bound": bound,
        "e_value": None, "vacuous": False, "note": "",
    }  # fmt: skip


def report(
    kind: str = "expectation", rows: list[Any] | None = None, **other: Any
) -> dict[str, Any]:
    if rows is None:
        rows = [row(T, 1 / T, [0.9 / T, 1.1 / T], 1.5 / T) for T in (10, 100, 1000)]
    return {
        "slug": f"a-{kind}", "family": "own", "kind": kind, "statement": "E M ≤ √b " * 20,
        "verdict": "CONSISTENT", "expect": "CONSISTENT", "slack": 1.5, "power": 2.0,
        "vacuous": False, "horizons": rows, **other,
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


def test_verify_draws_before_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    main(["verify", str(Path(__file__).with_name("own.py")), "--figures", "--quiet"])
    drawn = {p.name for p in Path("results/figures").rglob("*.png")}
    assert drawn == {"verdicts.png", "own-good.png", "own-odd.png"}
