"""Records on disk: found again, extended, cut, and never used when they are not sound."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np
import pytest

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.claims.base import Claim
from convergence.claims.settings import Session, Settings
from convergence.digest import Unstable, digest, tokens
from convergence.noise.gaussian import Gaussian
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.store import Store
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
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


def identify(claim: Claim = GOOD, T: int = 4, settings: Settings = SETTINGS) -> str:
    with precision("float64"):
        return digest(claim.simulation(T), settings)


def paths(store: Store, suffix: str = ".npz") -> list[Path]:
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
    assert [p.suffix for p in sorted(store.folder(GOOD.slug).iterdir())] == [".json", ".npz"]


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


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "npz gone", "json gone", "garbage json"])
def test_an_unsound_record_is_named_and_measured_again(store: Store, harm: str):
    made = measure(store, 8)
    (arrays,), (about,) = paths(store), paths(store, ".json")
    raw = bytearray(arrays.read_bytes())
    if harm == "flip":
        raw[len(raw) // 2] ^= 1
        arrays.write_bytes(raw)
    elif harm == "cut":
        arrays.write_bytes(raw[: len(raw) // 2])
    elif harm == "empty":
        arrays.write_bytes(b"")
    elif harm == "npz gone":
        arrays.unlink()
    elif harm == "json gone":
        about.unlink()
    else:
        about.write_text('{"schema": "convergence-record/1"')
    assert same(measure(store, 8), made)
    (note,) = store.notes()
    assert str(arrays) in note
    assert "measured again" in note
    assert same(measure(store, 8), made)
    assert store.notes() == ()


@pytest.mark.parametrize(
    ("key", "value"), [("schema", "convergence-record/0"), ("seeds", 9), ("sha256", "0" * 64)]
)
def test_a_description_that_does_not_fit_is_unsound(store: Store, key: str, value: object):
    measure(store, 8)
    (about,) = paths(store, ".json")
    about.write_text(json.dumps(json.loads(about.read_text()) | {key: value}))
    with precision("float64"):
        assert store.fetch(GOOD.simulation(4), SETTINGS, 8) is None
    assert len(store.notes()) == 1


def test_the_report_tells_of_a_record_measured_again(store: Store):
    GOOD.verify(SETTINGS, store)
    paths(store)[0].write_bytes(b"")
    assert any("measured again" in note for note in GOOD.verify(SETTINGS, store).notes)
    assert GOOD.verify(SETTINGS, store).notes == ()


def test_no_pickle_is_read(store: Store):
    measure(store, 8)
    (arrays,), (about,) = paths(store), paths(store, ".json")
    np.savez(arrays, marks=np.array([object()], dtype=object))
    data = json.loads(about.read_text())
    import hashlib

    data["sha256"] = hashlib.sha256(arrays.read_bytes()).hexdigest()
    about.write_text(json.dumps(data))
    with precision("float64"):
        assert store.fetch(GOOD.simulation(4), SETTINGS, 8) is None


def test_no_draft_is_left_behind_and_a_failure_is_a_note(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("convergence.files.os.replace", refuse)
    measure(store, 8)
    assert "no space left" in store.notes()[0]
    assert list(store.folder(GOOD.slug).iterdir()) == []


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(GOOD, slug="own-other"),
        dataclasses.replace(GOOD, problem=Isotropic(np.ones(5))),
        dataclasses.replace(GOOD, problem=Isotropic(np.array([1.0, 1.0, 1.0, 1.0 + 1e-15]))),
        dataclasses.replace(GOOD, noise=Gaussian(2.0)),
        dataclasses.replace(GOOD, chunk=32),
        dataclasses.replace(GOOD, theorem=SGDNonconvex(0.2)),
    ],
    ids=["slug", "shape", "last bit", "noise", "chunk", "step"],
)
def test_the_digest_sees_the_claim(other: Claim):
    assert identify(other) != identify()


def test_the_digest_sees_horizon_seed_and_dtype_but_no_judging():
    same_run = [
        identify(settings=Settings(seeds=99)),
        identify(settings=Settings(alpha=1e-6, claims=7)),
        identify(dataclasses.replace(GOOD, margin=0.5, seeds=7, note="other words")),
        identify(dataclasses.replace(GOOD, problem=lambda T: Isotropic(np.ones(4)))),
    ]
    assert set(same_run) == {identify()}
    long_tiers = {identify(settings=Settings(tier=tier)) for tier in ("standard", "full")}
    assert len(long_tiers) == 1
    others = [
        *long_tiers,  # the quick tier compiles in haste: another program, other last bits
        identify(T=8),
        identify(settings=Settings(seed=1)),
        identify(settings=Settings(dtype="float32")),
    ]
    assert len({identify(), *others}) == 5


def test_the_digest_is_the_same_in_another_process():
    code = (
        "from convergence.claims.settings import Settings\n"
        "from convergence.precision import precision\n"
        "from convergence.digest import digest\nfrom tests.own import GOOD\n"
        "with precision('float64'): print(digest(GOOD.simulation(4), Settings(seeds=8)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == identify()


def contents(value: object) -> bytes:
    return b"\0".join(tokens(value, ()))


def test_functions_count_by_code_and_closure():
    def scaled(by: float):
        return lambda x: by * x

    assert contents(scaled(2.0)) == contents(scaled(2.0))
    assert contents(scaled(2.0)) != contents(scaled(3.0))


def test_a_user_s_class_counts_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(tmp_path)
    seen = []
    for body in ("x + 1", "x + 2"):
        (tmp_path / "neighbor.py").write_text(f"def f(x):\n    return {body}\n")
        (tmp_path / "theirs.py").write_text(
            "import dataclasses, neighbor\n@dataclasses.dataclass\nclass Theirs:\n    a: int = 1\n"
        )
        code = (
            "from theirs import Theirs\nfrom convergence.digest import tokens\n"
            "import sys; sys.stdout.write(repr(list(tokens(Theirs(), ()))))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        seen.append(done.stdout)
    assert seen[0] != seen[1]


def test_what_has_no_stable_contents_is_not_stored(store: Store):
    with pytest.raises(Unstable):
        contents(np.array([object()], dtype=object))
    with pytest.raises(Unstable):
        contents(iter([1]))
    odd = Simulation("odd", dataclasses.replace(GOOD.experiment(4), algorithm=_Odd()), 4)
    assert store.place(odd, SETTINGS, 8) is None
    assert "not stored" in store.notes()[0]


class _Odd(AbstractAlgorithm):
    """A method that holds something without contents."""

    held: Any = eqx.field(static=True, default_factory=threading.Lock)

    def init(self, x0: Any, oracle: Any, key: Any) -> Any:
        return State(x0)

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        return state
