"""Searches end in their time: what would end later is not begun."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from convergence import Settings
from convergence.registry import named
from convergence.search import conjecture as rates
from convergence.search import falsify
from convergence.search.estimate import estimate
from convergence.search.instances import Instances
from convergence.search.runs import AbstractSearch


@dataclasses.dataclass
class Clock:
    """Seconds that pass when something says so."""

    now: float = 0.0

    def perf_counter(self) -> float:
        return self.now


class Slow(AbstractSearch):
    """A search whose batches take time, the first of a family more, and find nothing."""

    def __init__(self, clock: Clock, first: float, later: float):
        self.clock, self.first, self.later = clock, first, later
        self.families = tuple(Instances(f"family {k}", 2, np.asarray, False) for k in range(3))
        self.seen, self.candidates = set[str](), 0

    def scores(self, family: Any, points: np.ndarray) -> np.ndarray:
        self.clock.now += self.later if family.name in self.seen else self.first
        self.seen.add(family.name)
        self.candidates += len(points)
        return -np.sum(points**2, axis=1)

    def again(self, family: Any, z: np.ndarray) -> float:
        self.clock.now += self.later
        return -float(np.sum(z**2))

    def confirm(self, family: Any, z: np.ndarray, k: int, alpha: float) -> None:
        raise AssertionError("nothing was found")


@pytest.mark.parametrize("budget", [5.0, 12.0, 40.0])
@pytest.mark.parametrize(("first", "later"), [(1.0, 0.3), (2.0, 1.0), (0.2, 0.2)])
def test_a_search_begins_no_batch_that_would_outlast_it(
    budget: float, first: float, later: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(falsify, "time", clock)
    search = Slow(clock, first, later)
    falsify.chase(falsify.Hunt(search, 1e-3, 0, budget, None), 0.0, budget)
    assert clock.now <= budget
    assert clock.now > budget - (first + 2 * later)  # and leaves no time that a batch fits into


def test_one_batch_is_made_however_late_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(falsify, "time", clock)
    search = Slow(clock, 3.0, 1.0)
    falsify.chase(falsify.Hunt(search, 1e-3, 0, 0.0, None), 0.0, 0.0)
    assert clock.now == 4.0


@pytest.mark.parametrize("budget", [4.0, 10.0, 30.0])
def test_a_rate_is_found_and_searched_in_its_time(
    budget: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each estimate takes 3 s, the first batch of a probe 2 s, later ones 1 s."""
    clock, claim = Clock(), named("gd-value-half-step")

    def slowly(*given: Any) -> Any:
        clock.now += 3.0
        return estimate(*given)

    monkeypatch.setattr(falsify, "time", clock)
    monkeypatch.setattr(rates, "time", clock)
    monkeypatch.setattr(rates, "estimate", slowly)
    monkeypatch.setattr(rates, "RunSearch", lambda probe, seed: Slow(clock, 2.0, 1.0))
    found = rates.conjecture(claim, (8, 16, 32, 64, 128, 256), Settings(), budget)
    assert found.seconds == clock.now <= budget
    assert (found.candidates > 0) == (budget > 4)
    assert found.claim is not None
