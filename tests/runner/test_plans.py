"""Before a run and after it: marks, memory, time, parts and records, in numbers."""

from __future__ import annotations

import dataclasses
import inspect
import math
import os
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner import plan, spread
from convergence.runner.experiment import Experiment
from convergence.runner.plan import (
    COPIES,
    LARGE,
    LIMIT,
    calls_at_once,
    check_memory,
    check_time,
    chunk_width,
    large,
    on_devices,
)
from convergence.runner.record import Record
from convergence.runner.run import checkpoints, placed, plainly
from convergence.runner.spread import parts_of, place


def run(d: int) -> Experiment:
    problem = Isotropic(np.ones(d))
    return Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1), Value())


def test_marks_are_geometric() -> None:
    """2⁰ … 2^15, each once; of a short run each step, and then the last again."""
    assert checkpoints(2**15).tolist() == [2**k for k in range(16)]
    assert checkpoints(81, 5).tolist() == [1, 3, 9, 27, 81]
    assert checkpoints(3).tolist() == [1, 2, *[3] * 14]
    assert checkpoints(1, 4).tolist() == [1] * 4
    assert checkpoints(10, 3).dtype == np.int32
    assert checkpoints(10, 3).tolist() == [1, 3, 10]


def test_chunks_of_large_iterates_are_single_runs() -> None:
    for d, wide in (LARGE - 1, 7), (LARGE, 1):
        assert chunk_width(run(d), 7) == wide
        assert large(run(d)) is (wide == 1)


def test_how_many_chunks_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "cores", lambda: 3)
    enough = plan.SPARE * 3
    for named, calls, wanted in (
        (enough, 2, 2), (enough, 9, 3), (enough - 1, 9, 1), (10 * enough, 1, 1), ("many", 9, 1)
    ):  # fmt: skip
        monkeypatch.setenv("NPROC", str(named))
        assert calls_at_once(calls) == wanted
    monkeypatch.setattr(plan, "cores", lambda: 99)
    monkeypatch.setenv("NPROC", str(plan.SPARE * 99))
    assert calls_at_once(100) == plan.AT_ONCE
    for device in {"default_backend": lambda: "gpu"}, {"local_device_count": lambda: 2}:
        with monkeypatch.context() as patch:
            for name, answer in device.items():
                patch.setattr(jax, name, answer)
            assert calls_at_once(9) == 1
    monkeypatch.delenv("NPROC")
    assert calls_at_once(9) == 1
    assert "NPROC" not in os.environ


