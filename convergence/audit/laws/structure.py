"""Laws of how parameters, groups, shapes, state and number formats are treated."""

from __future__ import annotations

import traceback

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.functions import draws, linear, sequence
from convergence.audit.laws.law import Found, same
from convergence.audit.laws.rest import START
from convergence.audit.subject import Path, Subject

T = 12
SHAPES = ((8, 4), (4, 8), (4, 4), (5,), (2, 3, 2, 2), ())


def state_is_complete(s: Subject) -> Found:
    """S8. Saving and loading after five steps changes no later step.

    What is kept outside the saved state (attributes, inner optimizers, variables of a module)
    starts anew.
    """
    gs = draws([v.shape for v in START], T)
    f = sequence(lambda t: gs[t])
    run, going = s.start(START), []
    xs = [run.x]
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
        run.step(t, f)
        xs.append(run.x)
        if t >= 5:
            other.step(t, f)
            going.append(other.x)
    return same(Path(xs, xs), Path(going, going), s, "saved and loaded after step 5")


def halves(s: Subject) -> Found:
    """S9. One tensor of 2n numbers is two of n.

    Holds for whatever acts on each coordinate alone; norms and means of a tensor break it.
    """
    gs = [np.concatenate([a, b]) for a, b in draws([(3,), (3,)], T)]
    x0 = np.arange(1.0, 7.0)
    one = s.path(sequence(lambda t: [gs[t]]), [x0], T)
    two = s.path(sequence(lambda t: [gs[t][:3], gs[t][3:]]), [x0[:3], x0[3:]], T)
    return same(one, two, s, "one tensor of 6 and two of 3")


def groups(s: Subject) -> Found:
    """S9g. Two parameter groups with the same options are one group."""
    if s.kind != "torch":
        raise NotAsked("parameter groups are torch's")
    gs = draws([(3,), (2,)], T)
    x0 = [np.arange(1.0, 4.0), np.array([-1.0, 2.0])]
    one = s.path(sequence(lambda t: gs[t]), x0, T, groups=(0, 0))
    two = s.path(sequence(lambda t: gs[t]), x0, T, groups=(0, 1))
    return same(one, two, s, "one parameter group and two")


def group_rates(s: Subject) -> Found:
    """S9l. A group with a rate of its own takes the path that it takes alone at that rate."""
    if s.kind != "torch" or not s.has("rate"):
        raise NotAsked("parameter groups with rates are torch's")
    s, gs = s.quiet(), draws([(3,)], T)
    x0 = np.arange(1.0, 4.0)
    alone = s.set(rate=2 * s.lr).path(sequence(lambda t: gs[t]), [x0], T)
    run = s.start([np.zeros(3), x0], groups=(0, 1))
    run.rate(2 * s.lr, 1)
    f = sequence(lambda t: [np.zeros(3), gs[t][0]])
    xs = [run.x]
    for t in range(T):
        run.step(t, f)
        xs.append(run.x)
    second = [[v[1]] for v in xs]
    return same(alone, Path(second, second), s, "a group at twice the rate")


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


def precisions(s: Subject) -> Found:
    """S12. float32 and float64 agree within rounding along given gradients."""
    if s.wide != "float64":
        raise NotAsked("it does not take float64")
    gs = [[np.float32(g).astype(float) for g in step] for step in draws([(4,), (4, 3)], T)]
    x0 = [np.array([1.0, -2.0, 0.5, 4.0]), draws([(4, 3)], 1, seed=5)[0][0].astype(np.float32)]
    f = sequence(lambda t: gs[t])
    low, high = s.path(f, x0, T, "float32"), s.path(f, x0, T)
    # x itself is stored in float32 after every step, half an ulp of |x| each.
    stored = T * 2.0**-24 * max(np.abs(v).max() for v in x0)
    away = np.abs(low.flat() - high.flat()).max(axis=1)
    flat = high.flat()
    moved = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(flat, axis=0)).max(axis=1))])
    free = 64 * max(s.family.grain, 2.0**-24) * moved + 2 * stored
    bad = ~(away <= free)
    if not bad.any():
        return Found(True, "", float(away.max()))
    t = int(np.argmax(bad))
    amount = float(away[t] / max(moved[t], 1e-300))
    return Found(False, f"float32 and float64 part at step {t} by {amount:.3g} of the way", amount,
                 t)  # fmt: skip


