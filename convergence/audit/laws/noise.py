"""Counterexamples with noise, judged with limits; and one whose noise is an alternating sign."""

from __future__ import annotations

import numpy as np
from scipy import stats

from convergence.audit.cells import ALPHA, NotAsked
from convergence.audit.functions import Function
from convergence.audit.laws.law import Found
from convergence.audit.subject import Subject

COPIES = 400
NEAR, FALLING = (-0.1, 0.1), (-np.inf, 0.0)  # where C4 and C6 want their limits


def limits(each: np.ndarray) -> tuple[float, float, float]:
    """The mean of independent numbers and its limits: Student's t at `ALPHA`, two-sided, asymptotic
    in their number."""
    middle = float(each.mean())
    t = float(stats.t.isf(ALPHA / 2, len(each) - 1))
    half = t * float(each.std(ddof=1)) / len(each) ** 0.5
    return middle, middle - half, middle + half


def held(low: float, high: float, within: tuple[float, float]) -> bool | None:
    """Whether limits lie inside a range, False if they lie outside, None if they leave it open."""
    inside, outside = within[0] < low and high < within[1], low > within[1] or high < within[0]
    return True if inside else False if outside else None


def batches(each: np.ndarray) -> tuple[float, ...]:
    """Means of ten copies each, which two audits compare in pairs: their noise is the same."""
    return tuple(round(float(v), 9) for v in each.reshape(-1, 10).mean(axis=1))


def copies(s: Subject) -> Subject:
    """The subject, if a vector is as good as so many optimizers of a number."""
    if "S9" not in s.family.promises:
        raise NotAsked("it treats no coordinate alone, so that copies are not independent")
    if not s.has("rate"):
        raise NotAsked("it has no rate")
    return s.quiet().set(rate=1e-3)


def mean_or_median(s: Subject) -> Found:
    """C4. With X = 9 (w.p. .1) or −1 (w.p. .9) and f = E(x − X)²/2, x ends within .1 of the mean 0.

    Small steps: gradient descent at 0, sign descent at the median −1, Adam between: −.0035 with
    (.9, .999). 400 copies, T = 3000 at η = .001; the mean over the last third, with limits of
    Student's t at α = 10⁻⁶ over the copies, each of which is independent (asymptotic in 400).
    """
    s, T, rng = copies(s), 3000, np.random.default_rng(41)
    f = Function(
        lambda t, x: float((x[0] ** 2).mean() / 2),
        lambda t, x: [x[0] - np.where(rng.random(COPIES) < 0.1, 9.0, -1.0)],
    )
    run, total = s.start([np.zeros(COPIES)]), np.zeros(COPIES)
    for t in range(T):
        run.step(t, f)
        if t >= 2 * T // 3:
            total += run.x[0]
    each = total / (T - 2 * T // 3)
    middle, low, high = limits(each)
    if not np.isfinite(middle):
        return Found(False, "NaN or infinity")
    told = f"x ends at {middle:.3g}, limits {low:.3g} and {high:.3g}"
    return Found(held(low, high, NEAR), told, middle, None,
                 {"rate": 1e-3, "T": T, "copies": COPIES, "seed": 41}, (low, high),
                 batches(each))  # fmt: skip


def majority(s: Subject) -> Found:
    """C6. With ∇F = 4 (w.p. ¼) or −1 (w.p. ¾) on f = x/4, E x falls. Signs follow the majority: E f
    grows by η/8 a step. 400 copies, 300 steps at η = .001; limits as for C4.

    Proof. E sign = ¼ − ¾. Karimireddy et al. 2019; error feedback repairs it.
    """
    s, T, rng = copies(s), 300, np.random.default_rng(43)
    f = Function(
        lambda t, x: float(x[0].mean() / 4),
        lambda t, x: [np.where(rng.random(COPIES) < 0.25, 4.0, -1.0)],
    )
    run = s.start([np.zeros(COPIES)])
    for t in range(T):
        run.step(t, f)
    each = run.x[0] / (1e-3 * T)
    middle, low, high = limits(each)
    if not np.isfinite(middle):
        return Found(False, "NaN or infinity")
    told = f"E x moves by {middle:.3g} η a step, limits {low:.3g} and {high:.3g}"
    return Found(held(low, high, FALLING), told, middle, None,
                 {"rate": 1e-3, "T": T, "copies": COPIES, "seed": 43}, (low, high),
                 batches(each))  # fmt: skip


def hidden_signal(s: Subject) -> Found:
    """C16. With gradients X + 10 S_t, X the signal in two rows and columns and S_t = ±1 on the
    diagonal of the two others, in turn, the signal falls.

    A subspace of rank 2 that is chosen by the singular values of the gradient is that of S_t, and
    the signal stays for ever: the counterexample to GaLore, as `convergence show galore-stalls`
    states it. Random subspaces, and those of large batches, meet it.
    """
    signal = np.diag([1.0, 1.0, 0.0, 0.0])
    noise = np.diag([0.0, 0.0, 10.0, -10.0])
    f = Function(
        lambda t, x: float((signal * x[0] ** 2).sum() / 2),
        lambda t, x: [signal * x[0] + (-1) ** t * noise],
    )
    path = s.quiet().path(f, [np.eye(4)], 60)
    x = path.x[-1][0]
    if not np.abs(path.moves()).max() > 0:
        raise NotAsked("it does not move, or not finitely")
    left = float(max(x[0, 0], x[1, 1]))
    if left < 1 - 1e-6:
        return Found(True, f"the signal falls to {left:.4g}", left)
    return Found(False, "the signal does not fall: every subspace is that of the noise", left, 60,
                 {"x0": "I (4, 4)"})  # fmt: skip
