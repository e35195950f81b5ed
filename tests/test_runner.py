"""The runner: one program, reproducible bits, divergence as data."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.subspace.projected import Subspace
from convergence.errors import InvalidInput
from convergence.keys import claim_key, run_keys, slug_seed
from convergence.memory import release
from convergence.metrics.folds import Average, Extremes
from convergence.metrics.pointwise import GradNormSq, Value
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import Points
from convergence.oracles.base import Oracle
from convergence.parts.projectors import Haar
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner import plan
from convergence.runner.experiment import Experiment
from convergence.runner.run import _chunks, _hasty, _large, checkpoints, run, trajectory
from convergence.shapes import Reals, real
from convergence.workers import cores

PROBLEM = Isotropic(np.ones((4, 3)))
NOISY = Oracle(PROBLEM, Gaussian(1.0))


def measure(algorithm: Any, T: int = 20, seeds: range = range(8), **kwargs: Any) -> Any:
    with precision(kwargs.pop("dtype", "float64")):
        return run(
            Experiment(
                kwargs.pop("problem", PROBLEM),
                kwargs.pop("oracle", NOISY),
                algorithm,
                kwargs.pop("metric", Average(GradNormSq())),
            ),
            T,
            claim_key("test", 0, T),
            seeds=seeds,
            chunk=kwargs.pop("chunk", 8),
            **kwargs,
        )


class Counting(SGD):
    """SGD that counts how often it is traced."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        TRACES.append(1)
        return super().step(t, state, oracle, key)


TRACES: list[int] = []


def test_another_horizon_step_or_seed_compiles_nothing() -> None:
    measure(Counting(0.1), T=10)
    before = len(TRACES)
    measure(Counting(0.2), T=10)
    measure(Counting(0.1), T=300)
    measure(Counting(0.1), T=10, seeds=range(24))
    assert len(TRACES) == before


def test_chunks_side_by_side_give_the_same_bits_from_one_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, traced = [], []
    for at_once in (1, 3):
        release()
        TRACES.clear()
        monkeypatch.setattr(plan, "calls_at_once", lambda calls: at_once)  # noqa: B023
        found.append(measure(Counting(0.1), seeds=range(50)).values)
        traced.append(len(TRACES))
    assert np.array_equal(*found)
    assert traced[0] == traced[1] > 0


def test_what_a_chunk_finds_wrong_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "calls_at_once", lambda calls: 2)
    begun = []

    def stop(done: int) -> None:
        begun.append(done)
        raise InvalidInput("enough")

    with pytest.raises(InvalidInput, match="enough"):
        measure(SGD(0.1), seeds=range(80), progress=stop)
    assert begun == [8]


def test_a_step_of_small_iterates_is_no_work_for_several_threads() -> None:
    with precision("float64"):
        experiment = Experiment(PROBLEM, NOISY, SGD(0.1), Average(GradNormSq()))
        keys = run_keys(claim_key("test", 0, 20), jnp.arange(2048, dtype=jnp.uint32))
        given = experiment, checkpoints(20), keys
        found = [
            compiled(trajectory, *given).compile().compiled.as_text()
            for compiled in (_chunks.lower, _hasty.lower, _large.lower)
        ]
    assert ['outer_dimension_partitions":["' in text for text in found] == [
        False,
        False,
        int(os.environ["NPROC"]) > 1,
    ]


@pytest.mark.parametrize("hasty", [False, True])
def test_added_seeds_leave_earlier_runs_bitwise_alone(hasty: bool) -> None:
    few, later, many = (
        measure(SGD(0.1), seeds=seeds, hasty=hasty) for seeds in (range(5), range(5, 37), range(37))
    )
    np.testing.assert_array_equal(few.values, many.values[:5])
    np.testing.assert_array_equal(few.join(later).values, many.values)


DEVICES = """
import numpy as np, jax
from tests.test_runner import measure, Subspace, Haar
assert jax.local_device_count() == {count}
for hasty in (False, True):
    record = measure(Subspace(Haar(), 0.1, r=2), seeds=range(40), hasty=hasty)
    print(record.values.tobytes().hex())
"""


def test_a_hasty_program_differs_by_rounding_alone() -> None:
    slow, fast = (measure(Subspace(Haar(), 0.1, r=2), hasty=hasty) for hasty in (False, True))
    np.testing.assert_allclose(fast.values, slow.values, rtol=1e-12)


def test_one_device_and_two_give_the_same_bits() -> None:
    printed = []
    for count in (1, 2):
        flags = f"--xla_force_host_platform_device_count={count}"
        done = subprocess.run(
            [sys.executable, "-c", DEVICES.format(count=count)],
            # Threads to spare: XLA's pools can wait for themselves where devices outnumber them.
            env={**os.environ, "XLA_FLAGS": flags, "NPROC": "16"},
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1]


def test_gradient_descent_by_hand() -> None:
    """f = ½‖x‖² from ones (12 entries), η = ½: ‖∇f‖² is 12, 3, 0.75; the average over t < 3 is
    15.75/3 = 5.25."""
    record = measure(SGD(0.5), T=3, seeds=range(1), oracle=Oracle(PROBLEM, Noiseless()))
    assert record.final().tolist() == [5.25]
    extremes = measure(
        SGD(0.5),
        T=3,
        seeds=range(1),
        oracle=Oracle(PROBLEM, Noiseless()),
        metric=Extremes(GradNormSq()),
    )
    assert extremes.final().tolist() == [[0.1875, 12.0]]


