"""How many operations a traced program makes, before it is walked."""

from __future__ import annotations

import math
from typing import Any

from convergence.plain_keys import is_keyed
from convergence.walker import CONTROL, needed

BRIEF = 8000  # operations: NumPy makes them ten times sooner than XLA compiles a run
UNKNOWN = 100  # turns that a loop of unknown length counts as, where nothing else is said
LARGE = 2**20  # entries of an array
AS_LONG = 2500  # entries that take as long as an operation


def work(jaxpr: Any, unknown: float = UNKNOWN, keyed: int = 1, rows: int = 0) -> float:
    """How many operations a program makes, of which one with keys counts as so many; infinite for
    one of large arrays, or with a loop of unknown length in another. rows: of a program of one
    point, at how many it is evaluated at once, whose entries count."""
    total = 0.0
    for eqn, _ in needed(jaxpr):
        most = max((math.prod(v.aval.shape) for v in eqn.outvars), default=0)
        if most * max(rows, 1) > LARGE:
            return math.inf
        name = eqn.primitive.name
        if name in CONTROL:
            turns = {"scan": eqn.params.get("length", 1), "while": unknown}.get(name, 1)
            deeper = math.inf if name == "while" else unknown
            inner = [work(getattr(j, "jaxpr", j), deeper, keyed, rows) for j in _programs(eqn)]
            total += 1 + turns * sum(inner)
        else:
            total += (keyed if is_keyed(eqn) else 1) + most * rows / AS_LONG
    return total


def _programs(eqn: Any) -> list[Any]:
    found = []
    for value in eqn.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if hasattr(item, "eqns") or hasattr(item, "jaxpr"):
                found.append(item)
    return found
