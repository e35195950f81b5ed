"""Twins of a finished optimizer: all that it holds, for other parameters.

`copy.deepcopy` will not do: an `Optimizer` hands over its state and groups alone, and attributes
and inner optimizers are lost.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from convergence.algorithms.names import public_name
from convergence.algorithms.torch_host import import_torch
from convergence.algorithms.torch_rehearsal import contents
from convergence.errors import require


class Twin:
    """A factory that copies `optimizer`, which stays as it is."""

    def __init__(self, optimizer: Any):
        self.optimizer = optimizer
        self.inner = list(_optimizers(optimizer, set()))
        self.parameters = list(
            {id(p): p for o in self.inner for g in groups(o) for p in g["params"]}.values()
        )
        self.public = public_name(type(optimizer))
        name = self.public
        require(self.parameters, f"{name} without parameters", "one or more", "give it some")
        patched = [k for o in self.inner for k in ("step", "zero_grad") if k in vars(o)]
        require(
            not patched,
            f"{name} whose {''.join(patched[:1])} was replaced on the object, as a schedule does",
            "an optimizer as its class made it",
            "give a function of the parameters that makes it",
        )
        held = {(tuple(p.shape), p.detach().numpy().tobytes()) for p in self.parameters}
        copies = [
            path
            for path, found in contents(optimizer, self.parameters).items()
            if not path.startswith("parameter ") and isinstance(found, tuple) and found[1:] in held
        ]
        require(
            not copies,
            f"{name}, whose {''.join(copies[:1])} equals a parameter and may be a copy of it",
            "an optimizer that does not know where its parameters start",
            "give a function of the parameters that makes it, `lambda ps: …`",
        )

    def layout(self, shape: tuple[int, ...], size: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The shapes of its parameters; a single one takes the shape of the problem."""
        held = sum(p.numel() for p in self.parameters)
        if len(self.parameters) == 1 and held != size:
            require(
                not any(o.state for o in self.inner),
                f"{self.public} with the state of a parameter of {held} entries",
                f"{size} entries",
                "give one that has made no step, or has parameters of the problem's size",
            )
            return (("x", shape),)
        require(
            held == size,
            f"{self.public} of parameters with {held} entries in all",
            f"{size} entries, as the problem has",
            "make it of parameters that together have the problem's size",
        )
        return tuple((f"p{k}", tuple(p.shape)) for k, p in enumerate(self.parameters))

    def options(self) -> dict[str, Any]:
        """The numbers in its groups, for a reader."""
        first, *more = [
            {k: v for k, v in g.items() if isinstance(v, bool | int | float | tuple)}
            for g in groups(self.optimizer) or [{}]
        ]
        return first | {f"group {k} {n}": v for k, g in enumerate(more, 1) for n, v in g.items()}

    def __call__(self, parameters: list[Any]) -> Any:
        memo: dict[int, Any] = {id(p): q for p, q in zip(self.parameters, parameters, strict=True)}
        shells = [object.__new__(type(o)) for o in self.inner]
        memo.update({id(o): shell for o, shell in zip(self.inner, shells)})
        for optimizer, shell in zip(self.inner, shells):
            vars(shell).update({k: copy.deepcopy(v, memo) for k, v in vars(optimizer).items()})
        return shells[0]


def groups(optimizer: Any) -> list[Any]:
    """Its groups; some wrappers have none of their own."""
    return list(getattr(optimizer, "param_groups", ()))


def _optimizers(value: Any, seen: set[int]) -> Iterator[Any]:
    """`value` and every optimizer that it holds, in attributes, lists and dicts."""
    torch = import_torch()
    if id(value) in seen:
        return
    seen.add(id(value))
    items: list[Any] = []
    if isinstance(value, torch.optim.Optimizer):
        yield value
        items = list(vars(value).values())
    elif isinstance(value, dict):
        items = list(value.values())
    elif isinstance(value, list | tuple):
        items = list(value)
    for item in items:
        yield from _optimizers(item, seen)