@pytest.mark.parametrize(("dtype", "size"), [("float64", 8), ("float32", 4)])
def test_memory_by_the_byte(dtype: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """States, the instance on each device, and records, which are held three times."""
    what = run(5)
    what = dataclasses.replace(what, problem=Isotropic(jnp.ones(5, jnp.float32)))
    given = sum(v.nbytes for v in jax.tree.leaves(what) if hasattr(v, "nbytes"))
    for devices, parts, copies in (1, 1, 1), (3, 1, 3), (3, 3, 1), (3, 2, 1):
        monkeypatch.setattr(jax, "local_device_count", lambda n=devices: n)
        monkeypatch.setattr(plan, "parts_of", lambda e, n=parts: n)
        record = 100 * (7 * (size + 1) + 4)
        need = size * COPIES * 5 * 11 + copies * given + 3 * record
        with precision(dtype):
            for room, fits in (need, True), (need - 1, False), (None, True), (need + 1, True):
                monkeypatch.setattr(plan, "on_devices", lambda host, room=room: room)
                if fits:
                    check_memory(what, 100, 7, 11)
                else:
                    told = f"100 runs of 5 entries, 11 at a time, .* {need / 2**30:.2g} GiB"
                    with pytest.raises(InvalidInput, match=told):
                        check_memory(what, 100, 7, 11)


def test_what_devices_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(*stats: Any) -> int | None:
        devices = [SimpleNamespace(memory_stats=lambda s=s: s) for s in stats]
        monkeypatch.setattr(jax, "local_devices", lambda: devices)
        return on_devices(77)

    assert left(None) == 77
    assert left({"bytes_limit": 9, "bytes_in_use": 2}) == 7
    assert left({"bytes_limit": 9, "bytes_in_use": 2}, {"bytes_limit": 5}) == 12
    assert left({"bytes_limit": 9}, {}) == left({"bytes_in_use": 1}, {"bytes_limit": 9}) == 77


def timed(
    monkeypatch: pytest.MonkeyPatch, T: int, calls: int, each: float, first: float = 0.0
) -> list[int]:
    """Steps that are rehearsed where one takes so many seconds, and the first call so many more."""
    clock, steps = [0.0], list[int]()

    def rehearse(marks: np.ndarray) -> None:
        assert marks.shape == (3,)
        assert marks.dtype == np.int32
        assert len(set(marks.tolist())) == 1
        clock[0] += each * int(marks[0]) + (0.0 if steps else first)
        steps.append(int(marks[0]))

    monkeypatch.setattr(plan.time, "perf_counter", lambda: clock[0])
    check_time(T, calls, rehearse, 3)
    return steps


def test_a_rehearsal_grows_until_it_is_long_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert timed(monkeypatch, 10**5, 999, 1.0) == []
    assert timed(monkeypatch, 10**5 - 1, 1000, 1.0) == []
    assert timed(monkeypatch, 10**5, 1000, 1e-9, 5.0)[:5] == [1, 16, 256, 4096, 65536]
    assert timed(monkeypatch, 10**8, 1, 1e-4, 5.0) == [1, 16, 256, 4096]  # 0.4 s
    with monkeypatch.context() as patch:
        patch.setattr(plan, "ENOUGH", 0.25)
        assert timed(monkeypatch, 10**8, 1, 2.0**-10, 5.0) == [1, 16, 256]
    assert timed(monkeypatch, 1, 10**8, 1e-9) == []
    capsys.readouterr()
    for seconds, said in (
        (59.9, ""), (60.1, "take about 1 minutes here"), (21599.0, "about 360 minutes"),
        (21601.0, "about 0.3 days"), (LIMIT * 0.999, "about 7.0 days"),
    ):  # fmt: skip
        timed(monkeypatch, 10**7, 10, seconds / 10**8)
        told = capsys.readouterr().err
        assert said in told
        assert bool(told) is bool(said)
        assert not told or told.startswith("convergence: 10 times 10000000 steps ")
    with monkeypatch.context() as patch:  # just so long
        patch.setattr(plan, "MINUTE", 10**8 / 1024)
        timed(patch, 10**7, 10, 2.0**-10)
        assert capsys.readouterr().err == ""
        patch.setattr(plan, "MINUTE", 60.0)
        patch.setattr(plan, "DAY", 10**8 / 256)
        timed(patch, 10**7, 10, 2.0**-10)
        assert "about 0.2 days" in capsys.readouterr().err
    with pytest.raises(InvalidInput, match="10 times 10000000 steps, which would take 14 days"):
        timed(monkeypatch, 10**7, 10, 2 * LIMIT / 10**8)


def test_records_are_cut_and_joined() -> None:
    values = np.array([[1.0, 0.0, 2.0], [3.0, 0.0, 4.0], [5.0, 0.0, 6.0]])
    finite = np.array([[True, False, True], [True, True, False], [False, True, True]])
    whole = Record(4, np.array([2, 3, 4]), values, finite, np.array([-1, 3, 1]))
    assert whole.seeds == 3
    assert whole.final().tolist() == [2.0, math.inf, 6.0]
    assert whole.final().dtype == np.float64
    assert values[1, 2] == 4.0
    part = whole.first(2)
    for name in "values", "finite", "first_bad":
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:2])
        joined = getattr(whole.join(part), name)
        np.testing.assert_array_equal(joined, getattr(whole, name)[[0, 1, 2, 0, 1]])
    assert part.T == 4


