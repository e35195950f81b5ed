"""Laws of manners: what an optimizer may do with gradients, closures, parameters and instances."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function, draws, sequence
from convergence.audit.laws.beside import throughout
from convergence.audit.laws.law import Found, same
from convergence.audit.laws.structure import T, short
from convergence.audit.subject import Path, Run, Subject
from convergence.audit.torch_run import TorchRun, runner

X0 = (np.array([1.0, -2.0, 3.0]), np.array([[1.5, -0.5], [-1.0, 2.0], [0.75, -1.25]]))


def given(seed: int = 31) -> Function:
    """Gradients for `X0`."""
    gs = draws([v.shape for v in X0], T, seed=seed)
    return sequence(lambda t: gs[t])


def unread(run: Run, f: Function, after: Callable[[int], None] = lambda t: None) -> Path:
    """T steps in which nobody asks for the point that is judged."""
    xs = [run.x]
    for t in range(T):
        run.step(t, f)
        after(t)
        xs.append(run.x)
    return Path(xs, xs)


def style(s: Subject) -> str:
    """How torch's step is called; `NotAsked` for other frameworks."""
    if s.kind != "torch" or s.matrices or s.every > 1:
        raise NotAsked("a question to torch's optimizers of any parameters")
    return s.runner.keywords["style"]  # pyright: ignore[reportFunctionMemberAccess]


def other_run(s: Subject, kind: type[TorchRun]) -> Subject:
    """The subject whose runs are of another kind."""
    return dataclasses.replace(s, runner=runner(style(s), kind))


def borrowed(s: Subject) -> Found:
    """U16. Gradients are borrowed: a step neither changes the gradient that it is given nor keeps
    its memory, which the caller fills anew.

    After each step the gradient is compared with what was given, and its memory filled with NaN;
    and where it maximizes.
    """
    found = untouched(s)
    if not found.holds or s.accepts.get("maximize") is not False:
        return found
    again = untouched(s.set(maximize=True))
    return (
        found
        if again.holds
        else dataclasses.replace(again, detail=f"with maximize: {again.detail}")
    )


@throughout
def untouched(s: Subject) -> Found:
    """Whether gradients are as they were after each step."""
    if s.kind == "optax":
        raise NotAsked("JAX's arrays cannot be changed")
    if s.every > 1 or s.matrices or (s.kind == "torch" and style(s) != "plain"):
        raise NotAsked("its gradients are made anew by a closure, or in another shape")
    f, run = given(), s.start(X0)
    changed: list[int] = []

    def after(t: int) -> None:
        memory = run.given if s.kind == "plain" else [p.grad for p in run.parameters]  # pyright: ignore[reportAttributeAccessIssue]
        for g, e in zip(memory, f.grad(t, list(X0))):
            now = None if g is None else np.asarray(g)
            if now is None or now.shape != e.shape or not (now == e.astype(now.dtype)).all():
                changed.append(t + 1)
            elif g is not None:
                g[...] = np.nan

    found = unread(run, f, after)
    if changed:
        return Found(False, f"step {changed[0]} changes the gradient that it is given",
                     step=changed[0])  # fmt: skip
    kept = same(s.path(f, X0, T), found, s, "gradients whose memory is used again")
    return kept if kept.holds else Found(False, f"it keeps the memory of a gradient; {kept.detail}",
                                         kept.amount, kept.step)  # fmt: skip


def instances(s: Subject) -> Found:
    """U25. An instance is alone: a second one, made and run in between, changes nothing, and takes
    the same path."""
    f, other = given(), given(32)
    alone, first, second = s.path(f, X0, T), s.start(X0), s.start(X0)
    xs, ys = [first.x], [second.x]
    for t in range(T):
        second.step(t, other)
        first.step(t, f)
        xs.append(first.x)
        ys.append(second.x)
    found = same(alone, Path(xs, xs), s, "alone and beside another instance")
    if not found.holds:
        return found
    return same(Path(ys, ys), s.path(other, X0, T), s, "a first and a third instance")


def unwatched(s: Subject) -> Found:
    """U29. Reading what is judged (`.eval()` and back, `eval_params`) changes no later step."""
    f = given()
    return same(s.path(f, X0, T), unread(s.start(X0), f), s, "read after every step and never")


@throughout
def twins(s: Subject) -> Found:
    """U10t. Two equal parameters with equal gradients take one path.

    A counter, a buffer or a generator that they share serves the second one otherwise.
    """
    gs, x0 = [g[0] for g in draws([(4,)], T, seed=33)], np.array([1.0, -2.0, 3.0, 0.5])
    both = s.path(sequence(lambda t: [gs[t], gs[t]]), [x0, x0], T)
    one, two = ([[v[i]] for v in both.x] for i in (0, 1))
    return same(Path(one, one), Path(two, two), s, "twin parameters")


def empty(s: Subject) -> Found:
    """U10e. A parameter without entries changes nothing for the one beside it."""
    gs, x0 = [g[0] for g in draws([(4,)], T, seed=33)], np.array([1.0, -2.0, 3.0, 0.5])
    s = s.quiet()
    alone = s.path(sequence(lambda t: [gs[t]]), [x0], T)
    try:
        both = s.path(sequence(lambda t: [gs[t], np.zeros(0)]), [x0, np.zeros(0)], T)
    except Exception as error:
        return Found(False, f"a parameter without entries ends in {type(error).__name__}: "
                     f"{short(error)}", step=1)  # fmt: skip
    first = [[v[0]] for v in both.x]
    return same(alone, Path(first, first), s, "beside a parameter without entries")


