"""Laws of step lengths: what the first steps, constant gradients, spikes and ramps must give."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import linear, sequence
from convergence.audit.laws.law import ROUNDINGS, Found
from convergence.audit.laws.scaling import undamped
from convergence.audit.subject import Subject

ONE = np.ones(4)
SIZES = np.array([0.25, -1.0, 3.0, 8.0])


def compared(expected: np.ndarray, found: np.ndarray, told: str, grain: float, free: float = 0.0):
    """Whether lengths agree up to rounding and `free`, relatively; the first that does not."""
    t = np.arange(1, len(expected) + 1)
    off = found / expected - 1
    bad = ~(np.abs(off) <= ROUNDINGS * grain * t + free)
    if not bad.any():
        return Found(True, told, float(np.abs(off).max()))
    at = int(np.argmax(bad))
    return Found(
        False,
        f"{told}: {found[at]:.6g} for {expected[at]:.6g} at t = {at + 1}",
        float(off[at]),
        at + 1,
        {"g": 1.0, "t": at + 1},
    )


def travelled(s: Subject, T: int) -> np.ndarray:
    """(T,): |x_t − x_0|/η of a coordinate whose gradient is 1."""
    path = s.path(linear(ONE), [3 * ONE], T)
    return np.array([float((3 - x[0][0]) / s.lr) for x in path.x[1:]])


def constant_gradient(s: Subject) -> Found:
    """S1. On a linear f Adam moves every coordinate by exactly η a step, whatever β1, β2 and the
    size of the gradient, as ε → 0.

    Proof. m_t = (1 − β1^t)g and v_t = (1 − β2^t)g², so m̂ = g and √v̂ = |g|. Without bias correction
    the first step is η(1 − β1)/√(1 − β2).
    """
    sizes, s = (s.get("eps"), s.get("eps_root")), s.quiet()
    free = sum(v for v in sizes if isinstance(v, float))
    moved = travelled(s, 50)
    found = compared(np.arange(1.0, 51), moved, "way/η on ⟨1, x⟩", s.family.grain, 2 * free)
    if not found.holds:
        return found
    path, g = s.path(linear(SIZES), [3 * ONE], 5), SIZES
    far = np.array([3 - x[0] for x in path.x[1:]]) * np.sign(g) / s.lr
    worst = np.array([row[np.abs(row / t - 1).argmax()] for t, row in enumerate(far, 1)])
    sized = compared(np.arange(1.0, 6), worst, "way/η on ⟨(¼, −1, 3, 8), x⟩", s.family.grain,
                     2 * free / 0.25)  # fmt: skip
    return found if sized.holds else sized


def forgets(s: Subject) -> Found:
    """S16. β1 is the memory of g and β2 that of g²: at β1 = 0 a step points along −g_t, though all
    gradients before were opposite and larger.

    Proof. m_t = g_t. With the two exchanged, or β1 in both places, the step goes on as before.
    """
    if not s.has("b1", "b2"):
        raise NotAsked("β1 and β2 are not known")
    s = undamped(s).set(b1=0.0)
    path = s.path(sequence(lambda t: [ONE if t < 5 else -0.1 * ONE]), [3 * ONE], 6)
    last = float(path.moves()[-1][0])
    if last > 0:
        return Found(True)
    return Found(False, "at β1 = 0 the step does not turn with the gradient", last / s.lr, 6)


def never_longer(s: Subject) -> Found:
    """S17. AMSGrad keeps the largest average of g²: after a gradient of 100 among ones, steps stay
    shorter than η/2 for ever; without it they have grown back to η, β2 = .9.

    Proof. Its largest v is at least (1 − β2)·10⁴ = 1000, and m̂ → 1: steps are at most η/√1000·1.1,
    or η/100 where averages are corrected first.
    """
    named = s.name.lower().replace("_", "") == "amsgrad"
    if not s.has("b2", "rate") or not (named or "amsgrad" in s.accepts):
        raise NotAsked("it is no AMSGrad")
    s = undamped(s).set(b2=0.9)
    if "amsgrad" in s.accepts:
        s = s.set(amsgrad=True)
    gs = [100 * ONE, *[ONE] * 299]
    moves = np.abs(s.path(sequence(lambda t: [gs[t]]), [3 * ONE], 300).moves())[:, 0] / s.lr
    if not moves[-1] > 0:
        return Found(False, "its steps end in 0, NaN or infinity", step=300)
    if moves[-1] <= 0.5:
        return Found(True, f"steps stay at {moves[-1]:.3g} η", float(moves[-1]))
    return Found(False, f"steps grow back to {moves[-1]:.3g} η", float(moves[-1]), 300)


def first_step(s: Subject) -> Found:
    """S2. The first step: ηg for gradient descent, ηg/√(1 − α) over |g| for RMSprop, and
    ηg/√(g² + a) for Adagrad with initial accumulator a."""
    s, name = s.quiet(), s.family.name
    if name == "sgd":
        expected = 1.0
    elif name == "rmsprop":
        alpha = next((v for k in ("alpha", "decay", "rho", "beta2") if isinstance(
            v := s.get(k), float)), None) or s.get("b2")  # fmt: skip
        if not isinstance(alpha, float):
            raise NotAsked("its averaging has no known option")
        expected = 1 / np.sqrt(1 - alpha)
    else:
        start = s.get("initial_accumulator_value")
        expected = 1 / np.sqrt(1 + (start if isinstance(start, float) else 0.0))
    eps = s.get("eps")
    free = (eps if isinstance(eps, float) else 0.0) * expected
    return compared(np.array([expected]), travelled(s, 1), "first step/(ηg)", s.family.grain,
                    2 * free)  # fmt: skip


def root_decay(s: Subject) -> Found:
    """S3. On a linear f Adagrad has gone η Σ_{k≤t} 1/√(k + a), a its initial accumulator over g².

    Proof. Σg² = kg² after k steps.
    """
    start, eps = s.get("initial_accumulator_value"), s.get("eps")
    a = start if isinstance(start, float) else 0.0
    expected = np.cumsum(1 / np.sqrt(np.arange(1.0, 51) + a))
    free = 2 * (eps if isinstance(eps, float) else 0.0)
    return compared(expected, travelled(s.quiet(), 50), "way/η", s.family.grain, free)


def belief(s: Subject) -> Found:
    """S11. On a linear f AdaBelief's step is η/√ŝ_t, s_t = (1 − β2) Σ_{i≤t} β2^{t−i} β1^{2i}, as
    ε → 0: with (.9, .999) 1.11η at t = 1 and 4.96η at t = 100.

    Proof. m_t = (1 − β1^t)g, so g − m_t = β1^t g. An error about m_{t−1} has β1^{t−1} instead.
    """
    b1, b2 = s.get("b1"), s.get("b2")
    if not (isinstance(b1, float) and isinstance(b2, float)):
        raise NotAsked("β1 and β2 are not known")
    t = np.arange(1, 61)
    spread, total = [], 0.0
    for k in t:
        total = b2 * total + (1 - b2) * b1 ** (2 * k)
        spread.append(total / (1 - b2**k))
    steps = np.diff(np.concatenate([[0.0], travelled(undamped(s), 60)]))
    # ε² ≤ 1e-16 inside, where it cannot be set: beside s ≥ 1e-5 until t = 60 that is 1e-11.
    return compared(1 / np.sqrt(np.array(spread)), steps, "step/η on a linear f", s.family.grain,
                    1e-6)  # fmt: skip


def largest_step(s: Subject) -> Found:
    """S10. No step is longer than the method allows, for a spike after zeros and for a ramp.

    Adam with β1² < β2, q = β1²/β2: at step t at most η times (1 − β1)/√(1 − β2) ·
    √((1 − q^t)/(1 − q)) · √(1 − β2^t)/(1 − β1^t), by Cauchy–Schwarz for Σβ1^i g_i and Σβ2^i g_i²;
    the largest of these is 1, at t = 1, or the limit (on a grid of β1 and β2). Sign-like: η.
    Sophia: η times the clip.
    """
    name, s = s.family.name, undamped(s)
    b1, b2 = s.get("b1"), s.get("b2")
    ramp, factor = np.ones(300), 1.0
    if name in ("adam", "adamw"):
        if not (isinstance(b1, float) and isinstance(b2, float) and b1 * b1 < b2):
            raise NotAsked("β1² < β2 is needed, and both known")
        factor = max((1 - b1) / np.sqrt((1 - b2) * (1 - b1 * b1 / b2)), 1.0)
        ramp = (b2 / max(b1, 0.5)) ** np.arange(300.0)
        ramp = np.minimum(ramp, 1e12)
    elif name == "sophia":
        clip = s.get("clip_threshold")
        factor = float(clip) if isinstance(clip, int | float) else 1.0
    worst, told, at = 0.0, "", 0
    spike = np.concatenate([np.zeros(100), np.ones(20)])
    for gs, which in ((spike, "a spike after 100 zeros"), (ramp, "a ramp")):
        path = s.path(sequence(lambda t, gs=gs: [gs[t] * ONE]), [3 * ONE], len(gs))
        lengths = np.abs(path.moves()).reshape(len(gs), -1).max(axis=1) / s.lr
        if not np.isfinite(lengths).all():
            return Found(False, f"NaN or infinity on {which}")
        if lengths.max() > worst:
            worst, told, at = float(lengths.max()), which, int(lengths.argmax()) + 1
    if worst <= factor * (1 + ROUNDINGS * s.family.grain):
        return Found(True, f"{worst:.4g} η of {factor:.4g} η", worst)
    return Found(False, f"a step of {worst:.4g} η on {told}, {factor:.4g} η at most", worst, at)


def orthogonal(s: Subject) -> Found:
    """S14. The first step on a diagonal matrix has singular values within a factor 1.2024/.6818.

    Proof. Five rounds of 3.4445s − 4.775s³ + 2.0315s⁵ map [.01, 1] into [.6818, 1.1344] and (0, 1]
    below 1.20237, its largest value.
    """
    g = np.diag([1.0, 0.5, 0.1, 0.05])
    path = s.quiet().path(linear(g), [np.eye(4)], 1)
    values = np.linalg.svd(path.moves()[0], compute_uv=False)
    if values[0] == 0:
        raise NotAsked("its first step is 0")
    ratio = float(values[0] / max(values[-1], 1e-300))
    most = 1.2024 / 0.6818 * (1 + 2 * ROUNDINGS**0.5 * s.family.grain)
    if ratio <= most:
        return Found(True, f"ratio {ratio:.4g}", ratio)
    return Found(False, f"singular values of the step differ by a factor {ratio:.4g}", ratio, 1,
                 {"g": "diag(1, .5, .1, .05)"})  # fmt: skip


def within(s: Subject) -> Found:
    """A2. What is returned beside the iterates is a mean of them: on a linear f no number of it is
    beyond the smallest and largest that the iterates had.

    Proof. Weights that are positive and add up to 1. What begins at 0, or extrapolates, is none.
    """
    path = s.quiet().path(linear(ONE, -2 * np.ones((3, 2))), [3 * ONE, np.ones((3, 2))], 9)
    x = path.flat()
    judged = np.stack([np.concatenate([np.ravel(v) for v in at]) for at in path.judged])
    if (judged == x).all():
        raise NotAsked("it returns its iterates")
    low, high = np.minimum.accumulate(x), np.maximum.accumulate(x)
    size = max(float((high - low).max()), 1e-300)
    off = np.maximum(low - judged, judged - high).max(axis=1) / size
    if off.max() <= ROUNDINGS * s.family.grain + 2.0**-40 * np.abs(x).max() / size:
        return Found(True, "", float(off.max()))
    t = int(off.argmax())
    return Found(False, f"what it returns is beyond its iterates by {off[t]:.3g} of their way",
                 float(off[t]), t)  # fmt: skip


def averages(s: Subject) -> Found:
    """A1. What schedule-free methods return on a linear f is the mean of z_1, …, z_T: after T steps
    it has come (T + 1)/2 times as far as after one.

    Proof. z_t − x_0 = −tηu, and the mean of 1, …, T is (T + 1)/2. The point y of the gradients has
    come (1 − β)T + β(T + 1)/2.
    """
    s = s.quiet()
    if isinstance(s.get("warmup_steps"), int):
        s = s.set(warmup_steps=0)
    path = s.path(linear(ONE), [3 * ONE], 9)
    far = np.array([float(3 - x[0][0]) for x in path.judged[1:]])
    if far[0] == 0:
        raise NotAsked("its first step is 0")
    expected = (np.arange(1, 10) + 1) / 2
    return compared(expected, far / far[0], "way of the average over its first", s.family.grain)
