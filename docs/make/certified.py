"""Writes convergence/certified.json, which problems and noises certify which constants, from the
instances of the registry: `python -m docs.make.certified`.

A constant is listed for a class that certifies it of some instance; a flag where it is True.
"""

from __future__ import annotations

import collections
import json
from typing import Any

import numpy as np

from convergence.claims.base import AbstractOnInstance
from convergence.precision import precision
from convergence.registry import registry
from convergence.vocabulary import CERTIFIED, VOCABULARY

MOST = 6  # instances of a class that are looked at


def found() -> dict[str, list[str]]:
    """The constants by the name of the class."""
    certified: dict[str, set[str]] = collections.defaultdict(set)
    looked: collections.Counter[str] = collections.Counter()

    def look(thing: Any, constants: Any) -> None:
        name = type(thing).__name__
        if looked[name] < MOST:
            looked[name] += 1
            kept = {k for k, v in constants().items() if v is not False and v is not np.False_}
            certified[name] |= kept

    with precision("float64"):
        for claim in registry():
            if not isinstance(claim, AbstractOnInstance):
                continue
            T = claim.horizons[-1]
            problem: Any = claim.problem
            noise: Any = claim.noise
            problem = problem if hasattr(problem, "constants") else problem(T)
            noise = noise if hasattr(noise, "constants") else noise(T)
            look(problem, problem.constants)
            shape = np.shape(problem.start())
            look(noise, lambda noise=noise, shape=shape: noise.constants(shape))
    for name, entry in VOCABULARY.items():  # what only some method's noise certifies
        for kind in entry.by.split(", "):
            if kind[0].isupper():
                certified[kind].add(name)
    return {name: sorted(names) for name, names in sorted(certified.items())}


def text() -> str:
    """The file."""
    lines = (f" {json.dumps(name)}: {json.dumps(names)}" for name, names in found().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    CERTIFIED.write_text(text())
