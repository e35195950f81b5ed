"""Laws that every optimizer obeys, and two that only some do.

Those of JAX's programs are here; the others are the laws that the audit holds everyone to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from convergence.audit.asking import ask, quietly
from convergence.audit.cells import CannotRun, Cell, Outcome
from convergence.audit.find import of
from convergence.audit.functions import Function, draws, scaled, sequence
from convergence.audit.kinds import is_torch
from convergence.audit.laws import LAWS
from convergence.audit.optax_run import accepted
from convergence.audit.subject import Subject
from convergence.errors import InvalidInput, require
from convergence.precision import precision
from convergence.problems.base import AbstractProblem

# Compiled and interpreted updates differ by a few roundings of an update's size.
ROUNDINGS = 64
# A damping ε ≤ 1e-7 beside gradients of size 1 moves a scale-invariant update by this much.
DAMPING = 1e-4
# Several parameters: a vector, a tall, a wide and a square matrix.
SHAPES = {"vector": (4,), "tall": (8, 4), "wide": (4, 8), "square": (4, 4)}
STEPS = 8
# Laws of docs/audit.md that `program_laws` answers: every shape, and a state that is complete.
ANSWERED = ("U3", "S8")


def transformation_laws(
    optimizer: Any,
    scale_invariant: bool = False,
    decreases: AbstractProblem | None = None,
    steps: int = STEPS,
    options: Mapping[str, Any] | None = None,
) -> list[str]:
    """What is wrong with an optimizer, a sentence each; nothing if it obeys the laws.

    optimizer: an optax transformation or its factory, a class or object of torch's optimizers;
    options: arguments for a factory or class. Always asked: the laws of docs/audit.md that bind
    everyone, on vectors and tall, wide and square matrices, from 0 and elsewhere, with zero and
    complex gradients, an outlier and rate 0. Of an optax transformation also, in float32 and
    float64 and on several parameters at once: updates have the shape and dtype of the parameters
    and are finite numbers; the state keeps its structure, shapes and dtypes; a second step compiles
    nothing; equal arguments give equal results whatever was computed in between, and stay as they
    were; compiled and interpreted updates agree. scale_invariant: c·g for every gradient g makes
    the same path, c = 1024. decreases: with exact gradients of this problem f never rises within
    `steps`, and x moves.
    """
    tx = finished(optimizer, options)
    wrong = [] if tx is None else program_laws(tx)
    if wrong:
        return wrong
    name = getattr(optimizer, "__name__", type(optimizer).__name__)
    try:
        with quietly():
            subject = of(optimizer if tx is None or options is None else tx, name, options=(
                options or {} if tx is None else {}))  # fmt: skip
    except CannotRun as error:
        return [f"it cannot be run: {error}"]
    kept = () if tx is None else ANSWERED
    laws = [law for law in LAWS if law.promised(subject) and law.id not in kept]
    cells = [ask(law, subject, True) for law in laws]
    wrong = [sentence for cell in cells if (sentence := told(cell, subject))]
    if scale_invariant:
        wrong += scales(subject)
    if decreases is not None:
        wrong += rises(subject, decreases, steps)
    return wrong


def finished(optimizer: Any, options: Mapping[str, Any] | None) -> Any:
    """The optax transformation that is meant, or None for an optimizer of torch."""
    if is_torch(optimizer) or is_torch(type(optimizer)):
        return None
    made = optimizer
    if callable(optimizer) and not isinstance(optimizer, optax.GradientTransformation):
        try:
            made = optimizer(**(options or {}))
        except Exception as error:
            raise InvalidInput(
                f"Got {getattr(optimizer, '__name__', optimizer)!r}, which makes no optimizer from "
                f"{dict(options or {})} ({type(error).__name__}: {error}), but an optax "
                "GradientTransformation, a factory of one or an optimizer of torch is needed; give "
                "its arguments as options."
            ) from error
    require(
        isinstance(made, optax.GradientTransformation),
        f"{type(made).__name__}",
        "an optax.GradientTransformation, a factory of one or an optimizer of torch",
        "use algorithm_laws for an algorithm",
    )
    return made


def told(cell: Cell, subject: Subject) -> str:
    """The sentence about a law that is broken; empty if it is not."""
    title = next(law.title for law in LAWS if law.id == cell.law)
    if cell.outcome is Outcome.CANNOT:
        return f"{title}: it cannot be run ({cell.detail})"
    if cell.outcome is not Outcome.BREAKS:
        return ""
    # A finished transformation cannot be asked to leave its decay out; what moves at a zero
    # gradient though it rests at 0 is one, and so is what moves by rounding alone.
    if cell.law in ("S13", "S13f") and not subject.accepts and cell.amount is not None:
        still = [np.zeros(3), np.zeros((3, 2))]
        path = subject.path(sequence(lambda t: [0 * v for v in still]), still, 4)
        if not np.any(path.flat()):
            return ""
    return f"{title}: {cell.detail}"


def program_laws(tx: Any) -> list[str]:
    """The laws of JAX's programs, in both precisions; the first one that is broken."""
    for dtype in ("float32", "float64"):
        with precision(dtype):
            rng = np.random.default_rng(0)
            params, *gradients = (
                {k: jnp.asarray(rng.standard_normal(s), dtype) for k, s in SHAPES.items()}
                for _ in range(STEPS + 1)
            )
            update = Compiled(tx)
            for law in (shapes, recompiles, pure, finite):
                try:
                    wrong = law(tx, params, gradients, update)
                except Exception as error:
                    said = " ".join(str(error).split("\n")[0].split())
                    wrong = [f"{', '.join(SHAPES)} at once end in {type(error).__name__}: {said}"]
                if wrong:
                    return [f"{sentence} ({dtype})" for sentence in wrong]
    return []


