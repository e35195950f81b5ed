"""Linear methods are known by their response to quadratics: x_{t+1} = a(λ)x_t + b(λ)x_{t−1}."""

from __future__ import annotations

import dataclasses

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.families import SINGLE
from convergence.audit.functions import quadratic
from convergence.audit.laws.law import Found
from convergence.audit.laws.rest import undecayed
from convergence.audit.subject import Subject

GRID = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
T = 8
FREE = 1e-6  # of what single precision leaves of eight steps


@dataclasses.dataclass(frozen=True)
class Response:
    """x_{t+1} = x_t + β(x_t − x_{t−1}) − γ∇f(x_t + δ(x_t − x_{t−1})), fitted; residual of the fit.

    δ = 0: heavy ball. δ = β: Nesterov.
    """

    gamma: float
    beta: float
    delta: float
    residual: float

    def __str__(self) -> str:
        return f"γ = {self.gamma:.6g}, β = {self.beta:.6g}, δ = {self.delta:.6g}"


def respond(s: Subject) -> Response:
    """The response along ½Σλx² from x_0 = 1; `NotAsked` if it is none of two terms."""
    path = s.quiet().path(quadratic([GRID]), [np.ones(len(GRID))], T)
    x = np.stack([v[0] for v in path.x])  # (T + 1, λ)
    if not np.isfinite(x).all() or np.abs(np.diff(x, axis=0)).max() == 0:
        raise NotAsked("it does not move, or not finitely")
    rows, right = [], []
    for t in range(1, T):
        # x_{t+1} − x_t = β(x_t − x_{t−1}) − γλx_t − γδλ(x_t − x_{t−1})
        d = x[t] - x[t - 1]
        rows += list(np.stack([d, -GRID * x[t], -GRID * d], axis=1))
        right += list(x[t + 1] - x[t])
    a, b = np.array(rows), np.array(right)
    # Without momentum the columns depend on each other, but for what rounding makes of them.
    rank = 1e-5 if s.wide == "float32" else None
    (beta, gamma, both), *_ = np.linalg.lstsq(a, b, rcond=rank)
    size = max(float(np.abs(b).max()), 1e-300)
    residual = float(np.abs(a @ np.array([beta, gamma, both]) - b).max() / size)
    return Response(float(gamma), float(beta), float(both / gamma) if gamma else 0.0, residual)


def tunings(s: Subject) -> list[tuple[str, Subject]]:
    """The subject at a rate of .1, then with momentum, then with Nesterov's."""
    if s.has("rate"):
        s = s.set(rate=0.1)
    found = [("as it is", s)]
    if "momentum" in s.accepts:
        found = [("momentum 0", s.set(momentum=0.0)), ("momentum .9", s.set(momentum=0.9))]
        if "nesterov" in s.accepts:
            found.append(("momentum .9, nesterov", s.set(momentum=0.9, nesterov=True)))
    return found


def linear(s: Subject) -> Found:
    """R6. A linear method with one velocity: on quadratics its two-term recursion has β < 1, a rate
    γ > 0, and looks ahead by δ = 0 (heavy ball) or δ = β (Nesterov); β is the option `momentum`.

    Proof. v ← μv + g, x ← x − ηv is γ = η, β = μ, δ = 0; x ← x − η(g + μv) is δ = β = μ. A velocity
    v + μg has β = 1 and never stops; a wrong sign of μ in the last term is neither δ.
    """
    if s.family.grain > SINGLE:
        raise NotAsked("its average is rounded to 16 bits")
    told = []
    for name, tuned in tunings(undecayed(s)):
        try:
            r = respond(tuned)
        except NotAsked as still:
            return Found(False, f"{name}: {still}")
        except (TypeError, ValueError):
            continue  # a combination that it refuses
        told.append(f"{name}: {r}")
        if r.residual > FREE:
            return Found(False, f"{name}: no recursion of two terms fits, {r.residual:.2g} is left",
                         r.residual)  # fmt: skip
        if r.gamma <= 0 or not abs(r.beta) < 1 - FREE:
            return Found(False, f"{name}: {r}: it does not contract", r.beta)
        if min(abs(r.delta), abs(r.delta - r.beta)) > 1e-4:
            return Found(False, f"{name}: {r}: δ is neither 0 nor β", r.delta)
        # Without momentum the fit is not unique: d_t is a multiple of λx_{t−1}.
        asked = tuned.options.get("momentum") if name != "as it is" else None
        if asked and abs(r.beta - asked) > 1e-4:
            return Found(False, f"{name}: {r}: β is not the momentum that was asked", r.beta)
    if not told:
        raise NotAsked("it takes no momentum")
    return Found(True, "; ".join(told))


def looks_ahead(s: Subject) -> Found:
    """N1. Nesterov's momentum takes its gradients at x_t + β(x_t − x_{t−1}): δ = β ≠ 0."""
    tuned = tunings(s)[-1][1]
    r = respond(tuned)
    if r.residual > FREE:
        # The weight changes from step to step, as FISTA's does: no fixed β to compare with.
        raise NotAsked("its momentum changes from step to step")
    if abs(r.delta - r.beta) <= 1e-4 and abs(r.beta) > 1e-4:
        return Found(True, str(r), r.delta)
    return Found(False, f"{r}: Nesterov's has δ = β", r.delta)
