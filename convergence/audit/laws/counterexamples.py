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


def reddi_average(s: Subject) -> Found:
    """C2. With β = (.9, .99) and f_t = 1010x at every 101st step, else −10x, x goes down over whole
    periods, as the mean gradient 10/101 asks. Adam climbs by 1.9η a period; AMSGrad does not.

    Reddi, Kale and Kumar 2018, section 5, without the box: on linear functions the drift does not
    depend on x. Read over the last two of eight periods, at a rate of .01.
    """
    if not s.has("b1", "b2", "rate"):
        raise NotAsked("it has no β1, β2 and rate")
    s = s.quiet().set(b1=0.9, b2=0.99, rate=0.01)
    run = s.start([np.zeros(1)])
    f = Function(lambda t, x: 0.0, lambda t, x: [np.array([1010.0 if t % 101 == 100 else -10.0])])
    xs = []
    for t in range(808):
        run.step(t, f)
        xs.append(float(run.x[0][0]))
    drift = (xs[-1] - xs[-203]) / 2 / 0.01
    if drift == 0:
        raise NotAsked("it does not move")
    told = f"x drifts by {drift:.4g} η a period"
    return Found(bool(drift < 0), told, drift, None if drift < 0 else 808)


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

    Proof. From x > 0 the gradient is taken at x + ρ: x − ηL(x + ρ) = −x exactly there. And with two
    parameters the first step is −η∇f(x + ρg/‖g‖), the norm that of both together.
    """
    rho = s.get("rho")
    if "sam" not in s.name.lower() or not isinstance(rho, float):
        raise NotAsked("it is not sharpness-aware")
    eta = float(s.options.get("lr", 0.0)) or s.lr
    path = s.quiet().path(quadratic([np.ones(1)]), [np.array([0.05])], 2000)
    expected = eta * rho / (2 - eta)
    last = float(np.abs(path.flat()[-2:]).mean())
    if not abs(last / expected - 1) < 1e-3:
        return Found(False, f"|x| = {last:.6g}, the cycle has {expected:.6g}", last, 2000)
    x0 = [np.array([3.0, 4.0]), np.array([12.0])]  # of norm 13
    once = s.quiet().path(quadratic([1.0, 1.0]), x0, 1).moves()[0]
    if s.get("adaptive") or np.abs(once / (eta * x0[0]) + (1 + rho / 13)).max() < 1e-4:
        return Found(True, f"|x| = {last:.6g}", last)
    return Found(False, f"its first step is {-once[0] / (eta * 3):.6g} ηg, {1 + rho / 13:.6g} with "
                 "the norm of all parameters", float(-once[0] / (eta * 3)), 1)  # fmt: skip
