"""Optimizers of one's own file that belong to no framework: `step(params, grads)`.

The object is made once, from options alone. `step` gets two lists of arrays and returns the new
parameters, or None where it changed them in place. `eval_params(params)`, where there is one,
gives the point that is judged; `state_dict` and `load_state_dict` save and load.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.functions import Arrays, Function
from convergence.audit.optax_run import to_host
from convergence.audit.subject import Run, Subject


class PlainRun(Run):
    """One object with `step(params, grads)`."""

    def __init__(self, subject: Subject, x0: Sequence[np.ndarray], dtype: str, groups: Any = None):
        if dtype == "bfloat16":
            raise NotAsked("NumPy has no bfloat16")
        self.subject, self.dtype = subject, dtype
        self.optimizer = subject.factory(**subject.options)
        self.params = [np.array(v, dtype) for v in x0]

    def step(self, t: int, f: Function) -> None:
        kinds = zip(f.grad(t, self.x), self.params)
        self.given = [np.zeros_like(p) if g is None else np.array(g, p.dtype) for g, p in kinds]
        found = self.optimizer.step(self.params, self.given)
        if found is None:
            return
        if not isinstance(found, list | tuple) or len(found) != len(self.params):
            raise CannotRun(
                f"{self.subject.name}.step(params, grads) returned {type(found).__name__}; "
                "a list of arrays like params is needed, or None after a change in place"
            )
        self.params = [np.asarray(v) for v in found]

    @property
    def x(self) -> Arrays:
        return [to_host(p).copy() for p in self.params]

    @property
    def judged(self) -> Arrays:
        average = getattr(self.optimizer, "eval_params", None)
        if callable(average):
            found: Any = average([p.copy() for p in self.params])
            return [to_host(p) for p in found]
        return self.x

    def write(self, x: Sequence[np.ndarray]) -> None:
        self.params = [np.array(v, p.dtype) for v, p in zip(x, self.params)]

    def reload(self) -> Run:
        if not hasattr(self.optimizer, "state_dict"):
            raise NotAsked(f"{self.subject.name} has no state_dict")
        other = PlainRun(self.subject, self.x, self.dtype)
        other.optimizer.load_state_dict(copy.deepcopy(self.optimizer.state_dict()))
        return other

    def rate(self, value: float, group: int | None = None) -> None:
        name = self.subject.option("rate")
        if name is None or not hasattr(self.optimizer, name):
            raise NotAsked("its rate is not an attribute")
        setattr(self.optimizer, name, value)
