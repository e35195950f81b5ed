"""Laws of what a step leaves alone besides the parameters: generators, modes, options, graphs."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.laws.law import Found
from convergence.audit.laws.manners import X0, given, style
from convergence.audit.subject import Subject
from convergence.audit.torch_run import TorchRun

STEPS = 3


def modes() -> dict[str, Any]:
    """What a program may have set for all that runs in it."""
    found: dict[str, Any] = {"np.geterr()": np.geterr()}
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "is_grad_enabled"):
        found["torch.is_grad_enabled()"] = torch.is_grad_enabled()
        found["torch.get_default_dtype()"] = torch.get_default_dtype()
    jax: Any = sys.modules.get("jax")
    if hasattr(jax, "config"):
        found["jax_enable_x64"] = jax.config.jax_enable_x64
    return found


def generators() -> dict[str, Any]:
    """The states of the generators that everybody shares."""
    legacy: Any = np.random.get_state()  # noqa: NPY002 - the one that released code uses
    found: dict[str, Any] = {"numpy.random": (legacy[1].tobytes(), legacy[2])}
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "get_rng_state"):
        found["torch"] = torch.get_rng_state().numpy().tobytes()
    return found


def draw() -> None:
    """On from where a seed begins."""
    random.random()
    np.random.rand()  # noqa: NPY002 - likewise
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "rand"):
        torch.rand(1)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """What audited code leaves behind in torch's modes is put back."""
    before = modes()
    try:
        yield
    finally:
        torch: Any = sys.modules.get("torch")
        if hasattr(torch, "set_grad_enabled"):
            torch.set_grad_enabled(before.get("torch.is_grad_enabled()", True))
            if "torch.get_default_dtype()" in before:
                torch.set_default_dtype(before["torch.get_default_dtype()"])


def generators_rest(s: Subject) -> Found:
    """U34. A step moves no shared generator, unless its method draws, and seeds none;
    it leaves the modes of torch, NumPy and JAX alone.

    What is seeded is in one state afterwards, whatever state it was in before.
    """
    f, run = given(), s.start(X0)
    draw()
    drawn, set_before = generators(), modes()
    with kept():
        for t in range(STEPS):
            run.step(t, f)
        after = generators()
        left = [k for k, v in modes().items() if k in set_before and set_before[k] != v]
    if left:
        return Found(False, f"a step changes {', '.join(left)} for all that comes after", step=1)
    states = []
    for _ in range(2):
        draw()
        with kept():
            run.step(STEPS, f)
        states.append({**generators(), "random": random.getstate()})
    seeded = [k for k, v in states[0].items() if states[1][k] == v]
    if seeded:
        return Found(False, f"a step seeds the generator of {', '.join(seeded)}", step=1)
    if s.family.name in ("random", "noisy", "second-order", "sophia"):  # Hutchinson draws
        return Found(True, "it draws")
    moved = [k for k, v in after.items() if k in drawn and drawn[k] != v]
    if moved:
        return Found(False, f"a step moves the generator of {', '.join(moved)}", step=1)
    return Found(True)


def options_rest(s: Subject) -> Found:
    """U31. The options of a parameter group are its user's: after three steps each has the value
    that was given."""
    style(s)
    f, run = given(), s.start(X0)
    assert isinstance(run, TorchRun)
    groups = run.optimizer.param_groups
    before = [{k: v for k, v in g.items() if plain(v) and k in s.accepts} for g in groups]
    for t in range(STEPS):
        run.step(t, f)
    for was, now in zip(before, run.optimizer.param_groups):
        for name, value in was.items():
            if name in now and plain(now[name]) and now[name] != value:
                return Found(False, f"{name} = {value} is {now[name]} after {STEPS} steps", step=1)
    return Found(True)


def plain(value: Any) -> bool:
    """Whether it is a number, or a few."""
    many = isinstance(value, tuple | list) and all(isinstance(v, float) for v in value)
    return many or isinstance(value, int | float)


def no_graph(s: Subject) -> Found:
    """U35. No graph is kept: after three steps parameters are leaves that ask for gradients, and no
    tensor of the state remembers how it was computed, which would grow from step to step."""
    if style(s) == "graph":
        raise NotAsked("it differentiates its steps")
    f, run = given(), s.start(X0)
    assert isinstance(run, TorchRun)
    for t in range(STEPS):
        run.step(t, f)
    for p in run.parameters:
        if not (p.is_leaf and p.requires_grad):
            return Found(False, "a parameter is no leaf that asks for gradients any more", step=1)
    for p, state in run.optimizer.state.items():
        for name, value in state.items() if isinstance(state, Mapping) else ():
            if getattr(value, "grad_fn", None) is not None and value is not p:
                return Found(False, f"state {name!r} keeps the graph of its steps", step=1)
    return Found(True)
