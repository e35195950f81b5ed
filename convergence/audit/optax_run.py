"""optax's transformations, and whatever else has `init(params)` and `update(grads, state, params)`.

Extra arguments come from the function: value, grad, value_fn and obj_fn. The parameters are a list
of arrays. A step is compiled once for each option and shape; code that JAX cannot trace is run
as it stands.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from convergence.audit.functions import Arrays, Function
from convergence.audit.subject import Run, Subject

_COMPILED: dict[Any, Any] = {}


@contextlib.contextmanager
def wide(dtype: str) -> Any:
    """64-bit numbers exactly where they are asked for."""
    import jax

    with jax.enable_x64(dtype in ("float64", "complex128")):
        yield


class OptaxRun(Run):
    """x ← apply_updates(x, update(∇f(x), state, x))."""

    def __init__(
        self,
        subject: Subject,
        x0: Sequence[np.ndarray],
        dtype: str,
        groups: Sequence[int] | None = None,
        options: Any = None,
    ):
        import jax.numpy as jnp

        self.subject, self.dtype = subject, dtype
        self.options = subject.options if options is None else options
        with wide(dtype):
            self.tx = subject.factory(**self.options)
            self.params = [jnp.asarray(v, getattr(jnp, dtype)) for v in x0]
            self.state = self.tx.init(self.params)
            self.update = compiled(subject, self.tx, self.options, self.params)

    def step(self, t: int, f: Function) -> None:
        import jax.numpy as jnp

        x = self.x
        with wide(self.dtype):
            gradients = [
                jnp.zeros_like(p) if g is None else jnp.asarray(g, p.dtype)
                for g, p in zip(f.grad(t, x), self.params)
            ]
            # Strong types, so that the functions handed on promote nothing.
            value = jnp.asarray(f.value(t, x), self.params[0].real.dtype)
            bend = [jnp.asarray(h, p.dtype) for h, p in zip(f.curvature(t, x), self.params)]
            self.params, self.state = self.update(self.params, self.state, gradients, value, bend)

    @property
    def x(self) -> Arrays:
        return [to_host(p) for p in self.params]

    @property
    def judged(self) -> Arrays:
        ready: Any = getattr(self.tx, "eval_params", None)
        with wide(self.dtype):
            if callable(ready):
                found: Any = ready(self.state, self.params)
                return [to_host(p) for p in found]
            if hasattr(self.state, "z") and hasattr(self.state, "b1"):
                from optax.contrib import schedule_free_eval_params

                return [to_host(p) for p in schedule_free_eval_params(self.state, self.params)]
        return self.x

    def write(self, x: Sequence[np.ndarray]) -> None:
        import jax.numpy as jnp

        with wide(self.dtype):
            self.params = [jnp.asarray(v, p.dtype) for v, p in zip(x, self.params)]

    def reload(self) -> Run:
        """Through plain arrays, into a transformation that is made anew."""
        import jax
        import jax.numpy as jnp

        other = OptaxRun(self.subject, self.x, self.dtype, options=self.options)
        with wide(self.dtype):
            leaves, tree = jax.tree.flatten(self.state)
            kept = [np.array(v) if hasattr(v, "dtype") and v.dtype.kind in "fiubc" else v
                    for v in leaves]  # fmt: skip
            back = [jnp.asarray(v) if isinstance(v, np.ndarray) else v for v in kept]
            other.params, other.state = list(self.params), jax.tree.unflatten(tree, back)
        return other


def to_host(p: Any) -> np.ndarray:
    """An array in double precision."""
    p = np.asarray(p)
    return p.astype(np.complex128 if p.dtype.kind == "c" else np.float64)


def compiled(subject: Subject, tx: Any, options: Any, params: Any) -> Any:
    """(params, state, gradients, value, curvature) → (params, state), traced if JAX can."""
    import jax

    from convergence.compiling import HASTE, at_hand

    shapes = tuple((p.shape, str(p.dtype)) for p in params)
    key = (id(subject.factory), repr(sorted(options.items())), shapes)
    if any(callable(v) for v in options.values()):
        key = (id(tx), shapes)
    if key not in _COMPILED:
        plain = whole_step(tx)
        fast = jax.jit(plain, compiler_options=at_hand(HASTE))
        _COMPILED[key] = (Traced(fast, plain), subject.factory, tx)
    return _COMPILED[key][0]


class Traced:
    """The compiled step until JAX refuses it, the interpreted one from then on."""

    def __init__(self, fast: Any, slow: Any):
        self.fast, self.slow = fast, slow

    def __call__(self, *arguments: Any) -> Any:
        import jax

        if self.fast is None:
            return self.slow(*arguments)
        try:
            return self.fast(*arguments)
        except (jax.errors.JAXTypeError, jax.errors.JAXIndexError, TypeError):
            self.fast = None
            return self.slow(*arguments)


def whole_step(tx: Any) -> Any:
    """One step as a function of arrays."""
    import jax
    import jax.numpy as jnp

    def step(params: Any, state: Any, gradients: Any, value: Any, bend: Any) -> Any:
        def near(p: Any, *_: Any, **__: Any) -> Any:
            away = jax.tree.map(lambda a, b: a - b, p, params)
            total = value
            for g, d, h in zip(gradients, away, bend, strict=True):
                total += (jnp.vdot(g, d) + jnp.vdot(h * d, d) / 2).real.astype(value.dtype)
            return total

        extra = {"value": value, "grad": gradients, "value_fn": near}
        try:
            updates, state = tx.update(gradients, state, params, **accepted(tx.update, extra))
        except TypeError as error:
            if "obj_fn" not in str(error):
                raise
            extra["obj_fn"] = near  # Sophia's; line searches refuse what they do not know
            updates, state = tx.update(gradients, state, params, **accepted(tx.update, extra))
        return [(p + u).astype(p.dtype) for p, u in zip(params, updates, strict=True)], state

    return step


def accepted(update: Any, extra: dict[str, Any]) -> dict[str, Any]:
    """The extra arguments that an update can be given."""
    known = inspect.signature(update).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values()):
        return extra
    return {name: v for name, v in extra.items() if name in known}
