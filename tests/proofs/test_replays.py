"""Which runs of a broken statement are replayed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convergence.claims import settle
from convergence.claims.settings import Session, Settings
from convergence.runner.record import Record
from convergence.statistics import Sample, Verdict


def test_the_worst_run_is_replayed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def replay(claim: Any, T: int, run: int, *rest: Any) -> tuple[None, str]:
        asked.append((T, run))
        return None, ""

    monkeypatch.setattr(settle, "replay", replay)
    monkeypatch.setattr(settle, "sensitivity", lambda *what: 0.0)
    monkeypatch.setattr(settle, "cheap", lambda samples, settings: [0.0] * len(samples))
    samples = [Sample(2, np.array([1.5, 0.5, 1.2]), 1.0), Sample(4, np.array([1.1, 3.0, 2.0]), 1.0)]
    none = np.zeros((3, 1))
    records = [Record(T, np.array([T]), none, none == 0, none) for T in (2, 4)]
    found = settle.settle(None, records, samples, Session(Settings()))
    assert asked == [(4, 1), (4, 2), (4, 0), (2, 0), (2, 2)]
    assert found.verdict is Verdict.CONSISTENT
    assert found.reason.startswith("5 values miss the bound by rounding alone")


def test_what_rounding_parts_is_replayed_in_its_order() -> None:
    """The same excess at two horizons: which is larger another machine may see otherwise."""
    third = 1 / 3
    above = np.nextafter(third, 1.0)
    assert settle.falling([third, above, 0.3, np.inf, above]) == [3, 0, 1, 4, 2]
    assert settle.falling(np.array([0.1, 0.100001, 0.2])) == [2, 1, 0]
