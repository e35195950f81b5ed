"""A native loop beside the adapter's: the same steps to the last bit, or the name of what differs.

Two runs take turns in the adapter, as its batches do. An optimizer that keeps something outside
itself (a class attribute, a global) or changes from run to run then parts from the native loop.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from convergence.algorithms.torch_host import Live, Recipe, import_torch, told
from convergence.errors import InvalidInput

STEPS = 12  # beyond the period of a usual lookahead or refresh, and the warm-up of RAdam
DEEP = 8  # levels of objects within objects that are compared


class Bowl:
    """½ Σ h (x − c)², in NumPy and in the dtype of the run; nothing special at its start."""

    def __init__(self, size: int, dtype: str, seed: int):
        rng = np.random.default_rng(seed)
        self.h = rng.uniform(0.5, 2.0, size).astype(dtype)
        self.c, self.x0 = rng.standard_normal((2, size)).astype(dtype)

    def ask(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """f(x) and ∇f(x)."""
        return float(0.5 * np.sum(self.h * (x - self.c) ** 2)), self.h * (x - self.c)


@functools.lru_cache(maxsize=64)
def rehearse(recipe: Recipe, lr: float | None) -> Recipe:
    """The recipe with its closure decided, whether `step()` needs one, and its draws. Raises
    `InvalidInput` where the adapter is not the optimizer's own loop, bit for bit."""
    torch = import_torch()
    before = torch.default_generator.get_state()
    try:
        return _rehearse(recipe, lr)
    finally:
        torch.default_generator.set_state(before)


def _rehearse(recipe: Recipe, lr: float | None) -> Recipe:
    size = sum(int(np.prod(shape)) for _, shape in recipe.layout)
    bowl, other = (Bowl(size, recipe.carried, seed) for seed in (0, 1))
    ways = [recipe.closure] if recipe.closure is not None else [False, True]
    failures: list[str] = []
    for closure in ways:
        tried = recipe._replace(closure=closure)
        parameters, optimizer = tried.build(bowl.x0, lr)
        asks = inspect.signature(optimizer.step).parameters
        if (closure and not asks) or (not closure and _demanded(asks)):
            continue
        shared = outside(optimizer)
        try:
            path, draws = native(tried, parameters, optimizer, bowl)
        except Exception as error:
            failures.append(told(error))
            continue
        keys = differing(shared, outside(optimizer))
        if keys:
            raise refused(tried, keys[0], "is shared by all optimizers of the class")
        tried = tried._replace(draws=draws)
        _compare(tried, lr, (bowl, other), path, optimizer, parameters)
        return tried
    raise InvalidInput(
        f"{recipe.name}.step() failed on dense gradients ({'; '.join(failures)}), but a gradient "
        "and, for a closure, a value are all that an oracle answers; choose one that takes them."
    )


def _demanded(asks: Any) -> bool:
    return any(
        p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        for p in asks.values()
    )


def native(
    recipe: Recipe, parameters: list[Any], optimizer: Any, bowl: Bowl
) -> tuple[list[np.ndarray], bool]:
    """The parameters after each step of the loop that everybody writes, and whether any of them
    has moved torch's generator."""
    torch = import_torch()

    def closure() -> Any:
        value, gradient = bowl.ask(recipe.flat(parameters))
        optimizer.zero_grad()
        recipe.put_gradient(parameters, gradient)
        return torch.tensor(value, dtype=torch.float64).to(parameters[0].dtype)

    path, draws = [], False
    for t in range(STEPS):
        torch.default_generator.manual_seed(t)
        before = torch.default_generator.get_state()
        closure()
        if recipe.closure:
            optimizer.step(closure)
        else:
            optimizer.step()
        path.append(recipe.flat(parameters))
        draws |= not torch.equal(before, torch.default_generator.get_state())
    return path, draws


