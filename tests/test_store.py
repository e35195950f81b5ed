"""Records on disk: found again, extended, cut, and never used when they are not sound."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence import records
from convergence.claims.base import Claim
from convergence.claims.settings import Session, Settings
from convergence.files import name_for
from convergence.precision import precision
from convergence.runner.record import Record
from convergence.store import Store
from tests.own import GOOD

SETTINGS = Settings(seeds=8)


def measure(store: Store | None, seeds: int, claim: Claim = GOOD) -> Record:
    with precision("float64"):
        return claim.measure(4, Session(Settings(seeds=seeds), store), seeds)


def same(a: Record, b: Record) -> bool:
    """Bit for bit."""
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(Record)]
    return all(
        np.array_equal(x, y) and np.asarray(x).dtype == np.asarray(y).dtype for x, y in pairs
    )


def paths(store: Store, suffix: str = ".record") -> list[Path]:
    return sorted(store.folder(GOOD.slug).glob(f"*{suffix}"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_record_comes_back_bit_for_bit(store: Store):
    made = measure(store, 8)
    with precision("float64"):
        found = store.fetch(GOOD.simulation(4), SETTINGS, 8)
    assert found is not None
    assert same(found, made)
    assert store.notes() == ()
    assert len(paths(store)) == 1


def test_a_second_measurement_runs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch):
    measure(store, 8)
    monkeypatch.setattr("convergence.claims.settings.run", lambda *a, **k: pytest.fail("measured"))
    measure(store, 8)
    measure(store, 3)


def test_a_record_with_fewer_seeds_is_extended_and_one_with_more_is_cut(store: Store):
    fresh = measure(None, 100)
    measure(store, 70)  # ends inside the second chunk of 64
    assert same(measure(store, 100), fresh)
    assert len(paths(store)) == 1
    with precision("float64"):
        cut = store.fetch(GOOD.simulation(4), SETTINGS, 5)
    assert cut is not None
    assert same(cut, fresh.first(5))


HARMS = {
    "flip": lambda raw: (
        raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :]
    ),
    "cut": lambda raw: raw[: len(raw) // 2],
    "empty": lambda raw: b"",
    "old": lambda raw: b"PK" + raw,
    "checksum": lambda raw: raw.replace(raw[21:85], b"0" * 64),
}


@pytest.mark.parametrize("harm", HARMS)
def test_an_unsound_record_is_named_and_measured_again(store: Store, harm: str):
    made = measure(store, 8)
    (place,) = paths(store)
    place.write_bytes(HARMS[harm](place.read_bytes()))
    assert same(measure(store, 8), made)
    (note,) = store.notes()
    assert str(place) in note
    assert "measured again" in note
    assert same(measure(store, 8), made)
    assert store.notes() == ()


def test_every_flipped_bit_of_a_description_is_seen(store: Store):
    """The description lies in the archive, under the checksum of the whole."""
    measure(store, 8)
    (place,) = paths(store)
    raw = place.read_bytes()
    start = raw.index(b'{"slug"')
    about = store.description(GOOD.simulation(4), SETTINGS, place)
    for bit in range(8 * start, 8 * (start + 200), 7):
        harmed = bytearray(raw)
        harmed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(records.Unsound, match="checksum"):
            records.unpack(bytes(harmed), about)


@pytest.mark.parametrize(
    "change",
    [{"slug": "other"}, {"T": 96}, {"seed": 1}, {"dtype": "float32"}, {"digest": "0" * 32}],
)
def test_a_record_in_the_place_of_another_is_unsound(store: Store, change: dict[str, object]):
    made = measure(store, 8)
    (place,) = paths(store)
    about = store.description(GOOD.simulation(4), SETTINGS, place)
    content = records.pack(made, {**about, **change})
    if "T" in change:
        content = records.pack(dataclasses.replace(made, T=96), about)
    place.write_bytes(content)
    with precision("float64"):
        assert store.fetch(GOOD.simulation(4), SETTINGS, 8) is None
    assert "unusable" in store.notes()[0]


@pytest.mark.parametrize(
    "change",
    [
        {"values": np.zeros((8, 16), np.int64)},
        {"values": np.zeros((8, 16), complex)},
        {"values": np.zeros((7, 16))},
        {"first_bad": np.zeros(3, np.int32)},
        {"marks": np.arange(16, dtype=np.int32)},
    ],
    ids=["whole", "complex", "short", "first bad", "marks"],
)
def test_arrays_of_other_types_and_shapes_are_unsound(store: Store, change: dict[str, Any]):
    made = dataclasses.replace(measure(store, 8), **change)
    about = store.description(GOOD.simulation(4), SETTINGS, paths(store)[0])
    content = records.pack(made, {**about, "seeds": 8})
    with pytest.raises(records.Unsound):
        records.unpack(content, about)


def test_a_pipe_in_the_place_of_a_record_does_not_hang(store: Store):
    made = measure(store, 8)
    (place,) = paths(store)
    place.unlink()
    os.mkfifo(place)
    assert same(measure(store, 8), made)
    assert any("no regular file" in note for note in store.notes())


def test_a_shorter_run_does_not_overwrite_a_longer_one(store: Store):
    with precision("float64"):
        what = GOOD.simulation(4)
        long = Session(SETTINGS).run(what, range(20), 20)
        store.keep(what, long, SETTINGS)
        store.keep(what, long.first(8), SETTINGS)
        found = store.fetch(what, SETTINGS, 20)
    assert found is not None
    assert same(found, long)


def test_drafts_of_killed_writers_are_swept(store: Store):
    measure(store, 8)
    done = subprocess.Popen(["true"])
    done.wait()
    draft = store.folder(GOOD.slug) / f".x.record.{done.pid}.1.tmp"
    mine = store.folder(GOOD.slug) / f".x.record.{os.getpid()}.1.tmp"
    draft.touch()
    mine.touch()
    measure(store, 100)
    assert not draft.exists()
    assert mine.exists()


@pytest.mark.parametrize(
    "slugs",
    [
        ("a/b", "a_b", "a b", "a-b"),
        ("A", "a"),
        ("../x", "x", "/x"),
        ("", "_"),
        ("x" * 99, "x" * 98),
    ],
)
def test_slugs_have_places_of_their_own(slugs: tuple[str, ...], tmp_path: Path):
    places = [Store(tmp_path).folder(slug) for slug in slugs]
    assert len({str(place).lower() for place in places}) == len(slugs)
    assert all(place.resolve().parent == tmp_path.resolve() for place in places)


def test_no_slug_takes_the_place_that_another_was_given():
    hashed = name_for("A b")
    assert name_for(hashed) != hashed
    assert len(hashed.partition("~")[2]) == 32  # 128 bits: two slugs with one hash are not found


def test_the_report_tells_of_a_record_measured_again(store: Store):
    GOOD.verify(SETTINGS, store)
    paths(store)[0].write_bytes(b"")
    assert any("measured again" in note for note in GOOD.verify(SETTINGS, store).notes)
    assert GOOD.verify(SETTINGS, store).notes == ()


def test_no_pickle_is_read(store: Store):
    about = store.description(GOOD.simulation(4), SETTINGS, Path("x.record"))
    made = dataclasses.replace(measure(store, 8), marks=np.array([object()], dtype=object))
    with pytest.raises(records.Unsound, match="cannot be read"):
        records.unpack(records.pack(made, about), about)


def test_no_draft_is_left_behind_and_a_failure_is_a_note(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("convergence.files.os.replace", refuse)
    measure(store, 8)
    assert "no space left" in store.notes()[0]
    assert [p.name for p in store.folder(GOOD.slug).iterdir()] == [".lock"]
