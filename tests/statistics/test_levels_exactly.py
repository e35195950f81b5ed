"""Which limits a sample allows, how they share their level, and levels of several claims."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence import statistics as st
from convergence.statistics import Sample
from convergence.statistics.eprocess import LAMBDAS
from convergence.statistics.intervals import loosened
from convergence.statistics.limits import Limit, belied, exceeds
from convergence.statistics.multiple import capped, look, merge_log_e
from tests.statistics import SEED

INF = math.inf
VALUES = np.random.default_rng(SEED + 4).uniform(0, 1, 400)
TICKETS = [{}, {"ceiling": 1.0}, {"second": 0.4}, {"light": True}, {"ceiling": 1.0, "light": True},
           {"ceiling": 1.0, "second": 0.4, "light": True}]  # fmt: skip


@pytest.mark.parametrize("tickets", TICKETS)
@pytest.mark.parametrize("nonnegative", [True, False])
def test_limits_share_their_level(tickets: dict, nonnegative: bool) -> None:
    sample, delta = Sample(1, VALUES, 1.0, **tickets), 1e-3
    kinds = len(tickets)
    found = st.upper_limit(sample, delta)
    share = delta / max(1, kinds)
    high = [INF]
    if "ceiling" in tickets:
        high.append(st.betting_upper(VALUES, share, loosened(1.0)))
    if "second" in tickets:
        high.append(st.catoni_upper(VALUES, share, 0.4))
    light = "light" in tickets
    assert found.certified == min(high)
    assert found.asymptotic == (st.asymptotic_upper(VALUES, share)[0] if light else INF)
    assert found.upper
    below = st.lower_limit(sample, delta, nonnegative=nonnegative)
    share = delta / max(1, nonnegative + ("second" in tickets) + light)
    low = [-INF, st.betting_lower(VALUES, share) if nonnegative else -INF]
    if "second" in tickets:
        low.append(st.catoni_lower(VALUES, share, 0.4))
    assert below.certified == max(low)
    assert below.asymptotic == (st.asymptotic_lower(VALUES, share)[0] if light else -INF)
    assert not below.upper


def test_sides_and_grades_of_a_limit() -> None:
    C, A = st.Grade.CERTIFIED, st.Grade.ASYMPTOTIC
    up, down = Limit(3.0, 2.0), Limit(2.0, 3.0, upper=False)
    assert (up.value, up.grade, down.value, down.grade) == (2.0, A, 3.0, A)
    assert [up.side(b) for b in (1.9, 2.0, 2.9, 3.0)] == [None, A, A, C]
    assert [down.side(b) for b in (3.1, 3.0, 2.1, 2.0)] == [None, A, A, C]
    assert Limit(2.0, 2.0).grade is C
    assert Limit(INF, INF).side(INF) is None


def test_contradicted_certificates() -> None:
    just, over = np.array([0.5, 2.00001, INF]), np.array([0.5, 2.00003, math.nan])
    assert not exceeds(Sample(1, just, 1.0, ceiling=2.0))
    assert not exceeds(Sample(1, np.array([loosened(2.0)]), 1.0, ceiling=2.0))
    hole = st.lower_limit(Sample(1, over, 1.0), 0.1)
    assert (hole.value, hole.upper) == (-INF, False)
    assert exceeds(Sample(1, over, 1.0, ceiling=2.0))
    # One run: mean of 1 + s (x²/m − 1) = 1e9, of which the stakes' mean is .29.
    edge = math.sqrt((1e9 - 1) / LAMBDAS.mean() * 2.00002 + 2.00002)
    assert not belied(Sample(1, np.array([edge * 0.9999]), 1.0, second=2.0))
    assert belied(Sample(1, np.array([edge * 1.0001]), 1.0, second=2.0))


def test_levels_and_merged_evidence() -> None:
    assert look(0.12, 3) == pytest.approx(0.01)
    assert merge_log_e([800.0, 800.0 + math.log(3)]) == pytest.approx(800 + math.log(2))
    assert merge_log_e([-INF, -INF]) == -INF
    assert capped(math.log(5.0)) == pytest.approx(5.0)
    assert capped(math.log(1e300) + 1) == 1e300
    assert capped(math.log(9e299)) == pytest.approx(9e299)