def own_memory(s: Subject) -> Found:
    """U36. A parameter stays in its memory, which others may look at: a step changes its numbers
    and does not put another array in its place."""
    style(s)
    f, run = given(), s.start(X0)
    assert isinstance(run, TorchRun)
    before = [p.data_ptr() for p in run.parameters]
    for t in range(3):
        run.step(t, f)
        if before != [p.data_ptr() for p in run.parameters]:
            return Found(False, f"step {t + 1} puts another array in the place of a parameter's",
                         step=t + 1)  # fmt: skip
    return Found(True)


class FromGenerator(TorchRun):
    """Parameters come from a generator, as `model.parameters()` does."""

    def grouped(self) -> Any:
        return (p for p in self.parameters)


def generator(s: Subject) -> Found:
    """U24. A generator of parameters, as `model.parameters()` is, serves as well as a list."""
    f, made = given(), other_run(s, FromGenerator)
    return same(s.path(f, X0, T), made.path(f, X0, T), s, "a list and a generator of parameters")


class Strided(TorchRun):
    """Matrices lie in memory column by column."""

    def made(self, v: np.ndarray) -> Any:
        return (
            self.torch.from_numpy(np.array(v.T, order="C")).mT if v.ndim == 2 else super().made(v)
        )

    def handed(self, g: np.ndarray, p: Any) -> Any:
        return self.made(np.array(g)).to(p.dtype)


def strides(s: Subject) -> Found:
    """U20. The order of a matrix in memory, by rows or by columns, is of no account."""
    f, made = given(), other_run(s, Strided)
    try:
        found = made.path(f, X0, T)
    except Exception as error:
        return Found(False, f"a matrix in column order ends in {type(error).__name__}: "
                     f"{short(error)}")  # fmt: skip
    return same(s.path(f, X0, T), found, s, "matrices by rows and by columns")


class Sparse(TorchRun):
    """Gradients are sparse, with every row given twice: three quarters of it, and a quarter."""

    def handed(self, g: np.ndarray, p: Any) -> Any:
        dense = super().handed(g, p)
        rows = self.torch.arange(dense.shape[0]).repeat(2)[None]
        values = self.torch.cat([0.75 * dense, 0.25 * dense])
        return self.torch.sparse_coo_tensor(rows, values, dense.shape, check_invariants=True)


def sparse(s: Subject) -> Found:
    """U18. A sparse gradient without zeros, each row in two parts, is the dense one; or refused."""
    if style(s) != "plain":
        raise NotAsked("its gradients come from a closure")
    f, made = given(), other_run(s, Sparse)
    try:
        found = made.path(f, X0, T)
    except Exception as error:
        return Found(True, f"refused: {type(error).__name__}: {short(error)}")
    return same(s.path(f, X0, T), found, s, "dense and sparse gradients")


class Called(TorchRun):
    """`step(closure)` with a closure as users write it; counts how often it is called."""

    calls = 0
    returned: Any = None

    def step(self, t: int, f: Function) -> None:
        torch = self.torch
        gs = [self.handed(g, p) for g, p in zip(f.grad(t, self.x), self.parameters)]
        for p in self.parameters:
            p.grad = None

        def closure() -> Any:
            self.calls += 1
            self.optimizer.zero_grad()
            loss = sum((p * g).sum() for p, g in zip(self.parameters, gs))
            loss.backward()  # pyright: ignore[reportAttributeAccessIssue]
            return loss

        assert torch.is_grad_enabled()
        self.returned = self.optimizer.step(closure)


def closures(s: Subject) -> Found:
    """U19. `step(closure)` calls the closure once, makes the step that `step()` makes after the
    gradient was computed, and returns the loss.

    The closure calls `backward`, as users' closures do; it needs the graph to be recorded.
    """
    if style(s) != "plain":
        raise NotAsked("it cannot do without a closure")
    f = given()
    run: Any = other_run(s, Called).start(X0)
    try:
        found = unread(run, f)
    except Exception as error:
        if isinstance(error, TypeError) and "positional argument" in str(error):
            raise NotAsked("its step takes no closure") from error
        return Found(False, f"step(closure) ends in {type(error).__name__}: {short(error)}", step=1)
    if run.calls != T:
        return Found(False, f"{T} steps call the closure {run.calls} times", float(run.calls))
    usual = same(s.path(f, X0, T), found, s, "step() and step(closure)")
    if usual.holds and run.returned is None:
        return Found(False, "step(closure) does not return the loss")
    return usual


def added(s: Subject) -> Found:
    """S9a. A parameter group that is added after five steps is moved."""
    style(s)
    f, run = given(), s.start(X0[:1])
    first = Function(f.value, lambda t, x: f.grad(t, x)[:1])
    assert isinstance(run, TorchRun)
    for t in range(5):
        run.step(t, first)
    late = run.torch.nn.Parameter(run.torch.from_numpy(X0[1].copy()).to(run.parameters[0].dtype))
    try:
        run.optimizer.add_param_group({"params": [late]})
    except Exception as error:
        raise NotAsked(f"it refuses another group ({short(error)})") from error
    run.parameters.append(late)
    for t in range(5, T):
        run.step(t, f)
    away = float(np.abs(run.x[1] - X0[1]).max())
    if away > 0:
        return Found(True, "", away)
    return Found(False, "a group that is added after five steps never moves", 0.0, 6)
