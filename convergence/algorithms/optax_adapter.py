"""Any optax transformation as an algorithm, unchanged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.algorithms.names import public_name
from convergence.errors import InvalidInput, require
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, real


class OptaxState(AbstractState):
    """x, the point that is judged; the parameters; the transformation's own state."""

    x: Iterate
    parameters: Any
    memory: Any


class FromOptax(AbstractAlgorithm):
    """p_{t+1} = apply_updates(p_t, tx.update(∇F(p_t; ξ_t), memory, p_t)), judged at x_t.

    `FromOptax(optax.adam, learning_rate=1e-2, b1=0.9)` calls the factory inside the step: its
    floats are traced leaves, and a new step size compiles nothing. `FromOptax(tx)` takes a finished
    transformation; a new `tx` object then means a new compilation. What a transformation asks
    besides the gradient (`value`, `grad`, `value_fn`, `obj_fn`, `grad_fn`) comes from the oracle,
    for the sample of the step.

    parameters: {name: shape}, a dict into which x is cut in this order; x itself by default.
    every: gradients that make one step of T, where the transformation accumulates them; for
    `optax.MultiSteps` found out by itself. per_example: the number of gradients that are given as
    one array with a leading axis (`optax.contrib.dpsgd`). eval_params: (memory, parameters) → the
    parameters that are judged; by default the averages of schedule_free and the slow weights of
    lookahead, whose gradients are taken at the fast ones. A random key in a transformation's state
    is joined with the key of the run: two runs draw different numbers.
    """

    factory: Any = eqx.field(static=True)
    options: dict[str, Any]
    static: tuple[tuple[str, Any], ...] = eqx.field(static=True)
    parameters: tuple[tuple[str, tuple[int, ...]], ...] = eqx.field(static=True)
    every: int | None = eqx.field(static=True)
    per_example: int | None = eqx.field(static=True)
    eval_params: Callable[[Any, Any], Any] | None = eqx.field(static=True)

    def __init__(
        self,
        factory: Any,
        *,
        parameters: Any = None,
        every: int | None = None,
        per_example: int | None = None,
        eval_params: Callable[[Any, Any], Any] | None = None,
        **options: Any,
    ):
        for name, count in (("every", every), ("per_example", per_example)):
            require(
                count is None or count >= 1, f"{name} = {count}", "1 or more", "count gradients"
            )
        self.factory = factory
        self.options = {k: real(v) for k, v in options.items() if isinstance(v, float)}
        self.static = tuple((k, v) for k, v in options.items() if not isinstance(v, float))
        self.parameters = tuple((str(k), tuple(s)) for k, s in (parameters or {}).items())
        self.every, self.per_example, self.eval_params = every, per_example, eval_params

    @property
    def name(self) -> str:
        """`optax.adam`; of a finished transformation, what put it together."""
        if not finished(self.factory):
            return public_name(self.factory)
        if isinstance(self.factory, optax.MultiSteps):
            return "optax.MultiSteps"
        return f"optax.{self.factory.update.__qualname__.split('.')[0]}"

    def hyper(self) -> dict[str, Any]:
        more = {"every": self.every, "per_example": self.per_example}
        return {
            "algorithm": self.name,
            **{k: np.asarray(v) for k, v in self.options.items()},
            **dict(self.static),
            **{k: v for k, v in more.items() if v is not None},
        }

    def _tx(self) -> Any:
        if finished(self.factory):
            return self.factory
        made = self._asked("be made", lambda: self.factory(**self.options, **dict(self.static)))
        require(
            finished(made),
            f"{self.name}, which makes {type(made).__name__}",
            "an optax transformation",
            "give a function that returns one",
        )
        return made

    def _asked(self, what: str, call: Callable[[], Any]) -> Any:
        """The answer of a transformation, or its complaint in one sentence."""
        try:
            return call()
        except (TypeError, ValueError, KeyError, AttributeError, jax.errors.JAXTypeError) as error:
            words = " ".join(str(error).split("\n")[0].split())
            raise InvalidInput(
                f"{self.name} cannot {what} here ({type(error).__name__}: {words}); it is given "
                "gradients, values and functions of the sample, and floats as traced numbers: give "
                "what else it needs as options, or a finished transformation."
            ) from error

    def cut(self, x: Any, lead: tuple[int, ...] = ()) -> Any:
        """x as the parameters, or a gradient like them, with leading axes."""
        if not self.parameters:
            return x
        sizes = [int(np.prod(shape)) for _, shape in self.parameters]
        size = int(np.prod(x.shape[len(lead) :]))
        require(
            sum(sizes) == size,
            f"parameters {dict(self.parameters)} with {sum(sizes)} entries",
            f"{size} entries, as the problem has",
            "give shapes that together have the problem's size",
        )
        pieces = jnp.split(x.reshape(*lead, -1), np.cumsum(sizes)[:-1], axis=-1)
        named = zip(self.parameters, pieces, strict=True)
        return {name: piece.reshape(*lead, *shape) for (name, shape), piece in named}

    def join(self, parameters: Any, like: Any) -> Any:
        """The parameters as an iterate."""
        if not self.parameters:
            return jnp.asarray(parameters, like.dtype)
        flat = jnp.concatenate([jnp.ravel(parameters[name]) for name, _ in self.parameters])
        return flat.reshape(like.shape).astype(like.dtype)

    def judged(self, memory: Any, parameters: Any) -> Any:
        """The parameters that the method returns."""
        if self.eval_params is not None:
            return self.eval_params(memory, parameters)
        if isinstance(parameters, optax.LookaheadParams):
            return parameters.slow
        averages = [s for s in parts(memory) if isinstance(s, optax.contrib.ScheduleFreeState)]
        if averages:
            return optax.contrib.schedule_free_eval_params(averages[0], parameters)
        return parameters

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> OptaxState:
        tx, parameters = self._tx(), self.cut(x0)
        if "lookahead" in getattr(tx.update, "__module__", ""):
            parameters = optax.LookaheadParams.init_synced(parameters)
        memory = self._asked("begin", lambda: tx.init(parameters))
        return OptaxState(x0, parameters, jax.tree.map(lambda leaf: seeded(leaf, key), memory))

    def step(self, t: Count, state: OptaxState, oracle: AbstractOracle, key: Key) -> OptaxState:
        tx = self._tx()

        def micro(i: Any, carry: Any) -> Any:
            return self._update(tx, carry, oracle, jax.random.fold_in(key, i), state.x)

        carry = state.parameters, state.memory
        steps = [s for s in parts(state.memory) if isinstance(s, optax.MultiStepsState)]
        if self.every is not None:
            carry = jax.lax.fori_loop(0, self.every, micro, carry)
        elif steps:
            done = steps[0].gradient_step

            def waiting(loop: Any) -> Any:
                now = next(s for s in parts(loop[1][1]) if isinstance(s, optax.MultiStepsState))
                return now.gradient_step == done

            carry = jax.lax.while_loop(
                waiting, lambda loop: (loop[0] + 1, micro(*loop)), (jnp.zeros((), jnp.int32), carry)
            )[1]
        else:
            carry = self._update(tx, carry, oracle, key, state.x)
        parameters, memory = carry
        return OptaxState(self.join(self.judged(memory, parameters), state.x), parameters, memory)

    def _update(self, tx: Any, carry: Any, oracle: AbstractOracle, key: Key, like: Any) -> Any:
        """One gradient, or one array of them, and what the transformation makes of it."""
        parameters, memory = carry
        at = parameters.fast if isinstance(parameters, optax.LookaheadParams) else parameters
        x = self.join(at, like)
        if self.per_example is None:
            gradient = self.cut(oracle.grad(x, key))
        else:
            keys = jax.vmap(lambda b: jax.random.fold_in(key, b))(jnp.arange(self.per_example))
            gradient = self.cut(jax.vmap(lambda k: oracle.grad(x, k))(keys), (self.per_example,))
        more = self._more(oracle, key, like, x, gradient)
        takes = inspect.signature(tx.update).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
            more = {k: v for k, v in more.items() if k in takes}
        updates, memory = self._asked(
            "go on", lambda: tx.update(gradient, memory, parameters, **more)
        )
        return optax.apply_updates(parameters, updates), memory

    def _more(self, oracle: AbstractOracle, key: Key, like: Any, x: Any, gradient: Any) -> Any:
        """What some transformations ask besides the gradient, for the same sample."""

        # Line searches want every argument of theirs to be an argument of the function.
        def value_fn(p: Any, obj_fn: Any = None, grad_fn: Any = None) -> Any:
            return oracle.value(self.join(p, like), key)

        def grad_fn(p: Any, *_: Any) -> Any:
            return self.cut(oracle.grad(self.join(p, like), key))

        found = {"grad": gradient, "value_fn": value_fn, "obj_fn": value_fn, "grad_fn": grad_fn}
        try:
            return found | {"value": oracle.value(x, key)}  # compiled away where nobody asks
        except InvalidInput:
            return found


def finished(thing: Any) -> bool:
    """Whether it is a transformation, not a function that makes one."""
    return isinstance(thing, optax.GradientTransformation | optax.MultiSteps)


def seeded(leaf: Any, key: Key) -> Any:
    """A leaf of a state; a random key becomes one of its own for every run."""
    if not jnp.issubdtype(jnp.asarray(leaf).dtype, jax.dtypes.prng_key):
        return leaf
    return jax.random.fold_in(leaf, jax.random.bits(key))


def parts(memory: Any) -> list[Any]:
    """The states of schedule_free and MultiSteps within a state, outermost first."""
    kinds = (optax.contrib.ScheduleFreeState, optax.MultiStepsState)
    return jax.tree.leaves(memory, is_leaf=lambda s: isinstance(s, kinds))
