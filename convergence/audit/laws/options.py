"""Laws of options: each has an effect, and the effect that its name says."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function, draws, quadratic, scaled, sequence
from convergence.audit.laws.beside import INERT, beside
from convergence.audit.laws.law import Found, distance, same
from convergence.audit.laws.structure import decayed
from convergence.audit.subject import Path, Subject

# Families whose ε, beside gradients of all sizes, must be felt.
DAMPED = {"adam", "adamw", "adam-like", "rmsprop", "adagrad", "adadelta", "adabelief"}
RATES = ("loss_scale", "loss_scale_factor", "grad_scale", "init_scale", "scale")
EVERY = (
    "every_k_schedule", "accumulation_steps", "accumulate", "accumulate_steps", "every",
    "num_accumulation_steps", "accumulation", "accum_steps", "gradient_accumulation_steps",
)  # fmt: skip


def rich() -> tuple[Function, list[np.ndarray]]:
    """A quadratic with gradients of many sizes, on a vector, a matrix and a large start."""
    x0 = [v * 3 for v in draws([(4,), (4, 3)], 1, seed=7)[0]]
    h = [np.array([4.0, 1.0, 0.1, 0.01]), np.geomspace(0.01, 10.0, 12).reshape(4, 3)]
    noise = draws([(4,), (4, 3)], 200, seed=8)
    f = quadratic(h)
    return Function(
        f.value,
        lambda t, x: [a + 0.3 * b for a, b in zip(f.grad(t, x), noise[t])],
        f.curvature,
    ), x0


def other(value: Any) -> list[Any]:
    """Values to try in place of a default."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, float):
        if value == 0:
            return [0.1, 0.9, 1.0, 10.0]
        if 0 < value < 1:
            return [value / 2, (1 + value) / 2, 0.5 * value * value, min(1e3 * value, 0.5), 100.0]
        return [value / 2, 2 * value, value / 100]
    if isinstance(value, int):
        return [2 * value + 1, 1, 3]
    if isinstance(value, tuple | list) and value and all(isinstance(v, float) for v in value):
        return [tuple(v / 2 if i == j else v for j, v in enumerate(value))
                for i in range(len(value))]  # fmt: skip
    return []


def decay_acts(s: Subject) -> Found:
    """U7d. weight_decay = 0.1 changes the path."""
    name = s.option("decay")
    if name is None:
        raise NotAsked("it has no weight decay")
    f, x0 = rich()
    without = s.set(decay=0.0).path(f, x0, 10)
    found = s.set(decay=0.1).path(f, x0, 10)
    away = float(np.abs(without.flat() - found.flat()).max())
    if away > 0:
        return Found(True, "", away)
    return Found(False, f"{name} = 0.1 changes nothing", 0.0, 10)


def options_act(s: Subject) -> Found:
    """U7. Every number and flag that the factory accepts changes some path.

    Tried alone, then beside momentum, decay and every flag that is off; what only chooses an
    implementation is left out. An option that nothing here brings out is named, and breaks the
    law if it is one of those whose meaning is common to all: rate, decay, eps, momentum, betas,
    nesterov, dampening, amsgrad, centered, rho, an initial accumulator.
    """
    names = {
        k: s.options.get(k, v)
        for k, v in s.accepts.items()
        if k not in INERT and v is not inspect.Parameter.empty and other(s.options.get(k, v))
    }
    if not names:
        raise NotAsked("it has no numbers or flags")
    f, x0 = rich()
    bases = list(beside(s))
    paths: dict[int, Path] = {}
    dead, parts = [], 0
    for name, value in names.items():
        if name in EVERY or name in RATES:
            continue
        alive = None
        for i, base in enumerate(bases):
            if alive:
                break
            for new in other(base.options.get(name, value)):
                try:
                    if i not in paths:
                        paths[i] = base.path(f, x0, 30)
                    changed = base.set(**{name: new}).path(f, x0, 30)
                except Exception:
                    continue
                away = distance(paths[i], changed)
                alive = bool((~(away == 0)).any())
                if alive:
                    break
        if alive is False:
            dead.append(name)
        parts += alive is not None
    core = {"lr", "learning_rate", "weight_decay", "eps", "momentum", "betas", "b1", "b2", "beta1",
            "beta2", "nesterov", "dampening", "amsgrad", "centered", "beta", "alpha", "lr_decay",
            "warmup_steps", "warmup", "rho", "initial_accumulator_value"}  # fmt: skip
    told = f"no effect seen of {', '.join(dead)}" if dead else f"{parts} options act"
    if s.family.name not in DAMPED:
        core.remove("eps")
    bad = sorted(core & set(dead))
    if bad:
        return Found(False, f"{', '.join(bad)}: no value tried changes any path", len(bad))
    return Found(True, told, float(len(dead)))


def maximizes(s: Subject) -> Found:
    """U14. maximize=True on f is minimizing −f, with and without weight decay."""
    if "maximize" not in s.accepts:
        raise NotAsked("it has no option maximize")
    f, x0 = rich()
    found = Found(True)
    for each in (s.quiet(), decayed(s)) if s.option("decay") else (s,):
        up = each.set(maximize=True).path(f, x0, 10)
        down = each.set(maximize=False).path(scaled(f, -1.0), x0, 10)
        found = same(
            down, up, s, "maximize f and minimize −f" + ("" if each is s else ", decay on")
        )
        if not found.holds:
            return found
    return found


def loss_scale(s: Subject) -> Found:
    """U15. Gradients times c, with the option that says so, make the same path: what unscales does
    it before it clips or normalizes."""
    name = next((k for k in RATES[:4] if k in s.accepts), None)
    if name is None:
        raise NotAsked("it has no loss scale")
    f, x0 = rich()
    one = s.set(**{name: 1.0}).path(f, x0, 10)
    many = s.set(**{name: 1024.0}).path(scaled(f, 1024.0), x0, 10)
    return same(one, many, s, "loss scale 1 and 1024")


def accumulates(s: Subject) -> Found:
    """U9. k equal micro-gradients, accumulated, are one step on that gradient; and their mean, not
    their sum or last, is what counts if they differ."""
    name = next((k for k in EVERY if k in s.accepts), None)
    if name is None:
        raise NotAsked("it does not accumulate gradients")
    gs = draws([(4,)], 8)
    x0 = [np.array([1.0, -2.0, 3.0, 0.5])]
    micro = sequence(lambda t: [gs[t // 2][0] * (1.5 if t % 2 else 0.5)])
    alone = s if s.get(name) is None else s.set(**{name: 1})
    one = alone.path(sequence(lambda t: gs[t]), x0, 8)
    two = s.set(**{name: 2}).path(micro, x0, 16)
    found = two.x[::2]
    return same(one, Path(found, found), s, "8 steps, and 16 micro-steps by two")
