"""What every test shares: type checks at run time, one hypothesis profile, one seed, tiers."""

from __future__ import annotations

import functools
import gc
import importlib
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import config, install_import_hook

from convergence.tiers import TIERS
from convergence.workers import SPARE, cores

if TYPE_CHECKING:
    from convergence.memory import Ceiling

# As the command line does, before JAX makes its pools.
os.environ.setdefault("NPROC", str(max(16, SPARE * cores())))

importlib.import_module("tests.checked")  # the hook looks it up by name

# Before anything imports the package: jaxtyping's annotations, checked by beartype, in tests only.
# Workers of pytest-xdist import this file too.
install_import_hook("convergence", "tests.checked.checked")

# The deadline would count compilation; the first example of a shape compiles, the others do not.
settings.register_profile(
    "convergence",
    deadline=None,
    max_examples=25,
    derandomize=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("convergence")


def tier() -> str:
    """The tier of this run, from CONVERGENCE_TEST_TIER (`make test TIER=standard`)."""
    name = os.environ.get("CONVERGENCE_TEST_TIER", "quick")
    if name not in TIERS:
        raise pytest.UsageError(f"CONVERGENCE_TEST_TIER is {name!r}; it must be one of {TIERS}")
    return name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests of higher tiers: `@pytest.mark.standard` and `@pytest.mark.full`; of the lowest
    those marked `merge`, unless CONVERGENCE_TEST_MERGE=1."""
    allowed = TIERS[: TIERS.index(tier()) + 1]
    merging = len(allowed) > 1 or os.environ.get("CONVERGENCE_TEST_MERGE", "") not in ("", "0")
    for item in items:
        if item.get_closest_marker("merge") and not merging:
            item.add_marker(pytest.mark.skip(reason="runs with MERGE=1"))
        for name in TIERS[1:]:
            if item.get_closest_marker(name) and name not in allowed:
                item.add_marker(pytest.mark.skip(reason=f"runs in tier {name}"))


def pytest_collection_finish() -> None:
    """Spare the collector of cycles the many objects that were made until now."""
    from convergence.cli.environment import RARELY

    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Of a tier of quick, tests marked `unchecked` run the package as its users do: without checks
    of annotations, a fifth of what claims take."""
    off = tier() == "quick" and item.get_closest_marker("unchecked") is not None
    config.update("jaxtyping_disable", off)


# Linux lets a process have 65 530 memory maps, and compiled programs, which are never released
# unasked, take them: the session of a worker ended in a segmentation fault. Another held 4.8 GB.
MAPS, HELD, LOOK = 20_000, 2 * 2**30, itertools.count(1)


@functools.cache
def ceiling() -> Ceiling:
    """Of what a worker holds."""
    from convergence.memory import Ceiling

    return Ceiling(HELD)


def pytest_runtest_teardown() -> None:
    """Release compiled programs where they have become many; looked at every 20th test."""
    if next(LOOK) % 20:
        return
    maps = Path("/proc/self/maps")
    many = maps.exists() and maps.read_bytes().count(b"\n") > MAPS
    if many or ceiling().passed():
        ceiling().release()


@pytest.fixture(scope="session")
def test_seed() -> int:
    """The root of all randomness in statistical tests; any value must pass."""
    return int(os.environ.get("CONVERGENCE_TEST_SEED", "0"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The mutation score: how many planted faults a claim has caught."""
    outcomes = {
        outcome: sum(
            "test_mutant_is_caught" in r.nodeid for r in terminalreporter.getreports(outcome)
        )
        for outcome in ("passed", "failed")
    }
    if total := sum(outcomes.values()):
        terminalreporter.write_line(
            f"mutation score: {outcomes['passed']} of {total} faults caught"
        )
