"""What is refused before a run: steps that change the form of their state, metrics that read no
number."""

# What JAX and Equinox return is unknown to type checkers.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.errors import InvalidInput, require
from convergence.metrics.base import AbstractMetric
from convergence.runner.experiment import Experiment
from convergence.shapes import Key


def measured(experiment: Experiment) -> tuple[Any, Any, Any, AbstractMetric]:
    """The parts of an experiment that measures something."""
    metric = experiment.metric
    require(metric is not None, "an experiment without a metric", "one to run it", "name a metric")
    assert metric is not None
    return experiment.problem, experiment.oracle, experiment.algorithm, metric


def check_step(experiment: Experiment) -> None:
    """Refuse an algorithm whose step changes the structure, a shape or a dtype of its state."""
    problem, oracle, algorithm = experiment.problem, experiment.oracle, experiment.algorithm

    def once(key: Key) -> Any:
        state = algorithm.init(problem.start(), oracle, key)
        return next_state(algorithm, jnp.zeros((), jnp.int32), state, oracle, key)

    eqx.filter_eval_shape(once, jax.random.key(0))


def next_state(algorithm: Any, t: Any, before: Any, oracle: Any, key: Key) -> Any:
    """A step, if it keeps the structure, shapes and dtypes of the state."""
    name = type(algorithm).__name__
    try:
        after = algorithm.step(t, before, oracle, key)
    except jax.errors.ConcretizationTypeError as error:
        raise InvalidInput(
            f"{name} asks at compile time, by an `if`, a `while`, `and`, `float` or `int`, for a "
            "number that is known only in a run; write jnp.where(condition, one, other), or "
            "jax.lax.cond for a branch that is dear"
        ) from error
    if jax.tree.structure(before) != jax.tree.structure(after):
        raise InvalidInput(
            f"{name}.step returns a state of another structure than {name}.init "
            f"({jax.tree.structure(after)} after {jax.tree.structure(before)}); return the same "
            "record with new arrays."
        )
    paths = jax.tree_util.tree_flatten_with_path(before)[0]
    for (path, old), new in zip(paths, jax.tree.leaves(after), strict=True):
        (shape, dtype), (new_shape, new_dtype) = (
            (np.shape(v), jax.dtypes.result_type(v)) for v in (old, new)
        )
        if (shape, dtype) != (new_shape, new_dtype):
            raise InvalidInput(
                f"{name}.step turns state{jax.tree_util.keystr(path)} from {dtype}{shape} "
                f"into {new_dtype}{new_shape}; a step must keep every shape and dtype, cast inside "
                "it."
            )
    return after


def check_metric(experiment: Experiment, vectors: bool = True, updated: bool = False) -> None:
    """Refuse a metric that reads anything but a real number, or a vector of them, or that asks the
    problem for what it has not; also after a step if `updated`, as a run would."""
    problem, oracle, algorithm, metric = measured(experiment)

    def read(key: Key) -> Any:
        state, t = algorithm.init(problem.start(), oracle, key), jnp.zeros((), jnp.int32)
        kept = metric.init(problem, state)
        kept = metric.update(t, kept, problem, state, state) if updated else kept
        return metric.read(t, kept, problem, state)

    try:
        found = eqx.filter_eval_shape(read, jax.random.key(0))
    except AttributeError as error:
        if error.obj is not problem:
            raise
        name, lacks = type(problem).__name__, f"{type(problem).__name__}.{error.name}"
        raise InvalidInput(
            f"Got {name}, but the metric {type(metric).__name__} asks a problem for {error.name}; "
            f"define {lacks}, or measure something else."
        ) from error
    read_is = [
        f"{getattr(v, 'dtype', type(v).__name__)}{getattr(v, 'shape', '')}"
        for v in jax.tree.leaves(found)
    ]
    one = hasattr(found, "shape") and len(found.shape) <= vectors and 0 not in found.shape
    require(
        one and found.dtype.kind == "f",
        f"{', '.join(read_is) or 'nothing'} from the metric {type(metric).__name__}",
        "one real number a run" + ", or a vector of them" * vectors,
        "take a norm, a real part or a cast to floats, on purpose",
    )
