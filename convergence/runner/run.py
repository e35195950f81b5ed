"""vmap over seeds ∘ scan over checkpoints ∘ fori over steps, as one compiled program.

The horizon is a traced number and so is every real hyper-parameter: another T, step size or seed
compiles nothing. Runs are made in chunks of a fixed width, so that the program and with it every
bit of a run are the same however many seeds are asked for and whichever device takes the chunk.
Memory holds one chunk of states and K numbers a run: it is flat in T.
"""

# What JAX and Equinox return is unknown to type checkers.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import carefully, hastily, widely
from convergence.errors import InvalidInput, require
from convergence.keys import run_key, step_key
from convergence.philox import beside
from convergence.plainly import plainly as briefly
from convergence.precision import precision, wide
from convergence.runner import plan
from convergence.runner.checks import check_metric, measured, next_state
from convergence.runner.experiment import CHUNK, Experiment
from convergence.runner.record import Record
from convergence.runner.spread import parts_of, spread
from convergence.shapes import Key
from convergence.work import BRIEF
from convergence.workers import ahead

CHECKPOINTS = 16


def checkpoints(T: int, count: int = CHECKPOINTS) -> np.ndarray:
    """(count,) int32: geometric from 1 to T, ending at T; repeated where T is small."""
    require(T >= 1, f"a horizon T = {T}", "T ≥ 1", "ask for at least one step")
    distinct = np.unique(np.round(np.geomspace(1, T, count)).astype(np.int32))
    return np.concatenate([distinct, np.full(count - len(distinct), T, np.int32)])


def trajectory(experiment: Experiment, marks: Any, key: Key) -> tuple[Any, Any]:
    """One run: the metric, and whether the iterate is finite, at every mark.

    Whoever transforms it (vmap, grad) gets the very run that a claim is judged by.
    """
    check_metric(experiment)
    problem, oracle, algorithm, metric = measured(experiment)
    state = algorithm.init(problem.start(), oracle, step_key(key, 0))

    def step(t: Any, carry: Any) -> Any:
        state, acc = carry
        after = next_state(algorithm, t, state, oracle, step_key(key, t + 1))
        return after, metric.update(t, acc, problem, state, after)

    def segment(carry: Any, mark: Any) -> Any:
        t, inner = carry
        state, acc = inner = jax.lax.fori_loop(t, mark, step, inner)
        finite = jnp.all(jnp.isfinite(state.x))
        return (mark, inner), (metric.read(mark, acc, problem, state), finite)

    start = (jnp.zeros((), jnp.int32), (state, metric.init(problem, state)))
    return jax.lax.scan(segment, start, marks)[1]


def _first_bad(experiment: Experiment, marks: Any, key: Key) -> Any:
    """The first step of one run whose result is not finite, or −1.

    A second run, made only where a mark was not finite: asking at every step of every run would
    cost about a twelfth of it.
    """
    problem, oracle, algorithm, _ = measured(experiment)

    def sound(state: Any) -> Any:
        return jnp.all(jnp.isfinite(state.x))

    def step(carry: Any) -> Any:
        t, state = carry
        return t + 1, algorithm.step(t, state, oracle, step_key(key, t + 1))

    state = algorithm.init(problem.start(), oracle, step_key(key, 0))
    start = (jnp.zeros((), jnp.int32), state)
    t, state = jax.lax.while_loop(lambda c: (c[0] < marks[-1]) & sound(c[1]), step, start)
    return jnp.where(sound(state), -1, t - 1)


def _share(one: Callable[..., Any], experiment: Experiment, marks: Any, keys: Any) -> Any:
    """`one` for a chunk a device: `keys` has shape (devices · chunk,), each runs its share."""
    if jax.local_device_count() == 1:  # the same program, traced and lowered a sixth faster
        return jax.vmap(lambda k: one(experiment, marks, k))(keys)
    arrays, rest = eqx.partition(experiment, eqx.is_array)

    def device(arrays: Any, marks: Any, keys: Any) -> Any:
        whole = eqx.combine(arrays, rest)
        return jax.vmap(lambda k: one(whole, marks, k))(keys)

    mesh = jax.sharding.Mesh(np.array(jax.local_devices()), ("seeds",))
    everywhere, split = jax.P(), jax.P("seeds")
    return jax.shard_map(
        device,
        mesh=mesh,
        in_specs=(everywhere, everywhere, split),
        out_specs=split,
        check_vma=False,
    )(arrays, marks, keys)


def _alone(one: Callable[..., Any], experiment: Experiment, marks: Any, keys: Any) -> Any:
    """`one` for a single run that is spread over the devices."""
    return jax.tree.map(lambda v: v[None], one(experiment, marks, keys[0]))


