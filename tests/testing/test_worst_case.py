"""`convergence worst-case`: measured ≤ worst case ≤ theorem, by PEPit where it is installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.registry import registry
from convergence.search import worst
from convergence.search.worst_instances import through
from convergence.theorems.base import Kind

KNOWN: dict[str, Any] = {c.slug: c for c in registry()}
# One claim a statement in reach.
CLAIMS: dict[type, Any] = {
    type(c.theorem): c
    for c in reversed(registry())
    if type(getattr(c, "theorem", None)) in worst.REACH
    and getattr(c.theorem, "code", "") != "optax"
}
needs_pepit = pytest.mark.skipif(
    importlib.util.find_spec("PEPit") is None,
    reason="PEPit is not installed: pip install 'convergence-lab[pep]'",
)
# Where the worst case is the bound, to the solver's accuracy.
LOOSE = (
    "AcceleratedConvex", "FISTAConvex", "ConditionalGradientConvex", "SilverValue",
    "HeavyBallAverage", "NesterovStrong", "CyclicCoordinateDescent", "ExtragradientMonotone",
)  # fmt: skip


@needs_pepit
@pytest.mark.parametrize(
    "theorem",
    [
        kind if kind.__name__ == "SilverSlope" else pytest.param(kind, marks=pytest.mark.standard)
        for kind in worst.REACH
    ],
)
def test_in_order(theorem: type) -> None:
    found = worst.beside(CLAIMS[theorem], 4 if theorem.__name__.startswith("Cyclic") else 3)
    assert found.ordered, found
    if theorem.__name__ not in LOOSE:
        assert found.worst == pytest.approx(1, abs=worst.TOLERANCE)


def test_every_statement_in_reach_is_a_claim() -> None:
    assert set(CLAIMS) == set(worst.REACH)
    assert all(kind.kind is Kind.PATHWISE for kind in worst.REACH)


def test_a_wrong_order_is_told() -> None:
    assert worst.Beside(3, 0.5, 1.0, 2.0).ordered
    assert not worst.Beside(3, 1.1, 1.0, 2.0).ordered
    assert not worst.Beside(3, 0.5, 1.01, 2.0).ordered


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the solver: its answer is given."""
    monkeypatch.setattr(worst.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(worst, "worst_value", lambda theorem, c, T, limit: (0.5 / (T + 1), None))
    assert main(["worst-case", "gd-value-half-step", "--horizons", "1", "2"]) == 0
    out = capsys.readouterr().out
    assert "1.000000" in out
    assert "no certificate" in out
    monkeypatch.setattr(worst, "worst_value", lambda theorem, c, T, limit: (0.4 / (T + 1), None))
    assert main(["worst-case", "gd-value-half-step", "--horizons", "1"]) == 1
    assert "not in order" in capsys.readouterr().out


def test_against_the_condition_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without the solver. ϱ = 1 − 1/κ at η = 1/L, and the slow direction attains it."""
    monkeypatch.setattr(worst.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(
        worst, "worst_value", lambda theorem, c, T, limit: ((1 - worst.unit(c).mu) ** T, None)
    )
    asked = ["worst-case", "gd-distance-contraction", "--horizons", "1", "3", "--kappas", "2", "10"]
    assert main([*asked, "--figure", str(tmp_path / "w"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["claims"][0]["rows"]
    assert [(row["kappa"], row["T"]) for row in rows] == [(2, 1), (2, 3), (10, 1), (10, 3)]
    for row in rows:
        # the start has .1 in the steep direction, which one step takes out
        assert row["measured"] == pytest.approx(3 * (1 - 1 / row["kappa"]) ** row["T"])
        assert row["theorem"] == pytest.approx(row["measured"], rel=1e-3)
    drawn = sorted(path.suffix for path in tmp_path.iterdir())
    assert drawn == [".csv", ".pdf", ".png", ".svg"]
    head = (tmp_path / "w.csv").read_text().splitlines()[0]
    assert "gd-distance-contraction, T = 3: κ" in head


# Huber's function of width ¼, which three half steps from 1 do not leave.
HUBER = {
    "x": [0.0, 1.0, 0.875, 0.75, 0.625], "g": [0.0, 0.25, 0.25, 0.25, 0.25],
    "f": [0.0, 0.21875, 0.1875, 0.15625, 0.125], "start": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("flip", [1, -1])
def test_what_attains_it_is_kept_as_a_claim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, flip: int
) -> None:
    """Without the solver: a trace, from which the function is made, run and written."""
    trace = {k: np.multiply(1 if k == "f" else flip, v).tolist() for k, v in HUBER.items()}
    monkeypatch.setattr(worst.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(worst, "worst_value", lambda theorem, c, T, limit: (0.125, trace))
    asked = ["worst-case", "gd-value-half-step", "--horizons", "3", "--out", str(tmp_path)]
    assert main([*asked, "--json"]) == 0
    file = json.loads(capsys.readouterr().out)["claims"][0]["rows"][0]["replay"]
    assert main(["verify", file, "--out", str(tmp_path / "kept")]) == 0
    assert "CONSISTENT" in capsys.readouterr().out
    shifted = trace | {"g": [v * 0.9 for v in trace["g"]]}  # of another function: not attained
    monkeypatch.setattr(worst, "worst_value", lambda theorem, c, T, limit: (0.125, shifted))
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["claims"][0]["rows"][0]["replay"] is None


def test_a_function_through_points() -> None:
    """Level, a rise of 1, level: through (0, 0) and (2, 1) with f(2) = ½ + 1·… by hand."""
    found = through({"x": [0.0, 2.0], "g": [0.0, 1.0], "f": [0.0, 1.0], "start": 2.0}, 0.0)
    assert found is not None
    np.testing.assert_allclose(found.knots, [0.5, 1.5])
    assert np.asarray(found.slopes).tolist() == [0.0, 1.0, 0.0]
    assert float(found.constants().Delta) == pytest.approx(1.0)
    flat = {"x": [0.0, 1.0], "g": [0.0, 0.0], "f": [0.0, 0.0], "start": 1.0}
    assert through(flat, 0.0) is None


@needs_pepit
def test_a_worst_case_of_one_variable_is_replayed() -> None:
    found = worst.beside(KNOWN["gd-slope-contraction"], 2)
    assert found.replay is not None
    assert found.replay.slug == "gd-slope-contraction-worst-2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["golore-sgd"], "a statement in PEPit's reach is needed"),
        (["gd-value-half-step", "--horizons", "21"], "T ≤ 20 is needed"),
        (["silver-slope", "--horizons", "2"], "T + 1 must be a power of two"),
        (["gd-huber-tight", "--kappas", "2"], "a contraction on a quadratic is needed"),
        (["nobody"], "nobody"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worst.importlib.util, "find_spec", lambda name: True)
    assert main(["worst-case", *arguments]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_without_pepit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"pip install 'convergence-lab\[pep\]'"):
        worst.check_reach(KNOWN["silver-slope"].theorem, "silver-slope")


@needs_pepit
def test_a_solution_that_takes_too_long_is_told() -> None:
    claim = KNOWN["silver-slope"]
    with pytest.raises(InvalidInput, match=r"within 0\.01 s"):
        worst.worst_value(claim.theorem, claim.instance(3)[2], 3, 0.01)
