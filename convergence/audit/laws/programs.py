"""Laws of JAX's programs: shapes, formats, states, purity, and any tree of parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import draws, sequence
from convergence.audit.laws.law import Found
from convergence.audit.optax_run import OptaxRun, accepted, to_host, wide
from convergence.audit.subject import Subject

SHAPES = ((4,), (4, 3))
T = 5
ROUNDINGS = 256  # unit roundoffs of float32, by which compiled and interpreted steps may differ


def of_jax(s: Subject) -> None:
    """Ask nobody else, for whom JAX need not be imported."""
    if s.kind != "optax" or s.every > 1:
        raise NotAsked("a question to transformations of JAX's")


def transformation(s: Subject, dtype: str = "float32") -> Any:
    """The transformation and what it needs for `T` steps."""
    of_jax(s)
    run = s.start(draws(SHAPES, 1, seed=42)[0], dtype)
    assert isinstance(run, OptaxRun)
    return run.tx


def updates(tx: Any, params: Any, state: Any, gradients: Any) -> Any:
    """One bare update, with the extra arguments of ½‖x‖²."""
    import jax
    import jax.numpy as jnp

    def half(p: Any, *_: Any, **__: Any) -> Any:
        return 0.5 * sum(jnp.vdot(v, v).real for v in jax.tree.leaves(p))

    extra = {"value": half(params), "grad": gradients, "value_fn": half}
    try:
        return tx.update(gradients, state, params, **accepted(tx.update, extra))
    except TypeError as error:
        if "obj_fn" not in str(error):
            raise
        return tx.update(gradients, state, params, **accepted(tx.update, {**extra, "obj_fn": half}))


def formats(s: Subject) -> Found:
    """U17. Updates have the shapes and formats of the parameters, and a state keeps its structure,
    shapes and formats, as loops of JAX want it: in float32, float64 and bfloat16."""
    if s.kind != "optax":
        return arrays(s)
    import jax
    import jax.numpy as jnp

    for dtype in ("float32", "float64", "bfloat16"):
        tx = transformation(s, dtype)
        with wide(dtype):
            params = [jnp.ones(shape, dtype) for shape in SHAPES]
            state = jax.eval_shape(tx.init, params)
            try:
                moves, after = jax.eval_shape(lambda p, q, tx=tx: updates(tx, p, q, p), params,
                                              tx.init(params))  # fmt: skip
            except Exception as error:
                if dtype == "bfloat16":
                    continue
                raise NotAsked(f"it cannot be traced ({type(error).__name__})") from error
        for p, u in zip(params, moves, strict=True):
            if (u.shape, u.dtype) != (p.shape, p.dtype):
                return Found(False, f"updates of {p.dtype}{p.shape} are {u.dtype}{u.shape}", step=1)
        if jax.tree.structure(state) != jax.tree.structure(after):
            return Found(False, "the state of a step has another structure than that of init")
        for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(state), jax.tree.leaves(after)):
            if (a.shape, a.dtype) != (b.shape, b.dtype):
                where = jax.tree_util.keystr(path)
                return Found(False, f"in {dtype} a step turns state{where} from {a.dtype}{a.shape} "
                             f"into {b.dtype}{b.shape}", step=1)  # fmt: skip
    return Found(True)


def arrays(s: Subject) -> Found:
    """What torch's parameters are afterwards, or what a class of one's own returns."""
    if s.matrices:
        raise NotAsked("it takes nothing but matrices")
    gs = draws(SHAPES, 3, seed=43)
    f = sequence(lambda t: gs[t])
    for dtype in ("float32", "float64"):
        if dtype > s.wide:
            continue
        run: Any = s.start(draws(SHAPES, 1, seed=42)[0], dtype)
        for t in range(3):
            run.step(t, f)
        run = getattr(run, "run", run)
        for p, shape in zip(run.params if s.kind == "plain" else run.parameters, SHAPES):
            found = str(p.dtype).removeprefix("torch.")
            if (tuple(p.shape), found) != (shape, dtype):
                return Found(False, f"{dtype}{shape} comes back as {found}{tuple(p.shape)}", step=1)
    return Found(True)


def compiles(s: Subject) -> Found:
    """U27. A compiled step is the interpreted one, along five gradients: what is counted or kept in
    Python stands still when it is compiled."""
    of_jax(s)
    import jax
    import jax.numpy as jnp

    def walk(tx: Any, step: Any) -> np.ndarray:
        params = [jnp.asarray(v, "float32") for v in draws(SHAPES, 1, seed=42)[0]]
        state, xs = tx.init(params), []
        for gs in draws(SHAPES, T, seed=43):
            moves, state = step(params, state, [jnp.asarray(g, "float32") for g in gs])
            params = [p + u for p, u in zip(params, moves)]
            xs.append(np.concatenate([to_host(p).ravel() for p in params]))
        return np.stack(xs)

    with wide("float32"):
        slow, fast = transformation(s), transformation(s)
        one = walk(slow, lambda p, q, g: updates(slow, p, q, g))
        try:
            two = walk(fast, jax.jit(lambda p, q, g: updates(fast, p, q, g)))
        except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as error:
            return Found(False, f"it cannot be compiled: {type(error).__name__}", step=1)
    away = np.abs(one - two).max(axis=1)
    size = max(float(np.abs(one - one[0]).max()), 2.0**-4 * float(np.abs(one).max()))
    bad = ~(away <= ROUNDINGS * 2.0**-24 * size * np.arange(1, T + 1))
    if not bad.any():
        return Found(True, "", float(away.max()))
    t = int(np.argmax(bad))
    return Found(False, f"compiled and interpreted steps part at step {t + 1} by "
                 f"{away[t] / size:.3g}", float(away[t] / size), t + 1)  # fmt: skip


def trees(s: Subject) -> Found:
    """U26. Any tree of parameters: in nested dictionaries and tuples, whose order is another, each
    takes the path that it takes in a list."""
    of_jax(s)
    import jax
    import jax.numpy as jnp

    tx = transformation(s)
    if getattr(s.factory, "lists_only", False):
        raise NotAsked("Keras takes a list of parameters")
    start, gs = draws(SHAPES, 1, seed=42)[0], draws(SHAPES, T, seed=43)

    def nest(pair: Any) -> Any:
        a, b = (jnp.asarray(v, "float32") for v in pair)
        return {"z": a, "a": {"inner": (b,)}}

    def walk(made: Any, read: Any) -> np.ndarray:
        params, xs = made(start), []
        state = tx.init(params)
        for g in gs:
            moves, state = updates(tx, params, state, made(g))
            params = jax.tree.map(lambda p, u: p + u, params, moves)
            xs.append(np.concatenate([to_host(p).ravel() for p in read(params)]))
        return np.stack(xs)

    with wide("float32"):
        one = walk(lambda v: [jnp.asarray(a, "float32") for a in v], lambda p: p)
        try:
            two = walk(nest, lambda p: (p["z"], p["a"]["inner"][0]))
        except Exception as error:
            told = " ".join(str(error).split())[:120]
            return Found(False, f"a nested tree ends in {type(error).__name__}: {told}", step=1)
    away = np.abs(one - two).max(axis=1)
    if (away <= ROUNDINGS * 2.0**-24 * np.abs(one).max()).all():
        return Found(True, "", float(away.max()))
    return Found(False, "in a nested tree it takes another path", float(away.max()),
                 int(np.argmax(away > 0)) + 1)  # fmt: skip
