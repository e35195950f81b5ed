"""Laws of rest and motion, which bind everyone."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import draws, linear, quadratic, sequence
from convergence.audit.laws.law import ROUNDINGS, Found, finite, same
from convergence.audit.subject import Subject

START = (np.array([1.0, -2.0, 0.5]), np.array([[1.5, -0.5], [-1.0, 2.0], [0.75, -1.25]]))


def still(s: Subject) -> float:
    """Of |x| ≤ 2: what is left where x is a mean of equal numbers."""
    return 2 * ROUNDINGS * (2.0**-53 if s.wide == "float64" else 2.0**-24)


def undecayed(s: Subject) -> Subject:
    """Without weight decay; `NotAsked` of what has no options and whose x goes straight to 0 where
    every gradient is 0: a finished transformation may hold a decay that nobody can turn off."""
    if not s.accepts:
        share = s.path(linear(*[0 * v for v in START]), START, 4).flat()
        share = share[-1] / share[0]
        if ((share >= 0) & (share <= 1 + still(s))).all() and (share < 1 - still(s)).any():
            raise NotAsked("it has a weight decay that no option turns off")
    return s.quiet()


def zero_gradient_rests(s: Subject) -> Found:
    """S13. ∇f = 0 and no decay: x_t = x_0 for every t, and so is what the method returns.

    Proof. Averages of zeros are 0 and so is every ratio 0/(0 + ε), ε > 0; 0/0 is NaN. A normalized
    method that divides 0 by 0 breaks it, whatever it returns elsewhere.
    """
    path = undecayed(s).path(linear(*[0 * v for v in START]), START, 4)
    if not finite(path):
        return Found(False, "a zero gradient gives NaN or infinity", step=first_nonfinite(path))
    away = np.abs(path.flat() - path.flat()[0]).max(axis=1)
    if away.max() > still(s):
        return Found(False, "x moves though every gradient is 0", float(away.max()),
                     int(np.argmax(away > 0)), {"x0": START, "g": 0})  # fmt: skip
    # A mean of equal numbers by its recursion: a rounding a step.
    off = [max(np.abs(a - b).max() for a, b in zip(x, START)) for x in path.judged]
    if not max(off) <= 4 * still(s):
        return Found(False, "what it returns moves though every gradient is 0", float(max(off)),
                     int(np.argmax(np.array(off) > 4 * still(s))))  # fmt: skip
    return Found(True)


def zero_first_gradient(s: Subject) -> Found:
    """S13f. At t = 1: a zero first gradient moves nothing, and later steps are finite; and so they
    are if rows, columns or numbers of a gradient are always 0.
    """
    s, later = undecayed(s), draws([v.shape for v in START], 6)
    path = s.path(sequence(lambda t: [0 * g for g in later[0]] if t == 0 else later[t]), START, 6)
    if not finite(path):
        return Found(False, "a zero first gradient leads to NaN or infinity",
                     step=first_nonfinite(path))  # fmt: skip
    away = float(np.abs(path.flat()[1] - path.flat()[0]).max())
    if away > still(s):
        return Found(False, "x moves on a zero first gradient", away, 1)
    masks = {"a row": np.s_[0, :], "a column": np.s_[:, 1], "a number": np.s_[1, 0]}
    for told, place in masks.items():
        gs = [[1 * v for v in step] for step in later]
        for step in gs:
            step[1][place] = 0.0
        path = s.path(sequence(lambda t, gs=gs: gs[t]), START, 6)
        if not finite(path):
            return Found(False, f"{told} of zeros in a gradient leads to NaN or infinity",
                         step=first_nonfinite(path))  # fmt: skip
    return Found(True, "", away)


def zero_is_a_number(s: Subject) -> Found:
    """U37. A gradient of 0 amid others is that of 1e-30: averages go on, and so do the steps that
    they make.

    Proof. Averages and their ratios are continuous where some gradient before was not 0. What
    skips a parameter with a zero gradient, or starts it anew, is not.
    """
    s = s.set(momentum=0.9) if s.accepts.get("momentum") in (0, 0.0) else s
    gs = draws([v.shape for v in START], 6)
    zero, tiny = (
        s.path(sequence(lambda t, c=c: [c * g for g in gs[t]] if t == 3 else gs[t]), START, 6)
        for c in (0.0, 1e-30)
    )
    return same(zero, tiny, s, "a fourth gradient of 0 and of 1e-30")


def first_nonfinite(path) -> int:
    return int(np.argmax(~np.isfinite(path.flat()).all(axis=1)))


def moves(s: Subject) -> Found:
    """U1. No-op: on ½‖x‖² every parameter has moved within 20 steps from x_0 ≠ 0."""
    path = s.path(quadratic([1.0, 1.0]), START, 20)
    still = [i for i in range(2) if not np.abs(path.x[-1][i] - path.x[0][i]).max() > 0]
    if not still:
        return Found(True)
    told = "nothing moves" if len(still) == 2 else f"the parameter of shape {START[still[0]].shape}"
    return Found(False, f"{told if len(still) == 2 else told + ' stays'} in 20 steps of ½‖x‖²",
                 step=20, instance={"x0": START})  # fmt: skip


def descends(s: Subject) -> Found:
    """S4. The first step descends: ⟨x_1 − x_0, g⟩ < 0; and so it is for x_t − x_0, t ≤ 10, on a
    linear f.

    Proof. Whatever averages constant gradients with positive weights, and divides by positive
    numbers, points along −g.
    """
    s = s.quiet()
    g = draws([v.shape for v in START], 1)[0]
    path = s.path(linear(*g), START, 10)
    if not finite(path):
        return Found(False, "NaN or infinity on a linear function", step=first_nonfinite(path))
    along = (path.flat() - path.flat()[0]) @ np.concatenate([v.ravel() for v in g])
    scale = max(float(np.abs(along).max()), 1e-300)
    if (along[1:] > 0).any():
        t = int(np.argmax(along > 0))
        last = int(np.max(np.nonzero(along > 0)[0]))
        return Found(False, f"the step goes uphill: f(x_t) > f(x_0) at t = {t} to {last} on "
                     "⟨g, x⟩", float(along[t] / scale), t, {"x0": START, "g": g})  # fmt: skip
    return Found(True)


def first_step_moves(s: Subject) -> Found:
    """S4z. The first step is not 0, unless by design: SOAP and ADOPT only fill their averages."""
    s = s.quiet()
    g = draws([v.shape for v in START], 1)[0]
    away = np.abs(np.diff(s.path(linear(*g), START, 10).flat(), axis=0)).max(axis=1)
    if away[0] > 0:
        return Found(True)
    later = np.nonzero(away > 0)[0]
    if callable(s.get("rate")) or (not s.accepts and away[1] > 0):
        raise NotAsked("its rate may be a schedule that begins at 0")
    until = f"until step {later[0] + 1}" if len(later) else "for 10 steps"
    return Found(False, f"the first step is exactly 0: nothing moves {until}", 0.0, 1)


def rate_zero_rests(s: Subject) -> Found:
    """U2. At rate 0 nothing moves, from the start and after three steps at another rate.

    Proof. x_{t+1} = x_t − η u_t. A rate inside the momentum breaks it: the velocity outlives it.
    """
    if not s.has("rate"):
        raise NotAsked("it has no learning rate")
    if s.get("relative_step"):
        raise NotAsked("its rate is relative to the count of steps")
    s, f = s.quiet(), quadratic([1.0, 1.0])
    told = []
    try:
        others = {k: 0.0 for k in ("adamw_lr",) if k in s.accepts}
        path = s.set(rate=0.0, **others).path(f, START, 5)
        away = np.abs(path.flat() - path.flat()[0]).max(axis=1)
        if not np.isfinite(away).all():
            return Found(False, "a rate of 0 leads to NaN or infinity", step=first_nonfinite(path))
        if away.max() > still(s):
            return Found(
                False, "x moves at rate 0", float(away.max()), int(np.argmax(away > still(s)))
            )
        told.append("from the start")
    except Exception as error:
        if s.kind != "torch":
            raise NotAsked(f"a rate of 0 is refused ({error})") from error
    late = rate_zero_later(s)
    if late is None and s.accepts.get("momentum") in (0, 0.0):
        late = rate_zero_later(s.set(momentum=0.9))
    return Found(True, "; ".join(told)) if late is None else late


def rate_zero_later(s: Subject) -> Found | None:
    """Three steps at the optimizer's rate, then three at 0; None if it rests."""
    f = quadratic([1.0, 1.0])
    if s.kind == "optax":
        if not s.accepts:
            return None
        import jax.numpy as jnp

        lr = s.lr
        try:
            run = s.set(rate=lambda count: jnp.where(count < 3, lr, 0.0)).start(START)
            run.step(0, f)
        except Exception:
            return None  # it takes no schedules
        first, change = 1, None
    else:
        run, first, change = s.start(START), 0, 0.0
    for t in range(first, 3):
        run.step(t, f)
    try:
        if change is not None:
            run.rate(change)
        before = run.x
        run.step(3, f)
        run.step(4, f)
    except Exception:
        return None  # refused
    away = max(float(np.abs(a - b).max()) for a, b in zip(run.x, before))
    if away <= still(s):
        return None
    return Found(False, "x moves on after the rate is set to 0 at step 4", away, 4,
                 {"x0": START, "f": "½‖x‖²"})  # fmt: skip


