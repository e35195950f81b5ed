"""What the last digits of an instance are worth: its twins, with every float moved by an ulp.

A statement is about real numbers and an instance holds floats: Q is not exactly orthogonal, a root
is rounded. How far metric and bound part on twins says how much of a miss is owed to that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.claims.settings import Session
from convergence.philox import root
from convergence.plainly import plainly
from convergence.precision import precision
from convergence.problems.base import start_shape
from convergence.runner.experiment import Experiment
from convergence.runner.record import Record
from convergence.shapes import Key
from convergence.statistics import Judgement, Sample, Verdict
from convergence.theorems.base import Kind

TWINS = 16
PAIRED, OF_MEANS = 64, 4  # runs of a mean that twins repeat, and how many twins
FAR_OFF = 2  # twins, where the whole of a mean is in question and not its last digits
JOLT = 64  # ulps, of which a mean of squares that is rounding's alone grows as their square
PARTED = 4.0  # standard errors by which their means part
LEGIBLE = 0.01  # of a value, what rounding may make of it where an exponent is read to 0.05


def cheap(samples: list[Sample], settings: Any) -> list[float]:
    """A rounding of the metric's magnitude a step, with a factor 8 for the few operations: what is
    granted without a look. Where it is missed, `settle` looks."""
    return [8 * float(np.finfo(settings.dtype).eps) * max(s.T for s in samples)] * len(samples)


def resolved(law: Judgement, grain: Callable[[int], float]) -> Judgement:
    """A simulation's against exact values, which refutes none by less than float64 resolves of it:
    its `grain` at T."""
    if law.verdict is not Verdict.REFUTED:
        return law
    for row in law.rows:
        low, high = row.interval
        exact = float(np.max(row.bound))  # a number: these are means
        if not low <= exact <= high and abs(row.estimate - exact) > grain(row.T):
            return law
    near = f"{law.reason}, closer than what float64 resolves there"
    return Judgement(Verdict.INCONCLUSIVE, near, law.rows, law.slack, None)


def legible(found: Judgement, grain: Callable[[int], float]) -> Judgement:
    """Exponents of exact values, which refute no rate by values that are nearly all rounding."""
    if found.verdict is not Verdict.REFUTED:
        return found
    for row in found.rows:
        if math.isfinite(row.estimate) and grain(row.T) > LEGIBLE * abs(row.estimate):
            lost = f"{found.reason}; at T={row.T} float64 resolves no more than {grain(row.T):.2g}"
            return Judgement(Verdict.INCONCLUSIVE, lost, found.rows, found.slack, None)
    return found


def faint(values: np.ndarray, number: float, dtype: Any) -> bool:
    """Whether the squares of what is measured and of what is stated are no floats."""
    return bool(max(np.max(np.abs(values)), abs(number)) < float(np.finfo(dtype).tiny) ** 0.5)


def moved(tree: Any, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
    """`tree` with every float but 0, which no rounding leaves, one ulp of `dtype` up or down."""

    def move(leaf: Any) -> Any:
        if not eqx.is_inexact_array(leaf) or not np.isrealobj(leaf):
            return leaf
        value = np.asarray(leaf)
        side = np.where(rng.integers(0, 2, value.shape) == 1, np.inf, -np.inf)
        near = np.nextafter(value.astype(dtype), side.astype(dtype)).astype(value.dtype)
        return np.where(value == 0, value, near)

    return jax.tree.map(move, tree)


def floats(tree: Any) -> int:
    """How many floats `moved` moves."""
    arrays = [leaf for leaf in jax.tree.leaves(tree) if eqx.is_inexact_array(leaf)]
    return sum(int(np.count_nonzero(leaf)) for leaf in arrays)


def ends(kind: Kind, bound: Any) -> tuple[float, float]:
    """(low, high) between which a run lies that keeps a statement of this kind by itself."""
    if isinstance(bound, tuple):
        low, high = cast(tuple[float, float], bound)
        return float(low), float(high)
    b = float(bound)
    return {Kind.FLOOR: (b, math.inf), Kind.EXACT: (b, b)}.get(kind, (-math.inf, b))


def excess(values: np.ndarray, bound: tuple[float, float]) -> np.ndarray:
    """(seeds,) how far each run lies beyond its bound, relative to the larger; negative inside."""
    low, high = bound
    known = max((abs(b) for b in (low, high) if math.isfinite(b)), default=0.0)
    scale = np.maximum(known, np.abs(values))
    with np.errstate(invalid="ignore"):  # ∞ − ∞: the other end decides
        gap = np.fmax(values - high, low - values)
        beyond = np.where(np.isinf(gap), gap, gap / np.where(scale > 0, scale, 1.0))
    return beyond.reshape(len(beyond), -1).max(axis=1)


def gap(values: np.ndarray, bound: tuple[float, float]) -> np.ndarray:
    """(seeds,) how far each run lies beyond its bound, in the metric's own unit."""
    low, high = bound
    with np.errstate(invalid="ignore"):
        beyond = np.fmax(values - high, low - values)
    return beyond.reshape(len(beyond), -1).max(axis=1)


