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
from convergence.cli.pools import PIECE, by_program, pieces
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
    """In few pieces, which one process takes; those of a false reading beside what it misreads."""
    claims = by_program(registry())
    assert sorted(c.slug for c in claims) == sorted(c.slug for c in registry())
    found = pieces(claims, Settings())
    assert sorted(c.slug for piece in found for c in piece) == sorted(c.slug for c in claims)
    seconds = [sum(cost(c, Settings()) for c in piece) for piece in found]
    assert all(s <= PIECE or len(piece) == 1 for s, piece in zip(seconds, found))
    place = {c.slug: k for k, piece in enumerate(found) for c in piece}
    corrected = [c for c in registry() if type(c.theorem).__module__.endswith(".misreading")]
    beside = [place[c.slug] == place.get(c.instead) for c in corrected]
    assert sum(beside) >= 0.8 * len(beside) > 60
    kinds = [
        (c.family, type(getattr(c, "problem", None)))
        for c in claims
        if not getattr(c, "varies", True)
    ]
    assert len([k for k, _ in itertools.groupby(kinds)]) == len(set(kinds))
    assert sum(seconds[:5]) > 5 * sum(seconds[-5:])  # the last ones end at about the same time


def test_an_instance_is_not_made_to_know_its_kind():
    def endless(T: int) -> Isotropic:
        raise AssertionError(T)

    claim = next(c for c in registry() if isinstance(getattr(c, "problem", None), Isotropic))
    assert isinstance(claim, AbstractOnInstance)
    odd = dataclasses.replace(claim, slug="odd", problem=endless)
    assert len(pieces(by_program([odd, claim]), Settings())) == 1