def half_square(p: Any, obj_fn: Any = None, grad_fn: Any = None) -> Any:
    """½‖p‖²; line searches want every argument of theirs to be one of the function's."""
    return 0.5 * sum(jnp.vdot(v, v) for v in jax.tree.leaves(p))


def updating(tx: Any) -> Any:
    """tx.update(gradient, state, params) with what else it asks, as on ½‖p‖²."""

    def update(gradient: Any, state: Any, params: Any) -> Any:
        value, step = half_square(params), lambda p, *_: p
        more = {"value": value, "grad": gradient, "value_fn": half_square, "obj_fn": half_square}
        given = accepted(tx.update, {**more, "grad_fn": step})
        return tx.update(gradient, state, params, **given)

    return update


class Compiled:
    """The update, compiled, and how many times it was."""

    def __init__(self, tx: Any):
        self.traced, plain = 0, updating(tx)

        def update(gradient: Any, state: Any, params: Any) -> Any:
            self.traced += 1
            return plain(gradient, state, params)

        self.update = jax.jit(update)


def listed(tree: Any) -> list[tuple[str, Any]]:
    """Leaves with their paths."""
    return [(jax.tree_util.keystr(p), v) for p, v in jax.tree_util.tree_flatten_with_path(tree)[0]]


def shapes(tx: Any, params: Any, gradients: list[Any], compiled: Compiled) -> list[str]:
    """Shape and dtype of updates and state, found without computing anything."""
    state = jax.eval_shape(tx.init, params)
    updates, after = jax.eval_shape(updating(tx), gradients[0], state, params)
    if jax.tree.structure(updates) != jax.tree.structure(params):
        return ["updates have another structure than the parameters"]
    wrong = [
        f"updates{path} are {new.dtype}{new.shape}, parameters {old.dtype}{old.shape}"
        for (path, new), old in zip(listed(updates), jax.tree.leaves(params), strict=True)
        if (new.shape, new.dtype) != (old.shape, old.dtype)
    ]
    if jax.tree.structure(state) != jax.tree.structure(after):
        return [*wrong, "update returns a state of another structure than init"]
    for (path, old), new in zip(listed(state), jax.tree.leaves(after), strict=True):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            wrong.append(f"update turns state{path} from {old.dtype}{old.shape} into "
                         f"{new.dtype}{new.shape}")  # fmt: skip
    return wrong


def recompiles(tx: Any, params: Any, gradients: list[Any], compiled: Compiled) -> list[str]:
    """A step after the first traces the update again: Python values or weak types in the state."""
    walk(tx, params, gradients[:3], compiled.update)
    if compiled.traced == 1:
        return []
    return [
        f"three steps compiled the update {compiled.traced} times; give the state's arrays their "
        "dtypes"
    ]