def digits(dtype: Any) -> float:
    """Two fifths of the digits of a precision: what is less of something is hardly seen beside it,
    and what moves more of it is no rounding any more."""
    return float(10 ** (-0.4 * np.finfo(dtype).precision))


@plainly
def _begun(algorithm: Any, problem: Any, oracle: Any, metric: Any, key: Key) -> Any:
    """The metric at the start of a run."""
    lax: Any = jax.lax
    state = algorithm.init(problem.start(), oracle, key)
    return metric.read(lax.full((), 0, np.int32), metric.init(problem, state), problem, state)


def sizes(claim: Any, record: Record, sample: Sample) -> tuple[float, float]:
    """The larger of value and bound at the end, and the largest of a run: the metric at its start
    and at its marks. A run that left the floats ends as large as it was seen."""
    with precision("float64"):
        run = claim.experiment(record.T)
        first = _begun(run.algorithm, run.problem, run.oracle, run.metric, root(0))
    known = [abs(b) for b in sample.range if math.isfinite(b)]
    end = max([*known, *np.abs(sample.values[np.isfinite(sample.values)]).ravel()], default=0.0)
    seen = np.concatenate([np.abs(record.values).ravel(), np.abs(np.ravel(first)), [end]])
    whole = float(np.max(seen[np.isfinite(seen)], initial=0.0)) or 1.0
    return (float(end) or 1.0) if np.isfinite(sample.values).all() else whole, whole


def twins(
    claim: Any, record: Record, runs: range, session: Session, many: int = TWINS,
    steps: int | None = None, rival: bool = False, jitter: bool = False,
) -> Iterator[tuple[np.ndarray, tuple[float, float]]]:  # fmt: skip
    """(metrics, ends of the bound) of some runs, first on the instance itself and then on `many`
    twins: instance, method and the statement's own fields moved by an ulp of the runs' precision,
    run in float64, and the bound's formula evaluated again. After `steps` steps if those are asked
    for; of the rival's method if that is meant; with `jitter`, states are moved at every step."""
    T, dtype = record.T, session.settings.dtype
    problem, noise, _ = claim.instance(T)
    what = claim.simulation(T, True) if rival else claim.simulation(T)
    if steps is not None:
        what = dataclasses.replace(what, T=steps)
    method = what.experiment.algorithm, what.experiment.metric

    def again(
        near: Any, loud: Any, how: Any, stated: Any
    ) -> tuple[np.ndarray, tuple[float, float]]:
        moments = loud.constants(start_shape(near))
        bound = stated.bound(near.constants() | moments, T)
        other = Experiment(near, claim.oracle(near, loud), *how)
        made = dataclasses.replace(what, experiment=other)
        return session.run(made, runs, record.seeds).final(), ends(claim.kind, bound)

    yield again(problem, noise, method, claim.theorem)
    for twin in range(1, many + 1):
        rng = np.random.default_rng(twin)
        near, loud = moved((problem, noise), rng, dtype)
        # A twin may lie outside what its class allows or can certify: the others tell.
        with contextlib.suppress(ArithmeticError, ValueError):
            (steps_by, read), stated = moved((method, claim.theorem), rng, dtype)
            how = (_Jittered(steps_by) if jitter else steps_by), read
            yield again(near, loud, how, stated)


class _Jittered(AbstractAlgorithm):
    """A method whose states are `JOLT` ulps off after a step: more than what it stalls on."""

    of: Any

    def init(self, x0: Any, oracle: Any, key: Key) -> Any:
        return self.of.init(x0, oracle, key)

    def step(self, t: Any, state: Any, oracle: Any, key: Key) -> Any:
        count = itertools.count()

        def near(leaf: Any) -> Any:
            if not jnp.issubdtype(leaf.dtype, jnp.floating):
                return leaf
            up = jax.random.bernoulli(jax.random.fold_in(key, next(count)), shape=leaf.shape)
            by = JOLT * float(np.finfo(leaf.dtype).eps)
            return leaf * jnp.where(up, 1 + by, 1 - by).astype(leaf.dtype)

        return jax.tree.map(near, self.of.step(t, state, oracle, key))


