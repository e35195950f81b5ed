"""Any `torch.optim.Optimizer` as an algorithm, unchanged; needs the extra `torch`.

Every step calls back to the host, once for all runs of a chunk, and costs about 0.2 ms a run: a
thousand times what a compiled method costs. The claims that judge it are the same.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.errors import InvalidInput, require
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, real

LR = 1e-3  # of the rehearsal; the structure of the state does not depend on it


class TorchState(State):
    """x and the numbers of the optimizer's own state, in the order of a `Template`."""

    memory: Any


class FromTorch(AbstractAlgorithm):
    """x_{t+1} = the parameter after `optimizer.step()` with .grad = ∇F(x_t; ξ_t).

    `FromTorch(torch.optim.Adam, lr=1e-2, betas=(0.9, 0.99))`. The learning rate is a traced leaf;
    the other options decide what the state consists of, and are static. Tensors live on the CPU in
    the dtype of the run. What the optimizer itself draws from torch's generator is drawn from the
    key of the step.
    """

    factory: Any = eqx.field(static=True)
    lr: Any
    options: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def __init__(self, factory: Any, lr: Any = LR, **options: Any):
        check(factory)
        self.factory, self.lr, self.options = factory, real(lr), tuple(options.items())

    def template(self, x: Any) -> Template:
        """What the state of an optimizer of a parameter like x consists of."""
        return rehearse(self.factory, self.options, tuple(x.shape), str(x.dtype))

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> TorchState:
        return TorchState(x0, tuple(jnp.zeros(s.shape, s.dtype) for s in self.template(x0).shapes))

    def step(self, t: Count, state: TorchState, oracle: AbstractOracle, key: Key) -> TorchState:
        template = self.template(state.x)
        seed = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
        numbers = (jnp.asarray(self.lr, state.x.dtype), state.x, oracle.grad(state.x, key))
        shapes = (jax.ShapeDtypeStruct(state.x.shape, state.x.dtype), *template.shapes)
        found = jax.pure_callback(
            functools.partial(on_host, template),
            tuple(jax.eval_shape(as_bits, s) for s in shapes),
            *(t, seed[..., -1], *map(as_bits, (*numbers, *state.memory))),
            vmap_method="broadcast_all",
        )
        x, *memory = (jax.lax.bitcast_convert_type(v, s.dtype) for v, s in zip(found, shapes))
        return TorchState(x, tuple(memory))


def as_bits(value: Any) -> Any:
    """Real numbers as 32-bit words, (…) or (…, 2): a callback runs in a thread of its own, where
    JAX would narrow float64."""
    return jax.lax.bitcast_convert_type(value, jnp.uint32)


def on_words(value: np.ndarray) -> np.ndarray:
    """`as_bits` on the host."""
    words = np.asarray(value[..., None] if value.dtype.itemsize == 8 else value, order="C")
    return words.view(np.uint32)


def from_words(words: Any, dtype: Any) -> np.ndarray:
    """The numbers that were made words."""
    found = np.asarray(words, order="C").view(dtype)
    return found[..., 0] if np.dtype(dtype).itemsize == 8 else found


def from_optimizer(optimizer: Any) -> FromTorch:
    """The method of a finished optimizer: its class with the options of its first group."""
    known = inspect.signature(type(optimizer)).parameters
    group = {k: v for k, v in optimizer.param_groups[0].items() if k in known and k != "params"}
    return FromTorch(type(optimizer), float(group.pop("lr", LR)), **group)


def check(factory: Any) -> None:
    """Refuse what is no optimizer class, and one whose step needs a closure."""
    import_torch()
    name = getattr(factory, "__name__", repr(factory))
    require(
        callable(factory),
        name,
        "a class of optimizers",
        "give torch.optim.SGD, not an optimizer made from it",
    )
    closure = inspect.signature(getattr(factory, "step", factory)).parameters.get("closure")
    require(
        closure is None or closure.default is not inspect.Parameter.empty,
        f"{name}, whose step needs a closure",
        "an optimizer that takes one gradient a step",
        "an oracle answers one sample a step, so choose one whose step() works without arguments",
    )


def import_torch() -> Any:
    """The module torch, or one sentence."""
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InvalidInput(
            "The torch adapter needs torch, which is not installed; pip install "
            "'convergence-lab[torch]', or a build without CUDA from "
            "https://download.pytorch.org/whl/cpu."
        ) from error
    return torch


