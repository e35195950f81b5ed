"""A notary keeps a hash of each record that a claim used, and hands everything on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from convergence.claims.notary import Notary
from convergence.claims.settings import Settings
from tests.claims.test_words import Shelved, record, runs

WHAT = runs(16)
SETTINGS = Settings(seed=3, look=5)
FOUR = record(5, range(4), [-1] * 4)


def test_what_is_used_is_noted_once_it_is_enough() -> None:
    for seeds, used in (3, True), (4, True), (5, False):
        shelf = Shelved(stored=FOUR, asked=[])
        notary = Notary(shelf)
        assert notary.fetch(WHAT, SETTINGS, seeds) is FOUR
        assert shelf.asked == [("fetch", 5, 3, seeds)]
        alone = Notary()
        alone.keep(WHAT, FOUR.first(min(seeds, 4)), SETTINGS)
        assert notary.of("own") == (alone.of("own") if used else [])
    empty = Notary(Shelved(stored=None, asked=[]))
    assert empty.fetch(WHAT, SETTINGS, 3) is None
    assert Notary().fetch(WHAT, SETTINGS, 3) is None
    assert empty.of("own") == Notary().of("own") == []


def test_all_else_is_handed_on() -> None:
    shelf = Shelved(stored=None, asked=[])
    notary: Any = Notary(shelf)
    notary.keep(WHAT, FOUR, SETTINGS)
    assert notary.look(WHAT, SETTINGS, "data") == 7
    assert shelf.asked == [("keep", 5, 4, 3), ("look", 5, 5, "data")]
    assert notary.notes() == ("recomputed",)
    assert (Notary().notes(), Notary().look(WHAT, SETTINGS, "data")) == ((), 5)


def test_a_hash_hangs_on_all_of_a_record() -> None:
    def hashed(**other: Any) -> Any:
        notary = Notary()
        notary.keep(WHAT, dataclasses.replace(FOUR, **other), SETTINGS)
        return tuple(notary.of("own"))

    turned = FOUR.values.reshape(2, 2)
    found = {
        hashed(), hashed(T=6), hashed(values=FOUR.values + 1), hashed(finite=~FOUR.finite),
        hashed(first_bad=FOUR.first_bad + 1), hashed(marks=FOUR.marks + 1), hashed(values=turned),
        hashed(values=FOUR.values.view(np.int64)),
    }  # fmt: skip
    assert len(found) == 8
    assert hashed() == hashed()
    twice = Notary()
    for _ in range(2):
        twice.keep(WHAT, FOUR, SETTINGS)
    assert tuple(twice.of("own")) == hashed() * 2
