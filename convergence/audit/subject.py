"""A released optimizer as it ships: what it is called, what it accepts, and how it is run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.families import Family
from convergence.audit.functions import Arrays, Function

ROLES = {
    "rate": ("lr", "learning_rate", "step_size", "eta", "max_learning_rate", "max_lr"),
    "decay": ("weight_decay", "weight_decay_rate", "wd", "weight_lambda", "l2"),
    "eps": ("eps", "epsilon"),
    "momentum": ("momentum", "beta", "mu", "decay", "b1", "beta1"),
    "b1": ("b1", "beta1", "beta_1"),
    "b2": ("b2", "beta2", "beta_2"),
}
DECAYS = re.compile(r".*weight_decay.*|.*_wd|lambd")
LR = 1e-3  # where the optimizer has no default of its own


class Run:
    """An optimizer at work on its parameters; backends implement this.

    `step` makes one step of `optimizer.step()` or `update`; `x` is where gradients are taken,
    `judged` the point that the method returns (an average, for some).
    """

    def step(self, t: int, f: Function) -> None:
        raise NotImplementedError

    @property
    def x(self) -> Arrays:
        raise NotImplementedError

    @property
    def judged(self) -> Arrays:
        return self.x

    def write(self, x: Sequence[np.ndarray]) -> None:
        """Put the parameters somewhere else, as a projection does."""
        raise NotImplementedError

    def reload(self) -> Run:
        """A new optimizer at the same point, from what this one saves of itself."""
        raise NotImplementedError

    def rate(self, value: float, group: int | None = None) -> None:
        """Change the learning rate in the middle of a run, of one parameter group or of all."""
        raise NotImplementedError


def lift(v: Any) -> np.ndarray:
    """A matrix: a vector as a column, of several axes the first against the others."""
    v = np.asarray(v)
    return v if v.ndim == 2 else v.reshape((*v.shape[:1], prod(v.shape[1:])) if v.ndim else (1, 1))


class Lifted(Run):
    """A run on matrices, seen as one on parameters of other shapes."""

    def __init__(self, run: Run, like: Sequence[np.ndarray]):
        self.run, self.shapes = run, [v.shape for v in like]

    def _down(self, x: Arrays) -> Arrays:
        return [v.reshape(s) for v, s in zip(x, self.shapes)]

    def step(self, t: int, f: Function) -> None:
        def up(found: Any) -> list[Any]:
            return [None if v is None else lift(np.broadcast_to(v, s))
                    for v, s in zip(found, self.shapes)]  # fmt: skip

        self.run.step(
            t,
            Function(
                lambda t, x: f.value(t, self._down(x)),
                lambda t, x: up(f.grad(t, self._down(x))),
                lambda t, x: up(f.curvature(t, self._down(x))),
            ),
        )

    @property
    def x(self) -> Arrays:
        return self._down(self.run.x)

    @property
    def judged(self) -> Arrays:
        return self._down(self.run.judged)

    def write(self, x: Sequence[np.ndarray]) -> None:
        self.run.write(list(map(lift, x)))

    def reload(self) -> Run:
        other = Lifted(self.run.reload(), [])
        other.shapes = self.shapes
        return other

    def rate(self, value: float, group: int | None = None) -> None:
        self.run.rate(value, group)


class Repeated(Run):
    """Several calls with the gradient at one point are one step."""

    def __init__(self, run: Run, every: int):
        self.run, self.every = run, every

    def step(self, t: int, f: Function) -> None:
        at = self.run.x
        value, grad, curvature = f.value(t, at), f.grad(t, at), f.curvature(t, at)
        fixed = Function(lambda t, x: value, lambda t, x: grad, lambda t, x: curvature)
        for _ in range(self.every):
            self.run.step(t, fixed)

    @property
    def x(self) -> Arrays:
        return self.run.x

    @property
    def judged(self) -> Arrays:
        return self.run.judged

    def write(self, x: Sequence[np.ndarray]) -> None:
        self.run.write(x)

    def reload(self) -> Run:
        return Repeated(self.run.reload(), self.every)

    def rate(self, value: float, group: int | None = None) -> None:
        self.run.rate(value, group)


@dataclasses.dataclass(frozen=True)
class Path:
    """x: T + 1 iterates, judged: T + 1 points that the method would return."""

    x: list[Arrays]
    judged: list[Arrays]

    def moves(self, parameter: int = 0) -> np.ndarray:
        """(T, …): x_{t+1} − x_t of one parameter."""
        return np.diff(np.stack([x[parameter] for x in self.x]), axis=0)

    def flat(self) -> np.ndarray:
        """(T + 1, d): all parameters of every iterate."""
        return np.stack([np.concatenate([np.ravel(v) for v in x]) for x in self.x])


@dataclasses.dataclass(frozen=True)
class Subject:
    """One optimizer under given options.

    accepts: the options of its factory with their defaults. options: those that are given.
    runner(subject, x0, dtype, groups) starts a `Run`. groups: one number a parameter, the
    parameter group that it is put into. matrices: it takes nothing else, so that a vector is
    handed to it as a column. every: calls of the optimizer that make one step, for those that
    accumulate gradients. wide: the widest format that it takes, in which laws are asked.
    """

    target: str
    package: str
    name: str
    version: str
    kind: str
    factory: Any
    accepts: Mapping[str, Any]
    family: Family
    runner: Any
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    matrices: bool = False
    every: int = 1
    wide: str = "float64"

    def option(self, role: str) -> str | None:
        """The name of the option that plays a role."""
        if role in ("b1", "b2") and isinstance(self._known("betas"), tuple | list):
            return "betas"
        return next((name for name in ROLES.get(role, (role,)) if name in self.accepts), None)

    def _known(self, name: str) -> Any:
        return self.options.get(name, self.accepts.get(name))

    def get(self, role: str) -> Any:
        """The value of a role, or None where there is no such option."""
        name = self.option(role)
        if name is None:
            return None
        value = self._known(name)
        if name == "betas" and role in ("b1", "b2"):
            place = int(role[1]) - 1
            return value[place] if place < len(value) else None
        return value

    def has(self, *roles: str) -> bool:
        """Whether all these roles can be set."""
        return all(self.option(role) is not None for role in roles)

    def set(self, **roles: Any) -> Subject:
        """The same optimizer with other values of these roles or options."""
        options = dict(self.options)
        for role, value in roles.items():
            name = role if role in self.accepts else self.option(role)
            if name is None:
                raise CannotRun(f"{self.name} has no option for {role!r}")
            if name == "betas" and role in ("b1", "b2"):
                betas = list(options.get(name, self.accepts[name]))
                betas[int(role[1]) - 1] = value
                value = tuple(betas)
            options[name] = value
        return dataclasses.replace(self, options=options)

    def quiet(self) -> Subject:
        """Without weight decay, under any of its names, where that is an option that is on."""
        on = {
            name: 0.0
            for name in self.accepts
            if (name in ROLES["decay"] or DECAYS.fullmatch(name))
            and isinstance(self._known(name), int | float)
            and not isinstance(self._known(name), bool)
            and self._known(name)
        }
        return self.set(**on) if on else self

    @property
    def lr(self) -> float:
        """The learning rate in force, 1 where there is none; `NotAsked` of a schedule."""
        found = self.get("rate")
        if callable(found) and not isinstance(found, type):
            raise NotAsked("its rate is a schedule")
        return float(found) if isinstance(found, int | float) else (LR if self.has("rate") else 1.0)

    def start(
        self, x0: Sequence[Any], dtype: str | None = None, groups: Sequence[int] | None = None
    ) -> Run:
        """The optimizer at x0."""
        given, dtype = [np.asarray(v) for v in x0], dtype or self.wide
        if self.matrices:
            run = Lifted(self.runner(self, list(map(lift, given)), dtype, groups), given)
        else:
            run = self.runner(self, given, dtype, groups)
        return Repeated(run, self.every) if self.every > 1 else run

    def path(
        self,
        f: Function,
        x0: Sequence[Any],
        T: int,
        dtype: str | None = None,
        groups: Sequence[int] | None = None,
    ) -> Path:
        """T steps on f from x0."""
        run = self.start(x0, dtype, groups)
        xs, judged = [run.x], [run.judged]
        for t in range(T):
            run.step(t, f)
            xs.append(run.x)
            judged.append(run.judged)
        return Path(xs, judged)
