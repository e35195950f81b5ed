"""Laws of methods that are known by a formula of their own: Lookahead, Polyak's step, factors,
Adam's averages and ε, the start of momentum."""

from __future__ import annotations

import re

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import draws, linear, quadratic, sequence
from convergence.audit.laws.law import ROUNDINGS, Found
from convergence.audit.laws.rest import START
from convergence.audit.laws.scaling import undamped
from convergence.audit.laws.steps import ONE, compared, travelled
from convergence.audit.subject import Subject


def looks_back(s: Subject) -> Found:
    """K1. Lookahead on a linear f, around a method with steps of one length u: within a period of k
    steps it goes on by u, and at its end comes back to the share α of the period's way.

    Proof. s ← s + α(x − s) with x = s − ku; so after n periods and j < k steps, nαku + ju.
    Zhang et al. 2019.
    """
    k = next((v for n in ("k", "sync_period", "la_steps") if isinstance(v := s.get(n), int)), None)
    alpha = next((v for n in ("alpha", "slow_step_size", "la_alpha")
                  if isinstance(v := s.get(n), float)), None)  # fmt: skip
    named = re.fullmatch(r"lookahead\w*", s.name.lower().replace("_", ""))
    if not named or k is None or alpha is None or not 1 < k < 50:
        raise NotAsked("it is no Lookahead with a period and a share")
    T = 3 * k + 1
    path = s.quiet().path(linear(ONE), [3 * ONE], T)
    far = np.array([float(3 - x[0][0]) for x in path.x[1:]])
    if not far[0] > 0 or abs(far[1] / far[0] - 2) > 1e-6:
        raise NotAsked("the method inside has no steps of one length")
    t = np.arange(1, T + 1)
    expected = (t // k) * alpha * k + t % k
    return compared(expected, far / far[0], "way over its first step", s.family.grain)


def polyak(s: Subject) -> Found:
    """K2. Polyak's step is (f(x) − f*)/‖∇f(x)‖², unless a largest rate is below it: on ½‖x‖² and
    on 2‖x‖², f* = 0, the first step halves x.

    Proof. f/‖∇f‖² = ½h‖x‖²/(h²‖x‖²) = 1/(2h), times ∇f = hx. The smaller of the two rates is ⅛.
    """
    if not re.search(r"polyak|sps", s.name.lower()) or s.get("rate") not in (None, 1, 1.0):
        raise NotAsked("its step is not that of Polyak alone")
    for h in (1.0, 4.0):
        path = s.quiet().path(quadratic([h, h]), START, 1)
        ratio = path.flat()[1] / path.flat()[0]
        off = float(np.abs(ratio - 0.5).max())
        if not off <= ROUNDINGS * s.family.grain:
            return Found(False, f"on {h:g}/2 ‖x‖² the first step leaves {ratio[0]:.6g} x, not x/2",
                         float(ratio[0]), 1, {"f": f"{h:g}/2 ‖x‖²", "x0": START})  # fmt: skip
    return Found(True, "the first step halves x")


def rank_one(s: Subject) -> Found:
    """S18. Row and column means know a matrix of squares of rank one: on g = abᵀ the first step has
    entries of one size, as that of g/√(g²).

    Proof. r cᵀ/mean(r) = (a_i² c̄)(ā b_j²)/(ā c̄) = a_i² b_j², bars the means of squares.
    """
    a, b = np.array([1.0, -2.0, 0.5, 4.0]), np.array([1.0, 3.0, -0.25])
    g = np.outer(a, b)
    move = undamped(s).path(linear(g), [np.full((4, 3), 2.0)], 1).moves()[0]
    size = np.abs(move)
    if not size.max() > 0:
        raise NotAsked("its first step is 0")
    ratio = float(size.max() / max(size.min(), 1e-300))
    # Its ε beside squares of 1/64 and more.
    if ratio <= 1 + 1e-3:
        return Found(True, f"sizes within {ratio:.6g}", ratio)
    return Found(False, f"sizes of the first step on a gradient of rank one differ by a factor "
                 f"{ratio:.4g}", ratio, 1, {"g": g})  # fmt: skip


def beside_root(s: Subject) -> Found:
    """S19. ε is added to √v̂, after both averages are corrected: where every |g| is ε, each step on
    a linear f is η/2.

    Proof. m̂ = g and v̂ = g², so ηg/(|g| + ε). Inside the root it is η/√(1 + 1/ε); beside √v before
    its correction, "ε̂" of the paper's second form, steps are shorter at first. Kingma, Ba 2015.
    """
    if not s.has("eps", "rate") or not isinstance(s.get("eps"), float):
        raise NotAsked("it has no ε, or no rate")
    s = undamped(s).set(eps=2.0)
    far = np.abs(s.path(linear(2 * ONE), [3 * ONE], 20).moves())[:, 0] / s.lr
    return compared(np.full(20, 0.5), far, "step/η at |g| = ε = 2", s.family.grain)


def signs(s: Subject) -> Found:
    """S20. On gradients of ±1 a step is η times the corrected average of the signs, with AMSGrad's
    largest average or without.

    Proof. v_t = 1 − β2^t rises to 1, is its own largest, and √v̂ = 1: −ηm̂_t remains,
    m̂_t = (1 − β1) Σ_k β1^{t−k} s_k/(1 − β1^t).
    """
    s = undamped(s)
    b1 = s.get("b1")
    if not s.has("rate", "b2") or not isinstance(b1, float):
        raise NotAsked("β1 and β2 are not known")
    steps = 30
    gs = [np.sign(g[0]) for g in draws([(4,)], steps, seed=61)]
    mean, hat = np.zeros(4), []
    for t, g in enumerate(gs, 1):
        mean = b1 * mean + (1 - b1) * g
        hat.append(mean / (1 - b1**t))
    for more in ({}, {"amsgrad": True}) if "amsgrad" in s.accepts else ({},):
        moves = s.set(**more).path(sequence(lambda t: [gs[t]]), [3 * ONE], steps).moves()
        off = np.abs(-moves / s.lr - np.array(hat)).max(axis=1)
        bad = ~(off <= ROUNDINGS * s.family.grain * np.arange(1, steps + 1))
        if bad.any():
            t = int(np.argmax(bad))
            beside = "with amsgrad " if more else ""
            return Found(False, f"{beside}step {t + 1} is {off[t]:.3g} η off η m̂",
                         float(off[t]), t + 1, {"g": "±1", **more})  # fmt: skip
    return Found(True, "η m̂ on signs")


def largest_of_all(s: Subject) -> Found:
    """S22. AMSGrad's largest average is of v itself, as in its paper, which corrects nothing, or
    corrects what is the largest; not of averages that were corrected before.

    Proof. At β1 = 0, β2 = .9 and gradients 10, 1, 1, … the largest v is v_1 = 10, and a step is
    η/√10, or η√(1 − .9^t)/√10. The largest corrected one is 100, a step η/10. Reddi et al. 2018,
    algorithm 2; optax documents the other.
    """
    named = s.name.lower().replace("_", "") == "amsgrad"
    flag = next((k for k in ("amsgrad", "ams_bound") if k in s.accepts), None)
    adam = s.family.name in ("adam", "adamw") and flag
    if not (s.has("b1", "b2", "rate") and (named or adam)):
        raise NotAsked("it is no AMSGrad")
    s = undamped(s).set(b1=0.0, b2=0.9, **({flag: True} if flag else {}))
    gs, t = [10 * ONE, *[ONE] * 19], np.arange(2, 21)
    far = np.abs(s.path(sequence(lambda t: [gs[t]]), [3 * ONE], 20).moves())[1:, 0] / s.lr
    told = {"v, corrected after": np.sqrt((1 - 0.9**t) / 10), "v": np.full(19, 10**-0.5),
            "corrected v": np.full(19, 0.1)}  # fmt: skip
    for which, expected in told.items():
        if compared(expected, far, which, s.family.grain).holds:
            own = which != "corrected v"
            return Found(own, f"the largest is of {which}", float(far[-1]), None if own else 2)
    return Found(False, f"steps after a gradient of 10 are those of no largest average: "
                 f"{far[0]:.4g} η, later {far[-1]:.4g} η", float(far[-1]), 2)  # fmt: skip


def starts_from_gradient(s: Subject) -> Found:
    """S21. Momentum starts from the gradient, also where later ones are damped: on a linear f with
    μ = .8 and dampening d the steps are ηv_t, v_1 = g and v_{t+1} = μv_t + (1 − d)g; with
    Nesterov's momentum they are η(g + μv_t).

    Proof. x_0 = x_{−1} for Polyak and Sutskever, so that v_1 = g; torch's buffer begins as g.
    """
    if not s.has("momentum", "rate"):
        raise NotAsked("it has no momentum, or no rate")
    s, found = s.quiet().set(momentum=0.8), Found(True)
    flags = {name: False for name in ("nesterov",) if name in s.accepts}
    for more in ({}, {"dampening": 0.5}, {"nesterov": True}):
        if not s.accepts.keys() >= more.keys():
            continue
        v, expected = 1.0, []
        for _ in range(5):
            expected.append(1 + 0.8 * v if more.get("nesterov") else v)
            v = 0.8 * v + 1 - more.get("dampening", 0.0)
        told = ", ".join(["μ = .8", *(f"{k} = {v}" for k, v in more.items())])
        far = travelled(s.set(**{**flags, **more}), 5)
        found = compared(np.cumsum(expected), far, f"way/(ηg) under {told}", s.family.grain)
        if not found.holds:
            return found
    return found