class Template:
    """The structure of an optimizer's state, and how to fill it with numbers.

    places: ("state" or "group", name, as found) of each number, tensors included.
    """

    def __init__(self, factory: Any, options: tuple[tuple[str, Any], ...], dtype: str):
        self.factory, self.options, self.dtype = factory, options, dtype
        self.places: tuple[tuple[str, str, Any], ...] = ()
        self.shapes: tuple[Any, ...] = ()
        self.constants: dict[str, Any] = {}  # what is None in the state

    def fresh(self, x: np.ndarray, lr: float) -> tuple[Any, Any]:
        """A parameter at x and an optimizer of it."""
        torch = import_torch()
        parameter = torch.nn.Parameter(torch.from_numpy(np.array(x, self.dtype)))
        return parameter, self.factory([parameter], lr=lr, **dict(self.options))

    def found(self, parameter: Any, optimizer: Any) -> list[tuple[str, str, Any]]:
        """Every number in the optimizer's state and, where it moves there, in its group."""
        torch = import_torch()
        state, group = optimizer.state[parameter], optimizer.param_groups[0]
        listed = [("state", k, v) for k, v in state.items()]
        listed += [("group", k, v) for k, v in group.items() if k not in ("params", "lr")]
        return [x for x in listed if isinstance(x[2], bool | int | float | torch.Tensor)]

    def learn(self, parameter: Any, optimizer: Any) -> None:
        """Note what a state after a step consists of."""
        self.places = tuple(self.found(parameter, optimizer))
        self.shapes = tuple(
            jax.ShapeDtypeStruct(np.shape(v), self.stored(v)) for _, _, v in self.places
        )

    def stored(self, value: Any) -> Any:
        """The dtype in which a number is carried."""
        real = value.is_floating_point() if hasattr(value, "is_floating_point") else (
            isinstance(value, float)
        )  # fmt: skip
        return np.dtype(self.dtype) if real else np.dtype(np.int32)

    def fill(self, parameter: Any, optimizer: Any, memory: Any) -> None:
        """Put numbers back where they came from, as what they were."""
        torch = import_torch()
        for (where, name, like), value in zip(self.places, memory, strict=True):
            if isinstance(like, torch.Tensor):
                kept: Any = torch.from_numpy(np.array(value)).to(like.dtype)
            else:
                kept = type(like)(value)
            place = optimizer.state[parameter] if where == "state" else optimizer.param_groups[0]
            place[name] = kept
        for name, value in self.constants.items():
            optimizer.state[parameter].setdefault(name, value)

    def read(self, parameter: Any, optimizer: Any) -> tuple[np.ndarray, ...]:
        """The numbers after a step."""
        found = self.found(parameter, optimizer)
        return tuple(np.asarray(v, s.dtype) for (_, _, v), s in zip(found, self.shapes))


@functools.lru_cache(maxsize=64)
def rehearse(
    factory: Any, options: tuple[tuple[str, Any], ...], shape: tuple[int, ...], dtype: str
) -> Template:
    """Three steps on ones: what the state consists of, refused if that changes."""
    template = Template(factory, options, dtype)
    parameter, optimizer = template.fresh(np.ones(shape), LR)
    torch = import_torch()
    seen, before = [], torch.default_generator.get_state()
    for _ in range(3):
        parameter.grad = torch.ones_like(parameter)
        try:
            optimizer.step()
        except Exception as error:
            told = " ".join(str(error).split())
            raise InvalidInput(
                f"{factory.__name__}.step() failed on one dense gradient ({told}), but that is "
                "all that an oracle answers; choose an optimizer that takes it, and no closure."
            ) from error
        template.learn(parameter, optimizer)
        seen.append([(w, n, np.shape(v)) for w, n, v in template.places])
    torch.default_generator.set_state(before)
    others = {
        k: v
        for k, v in optimizer.state[parameter].items()
        if ("state", k) not in {(w, n) for w, n, _ in template.places}
    }
    require(
        seen[0] == seen[1] == seen[2] and all(v is None for v in others.values()),
        f"{factory.__name__}, whose state changes its structure or holds more than numbers",
        "a state of tensors and numbers of fixed shapes",
        "write the method as an algorithm of its own",
    )
    template.constants = others
    return template


def on_host(template: Template, t: Any, seed: Any, *words: Any) -> tuple[np.ndarray, ...]:
    """One step of each run of a batch, which is in the leading axes of all arrays."""
    torch = import_torch()
    lead = np.shape(t)
    dtypes = (template.dtype,) * 3 + tuple(s.dtype for s in template.shapes)
    given = [np.asarray(t), np.asarray(seed), *map(from_words, words, dtypes)]
    rows, before = [], torch.default_generator.get_state()
    for at in np.ndindex(lead):
        t_, seed_, lr, x, g, *memory = (v[at] for v in given)
        parameter, optimizer = template.fresh(x, float(lr))
        if t_ > 0:
            template.fill(parameter, optimizer, memory)
        parameter.grad = torch.from_numpy(np.array(g))
        torch.default_generator.manual_seed(int(seed_))
        optimizer.step()
        rows.append((parameter.detach().numpy(), *template.read(parameter, optimizer)))
    torch.default_generator.set_state(before)
    stacked = (np.stack(column) for column in zip(*rows))
    return tuple(on_words(v.reshape(lead + v.shape[1:])) for v in stacked)
