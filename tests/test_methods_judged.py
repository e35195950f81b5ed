"""Every method of the package stands in at least one claim."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from typing import Any

import convergence.algorithms as package
from convergence.algorithms.base import AbstractAlgorithm
from convergence.precision import precision
from convergence.registry import registry
from convergence.theorems.base import AbstractTheorem

# torch is no dependency; tests/testing/test_torch.py judges a claim with each of its optimizers.
ELSEWHERE = {"FromTorch"}


def methods() -> set[str]:
    """The names of all algorithms that can be built."""
    found = set()
    for module in pkgutil.walk_packages(package.__path__, "convergence.algorithms."):
        if not module.name.endswith("torch_adapter"):
            for name, kind in vars(importlib.import_module(module.name)).items():
                own = inspect.isclass(kind) and kind.__module__ == module.name
                if own and issubclass(kind, AbstractAlgorithm) and not name.startswith("Abstract"):
                    found.add(name)
    return found


def within(thing: Any) -> set[str]:
    """The names of the algorithms that something is made of."""
    found = {type(thing).__name__} if isinstance(thing, AbstractAlgorithm) else set()
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            found |= within(getattr(thing, field.name, None))
    return found


def shape(thing: Any) -> Any:
    """A statement without its numbers, on which no kind of method hangs."""
    if dataclasses.is_dataclass(thing):
        values = (getattr(thing, field.name, None) for field in dataclasses.fields(thing))
        return type(thing), *map(shape, values)
    return thing if isinstance(thing, str | bool) else type(thing)


def test_every_method_is_in_a_claim() -> None:
    judged: set[str] = set()
    claims: dict[Any, Any] = {}
    for claim in registry():
        if isinstance(claim.theorem, AbstractTheorem):
            claims.setdefault(shape(claim.theorem), claim)
    with precision("float64"):
        for claim in claims.values():
            theorem, T = claim.theorem, claim.horizons[0]
            constants = claim.instance(T)[-1]
            judged |= within(theorem.prescribe(constants, T))
            if type(theorem).rival is not AbstractTheorem.rival:
                judged |= within(theorem.rival(constants, T))
    assert methods() - judged - ELSEWHERE == set()
