"""Laws of hyper-parameters in use: schedules, groups with options of their own, clips and masks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function, draws, linear, sequence
from convergence.audit.laws.law import ROUNDINGS, Found, finite, same
from convergence.audit.laws.manners import style
from convergence.audit.laws.options import INERT, rich
from convergence.audit.laws.rest import START, first_nonfinite, still
from convergence.audit.laws.structure import T
from convergence.audit.subject import Path, Subject
from convergence.audit.torch_run import TorchRun, runner

CLIPS = ("max_grad_norm", "clip_grad_norm", "clip_norm", "grad_clip_norm", "clip_value",
         "grad_clip", "clip_grad", "clipnorm", "clipvalue", "global_clipnorm")  # fmt: skip


def schedule(s: Subject) -> Found:
    """U2s. The t-th step is made with the t-th value of the rate: with rates 0, η, 0, 0, … only the
    second step moves, and with a rate that is always η the path is that of η.

    Proof. x_{t+1} = x_t − η_t u_t. For optax η_t is the schedule at count t = 0, 1, …
    """
    if not s.has("rate"):
        raise NotAsked("it has no learning rate")
    s, gs = s.quiet(), draws([v.shape for v in START], 1)[0]
    f, lr = linear(*gs), s.lr
    if s.kind == "optax":
        import jax.numpy as jnp

        try:
            once = s.set(rate=lambda count: jnp.where(count == 1, lr, 0.0)).path(f, START, 4)
            steady = s.set(rate=lambda count: jnp.asarray(lr)).path(f, START, 4)
        except Exception as error:
            raise NotAsked("it takes no schedule") from error
        found = same(s.path(f, START, 4), steady, s, "a rate and a schedule that is constant")
        if not found.holds:
            return found
        x = once.flat()
    else:
        run = s.start(START)
        xs = [run.x]
        for t in range(4):
            run.rate(lr if t == 1 else 0.0)
            run.step(t, f)
            xs.append(run.x)
        x = Path(xs, xs).flat()
    away = np.abs(np.diff(x, axis=0)).max(axis=1)
    if not np.isfinite(away).all():
        return Found(False, "a rate of 0 leads to NaN or infinity")
    moved = [t + 1 for t in range(4) if away[t] > still(s)]
    if moved in ([2], []) or (s.family.name == "delayed" and 1 not in moved):
        return Found(True, "", float(away[1]))
    told = ", ".join(map(str, moved))
    return Found(False, f"with rates 0, η, 0, 0 it moves at step {told}", float(away.max()),
                 moved[0])  # fmt: skip


def proportional(s: Subject) -> Found:
    """U30. Twice the rate is twice the first step.

    Proof. x_1 = x_0 − ηu with u from the gradient alone. A rate that enters twice makes it four
    times, one that is overwritten once.
    """
    if not s.has("rate"):
        raise NotAsked("it has no learning rate")
    s, gs = s.quiet(), draws([v.shape for v in START], 1)[0]
    lr = s.lr / 4
    one, two = (s.set(rate=k * lr).path(linear(*gs), START, 2) for k in (1.0, 2.0))
    a, b = (p.flat()[2 if s.family.name == "delayed" else 1] - p.flat()[0] for p in (one, two))
    if not np.abs(a).max() > 0:
        raise NotAsked("its first step is 0")
    off = float(np.abs(b - 2 * a).max() / np.abs(2 * a).max())
    grain = max(s.family.grain, 2.0**-53 * np.abs(one.flat()[0]).max() / np.abs(a).max())
    if off <= ROUNDINGS * grain + (1e-4 if s.wide == "float32" else 0.0):
        return Found(True, "", off)
    ratio = float(np.abs(b).max() / np.abs(a).max())
    return Found(False, f"twice the rate makes the first step {ratio:.4g} times as long", ratio, 1)


class WithOptions(TorchRun):
    """The second group has options of its own."""

    own: dict[str, Any] = {}

    def grouped(self) -> Any:
        first, second = super().grouped()
        return [first, {**second, **self.own}]


def changes(s: Subject) -> Iterator[tuple[str, Any]]:
    """Options of groups, with another value each."""
    for name, value in s.accepts.items():
        now = s.options.get(name, value)
        if name in ("weight_decay", "momentum", "eps", "alpha", "rho") and isinstance(now, float):
            yield name, 0.1 if now != 0.1 else 0.2
        if name == "betas" and isinstance(now, tuple | list):
            yield name, tuple(b / 2 for b in now)


def own_options(s: Subject) -> Found:
    """S9o. A group with a decay, momentum, ε or βs of its own takes the path that it takes alone
    with them, and in the middle of a run they can be changed."""
    kind = style(s)
    gs, x0 = draws([(3,)], T, seed=34), np.arange(1.0, 4.0)
    f = sequence(lambda t: [np.zeros(3), gs[t][0]])
    asked = []
    for name, value in changes(s):
        try:
            alone = s.set(**{name: value}).path(sequence(lambda t: gs[t]), [x0], T)
        except Exception:
            continue  # it refuses this value
        own = type("Own", (WithOptions,), {"own": {name: value}})
        beside = dataclasses.replace(s, runner=runner(kind, own))
        both = beside.path(f, [np.zeros(3), x0], T, groups=(0, 1))
        second = [[v[1]] for v in both.x]
        found = same(alone, Path(second, second), s, f"a group with its own {name}")
        if not found.holds:
            return found
        if not takes_changes(s, name, value, Function(f.value, lambda t, x: gs[t]), x0, alone):
            return Found(False, f"{name} = {value} from step 4 on changes nothing", 0.0, 4)
        asked.append(name)
    if not asked:
        raise NotAsked("its groups have no decay, momentum, ε or β")
    return Found(True, ", ".join(asked))


def takes_changes(
    s: Subject, name: str, value: Any, f: Function, x0: np.ndarray, other: Path
) -> bool:
    """Whether an option that is changed after three steps changes any later one, if it does so from
    the start."""
    usual, run = s.path(f, [x0], T), s.start([x0])
    if not np.abs(usual.flat() - other.flat()).max() > 0:
        return True
    assert isinstance(run, TorchRun)
    for t in range(T):
        if t == 3:
            for group in run.optimizer.param_groups:
                if name not in group:
                    return True
                group[name] = value
        run.step(t, f)
    return bool(np.abs(run.x[0] - usual.x[-1][0]).max() > 0)


def clips(s: Subject) -> Found:
    """U21. Clipping at c leaves gradients within c alone, and hands on larger ones as c·g/‖g‖ (of
    each tensor, or of all together) or as their entries cut to ±c; beside the flag that turns it
    on, where there is one."""
    name = next((k for k in CLIPS if k in s.accepts), None)
    if name is None:
        raise NotAsked("it clips no gradients")
    flags = [k for k, v in s.accepts.items() if v is False and k not in INERT]
    found = [clipped(s.quiet(), name)]
    for flag in flags if not found[0].holds else ():
        try:
            found.append(clipped(s.quiet().set(**{flag: True}), name))
        except Exception:
            continue
    return next((each for each in found if each.holds), found[0])


def clipped(s: Subject, name: str) -> Found:
    """Whether gradients are clipped by an option of this name."""
    shapes, c = [(4,), (4, 3)], 1.0
    x0 = [3 * v for v in draws(shapes, 1, seed=35)[0]]
    small = [[0.01 * g for g in step] for step in draws(shapes, T, seed=36)]
    large = [[100.0 * g for g in step] for step in small]
    on, off = s.set(**{name: c}), s.set(**{name: 1e6})
    free = off.path(sequence(lambda t: small[t]), x0, T)
    found = same(free, on.path(sequence(lambda t: small[t]), x0, T), s, f"{name} beyond ‖g‖")
    if not found.holds:
        return found
    cut = on.path(sequence(lambda t: large[t]), x0, T)

    def whole(step: list) -> list:
        norm = np.sqrt(sum((g**2).sum() for g in step))
        return [g * min(1.0, c / norm) for g in step]

    ways = {
        "the norm of all": whole,
        "the norm of each": lambda step: [whole([g])[0] for g in step],
        "entries": lambda step: [np.clip(g, -c, c) for g in step],
    }
    for told, way in ways.items():
        expected = off.path(sequence(lambda t, way=way: way(large[t])), x0, T)
        # 1e-6 is what is often added to the norm.
        if same(expected, cut, s, told, grain=max(s.family.grain, 1e-6)).holds:
            return Found(True, f"{name} clips by {told}")
    return Found(False, f"{name} = {c:g} clips neither the norm of all, of each, nor entries")


def masks(s: Subject) -> Found:
    """U28. A mask that is True everywhere is no mask; one that is False everywhere is no decay."""
    name = next((k for k in ("mask", "weight_decay_mask") if k in s.accepts), None)
    if name is None or not s.has("decay"):
        raise NotAsked("it has no mask")
    f, x0 = rich()
    s = s.set(decay=0.1)
    every, none = (s.set(**{name: lambda p, v=v: [v] * len(p)}).path(f, x0, 8)
                   for v in (True, False))  # fmt: skip
    found = same(s.path(f, x0, 8), every, s, f"no {name}, and True everywhere")
    if not found.holds:
        return found
    return same(s.set(decay=0.0).path(f, x0, 8), none, s, f"no decay, and a {name} of False")


def flags(s: Subject) -> Found:
    """U22. Whatever flag is turned over, and however fast its averages are, a constant gradient
    gives finite steps in float32.

    A variance that is computed as a difference of means may come out negative.
    """
    names = [k for k, v in s.accepts.items() if isinstance(v, bool) and k not in INERT]
    if not names:
        raise NotAsked("it has no flags")
    fast = {k: 0.5 for k in ("alpha", "decay", "rho") if isinstance(s.accepts.get(k), float)}
    fast |= {"betas": (0.9, 0.5)} if len(s.accepts.get("betas") or ()) == 2 else {}
    f = linear(*(np.float32(v / 3).astype(float) for v in START))
    for name in names:
        try:
            turned = s.set(**{name: not s.options.get(name, s.accepts[name])}, **fast)
            path = turned.path(f, START, 60, "float32")
        except Exception:
            continue
        if not finite(path):
            return Found(False, f"{name}={turned.options[name]}: NaN or infinity on a linear f",
                         step=first_nonfinite(path))  # fmt: skip
    return Found(True, ", ".join(names))
