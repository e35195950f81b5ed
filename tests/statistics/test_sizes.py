"""The asymptotic limit keeps its level at the fewest runs for which it is given."""

import math

import pytest

from convergence.statistics.asymptotic import LEAST
from tests.statistics.sizes import LAWS, Limit, corrected, size, student

HARD = ("lognormal(√2)", "Weibull(½)")


def edge(delta: float) -> int:
    return math.ceil(LEAST * math.log(1 / delta))


def worst(limit: Limit, names: tuple[str, ...], delta: float, reps: int, seed: int) -> float:
    return max(size(limit, LAWS[name], edge(delta), delta, reps, seed) for name in names)


def test_errors_at_the_fewest_runs_are_those_promised(test_seed: int) -> None:
    assert worst(corrected, HARD, 1e-4, 4000, test_seed) <= 1.5
    assert worst(student, HARD, 1e-4, 500, test_seed) > 15  # what it corrects


@pytest.mark.full
@pytest.mark.parametrize("delta", [1e-3, 1e-4, 1e-6])
def test_errors_of_all_laws_at_the_fewest_runs(delta: float, test_seed: int) -> None:
    assert worst(corrected, tuple(LAWS), delta, 40_000, test_seed) <= 1.5
