"""Claims in threads: reports in order, and everything finished is handed over."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from convergence.claims.base import AbstractClaim, AbstractOnInstance
from convergence.claims.settings import Settings
from convergence.cli.pool import Pool
from convergence.cli.pools import PIECE, by_program, group_of, pieces
from convergence.cluster.groups import cost
from convergence.problems.quadratic import Isotropic
from convergence.registry import registry


class Done(Exception):
    """What a fake claim gives for its report."""


class Fake(AbstractClaim):
    """A claim that does as it is told."""

    def __init__(self, slug: str, act: Callable[[Any], Any]):
        self.slug, self.act = slug, act

    def verify(self, settings: Any, shelf: Any = None, progress: Any = None) -> Any:
        return self.act(progress)


def waits(slug: str, seconds: float) -> Fake:
    def act(progress: Any) -> Any:
        time.sleep(seconds)
        progress(1, 1)
        raise Done(slug)

    return Fake(slug, act)


CLAIMS = (waits("slow", 0.5), waits("fast", 0.0), waits("faster", 0.0))


def test_the_order_is_that_of_the_claims():
    told: list[str] = []
    pool = Pool(CLAIMS, None, None, 2, lambda claim, *_: told.append(claim.slug))
    assert [str(outcome) for _, outcome in pool] == ["slow", "fast", "faster"]
    assert sorted(told) == ["fast", "faster", "slow"]


def test_what_is_finished_out_of_order_is_handed_over():
    pool = Pool(CLAIMS, None, None, 2, lambda *_: None)
    walk = iter(pool)
    assert str(next(walk)[1]) == "slow"
    until = time.monotonic() + 30
    found: list[Any] = []
    while len(found) < 2 and time.monotonic() < until:
        time.sleep(0.05)
        found = [str(outcome) for _, outcome in pool.stop()]
    assert found == ["fast", "faster"]


def test_what_a_claim_raises_is_its_outcome():
    def fail(progress: Any) -> Any:
        raise RuntimeError("no")

    ((_, outcome),) = Pool((Fake("bad", fail),), None, None, 4, lambda *_: None)
    assert isinstance(outcome, RuntimeError)


def test_a_stopped_claim_ends_at_its_next_chunk():
    begun = threading.Event()

    def forever(progress: Any) -> Any:
        while True:
            begun.set()
            time.sleep(0.01)
            progress(1, 2)

    pool = Pool((Fake("endless", forever),), None, None, 1, lambda *_: None)
    threading.Thread(target=lambda: list(pool), daemon=True).start()
    assert begun.wait(30)
    pool.stop()
    until = time.monotonic() + 30
    while not pool.idle() and time.monotonic() < until:
        time.sleep(0.01)
    assert pool.idle()


def test_claims_that_may_share_a_program_stay_together():
    """A group in pieces side by side, false readings in that of what they misread."""
    claims = by_program(registry())
    found = pieces(claims, Settings())
    assert sorted(c.slug for piece in found for c in piece) == sorted(c.slug for c in registry())
    seconds = [sum(cost(c, Settings()) for c in piece) for piece in found]
    assert all(s <= PIECE or len(piece) == 1 for s, piece in zip(seconds, found))
    assert all(len({group_of(c) for c in piece}) == 1 for piece in found)
    groups = itertools.groupby(zip(found, seconds), lambda entry: group_of(entry[0][0]))
    whole = [(group, sum(s for _, s in entries)) for group, entries in groups]
    assert len({group for group, _ in whole}) == len(whole)
    # Those that take longest first, so that all processes end at about the same time.
    assert [s for _, s in whole] == sorted((s for _, s in whole), reverse=True)
    named = {c.slug: c for c in claims}
    readings = [c for c in claims if type(c.theorem).__module__.endswith(".misreading")]
    apart = [c.slug for c in readings if group_of(c) != group_of(named[c.instead])]
    assert readings
    assert apart == ["spectral-descent-of-any-rank"]  # an instance by T that does not say its kind


def test_an_instance_is_not_made_to_know_its_kind():
    def endless(T: int) -> Isotropic:
        raise AssertionError(T)

    claim = next(c for c in registry() if isinstance(getattr(c, "problem", None), Isotropic))
    assert isinstance(claim, AbstractOnInstance)
    odd = dataclasses.replace(claim, slug="odd", problem=endless)
    assert len(pieces(by_program([odd, claim]), Settings())) == 1
