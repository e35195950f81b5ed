"""Records on disk: found again, extended, cut, and never used when they are not sound."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np
import pytest

from convergence import records
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


OUTSIDE = {
    "variable": ("import os\nSCALE = float(os.environ.get('SCALE', '1'))\n", None),
    "data": (
        "from pathlib import Path\n"
        "SCALE = float(Path(__file__).with_name('scale.txt').read_text())\n",
        None,
    ),
    "subfolder": ("from below.helper import SCALE\n", "below/helper.py"),
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_the_digest_sees_what_the_program_sees(kind: str, tmp_path: Path):
    """A method of the user's whose step hangs on something that its own source does not show."""
    head, helper = OUTSIDE[kind]
    (tmp_path / "own_method.py").write_text(
        head + "from convergence.algorithms.base import AbstractAlgorithm, State\n"
        "class Own(AbstractAlgorithm):\n"
        "    def init(self, x0, oracle, key):\n        return State(x0)\n"
        "    def step(self, t, state, oracle, key):\n"
        "        return State(state.x - SCALE * oracle.grad(state.x, key))\n"
    )
    program = (
        "import dataclasses\nfrom own_method import Own\nfrom tests.own import GOOD\n"
        "from convergence import Settings\nfrom convergence.digest import digest\n"
        "from convergence.precision import precision\n"
        "with precision('float64'):\n"
        "    what = GOOD.simulation(4)\n"
        "    own = dataclasses.replace(what.experiment, algorithm=Own())\n"
        "    print(digest(dataclasses.replace(what, experiment=own), Settings()))\n"
    )
    seen = []
    for scale in ("1", "1", "2"):
        (tmp_path / "scale.txt").write_text(scale)
        if helper:
            (tmp_path / helper).parent.mkdir(exist_ok=True)
            (tmp_path / helper).write_text(f"SCALE = {scale}.0\n")
        root = str(Path(__file__).parents[1])
        around = {**os.environ, "SCALE": scale, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
        command = [sys.executable, "-B", "-c", program]
        done = subprocess.run(command, env=around, capture_output=True, text=True, check=True)
        seen.append(done.stdout)
    assert seen[0] == seen[1]
    assert seen[1] != seen[2]
