"""Exact counterexamples and biases: functions on which a method does what it is known for."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function, derivative, linear, quadratic
from convergence.audit.laws.law import Found
from convergence.audit.subject import Subject


def reddi(s: Subject) -> Found:
    """C1. With β1 = 0 and β2 = 1/(1 + C²), C = 3: on f_t = Cx if 3 divides t − 1, else −x, over
    [−1, 1], the average of f falls to the left, and Adam climbs to x = +1, the worst point.

    Reddi, Kale and Kumar 2018, Theorem 1. The rate here is .02; read at 3 ∣ T, T = 900.
    """
    b2 = 1 / (1 + 9.0)
    if not s.has("b1", "b2", "rate") or s.family.name not in ("adam", "adamw", "adam-like"):
        raise NotAsked("it has no β1, β2 and rate of Adam's kind")
    s = s.quiet().set(b1=0.0, b2=b2, rate=0.02)
    run = s.start([np.zeros(1)])
    f = Function(lambda t, x: 0.0, lambda t, x: [np.array([3.0 if t % 3 == 0 else -1.0])])
    for t in range(900):
        run.step(t, f)
        run.write([np.clip(run.x[0], -1, 1)])
    x = float(run.x[0][0])
    if x == 0:
        raise NotAsked("it does not move")
    if x < 0:
        return Found(True, f"x = {x:.4g} after 900 steps", x)
    return Found(False, f"it climbs to x = {x:.4g} on Reddi's function", x, 900,
                 {"f": "3x, −x, −x", "b1": 0.0, "b2": b2, "rate": 0.02})  # fmt: skip


def lessard(s: Subject) -> Found:
    """C10. On the 1-strongly convex f with f' = 25x (x < 1), x + 24 (1 ≤ x < 2), 25x − 24, the
    tuning α = 1/9, β = 4/9 that is optimal for quadratics converges. The heavy ball goes round a
    cycle of three, (−1.8024, 2.1159, .6465). Without momentum: the rate 1/25.

    Lessard, Recht and Packard 2016, section 4.6; the start 3.3 is in the cycle's basin.
    """
    if not s.has("rate"):
        raise NotAsked("it has no rate")

    def slope(x: np.ndarray) -> np.ndarray:
        return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))

    tuning = {"rate": 1 / 9, "momentum": 4 / 9} if "momentum" in s.accepts else {"rate": 1 / 25}
    tuned = s.quiet().set(**tuning)
    path = tuned.path(derivative(slope), [np.array([3.3])], 300)
    last = path.flat()[-4:, 0]
    if np.abs(last).max() < 1e-6:
        return Found(True, "it converges", float(np.abs(last).max()))
    if not np.isfinite(last).all():
        return Found(False, "it diverges", step=300)
    cycle = abs(last[3] - last[0]) < 1e-6 * np.abs(last).max()
    told = "a cycle of three" if cycle else "no convergence in 300 steps"
    return Found(False, f"{told}: {', '.join(f'{v:.6g}' for v in last[1:])}",
                 float(np.abs(last).max()), 300,
                 {"x0": 3.3, **tuning})  # fmt: skip


def sign_corner(s: Subject) -> Found:
    """C7. On ε|x_1 + x_2| + |x_1 − x_2|, ε = ½, from (1 + η/2, 1 − η/2), x_1 + x_2 falls.

    signSGD moves (+, −) or (−, +) by η for ever: x_1 + x_2 = 2. Karimireddy et al. 2019.
    """
    if not s.has("rate"):
        raise NotAsked("it has no rate")
    eta = 2.0**-7

    def grad(t: int, x: list) -> list:
        a, b = np.sign(x[0].sum()) / 2, np.sign(x[0][0] - x[0][1])
        return [np.array([a + b, a - b])]

    f = Function(lambda t, x: abs(x[0].sum()) / 2 + abs(x[0][0] - x[0][1]), grad)
    path = s.quiet().set(rate=eta).path(f, [np.array([1 + eta / 2, 1 - eta / 2])], 200)
    total = path.flat().sum(axis=1)
    if not np.isfinite(total).all():
        return Found(False, "NaN or infinity")
    fallen = float(2 - total[-1])
    # Rounding moves a sum of 2 by a unit a step; a method that falls has come 200 steps' way.
    if fallen > 1e-6:
        return Found(True, f"x_1 + x_2 = {total[-1]:.4g} after 200 steps", fallen)
    return Found(False, "x_1 + x_2 stays 2 for ever", fallen, 200, {"rate": eta})


def mean_or_median(s: Subject) -> Found:
    """C4. With X = 9 (w.p. .1) or −1 (w.p. .9) and f = E(x − X)²/2, x ends at the mean 0.

    Small steps: gradient descent at 0, sign descent at the median −1, Adam between: −.0035 with
    (.9, .999). 400 copies, T = 3000 at η = .001; the mean over the last third, with limits of
    Student's t at α = 10⁻⁶ over the copies, each of which is independent (asymptotic in 400).
    Broken if the limits lie beyond ±.1.
    """
    if "S9" not in s.family.promises:
        raise NotAsked("it treats no coordinate alone, so that copies are not independent")
    if not s.has("rate"):
        raise NotAsked("it has no rate")
    copies, T, rng = 400, 3000, np.random.default_rng(41)
    f = Function(
        lambda t, x: float((x[0] ** 2).mean() / 2),
        lambda t, x: [x[0] - np.where(rng.random(copies) < 0.1, 9.0, -1.0)],
    )
    s = s.quiet().set(rate=1e-3)
    run, total = s.start([np.zeros(copies)]), np.zeros(copies)
    for t in range(T):
        run.step(t, f)
        if t >= 2 * T // 3:
            total += run.x[0]
    each = total / (T - 2 * T // 3)
    middle, half = float(each.mean()), float(5.0 * each.std(ddof=1) / copies**0.5)
    if not np.isfinite(middle):
        return Found(False, "NaN or infinity")
    told = f"x ends at {middle:.3g} ± {half:.1g}"
    return Found(abs(middle) - half <= 0.1, told, middle)


def centralized(s: Subject) -> Found:
    """C22. A gradient of ones moves a matrix: one that is centralized has no mean to follow."""
    g = np.ones((4, 3))
    path = s.quiet().path(linear(g), [2 * g], 10)
    far = float(np.abs(path.x[-1][0] - 2).max())
    usual = s.quiet().path(linear(np.ones(4)), [2 * np.ones(4)], 10)
    vector = float(np.abs(usual.x[-1][0] - 2).max())
    if far > 1e-6 * vector:
        return Found(True, "", far)
    return Found(False, "the mean of a row never moves", far, 10, {"g": "ones (4, 3)"})


def sharpness(s: Subject) -> Found:
    """C12. Sharpness-aware steps on ½Lx² go round |x| = ηLρ/(2 − ηL), 0 < ηL < 2, for ever.

    Proof. From x > 0 the gradient is taken at x + ρ: x − ηL(x + ρ) = −x exactly there.
    """
    rho = s.get("rho")
    if "sam" not in s.name.lower() or not isinstance(rho, float):
        raise NotAsked("it is not sharpness-aware")
    eta = float(s.options.get("lr", 0.0)) or s.lr
    path = s.quiet().path(quadratic([np.ones(1)]), [np.array([0.05])], 2000)
    expected = eta * rho / (2 - eta)
    last = float(np.abs(path.flat()[-2:]).mean())
    if abs(last / expected - 1) < 1e-3:
        return Found(True, f"|x| = {last:.6g}", last)
    return Found(False, f"|x| = {last:.6g}, the cycle has {expected:.6g}", last, 2000)