def starts_at_zero(s: Subject) -> Found:
    """C23. From x_0 = 0 on a linear f every parameter moves.

    Steps in proportion to ‖x‖ freeze there (Fromage, LARS, LAMB, Adafactor's parameter scale).
    """
    g = draws([v.shape for v in START], 1)[0]
    path = s.path(linear(*g), [0 * v for v in START], 20)
    if not finite(path):
        return Found(False, "NaN or infinity from x_0 = 0", step=first_nonfinite(path))
    far = [np.abs(path.x[-1][i]).max() for i in range(2)]
    other = s.path(linear(*g), START, 20)
    usual = [np.abs(other.x[-1][i] - START[i]).max() for i in range(2)]
    ratio = min(a / b if b > 0 else 1.0 for a, b in zip(far, usual))
    # A start at 0 may be slower by a floor such as 1e-3; frozen is less than a thousandth of that.
    if ratio > 1e-6:
        return Found(True, "", float(ratio))
    return Found(False, "it is frozen at x_0 = 0", float(ratio), 20, {"x0": 0, "g": g})


def falls(s: Subject) -> Found:
    """U5. On ½‖x‖² with exact gradients f(x_t) ≤ f(x_0) for t ≤ 100, and f(x_100) < f(x_0), under
    default arguments; at the point that the method returns."""
    path = s.quiet().path(quadratic([1.0, 1.0]), START, 100)
    if not finite(path):
        return Found(False, "NaN or infinity on ½‖x‖²", step=first_nonfinite(path))
    f = np.array([sum((v**2).sum() for v in x) / 2 for x in path.judged])
    top = int(np.argmax(f))
    if f[top] > f[0] * (1 + 1e-9):
        t = int(np.argmax(f > f[0] * (1 + 1e-9)))
        return Found(False, f"f rises above f(x_0) at step {t}, to {f[top] / f[0]:.3g} times f(x_0)"
                     f" at step {top}", float(f[top] / f[0]), t, {"x0": START})  # fmt: skip
    if not f[-1] < f[0]:
        return Found(False, "f has not fallen in 100 steps", 1.0, 100, {"x0": START})
    return Found(True, f"f falls to {f[-1] / f[0]:.4g} of f(x_0)", float(f[-1] / f[0]))