@contextlib.contextmanager
def quietly() -> Generator[None]:
    """In float64; what a twin has to warn of, the instance has."""
    with precision("float64"), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def worst_of(found: list[float], claim: Any, T: int) -> float:
    """Of the deviations s of twins, whose root mean square is ‖s‖₂ to first order, the worst choice
    of signs: Σ|s_i| ≤ √n ‖s‖₂ for n floats; at most 1, and 0 where nothing is known."""
    if not found:
        return 0.0
    problem, noise, _ = claim.instance(T)
    run = claim.simulation(T).experiment
    count = floats((problem, noise, (run.algorithm, run.metric), claim.theorem))
    with np.errstate(all="ignore"):
        spread = math.sqrt(float(np.mean(np.square(found))) * count)
    return min(spread, 1.0) if math.isfinite(spread) else 0.0


def sensitivity(claim: Any, record: Record, sample: Sample, session: Session) -> float:
    """How far, relatively, rounding n floats of the instance, the method and the statement's own
    fields can move the worst run from its bound, by its `twins`. Where both are what roundings make
    of 0, a hardly visible share of the run, how far apart they are in the metric's own unit; at
    most 1, and 0 where no twin stays finite.
    """
    finite = np.isfinite(sample.values).reshape(record.seeds, -1).all(axis=1)
    worst = int(np.argmax(np.where(finite, excess(sample.values, sample.range), np.inf)))
    with quietly():
        size, whole = sizes(claim, record, sample)
        nothing = size <= digits(session.settings.dtype) * whole
        beyond = [
            float(np.max((gap if nothing else excess)(values, bound))) / (size if nothing else 1)
            for values, bound in twins(claim, record, range(worst, worst + 1), session)
        ]
        return worst_of([b - beyond[0] for b in beyond[1:]], claim, record.T)


def blur(claim: Any, record: Record, sample: Sample, session: Session) -> float:
    """How far, relatively, rounding those floats can move the mean of a metric from the number that
    is stated of it: by `twins` of `PAIRED` runs under the same keys, where their means part by more
    than runs that a rounding scatters do."""
    runs = range(min(record.seeds, PAIRED))
    if not np.isfinite(sample.values[runs]).all():
        return 0.0
    with quietly():
        # Of the ends of a mean's range one is its number, and the other that or infinite.
        moving = twins(claim, record, runs, session, OF_MEANS)
        known = [v - min(ends_of, key=abs) for v, ends_of in moving]
        scale = max(abs(sample.number), float(np.mean(np.abs(sample.values[runs]))), 1e-300)
        return worst_of(parted(known, scale), claim, record.T)


def parted(known: list[np.ndarray], scale: float) -> list[float]:
    """By how much of `scale` the means of twins part from that of the first, 0 where runs that a
    rounding scatters would part them as much; one run is its own mean."""
    found: list[float] = []
    for values in known[1:]:
        apart = (values - known[0]) / scale
        n, mean = len(apart), float(np.mean(apart))
        least = PARTED * float(np.std(apart, ddof=1)) / n**0.5 if n > 1 else 0.0
        found.append(mean if abs(mean) > least else 0.0)
    return found


def hidden(claim: Any, record: Record, session: Session) -> bool:
    """Whether the mean of a metric is a hardly visible share of what it was on the way."""
    end = float(np.mean(np.abs(record.final())))
    _, whole = sizes(claim, record, Sample(record.T, record.final(), 0.0))
    return end <= digits(session.settings.dtype) * whole


def strayed(claim: Any, record: Record, session: Session, rival: bool = False) -> float:
    """Which share of the mean of a metric rounding those floats can make, whatever is stated of it:
    1 is all. Of runs that left the floats, the first is asked half the way there: 1 if its twins
    have left it by then, as far as digits are seen, and else 0."""
    gone = np.flatnonzero(~np.isfinite(record.final()))
    runs, steps = range(min(record.seeds, PAIRED)), None
    if len(gone):
        first = int(gone[0])
        seen = record.finite[first] & np.isfinite(record.values[first])
        last = int(np.max(record.marks[seen], initial=record.marks[0]))
        runs, steps = range(first, first + 1), max(1, last // 2)
    with quietly():
        jitter = not len(gone) and hidden(claim, record, session)
        known = [v for v, _ in twins(claim, record, runs, session, FAR_OFF, steps, rival, jitter)]
        if not np.isfinite(known).all():
            return 0.0
        scale = max(float(np.mean(np.abs(known[0]))), 1e-300)
        share = worst_of(parted(known, scale), claim, record.T)
    return float(share > digits(session.settings.dtype)) if len(gone) else share