def test_metrics_are_read_at_every_checkpoint() -> None:
    record = measure(SGD(0.5), T=8, oracle=Oracle(PROBLEM, Noiseless()), metric=Value())
    expected = 6.0 * 0.25 ** record.marks.astype(float)  # f halves twice a step from 6
    np.testing.assert_array_equal(record.values[0], expected)


def test_a_short_run_keeps_each_checkpoint_once() -> None:
    """A million runs of one step would otherwise hold sixteen million equal numbers."""
    for T, marks in ((1, [1]), (3, [1, 2, 3])):
        record = measure(SGD(0.5), T=T, oracle=Oracle(PROBLEM, Noiseless()), metric=Value())
        assert record.marks.tolist() == marks
        np.testing.assert_array_equal(record.values[0], 6.0 * 0.25 ** record.marks.astype(float))
        assert record.finite.shape == record.values.shape


def test_checkpoints_end_at_the_horizon() -> None:
    for T in (1, 2, 7, 16, 1000):
        marks = checkpoints(T)
        assert marks.shape == (16,)
        assert marks[-1] == T
        assert np.all(np.diff(marks) >= 0)
    with pytest.raises(InvalidInput, match="T ≥ 1"):
        checkpoints(0)


def test_a_long_run_says_for_how_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A millisecond a step: 10⁵ steps by 1000 chunks are 28 hours, by 100 nearly 3."""
    clock = [0.0]

    def rehearse(marks: np.ndarray) -> None:
        clock[0] += 1e-3 * float(marks[-1])

    monkeypatch.setattr(plan.time, "perf_counter", lambda: clock[0])
    plan.check_time(10**5, 1000, rehearse, 3)
    assert "1000 times 100000 steps take about 1.2 days here" in capsys.readouterr().err
    monkeypatch.setattr(plan, "LONG", 10**7)
    plan.check_time(10**5, 100, rehearse, 3)
    assert "take about 167 minutes" in capsys.readouterr().err
    plan.check_time(10**5, 99, rehearse, 3)
    assert capsys.readouterr().err == ""


def test_the_first_bad_step_is_that_of_the_run_itself() -> None:
    """x stays 0 until the first sample that is not, and is beyond float64 two steps later: found by
    `_first_bad`, which runs it again."""
    still, noise = Isotropic([0.0]), Points(np.array([[1.0], [-1.0], *[[0.0]] * 6]))
    oracle = Oracle(still, noise)
    record = measure(SGD(1e200), T=7, seeds=range(16), problem=still, oracle=oracle)
    assert record.marks.tolist() == list(range(1, 8))
    for marks, bad in zip(record.finite, record.first_bad, strict=True):
        lost = record.marks[~marks]
        assert bad == (lost[0] - 1 if len(lost) else -1)
    assert len(set(record.first_bad.tolist())) > 3


def test_divergence_is_data_with_its_first_step() -> None:
    """η = 1e154: |x_{t+1}| = 1e154 |x_t| leaves float64 at the third step (t = 2), as `_first_bad`
    finds."""
    record = measure(SGD(1e154), T=10, seeds=range(2), oracle=Oracle(PROBLEM, Noiseless()))
    assert record.first_bad.tolist() == [2, 2]
    assert np.all(np.isposinf(record.final()))
    # After two steps the square is beyond float64 and the iterate is not: no step was bad.
    short = measure(SGD(1e154), T=2, seeds=range(2), oracle=Oracle(PROBLEM, Noiseless()))
    assert short.first_bad.tolist() == [-1, -1]
    assert np.all(np.isposinf(short.final()))


class Reshaping(AbstractAlgorithm):
    """A step that changes the shape or the dtype of its state."""

    kind: str = eqx.field(static=True)
    eta: Reals = eqx.field(converter=real, default=0.1)

    def init(self, x0: Any, oracle: Any, key: Any) -> State:
        return State(x0)

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        x = state.x
        return State(x.astype(jnp.float16) if self.kind == "dtype" else x[:1])


@pytest.mark.parametrize("kind", ["dtype", "shape"])
def test_a_step_that_changes_its_state_is_refused(kind: str) -> None:
    with pytest.raises(InvalidInput, match="must keep every shape and dtype"):
        measure(Reshaping(kind))


def test_float32_is_selectable_and_the_callers_setting_is_left_alone() -> None:
    before = jnp.zeros(()).dtype
    assert measure(SGD(0.1), dtype="float32").values.dtype == np.float32
    assert measure(SGD(0.1)).values.dtype == np.float64
    assert jnp.zeros(()).dtype == before


def test_keys_do_not_depend_on_pythons_hash() -> None:
    # The first four bytes of BLAKE2b(digest_size=4) of "a", big-endian, without the last bit.
    assert slug_seed("a") == 1695655466


def test_subspace_keeps_state(test_seed: int) -> None:
    record = measure(Subspace(Haar(), 0.1, r=2, tau=3), seeds=range(4))
    assert np.all(np.isfinite(record.values))


def test_released_programs_are_gone() -> None:
    """Of a claim and of JAX's own small functions alike, however Equinox keeps them."""
    client = jax.devices()[0].client
    measure(Subspace(Haar(), 0.1, r=2), seeds=range(2))
    assert client.live_executables()
    release()
    assert not client.live_executables()


@pytest.mark.parametrize(("named", "several"), [(None, False), ("2", False), ("10000", True)])
def test_chunks_go_side_by_side_only_where_threads_are_to_spare(
    named: str | None, several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NPROC", raising=False)
    if named:
        monkeypatch.setenv("NPROC", named)
    assert plan.calls_at_once(1) == 1
    assert (plan.calls_at_once(8) > 1) is (several and cores() > 1)