_chunks, _hasty = carefully(_share), hastily(_share)
_large, _vast = widely(_share), widely(_alone)
_brief = briefly(trajectory, turns=lambda experiment, marks, key: -(-int(marks[-1]) // len(marks)))


@contextlib.contextmanager
def plainly() -> Generator[None, None, None]:
    """Raise what a callback to the host found wrong as the sentence that it is, without the forty
    lines that JAX puts around it."""
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" in str(error):
            raise InvalidInput(
                f"The device has no memory left for this run ({str(error).splitlines()[0]:.160}); "
                "ask for a smaller chunk or a smaller instance."
            ) from None
        name, _, sentence = str(error).rstrip().rsplit("\n", 1)[-1].partition(": ")
        if name.rsplit(".", 1)[-1] != InvalidInput.__name__:
            raise
        raise InvalidInput(sentence) from None


def placed(tree: Any) -> Any:
    """A tree with the host's arrays on the device, in the precision of here and now.

    What JAX makes of a NumPy array by itself it keeps while that lives, whatever the precision was
    (0.10.2): arrays of a float32 run arrived as float64. And `jnp.asarray` would compile a program
    for each shape.
    """

    def put(v: Any) -> Any:
        return jax.device_put(np.asarray(v, jax.dtypes.canonicalize_dtype(v.dtype)))

    return jax.tree.map(lambda v: put(v) if isinstance(v, np.ndarray | np.generic) else v, tree)


def run(
    experiment: Experiment,
    T: int,
    key: Key,
    *,
    seeds: range,
    chunk: int = CHUNK,
    marks: np.ndarray | None = None,
    hasty: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Record:
    """The runs with the indices `seeds` up to horizon `T`.

    `progress` is told how many further runs are done. Each local device takes one chunk a call, a
    CPU several side by side, or all of them one run that is vast (`convergence.runner.spread`).
    A `hasty` program compiles in half the time and runs slower, and a single run of it that is
    brief is evaluated by NumPy where programs run on a CPU; the last bits may differ.
    """
    # A program measures at as many marks whatever T is; those of a short horizon repeat.
    kept = np.unique(checkpoints(T), return_index=True)[1] if marks is None else slice(None)
    marks = checkpoints(T) if marks is None else np.asarray(marks, np.int32)
    chunk = plan.chunk_width(experiment, chunk)
    parts = parts_of(experiment)
    width = 1 if parts > 1 else chunk * jax.local_device_count()
    firsts = range(seeds.start - seeds.start % chunk, seeds.stop, width)
    at_once = 1 if plan.large(experiment) else plan.calls_at_once(len(firsts))
    plan.check_memory(experiment, len(seeds), len(marks[kept]), width * at_once)
    alone = chunk == len(seeds) == 1 and not plan.large(experiment)
    if alone and hasty and jax.default_backend() == "cpu":
        with plainly():
            found = _brief.surely(BRIEF, experiment, marks, run_key(key, seeds.start))
        if found is not None and np.all(found[1]):  # else compiled: it says where
            values, finite = (v[kept][None] for v in found)
            if progress is not None:
                progress(1)
            return Record(T, marks[kept], values, finite, np.full(1, -1, np.int32))
    experiment = placed(experiment)
    chunks = _large if plan.large(experiment) else _hasty if hasty else _chunks
    if parts > 1:
        experiment, chunks = spread(experiment), _vast

    def keys_from(first: int) -> Any:
        return beside(key, np.arange(first, first + width, dtype=np.uint32))

    def rehearse(marks: np.ndarray) -> None:
        with plainly():
            jax.block_until_ready(chunks(trajectory, experiment, marks, keys_from(0)))

    dtype = "float64" if wide() else "float32"  # threads know nothing of the caller's

    def piece(first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with plainly(), precision(dtype):
            keys = keys_from(first)
            values, finite = map(np.asarray, chunks(trajectory, experiment, marks, keys))
            bad = np.full(width, -1, np.int32)
            if not finite.all():
                bad = np.asarray(chunks(_first_bad, experiment, marks, keys))
        return values[:, kept], finite[:, kept], bad

    plan.check_time(T, -(-len(firsts) // at_once), rehearse, len(marks))
    if at_once > 1:  # compiled here, not in each thread
        rehearse(np.ones_like(marks))
    pieces = []
    for first, found in zip(firsts, ahead(piece, firsts, at_once), strict=True):
        pieces.append(found)
        if progress is not None:
            progress(min(first + width, seeds.stop) - max(first, seeds.start))
    keep = slice(seeds.start - firsts.start, seeds.stop - firsts.start)
    values, finite, first_bad = (np.concatenate(column)[keep] for column in zip(*pieces))
    return Record(T, marks[kept], values, finite, first_bad)