def test_arrays_that_are_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Along the longest axis, where it is shared evenly and there is enough of it."""
    assert parts_of(run(3)) == 1
    monkeypatch.setattr(jax, "local_device_count", lambda: 4)
    vast: Any = SimpleNamespace(problem=Isotropic(np.ones(spread.VAST)))
    near: Any = SimpleNamespace(problem=Isotropic(np.ones(spread.VAST - 1)))
    few: Any = inspect.unwrap(parts_of)
    assert (few(vast), few(near)) == (4, 1)
    monkeypatch.setattr(spread, "LARGE", 12)
    for shape, axes in (
        ((3, 4), (None, "entries")), ((12,), ("entries",)), ((11,), (None,)),
        ((4, 3), ("entries", None)),
        ((2, 2, 3), (None, None, "entries")), ((), ()), ((4, 4), ("entries", None)),
    ):  # fmt: skip
        found = place(np.zeros(shape))
        assert tuple(found.spec) == axes
        assert found.mesh.axis_names == ("entries",)


def test_arrays_of_the_host_are_placed_in_the_precision_of_now() -> None:
    tree = {"a": np.ones(2), "n": np.float64(3.0), "k": np.arange(2), "s": "x", "j": jnp.ones(1)}
    for dtype in "float32", "float64":
        with precision(dtype):
            found = placed(tree)
        assert found["a"].dtype == found["n"].dtype == dtype
        assert all(isinstance(found[k], jax.Array) for k in "ank")
        assert found["k"].dtype == ("int32" if dtype == "float32" else "int64")
        assert (found["s"], found["j"]) == ("x", tree["j"])


def test_what_a_host_found_wrong_is_a_sentence() -> None:
    def told(words: str) -> str:
        with pytest.raises((InvalidInput, jax.errors.JaxRuntimeError)) as met, plainly():
            raise jax.errors.JaxRuntimeError(words)
        return f"{type(met.value).__name__}: {met.value}"

    assert told("INTERNAL: x\n  File y\nconvergence.errors.InvalidInput: Got 3: so") == (
        "InvalidInput: Got 3: so"
    )
    assert told("a\nInvalidInput: Got 3.\n\n") == "InvalidInput: Got 3."
    assert told("a\nValueError: no") == "JaxRuntimeError: a\nValueError: no"
    assert told("a\nmy.InvalidInput.Other: no").startswith("JaxRuntimeError")
    line = "RESOURCE_EXHAUSTED: " + "x" * 200
    assert told(f"{line}\nmore") == (
        f"InvalidInput: The device has no memory left for this run ({line[:160]}); ask for a "
        "smaller chunk or a smaller instance."
    )
    with plainly():
        pass


def test_a_run_in_parts_is_the_run() -> None:
    """On one device: the same states, each array of them placed."""
    what = run(3)
    parted = spread.spread(what)
    assert isinstance(parted.algorithm, spread.Spread)
    assert all(isinstance(v, jax.Array) for v in jax.tree.leaves(parted) if hasattr(v, "nbytes"))
    np.testing.assert_array_equal(parted.problem.start(), np.ones(3))
    method = SimpleNamespace(
        init=lambda x0, oracle, key: {"x": 2 * x0, "k": oracle + 10 * key[0]},
        step=lambda t, state, oracle, key: {"x": state["x"] + t, "k": oracle + 10 * key[0]},
    )
    made = spread.Spread(method)
    two, five = (jnp.full(2, k, jnp.uint32) for k in (2, 5))
    state = made.init(jnp.arange(3.0), 1, two)
    after = made.step(jnp.asarray(4), state, 3, five)
    assert (state["x"].tolist(), int(state["k"])) == ([0.0, 2.0, 4.0], 21)
    assert (after["x"].tolist(), int(after["k"])) == ([4.0, 6.0, 8.0], 53)
