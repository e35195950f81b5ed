"""Laws of what guards a step: clips, masks, and flags under which a variance may come out < 0."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import draws, linear, sequence
from convergence.audit.laws.beside import INERT
from convergence.audit.laws.law import Found, finite, same
from convergence.audit.laws.options import rich
from convergence.audit.laws.rest import START, first_nonfinite
from convergence.audit.laws.structure import CLIPS, T
from convergence.audit.subject import Path, Subject


def clips(s: Subject) -> Found:
    """U21. Clipping at c leaves gradients within c alone, and hands on larger ones as c·g/‖g‖ (of
    each tensor, or of all together) or as their entries cut to ±c; beside the flag that turns it
    on, where there is one, and before the momentum. A global norm is that of all, a value that of
    entries."""
    name = next((k for k in CLIPS if k in s.accepts), None)
    if name is None:
        raise NotAsked("it clips no gradients")
    flags = [k for k, v in s.accepts.items() if v is False and k not in INERT]
    s = s.quiet()
    heavy = s.set(momentum=0.9) if s.accepts.get("momentum", 1) in (0, 0.0) else s
    found = [clipped(heavy, name)]
    for flag in flags if not found[0].holds else ():
        try:
            found.append(clipped(heavy.set(**{flag: True}), name))
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
    if "global" in name:
        ways = {"the norm of all": whole}
    elif "value" in name:
        del ways["the norm of all"], ways["the norm of each"]
    for told, way in ways.items():
        expected = off.path(sequence(lambda t, way=way: way(large[t])), x0, T)
        # 1e-6 is what is often added to the norm.
        if same(expected, cut, s, told, grain=max(s.family.grain, 1e-6)).holds:
            return Found(True, f"{name} clips by {told}")
    return Found(False, f"{name} = {c:g} does not clip {', '.join(ways)}")


def masks(s: Subject) -> Found:
    """U28. A mask that is True everywhere is no mask; one that is False everywhere is no decay, and
    one that is True for the first parameter alone is decay of that."""
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
    without = s.set(decay=0.0).path(f, x0, 8)
    found = same(without, none, s, f"no decay, and a {name} of False")
    if not found.holds or s.family.name in ("global", "parameter-free", "polyak"):
        return found
    first = s.set(**{name: lambda p: [True] + [False] * (len(p) - 1)}).path(f, x0, 8)
    one = [[a[0], b[1]] for a, b in zip(every.x, without.x)]
    return same(Path(one, one), first, s, f"a {name} of the first parameter alone")


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
