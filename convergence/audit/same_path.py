"""Same path: an optimizer beside a reference recursion, or another package's implementation."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from convergence.audit import references
from convergence.audit.cells import NotAsked
from convergence.audit.functions import Arrays, Function, draws, quadratic, sequence
from convergence.audit.laws.law import Found, Law, same
from convergence.audit.subject import ROLES, Path, Subject
from convergence.errors import require

# Keywords of references and of optimizers that mean the same; (option, place) in a tuple.
ALIASES: Mapping[str, tuple[Any, ...]] = {
    "lr": ("rate",),
    "decay": ("weight_decay", "wd"),
    "b1": ("b1",), "b2": ("b2",), "b3": ("b3", ("betas", 2)),
    "eps": ("eps", "epsilon", ("eps", 0)),
    "momentum": ("momentum", "beta", "mu", "b1", ("betas", 0)),
    "alpha": ("alpha", "decay", "rho", "beta2"),
    "rho": ("rho",),
    "initial": ("initial_accumulator_value", "initial_accumulator"),
    "minus": ("eta_minus", ("etas", 0)), "plus": ("eta_plus", ("etas", 1)),
    "least": ("min_step_size", ("step_sizes", 0)), "most": ("max_step_size", ("step_sizes", 1)),
    "trust": ("trust_coefficient",),
}  # fmt: skip
FLAGS = ("nesterov", "amsgrad", "centered")
SHAPES = ((4,), (4, 3), (3, 5))
SHRINKING = ("sgd", "heavy-ball", "nesterov", "adamw", "lion", "signsgd", "signum")
T = 30
# Options of a reference that are tried beside the defaults, and what they need beside them.
VARIANTS: tuple[dict[str, Any], ...] = (
    {"decay": 0.1}, {"eps": 0.1}, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True},
    {"momentum": 0.8, "dampening": 0.5}, {"momentum": 0.8, "decay": 0.1}, {"amsgrad": True},
    {"centered": True}, {"alpha": 0.7}, {"rho": 0.7}, {"b1": 0.5}, {"b2": 0.6}, {"lr_decay": 0.1},
    {"initial": 0.3}, {"lr": 0.2},
)  # fmt: skip


def known(name: str) -> bool:
    """Whether `--like NAME` is a reference or a target."""
    return ":" in name or plain(name) in references.ALL


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


def same_path(name: str) -> Law:
    """P: the law that an optimizer makes the steps of `name`."""
    require(
        known(name), f"--like {name!r}", "a reference or MODULE:NAME",
        f"references are {', '.join(references.ALL)}",
    )  # fmt: skip
    return Law("P", f"same path as {name}", lambda s: compare(s, name), True)


def compare(s: Subject, name: str) -> Found:
    """P. The same steps as a reference under equal arguments: along given gradients, on a
    quadratic, 30 steps each; then with each option that both have at another value (decay, ε,
    momentum, βs, flags). The first step where they part, and by how much of the way."""
    x0 = [v * 2 for v in draws(SHAPES, 1, seed=11)[0]]
    gs = draws(SHAPES, T, seed=12)
    bowls = [np.array([2.0, 1.0, 0.5, 0.1]), *(np.geomspace(0.1, 2.0, a * b).reshape(a, b)
                                               for a, b in SHAPES[1:])]  # fmt: skip
    if ":" in name:
        other, told = counterpart(s, name)
    else:
        other, told = plain(name), ""
    if other == "muon":
        x0, gs, bowls = x0[1:], [g[1:] for g in gs], bowls[1:]
    for f, where in (
        (sequence(lambda t: gs[t]), "along given gradients"),
        (quadratic(bowls), "on a quadratic"),
    ):
        mine = s.path(f, x0, T)
        if isinstance(other, Subject):
            theirs = other.path(f, x0, T)
        else:
            options, told = mapped(s, other, mine, f, x0)
            theirs = recursion(other, options, f, x0)
        if not np.isfinite(mine.flat()).all():
            return Found(False, f"NaN or infinity {where}")
        found = same(theirs, mine, s, f"{name} {where}{told}")
        if not found.holds:
            late = lag(mine, theirs)
            return Found(False, found.detail + late, found.amount, found.step,
                         {"x0": x0, "gradients": where, "like": name})  # fmt: skip
    tried = []
    for changes in VARIANTS:
        found = varied(s, other, changes, sequence(lambda t: gs[t]), x0, name)
        if found is not None and not found.holds:
            return dataclasses.replace(found, instance={"x0": x0, "like": name, **changes})
        tried += [",".join(changes)] if found is not None else []
    also = f"; and with other {'; '.join(tried)}" if tried else ""
    return Found(True, f"30 steps along given gradients and on a quadratic{told}{also}")


def varied(
    s: Subject, other: Any, changes: Mapping[str, Any], f: Function, x0: Arrays, name: str
) -> Found | None:
    """Both with an option changed; None where one of them does not have or take it."""
    options = {k: named(s, k) for k in changes}
    if None in options.values() or any(value(s, k) == v for k, v in changes.items()):
        return None
    if isinstance(other, str):
        parameters = inspect.signature(references.ALL[other]).parameters
        if not parameters.keys() >= changes.keys():
            return None
    elif any(named(other, k) is None for k in changes):
        return None
    try:
        changed = turned(s, changes)
        mine = changed.path(f, x0, T)
        if isinstance(other, str):
            theirs = recursion(other, mapped(changed, other, mine, f, x0)[0], f, x0)
        else:
            theirs = turned(other, changes).path(f, x0, T)
    except Exception:
        return None  # refused
    told = ", ".join(f"{k} = {v}" for k, v in changes.items())
    if not np.isfinite(mine.flat()).all():
        return Found(False, f"NaN or infinity with {told}")
    return same(theirs, mine, changed, f"{name} along given gradients with {told}")


def named(s: Subject, keyword: str) -> Any:
    """The option that a keyword of a reference means, with a place in it; None without one."""
    for name in ALIASES.get(keyword, (keyword,)):
        option, place = name if isinstance(name, tuple) else (name, None)
        found = option if option in s.accepts else s.option(option)
        if found is None or (keyword == "alpha" and found in ROLES["decay"]):
            continue
        now = s.options.get(found, s.accepts[found])
        now = s.get(option) if found == "betas" and place is None else now
        if place is not None and isinstance(now, tuple | list) and len(now) > place:
            return found, place
        if place is None and (isinstance(now, int | float) or (now is None and found == keyword)):
            return (option if found == "betas" else found), None
    return None


def turned(s: Subject, changes: Mapping[str, Any]) -> Subject:
    """The subject with these keywords of references changed."""
    for keyword, new in changes.items():
        option, place = named(s, keyword)
        if place is not None:
            now = list(s.options.get(option, s.accepts[option]))
            now[place] = new
            new = tuple(now)
        s = s.set(**{option: new})
    return s


def lag(mine: Path, theirs: Path) -> str:
    """A sentence if one path is the other a step late."""
    a, b = mine.flat(), theirs.flat()
    size = max(float(np.abs(b[-1] - b[0]).max()), 1e-300)
    if np.abs(a[1:] - b[:-1]).max() < 1e-6 * size:
        return "; it is the reference one step late"
    return ""


def recursion(name: str, options: Mapping[str, Any], f: Function, x0: Arrays) -> Path:
    """T steps of a reference, a generator for each parameter."""
    steps = [references.ALL[name](np.array(v), **options) for v in x0]
    x = [next(step) for step in steps]
    xs = [x]
    for t in range(T):
        x = [step.send(g) for step, g in zip(steps, f.grad(t, x))]
        xs.append(x)
    return Path(xs, xs)


def value(s: Subject, keyword: str) -> Any:
    """What the optimizer calls a keyword of a reference; None if it has no such option."""
    found = named(s, keyword)
    if found is None:
        return None
    option, place = found
    now = s.get(option) if option in ("b1", "b2") else s.options.get(option, s.accepts.get(option))
    return now if place is None else now[place]


def mapped(s: Subject, name: str, mine: Path, f: Function, x0: Arrays) -> tuple[dict, str]:
    """The reference's arguments as the optimizer has them, and which rate had to be fitted."""
    parameters = inspect.signature(references.ALL[name]).parameters
    options = {k: v for k in parameters if k != "x" and (v := value(s, k)) is not None}
    options = {k: bool(v) if k in FLAGS else v for k, v in options.items()}
    if "decay" in options and not s.has("decay"):
        del options["decay"]
    if "decay" in parameters and not s.has("decay") and s.accepts:
        options["decay"] = 0.0
    if "lr" in options or s.accepts.keys() & {"lr", "learning_rate"}:
        options.setdefault("lr", s.lr)
        return options, ""
    # A finished transformation: its rate is read off its first move, its decay, where that is a
    # multiple of x, off one without a gradient.
    start, rest, told = mine.flat()[0], 0.0, ""
    if name in SHRINKING:
        rest = s.path(sequence(lambda t: [0 * v for v in x0]), x0, 1).flat()[1] - start
        options["decay"] = 0.0
    once = recursion(name, {**options, "lr": 1.0}, f, x0)
    a, b = (np.diff(p.flat(), axis=0)[0] for p in (mine, once))
    rate = float((a - rest) @ b / (b @ b)) if (b @ b) > 0 else 0.0
    if not rate > 0:
        raise NotAsked("its rate is unknown and its first step is no descent; give --set lr=…")
    if np.any(rest):
        options["decay"] = -float(rest @ start) / (rate * float(start @ start))
        told = f" and decay {options['decay']:.6g}"
    return {**options, "lr": rate}, f" (rate {rate:.6g}{told} read off its first step)"


def counterpart(s: Subject, target: str) -> tuple[Subject, str]:
    """Another implementation under this one's arguments."""
    from convergence.audit.find import subject

    other, given = subject(target, {}), []
    for role in ("rate", "b1", "b2", "eps", "decay", "momentum", "nesterov", "alpha", "rho"):
        mine, theirs = s.get(role), other.option(role)
        if theirs is None or not isinstance(mine, int | float | bool):
            continue
        if isinstance(other.get(role), tuple):
            continue
        other = other.set(**{role: mine})
        given.append(role)
    return other, f" under equal {', '.join(given)}"
