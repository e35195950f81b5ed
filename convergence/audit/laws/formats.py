"""Laws of number formats and implementations: float32, float64, bfloat16, complex, foreach."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.functions import draws, linear, sequence
from convergence.audit.laws.beside import throughout
from convergence.audit.laws.law import Found, same
from convergence.audit.laws.structure import T, short
from convergence.audit.subject import Path, Subject
from convergence.audit.torch_run import TorchRun, runner

# What chooses between implementations of one step.
TENSORS = ("differentiable", "capturable")
PATHS = ("foreach", "fused", "multi_tensor", *TENSORS)


def corrected(s: Subject) -> float:
    """What float32 leaves of 1 − β2^t where β2 is nearer to 1 than usual: 2⁻²⁴/(1 − β2), of which
    callers grant 64 times what is given."""
    b2 = s.get("b2")
    return 2.0**-30 / (1 - b2) if isinstance(b2, float) and 0.999 < b2 < 1 else 0.0


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
    free = 64 * max(s.family.grain, 2.0**-24, corrected(s)) * moved + 2 * stored
    bad = ~(away <= free)
    if not bad.any():
        return Found(True, "", float(away.max()))
    t = int(np.argmax(bad))
    amount = float(away[t] / max(moved[t], 1e-300))
    return Found(False, f"float32 and float64 part at step {t} by {amount:.3g} of the way", amount,
                 t)  # fmt: skip


def keeps_float64(s: Subject) -> Found:
    """S12w. Parameters in float64 are not rounded to float32 on the way.

    From x_0 = 1/3 three gradients of size 1: some number of x_3 is none of float32. And what it
    remembers is not rounded: a change of the first gradient by 2⁻³⁰ of itself is felt in later
    steps, where one by 2⁻⁴ is.
    """
    gs, third = draws([(8,)], 3), [np.full(8, 1 / 3)]
    try:
        path = s.path(sequence(lambda t: gs[t]), third, 3, "float64")
    except NotAsked:
        raise
    except Exception as error:
        raise CannotRun(f"float64: {type(error).__name__}: {short(error)}") from error
    moved = path.x[-1][0] != third[0]
    if not moved.any():
        raise NotAsked("it does not move")
    last = path.x[-1][0][moved]
    if not (last != last.astype(np.float32)).any():
        return Found(False, "float64 parameters come back rounded to float32", step=3)
    if s.family.grain > 2.0**-20 or not s.has("rate"):
        return Found(True)
    # 2⁻⁵⁰ of x is what rounding alone makes of a step. What feels 2⁻⁴ by 2⁻²⁰ of x has to feel a
    # change 2²⁶ times smaller by 2⁻⁴⁶.
    fine, coarse = felt(s, 2.0**-30, 2.0**-50), felt(s, 2.0**-4, 2.0**-20)
    if coarse < 4 or fine > coarse / 4:
        return Found(True)
    return Found(False, f"what it remembers of a gradient is rounded: {coarse} numbers feel one "
                 f"changed by 2⁻⁴, {fine} of them by 2⁻³⁰", float(fine), 2)  # fmt: skip


def felt(s: Subject, change: float, least: float) -> int:
    """How many numbers of the second and third step feel a relative change of the first gradient
    by more than this share of x."""
    gs, x0 = draws([(16,)], 3), [np.full(16, 1 / 3)]
    s, paths = s.quiet().set(rate=0.1), []
    for factor in (1.0, 1.0 + change):
        f = sequence(lambda t, c=factor: [gs[t][0] * (c if t == 0 else 1.0)])
        paths.append(s.path(f, x0, 3, "float64"))
    apart = np.abs(paths[0].moves()[1:] - paths[1].moves()[1:])
    return int((apart > least * np.abs(paths[0].flat()).max()).sum())


class Fixed(TorchRun):
    """Parameters ask for no gradients, which are set from outside: a differentiable step changes
    them all the same."""

    def __init__(self, *given: Any, **more: Any):
        super().__init__(*given, **more)
        for p in self.parameters:
            p.requires_grad_(False)


def steady(s: Subject) -> Subject:
    """The subject as flags that differentiate steps want it."""
    plain = s.kind == "torch" and s.runner.keywords["style"] == "plain"  # pyright: ignore[reportFunctionMemberAccess]
    return dataclasses.replace(s, runner=runner("plain", Fixed)) if plain else s


@throughout
def implementations(s: Subject) -> Found:
    """S12i. foreach, fused, differentiable, for-loop: the same path, beside every flag, maximize
    too."""
    flags = [k for k in PATHS if k in s.accepts]
    if not flags:
        raise NotAsked("it has one implementation")
    s, gs = steady(s), draws([(4,), (4, 3)], T)
    s = s.set(eps=0.1) if isinstance(s.get("eps"), float) else s
    gs[1] = [100 * g for g in gs[1]]  # which a largest average remembers
    f, x0 = sequence(lambda t: gs[t]), draws([(4,), (4, 3)], 1, seed=5)[0]
    # The clock of these is a tensor in float32, in which 1 − β2^t loses ten bits.
    ran, fine = [], max(s.family.grain, 2.0**-20, corrected(s))
    base = s.set(**{k: False for k in flags}).path(f, x0, T)
    for flag in flags:
        for more in ({}, {"maximize": True}) if "maximize" in s.accepts else ({},):
            try:
                path = s.set(**{k: k == flag for k in flags}, **more).path(f, x0, T)
                slow = s.set(**dict.fromkeys(flags, False), **more).path(f, x0, T) if more else base
            except Exception:
                continue
            ran += [] if more else [flag]
            told = f"for-loop and {flag}{', maximizing' if more else ''}"
            found = same(slow, path, s, told, fine if flag in TENSORS else None)
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


def float16(s: Subject) -> Found:
    """U6h. In float16 gradients of 0 and of 1e-4 give finite steps.

    An ε of 1e-8 is 0 there, and so is the square of 1e-4: 0/(√0 + ε) is NaN, 1e-4/(√0 + ε) is
    infinite, unless averages are kept in float32 or ε is larger.
    """
    g, s = np.array([0.0, 1e-4, 1.0, -1e-4]), s.quiet()
    try:
        path = s.path(linear(g), [np.ones(4)], 5, "float16")
    except NotAsked:
        raise
    except Exception as error:
        raise CannotRun(f"float16: {type(error).__name__}: {short(error)}") from error
    if np.isfinite(path.flat()).all():
        return Found(True)
    t = int(np.argmax(~np.isfinite(path.flat()).all(axis=1)))
    return Found(False, "NaN or infinity in float16", step=t, instance={"g": g})


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