def _compare(
    recipe: Recipe,
    lr: float | None,
    bowls: tuple[Bowl, Bowl],
    path: list[np.ndarray],
    optimizer: Any,
    parameters: list[Any],
) -> None:
    """Two runs in turn; the first is to be the native one."""
    runs = [Live(recipe, bowl.x0, lr) for bowl in bowls]
    at = [recipe.flat(run.parameters) for run in runs]
    parted = None
    for t, expected in enumerate(path):
        for k, (run, bowl) in enumerate(zip(runs, bowls)):
            done, call = False, 0
            while not done:
                value, gradient = bowl.ask(at[k])
                at[k], _, done = run.advance(t, call, value, gradient, t)
                call += 1
        if parted is None and not np.array_equal(at[0], expected, equal_nan=True):
            parted = t
    mine = contents(runs[0].optimizer, runs[0].parameters)
    keys = differing(contents(optimizer, parameters), mine)
    kept = [k for k in keys if not k.startswith("parameter ")]
    if keys or parted is not None:
        when = "" if parted is None else f" at step {parted}"
        key = (kept or ["something outside the optimizer"])[0]
        raise refused(recipe, key, f"differs from the optimizer's own loop{when}")


def refused(recipe: Recipe, key: str, why: str) -> InvalidInput:
    """The sentence about an optimizer that two runs cannot have side by side."""
    return InvalidInput(
        f"{recipe.name} cannot be run many times side by side: {key} {why}; keep what it remembers "
        "in the optimizer itself, or write the method as an algorithm of its own."
    )


def differing(one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    """The keys under which two records differ."""
    return [k for k in dict.fromkeys([*one, *two]) if one.get(k) != two.get(k)]


def outside(optimizer: Any) -> dict[str, Any]:
    """The numbers that hang on the optimizer's classes, where all runs would share them."""
    torch = import_torch()
    kin = [c for c in type(optimizer).__mro__ if c not in torch.optim.Optimizer.__mro__]
    return {
        f"the class attribute {c.__name__}.{k}": repr(v)
        for c in kin
        for k, v in vars(c).items()
        if isinstance(v, bool | int | float | list | dict | torch.Tensor)
    }


def contents(optimizer: Any, parameters: list[Any]) -> dict[str, Any]:
    """Every number that can be reached from an optimizer, by its path."""
    names = {id(p): f"parameter {k}" for k, p in enumerate(parameters)}
    found = {f"parameter {k}": _bits(p) for k, p in enumerate(parameters)}
    found.update(_walk(optimizer, "", names, frozenset()))
    return found


def _bits(tensor: Any) -> Any:
    torch = import_torch()
    if tensor.layout is not torch.strided:
        return repr(tensor)
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return str(tensor.dtype), tuple(tensor.shape), flat.view(torch.uint8).numpy().tobytes()


def _walk(value: Any, path: str, names: dict[int, str], above: frozenset[int]) -> Iterator[Any]:
    torch = import_torch()
    if id(value) in names or id(value) in above or len(above) > DEEP:
        return
    above = above | {id(value)}
    if isinstance(value, torch.Tensor):
        yield path, _bits(value)
    elif value is None or isinstance(value, bool | int | float | complex | str):
        yield path, repr(value)
    elif isinstance(value, np.ndarray | np.generic):
        yield path, (str(value.dtype), value.shape, value.tobytes())
    elif isinstance(value, dict):
        for key, item in value.items():
            label = names.get(id(key)) or names.get(key if isinstance(key, int) else -1)
            if key != "params":
                yield from _walk(item, f"{path}[{label or repr(key)}]", names, above)
    elif isinstance(value, list | tuple):
        for k, item in enumerate(value):
            yield from _walk(item, f"{path}[{k}]", names, above)
    elif hasattr(value, "__dict__") and not callable(value) and not inspect.ismodule(value):
        for key, item in vars(value).items():
            if "hook" not in key:
                yield from _walk(item, f"{path}.{key}" if path else key, names, above)
