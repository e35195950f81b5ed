"""The digest of a run sees all that the run hangs on, and nothing else."""

from __future__ import annotations

import dataclasses
import functools
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
from jax.experimental import io_callback

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.claims.base import Claim
from convergence.claims.settings import Settings
from convergence.digest import GROUND, PACKAGE, ROOMS, Unstable, digest, tokens, traced
from convergence.noise.gaussian import Gaussian
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Simulation
from convergence.store import Store
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from tests.own import GOOD
from tests.test_floors import FILES, imported, tree

SETTINGS = Settings(seeds=8)


def identify(claim: Claim = GOOD, T: int = 4, settings: Settings = SETTINGS) -> str:
    with precision("float64"):
        return digest(claim.simulation(T), settings)


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


def test_what_has_no_stable_contents_is_not_stored(tmp_path: Path):
    store = Store(tmp_path)
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


def _inner(data: Any) -> Any:
    return jax.jit(lambda x, g: x - data * g)


def _side_by_side(data: Any) -> Any:
    """A rule of its own for many runs, which one run does not use."""

    @jax.custom_batching.custom_vmap
    def scaled(g: Any) -> Any:
        return g

    @scaled.def_vmap
    def rule(size: int, batched: Any, g: Any) -> Any:
        return data * g, True

    return lambda x, g: x - scaled(g)


def _scanned(data: Any) -> Any:
    def body(x: Any, g: Any) -> Any:
        return _inner(data)(x, g), None

    return lambda x, g: jax.lax.scan(body, x, g[None])[0]


@pytest.mark.parametrize("made", [_inner, _scanned, _side_by_side])
def test_the_digest_sees_arrays_of_programs_within_the_program(made: Any):
    """Printing a program shows the names of the arrays that an inner one holds, and no number."""

    def seen(data: np.ndarray) -> list[bytes]:
        with precision("float64"):
            return list(traced(simulation(made(data))))

    one, other = np.ones(4), np.array([1.0, 1.0, 1.0 + 1e-15, 1.0])
    assert seen(one) == seen(one.copy())
    assert seen(one) != seen(other)


def simulation(step: Any) -> Simulation:
    """Runs of a method of the user's with such a step."""

    class Own(AbstractAlgorithm):
        def init(self, x0: Any, oracle: Any, key: Any) -> Any:
            return State(x0)

        def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
            return State(step(state.x, oracle.grad(state.x, key)))

    with precision("float64"):
        what = GOOD.simulation(4)
        own = dataclasses.replace(what.experiment, algorithm=Own())
        return dataclasses.replace(what, experiment=own)


def _move(x: Any, g: Any) -> Any:
    return np.asarray(x) - float(os.environ.get("SCALE", "1")) * np.asarray(g)


class _Mover:
    def __call__(self, x: Any, g: Any) -> Any:
        return _move(x, g)


def _pure(move: Any) -> Any:
    return lambda x, g: jax.pure_callback(
        move, jax.ShapeDtypeStruct(x.shape, x.dtype), x, g, vmap_method="sequential"
    )


def _ordered(move: Any) -> Any:
    return lambda x, g: io_callback(move, jax.ShapeDtypeStruct(x.shape, x.dtype), x, g)


def _branch(move: Any) -> Any:
    return lambda x, g: jax.lax.cond(x[0] > 0, _pure(move), lambda x, g: x, x, g)


@pytest.mark.parametrize("called", [_pure, _ordered, _branch])
@pytest.mark.parametrize("move", [_move, _Mover(), functools.partial(_move)])
def test_what_calls_a_user_s_function_on_the_host_is_not_stored(called: Any, move: Any):
    """It may read a variable, a file or the time, and no trace shows that."""
    with precision("float64"), pytest.raises(Unstable, match="on the host"):
        digest(simulation(called(move)), SETTINGS)


def test_the_hash_of_the_package_has_all_that_a_run_imports():
    """But for what changes no bit of a record: words, files, memory, threads."""
    idle = {"errors", "vocabulary", "memory", "tiers", "files", "workers"}
    rooms = set(ROOMS) | {Path(name).stem for name in GROUND}
    files = [f for f in FILES if f.relative_to(PACKAGE).parts[0].removesuffix(".py") in rooms]
    used = set().union(*(imported(tree(file)) for file in files))
    assert used - idle - rooms == set()
