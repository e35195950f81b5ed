"""torch's optimizers, run by their own loop: the object is kept, whatever it remembers.

Parameters have `.grad`, and a closure that computes value and gradient where the optimizer wants
one. The graph of the loss exists where it differentiates twice: the second-order expansion of f
at x has the right value, gradient and diagonal of the Hessian there.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.functions import Arrays, Function, quadratic
from convergence.audit.subject import Run, Subject

STYLES = ("plain", "closure", "graph")


def seeded() -> Any:
    """torch, with every generator that an optimizer may draw from at its start."""
    import torch  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - the one that released code uses
    random.seed(0)
    return torch


class TorchRun(Run):
    """One `torch.optim.Optimizer`; style: how its step is called, see `STYLES`."""

    def __init__(
        self,
        subject: Subject,
        x0: Sequence[np.ndarray],
        dtype: str,
        groups: Sequence[int] | None,
        style: str = "plain",
    ):
        self.torch, self.subject, self.style, self.groups = seeded(), subject, style, groups
        self.dtype, kind = dtype, getattr(self.torch, dtype)
        # Row by row, as gradients are: fused steps go through the memory of both.
        first = [self.made(np.array(v, order="C")).to(kind) for v in x0]
        self.parameters = [self.torch.nn.Parameter(v) for v in first]
        self.optimizer = subject.factory(self.grouped(), **subject.options)
        self.mode("train")
        self.steps = 0

    def made(self, v: np.ndarray) -> Any:
        """An array in memory of torch's."""
        return self.torch.from_numpy(v)

    def handed(self, g: np.ndarray, p: Any) -> Any:
        """A gradient as the parameter gets it."""
        return self.torch.from_numpy(np.array(g, order="C")).to(p.dtype)

    def grouped(self) -> Any:
        """The parameters, in groups where that is asked for."""
        if self.groups is None:
            return list(self.parameters)
        return [
            {"params": [p for p, g in zip(self.parameters, self.groups) if g == group]}
            for group in dict.fromkeys(self.groups)
        ]

    def mode(self, name: str) -> bool:
        """`.train()` or `.eval()`, for optimizers that return an average."""
        change = getattr(self.optimizer, name, None)
        if not callable(change):
            return False
        try:
            change()
        except Exception:
            return False  # a wrapper that hands it on to an optimizer without it
        return True

    def step(self, t: int, f: Function) -> None:
        torch, self.steps = self.torch, self.steps + 1

        def evaluate(backward: bool = True) -> Any:
            x = self.x
            loss = self.loss(t, f, x)
            if self.style == "graph":
                loss.backward(create_graph=True)
                return loss
            for p, g in zip(self.parameters, f.grad(t, x)):
                p.grad = None if g is None else self.handed(g, p)
            return loss.detach()

        def closure(*_: Any, **__: Any) -> Any:
            with torch.enable_grad():
                if self.style != "graph":
                    return evaluate()
                for p in self.parameters:
                    p.grad = None
                return evaluate()

        for p in self.parameters:
            p.grad = None
        evaluate()  # before a closure too: SAM takes its first gradient from there
        self.optimizer.step(*((closure,) if self.style == "closure" else ()))

    def loss(self, t: int, f: Function, x: Arrays) -> Any:
        """f near x, as a graph over the parameters where one is asked for."""
        torch = self.torch
        loss = torch.tensor(float(f.value(t, x)), dtype=torch.float64)
        if self.style != "graph":
            return loss.requires_grad_()
        for p, v, g, h in zip(self.parameters, x, f.grad(t, x), f.curvature(t, x)):
            if g is None:
                continue
            away = p - torch.from_numpy(np.array(v)).to(p.dtype)
            slope, bend = (torch.from_numpy(np.array(a)).to(p.dtype) for a in (g, h))
            loss = loss + (slope * away).sum() + (bend * away * away).sum() / 2
        return loss

    @property
    def x(self) -> Arrays:
        return [read(self.torch, p) for p in self.parameters]

    @property
    def judged(self) -> Arrays:
        if not self.steps or not self.mode("eval"):
            return self.x
        found = self.x
        self.mode("train")
        return found

    def write(self, x: Sequence[np.ndarray]) -> None:
        with self.torch.no_grad():
            for p, v in zip(self.parameters, x):
                p.copy_(self.torch.from_numpy(np.array(v)).to(p.dtype))

    def reload(self) -> Run:
        saved = copy.deepcopy(self.optimizer.state_dict())
        state = self.torch.default_generator.get_state()
        other = TorchRun(self.subject, self.x, self.dtype, self.groups, self.style)
        for p, q in zip(other.parameters, self.parameters):
            p.data = q.detach().clone()
        other.optimizer.load_state_dict(saved)
        self.torch.default_generator.set_state(state)
        return other

    def rate(self, value: float, group: int | None = None) -> None:
        name = self.subject.option("rate")
        groups = self.optimizer.param_groups
        if group is not None and len(groups) != len(set(self.groups or ())):
            raise NotAsked("its groups are not those that it was given")
        for entry in groups if group is None else [groups[group]]:
            if name not in entry:
                raise CannotRun(f"the parameter groups of {self.subject.name} hold no {name!r}")
            entry[name] = value


def read(torch: Any, p: Any) -> np.ndarray:
    """A parameter's numbers in double precision."""
    p = p.detach()
    return p.to(torch.complex128 if p.is_complex() else torch.float64).numpy().copy()


def runner(style: str, kind: type[TorchRun] = TorchRun) -> Callable[..., Run]:
    """The backend for a way to call `step`."""
    return functools.partial(kind, style=style)


def rehearse(subject: Subject) -> tuple[str, bool, str]:
    """The first of `STYLES` in which twelve steps work, whether only on matrices, and the widest
    format.

    Raises `CannotRun` with what the first try said.
    """
    import torch  # pyright: ignore[reportMissingImports]

    said: list[str] = []
    with contextlib.suppress(Exception):
        torch.set_num_threads(1)
    for style in STYLES:
        for shapes in (((3,), (8, 4)), ((8, 4),), ((3,),)):
            for wide in ("float64", "float32"):
                x0 = [np.full(s, 1 / 3) for s in shapes]
                try:
                    run = TorchRun(subject, x0, wide, None, style)
                    for t in range(12):
                        run.step(t, quadratic([1.0] * len(x0)))
                    if wide == "float64" and rounds(run.x):
                        continue  # what it computes is single precision
                    return style, shapes == ((8, 4),), wide
                except CannotRun:
                    raise
                except Exception as error:
                    said.append(one_line(error))
    wants = [i for i in range(len(said)) if "closure" in said[i].lower()]
    raise CannotRun(because(said[6] if wants and wants[0] == 0 else said[0]))


def rounds(x: Arrays) -> bool:
    """Whether every number is one of float32, and not all are 0, where a method may well be."""
    return any(map(np.any, x)) and all((v == v.astype(np.float32)).all() for v in x)


def one_line(error: BaseException) -> str:
    """What an exception says, in a line of at most 200 characters."""
    told = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def because(said: str) -> str:
    """A reason, with a hint where the words are known."""
    low = said.lower()
    if "cuda" in low or "gpu" in low or "triton" in low:
        return f"it needs a GPU ({said}); run the audit on a machine that has one"
    if "missing" in low and "argument" in low:
        return f"it needs arguments ({said}); give them with --set NAME=VALUE"
    return said
