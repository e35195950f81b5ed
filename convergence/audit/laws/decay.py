"""Laws of weight decay: which kind it is, and when it is applied."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import linear
from convergence.audit.laws.law import Found
from convergence.audit.subject import Subject

LAMBDA, ETA, T = 0.1, 0.01, 10
X0 = np.array([1.0, -2.0, 4.0])


def label(s: Subject) -> str:
    """The kind of weight decay, by ten steps with zero gradients at λ = .1 and η = .01.

    decoupled: x_0(1 − ηλ)^T; for a linear method that is also what decay in the gradient gives.
    without the rate: x_0(1 − λ)^T. proximal: x_0/(1 + ηλ)^T. normalized: it passes through the
    normalizer, and every coordinate moves by about the same. mixed: anything else.
    """
    if not s.has("decay"):
        raise NotAsked("it has no weight decay")
    eta = s.lr
    if s.has("rate"):
        s, eta = s.set(rate=ETA), ETA
    s = s.set(decay=LAMBDA)
    x = s.path(linear(0 * X0), [X0], T).x[-1][0]
    kinds = {
        "decoupled": X0 * (1 - eta * LAMBDA) ** T,
        "without the rate": X0 * (1 - LAMBDA) ** T,
        "proximal": X0 / (1 + eta * LAMBDA) ** T,
        "none": X0,
    }
    for name, expected in kinds.items():
        if np.abs(x - expected).max() < 1e-6:
            return name
    moved = np.abs(x - X0)
    if not np.isfinite(moved).all():
        return "not finite"
    if moved.max() < 1.2 * moved.min() and moved.min() > 0:
        return "normalized"
    return "mixed"


def kind(s: Subject) -> Found:
    """W1. The kind of weight decay that the name stands for: AdamW's is decoupled, and with zero
    gradients x_T = x_0(1 − ηλ)^T; Adam's is part of the gradient, and every coordinate moves by
    about η a step, whatever its size.

    Proof. m̂/√v̂ of λx has size 1 in every coordinate that moves slowly.
    """
    found = label(s)
    expected = {"decoupled": "decoupled", "coupled": "normalized"}.get(s.family.decay or "")
    if expected is None:
        raise NotAsked(f"its name stands for no kind of decay; here it is: {found}")
    if found == expected:
        return Found(True, found)
    return Found(False, f"its decay is {found}; {s.family.name} stands for {s.family.decay}")
