"""Size at most nominal, power at least what is promised, for every test of the judge.

Each trial is a binomial count. It fails where a count as bad or worse has probability below
GUARD if the promise holds: with 50 trials and 100 seeds one false alarm in 200 such campaigns.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from scipy import special, stats

from tests.statistics.measure import TRIALS, Trial

GUARD = 1e-6
PAGE = Path(__file__).parents[2] / "docs/verdicts.md"


def published() -> dict[str, tuple[str, float, int]]:
    """Name of a trial → wanted, measured and repetitions in the table of docs/verdicts.md."""
    cell = r" ([^|]+) \|"
    rows = re.findall(
        rf"^\|{cell}{cell} (size|power) \|{cell}{cell}{cell}$", PAGE.read_text(), re.M
    )
    return {
        f"{test}: {situation} ({kind})": (wanted, float(measured), int(reps))
        for test, situation, kind, wanted, measured, reps in rows
    }


PUBLISHED = published()


def surprise(trial: Trial, hits: int, reps: int) -> float:
    """P(a binomial count at the promised level is as bad as this one or worse)."""
    if trial.kind == "size":
        return 1.0 if hits == 0 else float(special.bdtrc(hits - 1, reps, trial.level))
    return float(special.bdtr(hits, reps, trial.level))


@pytest.mark.merge
@pytest.mark.unchecked
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_promise_is_kept(trial: Trial) -> None:
    hits, reps = trial.run()
    assert reps >= 1000
    assert surprise(trial, hits, reps) >= GUARD, f"{hits} of {reps}, promised {trial.level}"
    _, told, times = PUBLISHED[trial.name]
    both = [[hits, reps - hits], [round(told * times), times - round(told * times)]]
    fisher: Any = stats.fisher_exact(both)
    assert fisher.pvalue >= GUARD, f"{hits / reps:.3f}, published {told}"


def test_the_published_table_lists_every_trial() -> None:
    """`python -m tests.statistics.measure` prints the table of docs/verdicts.md."""
    signs = {"size": "≤", "power": "≥"}
    wanted = {trial.name: f"{signs[trial.kind]} {trial.level:g}" for trial in TRIALS}
    assert {name: row[0] for name, row in PUBLISHED.items()} == wanted


def test_names_are_unique_so_that_simulations_are_independent() -> None:
    assert len({trial.name for trial in TRIALS}) == len(TRIALS)


def test_the_guard_itself_bites() -> None:
    size = next(t for t in TRIALS if t.kind == "size")
    power = next(t for t in TRIALS if t.kind == "power")
    assert surprise(size, 100, 1000) < GUARD  # 10 % of errors at nominal 5 %
    assert surprise(size, 60, 1000) > GUARD  # 6 % happen by chance
    assert surprise(power, 800, 1000) < GUARD