def keeps_float64(s: Subject) -> Found:
    """S12w. Parameters in float64 are not rounded to float32 on the way.

    From x_0 = 1/3 three gradients of size 1: some number of x_3 is none of float32.
    """
    gs, third = draws([(8,)], 3), [np.full(8, 1 / 3)]
    try:
        path = s.path(sequence(lambda t: gs[t]), third, 3, "float64")
    except Exception as error:
        raise CannotRun(f"float64: {type(error).__name__}: {short(error)}") from error
    moved = path.x[-1][0] != third[0]
    if not moved.any():
        raise NotAsked("it does not move")
    last = path.x[-1][0][moved]
    if (last != last.astype(np.float32)).any():
        return Found(True)
    return Found(False, "float64 parameters come back rounded to float32", step=3)


def implementations(s: Subject) -> Found:
    """S12i. foreach, fused, for-loop: the same path."""
    flags = [k for k in ("foreach", "fused", "multi_tensor") if k in s.accepts]
    if not flags:
        raise NotAsked("it has one implementation")
    gs = draws([(4,), (4, 3)], T)
    f, x0 = sequence(lambda t: gs[t]), draws([(4,), (4, 3)], 1, seed=5)[0]
    ran = []
    base = s.set(**{k: False for k in flags}).path(f, x0, T)
    for flag in flags:
        try:
            path = s.set(**{k: k == flag for k in flags}).path(f, x0, T)
        except Exception:
            continue
        ran.append(flag)
        found = same(base, path, s, f"for-loop and {flag}")
        if not found.holds:
            return found
    return Found(True, f"for-loop and {', '.join(ran)}" if ran else "only the for-loop runs here")


def bfloat16(s: Subject) -> Found:
    """U6. In bfloat16 the optimizer moves at least half as far as in float32, on a linear f.

    An update below half an ulp of x (2⁻⁹ |x|) is swallowed by plain rounding; compensated or
    stochastic rounding, or a copy in float32, keeps it.
    """
    g, x0 = [np.ones(16)], [np.ones(16)]
    full = s.quiet().path(linear(*g), x0, 100, "float32")
    try:
        half = s.quiet().path(linear(*g), x0, 100, "bfloat16")
    except NotAsked:
        raise
    except Exception as error:
        raise CannotRun(f"bfloat16: {type(error).__name__}: {short(error)}") from error
    a, b = (float(np.mean(p.x[-1][0] - p.x[0][0])) for p in (half, full))
    if b == 0 or not np.isfinite(b):
        raise NotAsked("it does not move in float32")
    # One ulp of x is forgiven: half of a way shorter than that cannot be seen.
    if a / b >= 0.5 or abs(b) < 2.0**-8:
        return Found(True, "", a / b)
    return Found(False, f"bfloat16 goes {a / b:.3g} of the way of float32", a / b, 100)


def complex_gradients(s: Subject) -> Found:
    """U8. Complex parameters: the path of real and imaginary parts, or a path that turns with g, or
    a refusal.

    Proof. ℂ = ℝ²: a real method acts on both parts (torch's convention); one that uses |g|²
    commutes with g ↦ e^{iθ}g (optax's). Squaring g itself does neither: g/√(g²) = ±1.
    """
    gs = draws([(3,), (3,)], T)
    z = [a + 1j * b for a, b in gs]
    x0, turn = np.array([1.0 + 2j, -1 + 0.5j, 2 - 1j]), np.exp(0.7j)
    s = s.quiet()
    try:
        path = s.path(sequence(lambda t: [z[t]]), [x0], T, "complex128")
        turned = s.path(sequence(lambda t: [turn * z[t]]), [turn * x0], T, "complex128")
        first = s.path(linear(z[0]), [x0], 1, "complex128")
    except (NotAsked, CannotRun):
        raise
    except Exception as error:
        return Found(True, f"refused: {type(error).__name__}: {short(error)}")
    if not np.isfinite(path.flat()).all():
        return Found(False, "NaN or infinity from complex gradients")
    real = s.path(sequence(lambda t: [np.stack(gs[t])]), [np.stack([np.real(x0), np.imag(x0)])], T)
    split = [[v[0][0] + 1j * v[0][1]] for v in real.x]
    back = [[v[0] / turn] for v in turned.x]
    parts = same(path, Path(split, split), s, "real and imaginary parts")
    turns = same(path, Path(back, back), s, "gradients turned by a phase")
    move = first.x[1][0] - x0
    along = float(np.vdot(z[0], move).real)
    if (parts.holds or turns.holds) and along <= 0:
        return Found(True, "as real and imaginary parts" if parts.holds else "through |g|")
    return Found(False, "complex gradients are neither real and imaginary parts nor turned with g",
                 min(parts.amount or 0.0, turns.amount or 0.0), parts.step)  # fmt: skip
