"""Laws of weight decay: which kind it is, when it is applied, and where it leads."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function, draws, linear, quadratic, sequence
from convergence.audit.laws.law import ROUNDINGS, Found, same
from convergence.audit.subject import Subject

LAMBDA, ETA, T = 0.1, 0.01, 10
X0 = np.array([1.0, -2.0, 4.0])


def fine(s: Subject) -> Subject:
    """With an ε that is small beside λx: kinds of decay are told apart as ε → 0."""
    eps = s.get("eps")
    return s.set(eps=1e-8) if isinstance(eps, float) and eps >= 1e-2 else s


def label(s: Subject) -> str:
    """The kind of weight decay, by ten steps with zero gradients at λ = .1 and η = .01.

    decoupled: x_0(1 − ηλ)^T; for a linear method that is also what decay in the gradient gives.
    without the rate: x_0(1 − λ)^T. proximal: x_0/(1 + ηλ)^T. normalized: it passes through the
    normalizer, and every coordinate moves by about the same. mixed: anything else.
    """
    if not s.has("decay"):
        raise NotAsked("it has no weight decay")
    s, eta = (s.set(rate=ETA), ETA) if s.has("rate") else (s, s.lr)
    s = fine(s).set(decay=LAMBDA)
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


def shrinks(s: Subject) -> Found:
    """W0. With zero gradients weight decay carries no number away from 0.

    Proof. −λx, scaled by positive numbers, points to 0. Taken with the wrong sign it grows. Where
    momentum carries x past 0 it is not asked any more.
    """
    if not s.has("decay"):
        raise NotAsked("it has no weight decay")
    s = s.set(rate=ETA) if s.has("rate") else s
    x = np.stack([v[0] for v in s.set(decay=LAMBDA).path(linear(0 * X0), [X0], T).x])
    if not np.isfinite(x).all():
        return Found(False, "NaN or infinity")
    before = np.logical_and.accumulate(x * X0 >= 0)[1:]
    before[0], x = True, np.abs(x)
    out = ((np.diff(x, axis=0) > ROUNDINGS * 2.0**-24 * x[0]) & before).any(axis=1)
    if not out.any():
        return Found(True)
    t = int(np.argmax(out))
    return Found(False, f"|x| grows to {(x[t + 1] / x[t]).max():.6g} of itself", None, t + 1)


def vanishes(s: Subject) -> Found:
    """W5. Decay is of x alone: from x_0 = 0 the first step with it is that without, or a multiple
    of it in [1 − λ, 1] where decay comes after the step.

    Proof. λx_0 = 0, and (1 − ηλ)x_1 is a multiple of x_1. A decay that is taken of the gradient, or
    of nothing, turns the step or makes it longer.
    """
    if not s.has("decay"):
        raise NotAsked("it has no weight decay")
    g = draws([(4,)], 1, seed=53)[0][0]
    without, found = (s.set(decay=v).path(linear(g), [0 * g], 1).moves()[0] for v in (0.0, LAMBDA))
    size = float(np.abs(without).max())
    if not size > 0:
        raise NotAsked("its first step from 0 is 0")
    factor = float(found @ without / (without @ without))
    off = float(np.abs(found - factor * without).max()) / size
    free = ROUNDINGS * s.family.grain
    if off <= free and 1 - LAMBDA - free <= factor <= 1 + free:
        return Found(True, f"the step × {factor:.6g}", factor)
    told = f"at x = 0 decay makes {factor:.6g} of the first step and turns it by {off:.3g}"
    return Found(False, told, max(off, abs(factor - 1)), 1, {"x0": 0, "g": g, "decay": LAMBDA})


def settles(s: Subject, center: float, decay: float, x0: float) -> np.ndarray:
    """(2,): the mean of the last of 600 steps on ½‖x − (c, −c)‖², with fast averages of g²."""
    if not s.has("decay", "rate"):
        raise NotAsked("it has no weight decay, or no rate")
    s = fine(s).set(decay=decay, rate=0.02)
    if isinstance(s.get("b2"), float) and s.get("b2") > 0.99:
        s = s.set(b2=0.99)
    a = np.array([center, -center])
    path = s.path(quadratic([1.0], [a]), [x0 * np.sign(a)], 600)
    return np.stack([x[0] for x in path.x[-60:]]).mean(axis=0) * np.sign(a)


def ends(s: Subject) -> Found:
    """W2. On ½(x − a)² with decay λ, a = 2, λ = ¼: decay in the gradient ends at a/(1 + λ) = 1.6,
    decay beside a step that knows the gradient's sign or size alone at a, since |a| ≤ 1/λ.

    Proof. x − a + λx = 0; or 0 ∈ ηu + ηλx with u any number of [−1, 1], which is so at x = a.
    Within η(1 + λ|a|), and 1 % of |a| for averages that have not ended.
    """
    family = s.family
    if family.decay is None and family.power != 1:
        raise NotAsked("its name stands for no kind of decay")
    expected = 2.0 if family.decay == "decoupled" else 1.6
    x = settles(s, 2.0, 0.25, 1.5)
    if np.abs(x - expected).max() <= 0.02 * 1.5 + 0.02:
        return Found(True, f"x ends at {x[0]:.4g}", float(x[0]))
    return Found(False, f"x ends at {x[0]:.4g}, {expected:g} expected", float(x[0]), 600,
                 {"f": "½(x − 2)²", "lambda": 0.25, "rate": 0.02})  # fmt: skip


def boxed(s: Subject) -> Found:
    """W3. Decoupled decay beside steps of ±η ends at the minimizer of f over ‖x‖_∞ ≤ 1/λ: on
    ½(x − 3)² with λ = 1 at x = 1, where decay in the gradient ends at 3/2.

    Proof. The KKT conditions of that problem are 0 = u + λx, u a sign of the gradient at |x| = 1/λ.
    """
    if s.family.power != 0 or label(s) not in ("decoupled", "proximal"):
        raise NotAsked("its decay is not beside steps of ±η")
    x = settles(s, 3.0, 1.0, 0.5)
    if np.abs(x - 1).max() <= 0.04:
        return Found(True, f"x ends at {x[0]:.4g}", float(x[0]))
    return Found(False, f"x ends at {x[0]:.4g}, 1/λ = 1 expected", float(x[0]), 600,
                 {"f": "½(x − 3)²", "lambda": 1.0, "rate": 0.02})  # fmt: skip


def contracts(s: Subject) -> Found:
    """W4. The distance to the set ‖x‖ ≤ 1/λ shrinks by 1 − ηλ a step, for every gradient: in the
    largest entry for signs, in the operator norm for orthogonalized steps (of length 1.2024).

    Proof. x_{t+1} = (1 − ηλ)x_t − ηu, ‖u‖ ≤ 1: ‖x_{t+1}‖ − 1/λ ≤ (1 − ηλ)(‖x_t‖ − 1/λ).
    """
    signs = s.family.name == "sign"
    if not signs and s.family.name != "orthogonalized":
        raise NotAsked("it is about signs and orthogonalized steps")
    if not s.has("rate") or label(s) != "decoupled":
        raise NotAsked("its decay is not decoupled")
    eta, lam, steps = 0.05, 0.5, 40
    s = s.set(rate=eta, decay=lam)
    gs, x0 = draws([(4, 4)], steps, seed=51), 10 * draws([(4, 4)], 1, seed=52)[0][0]
    path = s.path(sequence(lambda t: gs[t]), [x0], steps)
    norm = np.array([np.abs(x[0]).max() if signs else np.linalg.norm(x[0], 2) for x in path.x])
    # Its length is at most Newton and Schulz's largest value; bfloat16 rounds in all five rounds.
    radius = (1.0 if signs else 1.2024 * (1 + 5 * s.family.grain)) / lam
    free = ROUNDINGS * 2.0**-24 * norm[0]
    bad = norm[1:] - radius > (1 - eta * lam) * (norm[:-1] - radius) + free
    if not bad.any():
        return Found(True, f"‖x‖ falls from {norm[0]:.4g} to {norm[-1]:.4g}", float(norm[-1]))
    t = int(np.argmax(bad))
    return Found(False, f"‖x‖ − 1/λ goes from {norm[t] - radius:.4g} to {norm[t + 1] - radius:.4g}",
                 float(norm[t + 1]), t + 1)  # fmt: skip


def order(s: Subject) -> Found:
    """W6. Decoupled decay acts on x_t, beside the step: x_{t+1} = (1 − ηλ)x_t − ηu, not
    (1 − ηλ)(x_t − ηu); they differ by η²λu."""
    if not s.has("rate") or label(s) != "decoupled" or s.family.power == 1:
        raise NotAsked("its decay is not decoupled")
    eta, lam = 0.1, 0.5
    g = np.array([1.0, -2.0, 0.5])
    free = s.set(rate=eta, decay=0.0).path(linear(g), [X0], 1).x[1][0]
    x = s.set(rate=eta, decay=lam).path(linear(g), [X0], 1).x[1][0]
    if not np.abs(free - X0).max() > 0:
        raise NotAsked("its first step is 0")
    apart = eta * lam * np.abs(free - X0).max()
    beside = float(np.abs(x - (free - eta * lam * X0)).max() / apart)
    after = float(np.abs(x - (1 - eta * lam) * free).max() / apart)
    if beside < 0.01:
        return Found(True, "beside the step")
    told = "of the stepped x" if after < 0.01 else "neither beside the step nor of the stepped x"
    return Found(False, f"its decay is {told}: it differs by η²λu", beside, 1)


def is_gradient(s: Subject) -> Found:
    """W7. Decay in the gradient is that of λ/2 ‖x‖²: along f with decay λ it goes as without decay
    along f + λ/2 ‖x‖², beside momentum.

    Proof. Both hand on g + λx. Decay that is added after the average of gradients, or that the
    average of squares does not see, goes another way.
    """
    if not s.has("decay"):
        raise NotAsked("it has no weight decay")
    s = s.set(rate=0.05) if s.has("rate") else s
    s = s.set(momentum=0.8) if s.has("momentum") else s
    gs, x0 = draws([(4,)], T, seed=54), [2 * draws([(4,)], 1, seed=55)[0][0]]
    with_decay = s.set(decay=LAMBDA).path(sequence(lambda t: gs[t]), x0, T)
    pulled = Function(
        lambda t, x: float(gs[t][0] @ x[0] + LAMBDA / 2 * x[0] @ x[0]),
        lambda t, x: [gs[t][0] + LAMBDA * x[0]],
    )
    return same(s.set(decay=0.0).path(pulled, x0, T), with_decay, s, "decay of .1 beside λx in ∇f",
                **{"lambda": LAMBDA})  # fmt: skip
