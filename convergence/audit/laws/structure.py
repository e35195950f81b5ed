"""Laws of how parameters, groups, shapes and state are treated."""

from __future__ import annotations

import dataclasses
import traceback

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.functions import draws, sequence
from convergence.audit.laws.beside import throughout
from convergence.audit.laws.law import Found, same
from convergence.audit.laws.rest import START
from convergence.audit.subject import Path, Subject

T = 12
CLIPS = ("max_grad_norm", "clip_grad_norm", "clip_norm", "grad_clip_norm", "clip_value",
         "max_norm", "grad_clip", "clip_grad", "clipnorm", "clipvalue",
         "global_clipnorm")  # fmt: skip
SHAPES = ((8, 4), (4, 8), (4, 4), (5,), (2, 3, 2, 2), ())


def state_is_complete(s: Subject) -> Found:
    """S8. Saving and loading after five steps changes no later step; torch's saved state has the
    rate that was set before.

    What is kept outside the saved state (attributes, inner optimizers, variables of a module)
    starts anew. The second gradient is the largest, which some remember.
    """
    found = saved(s)
    if not found.holds or s.kind != "torch" or not s.has("rate"):
        return found
    try:
        again = resumed(s, 2 * s.lr)
    except (CannotRun, NotAsked):
        return found
    return (
        found
        if again.holds
        else dataclasses.replace(again, detail=f"with another rate from step 4 on: {again.detail}")
    )


@throughout
def saved(s: Subject) -> Found:
    """Saved and loaded at one rate."""
    return resumed(s)


def resumed(s: Subject, rate: float | None = None) -> Found:
    """Twelve steps beside those of what was saved after five; with another rate from step 4 on."""
    gs = draws([v.shape for v in START], T)
    gs[1] = [100 * g for g in gs[1]]
    f = sequence(lambda t: gs[t])
    run = other = s.start(START)
    xs, going = [run.x], []
    for t in range(T):
        if t == 5:
            try:
                other = run.reload()
            except (CannotRun, NotAsked):
                raise
            except Exception as error:
                return Found(False, f"its saved state cannot be loaded ({error})", step=5)
            going = [
                *xs,
            ]
        if t == 3 and rate is not None:
            run.rate(rate)
        run.step(t, f)
        xs.append(run.x)
        if t >= 5:
            other.step(t, f)
            going.append(other.x)
    return same(Path(xs, xs), Path(going, going), s, "saved and loaded after step 5")


def decayed(s: Subject) -> Subject:
    """With weight decay, where that is an option."""
    name = s.option("decay")
    known = None if name is None else s.get("decay")
    free = known is None and name == "weight_decay"
    return s.set(decay=0.1) if free or isinstance(known, int | float) else s


def halves(s: Subject) -> Found:
    """S9. One tensor of 2n numbers is two of n.

    Holds for whatever acts on each coordinate alone; norms and means of a tensor break it.
    """
    gs = [np.concatenate([a, b]) for a, b in draws([(3,), (3,)], T)]
    x0 = np.arange(1.0, 7.0)
    one = s.path(sequence(lambda t: [gs[t]]), [x0], T)
    two = s.path(sequence(lambda t: [gs[t][:3], gs[t][3:]]), [x0[:3], x0[3:]], T)
    return same(one, two, s, "one tensor of 6 and two of 3")


@throughout
def groups(s: Subject) -> Found:
    """S9g. Two parameter groups with the same options are one group, where gradients are clipped
    too."""
    if s.kind != "torch":
        raise NotAsked("parameter groups are torch's")
    gs = draws([(3,), (2,)], T)
    x0 = [np.arange(1.0, 4.0), np.array([-1.0, 2.0])]
    clip = next((k for k in CLIPS if k in s.accepts), None)
    if clip is not None and not isinstance(s.get(clip), bool):
        s = s.set(**{clip: 1.0})
    one = s.path(sequence(lambda t: gs[t]), x0, T, groups=(0, 0))
    two = s.path(sequence(lambda t: gs[t]), x0, T, groups=(0, 1))
    return same(one, two, s, "one parameter group and two")


def group_rates(s: Subject) -> Found:
    """S9l. A group with a rate of its own takes the path that it takes alone at that rate, decay
    and all."""
    if s.kind != "torch" or not s.has("rate"):
        raise NotAsked("parameter groups with rates are torch's")
    s, gs = decayed(s), draws([(3,)], T)
    x0, rest = np.arange(1.0, 4.0), np.zeros(3)
    alone, found = s.set(rate=2 * s.lr).path(sequence(lambda t: gs[t]), [x0], T), Found(True)
    for place, which in ((1, "second"), (0, "first")):
        run = s.start([x0 if i == place else rest for i in (0, 1)], groups=(0, 1))
        run.rate(2 * s.lr, place)
        f = sequence(lambda t, at=place: [gs[t][0] if i == at else rest for i in (0, 1)])
        xs = [run.x]
        for t in range(T):
            run.step(t, f)
            xs.append(run.x)
        own = [[v[place]] for v in xs]
        found = same(alone, Path(own, own), s, f"a {which} group at twice the rate")
        if not found.holds:
            return found
    return found


def another_parameter(s: Subject) -> Found:
    """U10. A second parameter at 0 whose gradient is 0 changes nothing for the first.

    It adds nothing to any sum or norm. What counts steps once a parameter breaks it.
    """
    gs = [g[0] for g in draws([(4,)], T)]
    x0 = np.array([1.0, -2.0, 3.0, 0.5])
    s = s.quiet()
    one = s.path(sequence(lambda t: [gs[t]]), [x0], T)
    two = s.path(sequence(lambda t: [gs[t], np.zeros(4)]), [x0, np.zeros(4)], T)
    first = [[v[0]] for v in two.x]
    return same(one, Path(first, first), s, "beside a parameter that rests at 0")


