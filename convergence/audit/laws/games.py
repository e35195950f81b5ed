"""Games: descent–ascent on xy, whose only rest is 0, and what makes it go there."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function
from convergence.audit.laws.law import Found
from convergence.audit.subject import Subject


def sizes(s: Subject, eta: float, T: int) -> np.ndarray:
    """(T + 1,): ‖(x, y)‖² from (1, ½), where x descends and y ascends xy."""
    if not s.has("rate"):
        raise NotAsked("it has no rate")
    f = Function(lambda t, x: float(x[0] @ x[1]), lambda t, x: [x[1], -x[0]])
    path = s.quiet().set(rate=eta).path(f, [np.array([1.0]), np.array([0.5])], T)
    z = (path.flat() ** 2).sum(axis=1)
    if z[-1] == z[0]:
        raise NotAsked("it does not move")
    return z


def spirals(s: Subject) -> Found:
    """C13. Descent–ascent on xy comes nearer to its rest, 0.

    Gradient descent does not: ‖z‖² is multiplied by 1 + η² in every step. Rate .1, 200 steps.
    """
    z = sizes(s, 0.1, 200)
    if z[-1] < z[0]:
        return Found(True, f"‖z‖² falls to {z[-1] / z[0]:.4g}", float(z[-1] / z[0]))
    rate = float((z[-1] / z[0]) ** (1 / 200))
    return Found(False, f"‖z‖² grows by {rate:.6g} a step", rate, 200, {"rate": 0.1, "f": "xy"})


def extragradient(s: Subject) -> Found:
    """C14. Extragradient on xy multiplies ‖z‖² by 1 − η² + η⁴ in every step.

    Proof. z ← z − ηF(z − ηFz) with F² = −1 is (1 − η²)z − ηFz, and Fz is orthogonal to z. η = ¼.
    """
    eta = 0.25
    z = sizes(s, eta, 20)
    off = float(np.abs(z[1:] / z[:-1] - (1 - eta**2 + eta**4)).max())
    if off <= 1e-6:
        return Found(True, f"‖z‖² falls to {z[-1] / z[0]:.4g}", off)
    t = int(np.abs(z[1:] / z[:-1] - (1 - eta**2 + eta**4)).argmax())
    return Found(False, f"‖z‖² × {z[t + 1] / z[t]:.6g} in a step, {1 - eta**2 + eta**4:.6g} "
                 "expected", off, t + 1)  # fmt: skip


def optimistic(s: Subject) -> Found:
    """C15. Optimistic descent–ascent on xy goes to 0 if and only if η < 1/√3: at η = .5 it does, at
    η = .65 it does not.

    Proof. z_{t+1} = z_t − 2ηFz_t + ηFz_{t−1}: λ² − (1 − 2iη)λ − iη has a root of size 1 at
    η = 1/√3 = .577, and both inside the circle below.
    """
    if s.has("b2"):
        raise NotAsked("it is about steps that are linear in the gradient")
    inside, outside = sizes(s, 0.5, 400), sizes(s, 0.65, 400)
    told = f"‖z‖² × {inside[-1] / inside[0]:.3g} at η = .5, × {outside[-1] / outside[0]:.3g} at .65"
    return Found(bool(inside[-1] < 1e-3 * inside[0] and outside[-1] > 1e3 * outside[0]), told,
                 float(inside[-1] / inside[0]), 400)  # fmt: skip