def outlier(s: Subject) -> Found:
    """U4. One gradient of 1e10 among gradients of size 1, in float32: every later x is finite."""
    later = draws([v.shape for v in START], 40)
    f = sequence(lambda t: [1e10 * g for g in later[t]] if t == 2 else later[t])
    path = s.path(f, START, 40, "float32")
    if finite(path):
        return Found(True)
    return Found(False, "NaN or infinity after one gradient of 1e10", step=first_nonfinite(path))


def late(s: Subject) -> Found:
    """U11. The step answers the gradient that it is given: another g_t gives another x_{t+1}.

    Two runs whose gradients agree for four steps and are opposite, and a hundred times as large, at
    the fifth. An update that is one step late comes out equal.
    """
    s, gs = s.quiet(), draws([v.shape for v in START], 5)
    one = s.path(sequence(lambda t: gs[0]), START, 5)
    two = s.path(sequence(lambda t: [-100 * g for g in gs[0]] if t == 4 else gs[0]), START, 5)
    away = float(np.abs(one.flat()[5] - two.flat()[5]).max())
    if away > 0:
        return Found(True)
    still = float(np.abs(one.flat()[5] - one.flat()[4]).max()) == 0
    told = "step 5 is the same for g and −100g: " + ("nothing moves" if still else "it is late")
    return Found(False, told, 0.0, 5)