def without_gradient(s: Subject) -> Found:
    """U10n. A parameter without a gradient is left alone, by weight decay too, and changes nothing
    for the others."""
    if s.kind != "torch":
        raise NotAsked("only torch's parameters may be without a gradient")
    gs = [g[0] for g in draws([(4,)], T)]
    x0 = np.array([1.0, -2.0, 3.0, 0.5])
    s = decayed(s)
    alone, found = s.path(sequence(lambda t: [gs[t]]), [x0], T), Found(True)
    for at, where in ((0, "beside"), (1, "after")):
        f = sequence(lambda t, at=at: [gs[t] if i == at else None for i in (0, 1)])
        try:
            both = s.path(f, [x0, x0], T)
        except Exception as error:
            return Found(False, f"a parameter without a gradient ends in {type(error).__name__}: "
                         f"{short(error)}", step=1)  # fmt: skip
        away = float(np.abs(both.x[-1][1 - at] - x0).max())
        if away > 0:
            return Found(False, "a parameter without a gradient moves", away, 1)
        own = [[v[at]] for v in both.x]
        found = same(alone, Path(own, own), s, f"{where} a parameter without a gradient")
        if not found.holds:
            return found
    return found


def late_parameter(s: Subject) -> Found:
    """U10l. A parameter whose first gradient comes at step 6 takes the steps of a fresh one.

    Step counters, and with them bias corrections, belong to parameters.
    """
    if s.kind != "torch":
        raise NotAsked("only torch's parameters may be without a gradient")
    gs = [g[0] for g in draws([(4,)], T)]
    x0 = np.array([1.0, -2.0, 3.0, 0.5])
    s = s.quiet()
    fresh = s.path(sequence(lambda t: [gs[t]]), [x0], 6)
    f = sequence(lambda t: [gs[t], None if t < 5 else gs[t - 5]])
    try:
        both = s.path(f, [x0, x0], 11)
    except Exception as error:
        return Found(False, f"a parameter without a gradient ends in {type(error).__name__}: "
                     f"{error}", step=1)  # fmt: skip
    waited = float(np.abs(both.x[5][1] - x0).max())
    if waited > 0:
        return Found(False, "a parameter without a gradient moves", waited, 1)
    second = [[v[1]] for v in both.x[5:]]
    return same(fresh, Path(second, second), s, "a parameter that joins at step 6")


def shapes(s: Subject) -> Found:
    """U3. Tall, wide and square matrices, a vector, a tensor of four axes and a number: the update
    has the shape of the parameter, is finite and moves it; alone and all together."""
    ran, refused = [], []
    for shape in SHAPES:
        try:
            trial(s, [shape])
            ran.append(shape)
        except NotAsked:
            raise
        except Broken as error:
            return Found(False, f"at shape {shape}: {error}", instance={"shape": shape})
        except Exception as error:
            refused.append((shape, error))
    if not ran:
        raise CannotRun(f"no shape works; at {refused[0][0]}: {refused[0][1]}")
    crashed = [(a, e) for a, e in refused if not is_refusal(e) and len(a) != 0]
    matrices = [(a, e) for a, e in crashed if len(a) == 2]
    if crashed and (matrices or len(ran) >= 3):
        shape, error = (matrices or crashed)[0]
        return Found(
            False,
            f"at shape {shape}: {type(error).__name__}: {short(error)}",
            instance={"shape": shape},
        )
    try:
        trial(s, ran)
    except Exception as error:
        return Found(False, f"all shapes together: {type(error).__name__}: {short(error)}",
                     instance={"shapes": ran})  # fmt: skip
    left = ", ".join(str(a) for a, _ in refused)
    return Found(True, f"refuses {left}" if left else "")


class Broken(Exception):
    """A step of the wrong kind."""


def is_refusal(error: Exception) -> bool:
    """Whether the optimizer itself raised, in words of its own, rather than what it stands on."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = last.filename.replace("\\", "/")
    below = any(f"/{name}/" in place for name in ("jax", "jaxlib", "numpy"))
    below = below or ("/torch/" in place and "/torch/optim/" not in place)
    return not below and (last.line or "").startswith("raise")


def short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def trial(s: Subject, given: list) -> None:
    """Ten steps on given shapes; raises what the optimizer does, or `Broken`."""
    x0 = [np.abs(v) + 0.5 for v in draws(given, 1, seed=3)[0]]
    gs = draws(given, 10, seed=4)
    path = s.path(sequence(lambda t: gs[t]), x0, 10)
    for i, shape in enumerate(given):
        found = path.x[-1][i]
        if np.shape(found) != tuple(shape):
            raise Broken(f"x comes back with shape {np.shape(found)}")
        if not np.isfinite(found).all():
            raise Broken("NaN or infinity")


def transposes(s: Subject) -> Found:
    """U3t. The transpose of a matrix gets the transposed update."""
    tall = draws([(8, 4)], T)
    x0 = draws([(8, 4)], 1, seed=9)[0][0]
    one = s.path(sequence(lambda t: tall[t]), [x0], T)
    two = s.path(sequence(lambda t: [tall[t][0].T]), [x0.T], T)
    turned = [[v[0].T] for v in two.x]
    return same(one, Path(turned, turned), s, "a matrix (8, 4) and its transpose")