def pure(tx: Any, params: Any, gradients: list[Any], compiled: Compiled) -> list[str]:
    """Hidden state, changed arguments, or a compiled update that differs."""
    before = [np.array(v) for g in gradients for v in jax.tree.leaves(g)]
    first, again = walk(tx, params, gradients), walk(tx, params, gradients)
    wrong = []
    if not np.array_equal(first, again, equal_nan=True):
        wrong.append("equal arguments gave different updates: something is kept between calls")
    after = [np.asarray(v) for g in gradients for v in jax.tree.leaves(g)]
    if any(not np.array_equal(a, b) for a, b in zip(after, before, strict=True)):
        wrong.append("update changed the gradients that it was given")
    fast = walk(tx, params, gradients, compiled.update)
    eps = float(jnp.finfo(jax.tree.leaves(params)[0].dtype).eps)
    tolerance = ROUNDINGS * eps * max(1.0, np.abs(first).max())
    if not np.allclose(first, fast, rtol=0, atol=tolerance, equal_nan=True):
        wrong.append("the compiled update differs from the interpreted one")
    return wrong


def finite(tx: Any, params: Any, gradients: list[Any], compiled: Compiled) -> list[str]:
    """NaN or infinity after gradients that are none: plain, 0 at first, always 0, 0 at last, one
    outlier; and from parameters that are 0."""
    zero = jax.tree.map(jnp.zeros_like, params)
    outlier = jax.tree.map(lambda g: 1e6 * g, gradients[2])
    cases = {
        "plain gradients": gradients,
        "a zero first gradient": [zero, *gradients[1:]],
        "zero gradients": [zero] * 4,
        "gradients that become 0": [*gradients[:2], *[zero] * 4],
        "an outlier": [*gradients[:2], outlier, *gradients[3:]],
    }
    for told, given in cases.items():
        for where, start in (("", params), (" from 0", zero)):
            found = walk(tx, start, given, compiled.update)
            if not np.all(np.isfinite(found)):
                step = int(np.argmin(np.isfinite(found).all(axis=1)))
                return [f"{told}{where}: the update is NaN or infinite at step {step}"]
            if told == "zero gradients" and where and np.any(found):
                return ["zero gradients from 0: the update is not 0"]
    return []


def walk(tx: Any, params: Any, gradients: list[Any], update: Any = None) -> np.ndarray:
    """(steps, entries): the updates along given gradients."""
    state, found, update = tx.init(params), [], update or updating(tx)
    for gradient in gradients:
        updates, state = update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        found.append(np.concatenate([np.ravel(v) for v in jax.tree.leaves(updates)]))
    return np.stack(found).astype(np.float64)


def scales(subject: Subject) -> list[str]:
    """A path that changes with the unit of the gradient."""
    given = list(SHAPES.values())[:2]
    gradients = draws(given, STEPS)
    x0 = draws(given, 1, seed=1)[0]
    f = sequence(lambda t: gradients[t])
    one, many = (subject.path(g, x0, STEPS).flat() for g in (f, scaled(f, 1024.0)))
    error = float(np.abs(one - many).max() / max(np.abs(one - one[0]).max(), 1e-300))
    if error <= DAMPING:
        return []
    return [f"gradients in another unit (× 1024) change the path by {error:.2g} of its length"]


def rises(subject: Subject, problem: AbstractProblem, steps: int) -> list[str]:
    """The first step with exact gradients after which f is larger, or that goes nowhere."""
    name = type(problem).__name__
    with precision("float64"):
        value, grad = jax.jit(lambda x: problem.value(x)), jax.jit(lambda x: problem.grad(x))
        f = Function(
            lambda t, x: float(value(jnp.asarray(x[0]))),
            lambda t, x: [np.asarray(grad(jnp.asarray(x[0])))],
        )
        path = [x[0] for x in subject.path(f, [np.asarray(problem.start())], steps).x]
        values = [f.value(0, [x]) for x in path]
        slopes = [np.abs(f.grad(0, [x])[0]).max() for x in path]
    rounding = ROUNDINGS * float(np.finfo(np.float64).eps)
    for t in range(steps):
        before, after = values[t], values[t + 1]
        if not after <= before + rounding * max(1.0, abs(before)):
            return [f"f rises from {before:.6g} to {after:.6g} at step {t} on {name}"]
        if np.array_equal(path[t], path[t + 1]) and slopes[t] > 0:
            return [f"step {t} on {name} goes nowhere though the gradient is not 0"]
    return []
