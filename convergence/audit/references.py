"""Reference recursions, each of a few lines: what a name stands for.

A reference is a generator: it yields x and is sent the gradient there. Its keywords are the
method's arguments, `decay` the weight decay, 0 where it has none by default.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from convergence.audit.references_adam import (
    Steps,
    adabelief,
    adam,
    adamax,
    adamw,
    adan,
    adopt,
    amsgrad,
    amsgrad_corrected,
    lamb,
    nadam,
    nadam_plain,
    radam,
    radam5,
    yogi,
)


def sgd(x, lr, momentum=0.0, dampening=0.0, decay=0.0, nesterov=False) -> Steps:
    """v ← μv + (1 − d)(g + λx) from v = g, x ← x − ηv, or x − η(g + μv) with Nesterov's momentum
    (Sutskever et al. 2013 in the variables of torch)."""
    v: Any = None
    while True:
        g = (yield x) + decay * x
        v = g if v is None else momentum * v + (1 - dampening) * g
        x = x - lr * (g + momentum * v if nesterov else v)


def heavy_ball(x, lr, momentum=0.9, decay=0.0) -> Steps:
    """x_{t+1} = x_t − η∇f(x_t) + μ(x_t − x_{t−1}) (Polyak 1964)."""
    return sgd(x, lr, momentum, 0.0, decay)


def nesterov(x, lr, momentum=0.9, decay=0.0) -> Steps:
    """y_{t+1} = y_t − η∇f(y_t) + μ(v_{t+1} − v_t)…: gradients at the extrapolated point."""
    return sgd(x, lr, momentum, 0.0, decay, True)


def fista(x, lr) -> Steps:
    """z_{t+1} = y_t − ηg, y_{t+1} = z_{t+1} + ((a_t − 1)/a_{t+1})(z_{t+1} − z_t), a_1 = 1,
    a_{t+1} = (1 + √(1 + 4a_t²))/2; gradients, and x here, at y (Beck, Teboulle 2009)."""
    z, a = x, 1.0
    while True:
        g = yield x
        new, b = x - lr * g, (1 + np.sqrt(1 + 4 * a * a)) / 2
        x, z, a = new + (a - 1) / b * (new - z), new, b


def adagrad(x, lr, eps=1e-10, decay=0.0, initial=0.0, lr_decay=0.0) -> Steps:
    """g/(√Σg² + ε) (Duchi et al. 2011), the t-th rate over 1 + (t − 1)·lr_decay."""
    s = initial + 0 * x
    for t in count(1):
        g = (yield x) + decay * x
        s = s + g * g
        x = x - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s) + eps)


def rmsprop(
    x, lr, alpha=0.99, eps=1e-8, decay=0.0, momentum=0.0, centered=False, inside=False
) -> Steps:
    """g/(√v + ε), v ← αv + (1 − α)g² from 0 (Tieleman, Hinton 2012); centered: less the square of
    the mean of g (Graves 2013); inside: g/√(v + ε)."""
    v = m = u = 0 * x
    while True:
        g = (yield x) + decay * x
        v, m = alpha * v + (1 - alpha) * g * g, alpha * m + (1 - alpha) * g
        w = v - m * m if centered else v
        u = momentum * u + g / (np.sqrt(w + eps) if inside else np.sqrt(w) + eps)
        x = x - lr * u


def rmsprop_inside(x, lr, alpha=0.9, eps=1e-8, momentum=0.0) -> Steps:
    """RMSprop with ε inside the root."""
    return rmsprop(x, lr, alpha, eps, 0.0, momentum or 0.0, inside=True)


def adadelta(x, lr=1.0, rho=0.9, eps=1e-6, decay=0.0) -> Steps:
    """g √(d + ε)/√(v + ε), d the mean of squared steps (Zeiler 2012)."""
    v = d = 0 * x
    while True:
        g = (yield x) + decay * x
        v = rho * v + (1 - rho) * g * g
        step = g * np.sqrt(d + eps) / np.sqrt(v + eps)
        d = rho * d + (1 - rho) * step * step
        x = x - lr * step


def rprop(x, lr, minus=0.5, plus=1.2, least=1e-6, most=50.0) -> Steps:
    """Steps × η⁺ while the sign stays, × η⁻ and no move where it has changed (Riedmiller 1993,
    without backtracking)."""
    size, old = lr + 0 * x, 0 * x
    while True:
        g = yield x
        agree = g * old
        size = np.clip(size * np.where(agree > 0, plus, np.where(agree < 0, minus, 1)), least, most)
        old = np.where(agree < 0, 0, g)
        x = x - size * np.sign(old)


def lion(x, lr, b1=0.9, b2=0.99, decay=0.0) -> Steps:
    """sign(β1 m + (1 − β1)g) + λx (Chen et al. 2023)."""
    m = 0 * x
    while True:
        g = yield x
        x = x - lr * (np.sign(b1 * m + (1 - b1) * g) + decay * x)
        m = b2 * m + (1 - b2) * g


def signsgd(x, lr, decay=0.0) -> Steps:
    """sign(g) + λx (Bernstein et al. 2018)."""
    while True:
        g = yield x
        x = x - lr * (np.sign(g) + decay * x)


def signum(x, lr, momentum=0.9, decay=0.0) -> Steps:
    """sign(m) + λx, m ← βm + (1 − β)g (Bernstein et al. 2018)."""
    m = 0 * x
    while True:
        g = yield x
        m = momentum * m + (1 - momentum) * g
        x = x - lr * (np.sign(m) + decay * x)


def lars(x, lr, momentum=0.9, decay=0.0, trust=1e-3) -> Steps:
    """SGD with momentum on c‖x‖/‖g + λx‖ (g + λx) (You et al. 2017)."""
    v = 0 * x
    while True:
        g = (yield x) + decay * x
        a, b = np.linalg.norm(x), np.linalg.norm(g)
        v = momentum * v + (trust * a / b if a > 0 and b > 0 else 1.0) * g
        x = x - lr * v


def schedule_free(x, lr, momentum=0.9) -> Steps:
    """y = (1 − β)z + βx, z ← z − ηg, x ← (1 − 1/t)x + z/t; gradients, and x here, at y (Defazio et
    al. 2024)."""
    z = average = x
    for t in count(1):
        g = yield (1 - momentum) * z + momentum * average
        z = z - lr * g
        average = (1 - 1 / t) * average + z / t


def muon(x, lr, momentum=0.95, decay=0.0, nesterov=True, ns_steps=5) -> Steps:
    """Newton–Schulz of the momentum of a matrix, times √max(1, rows/columns) (Jordan 2024)."""
    m = 0 * x
    while True:
        g = yield x
        m = momentum * m + (1 - momentum) * g
        u = (1 - momentum) * g + momentum * m if nesterov else m
        u = u.T if x.shape[0] > x.shape[1] else u
        u = u / (np.linalg.norm(u) + 1e-7)
        for _ in range(ns_steps):
            a = u @ u.T
            u = 3.4445 * u + (-4.7750 * a + 2.0315 * a @ a) @ u
        u = u.T if x.shape[0] > x.shape[1] else u
        x = (1 - lr * decay) * x - lr * max(1.0, x.shape[0] / x.shape[1]) ** 0.5 * u


ALL: dict[str, Callable[..., Steps]] = {
    f.__name__.replace("_", "-"): f
    for f in (
        sgd, heavy_ball, nesterov, fista, adam, adamw, amsgrad, amsgrad_corrected, nadam,
        nadam_plain, radam, radam5, adamax, adagrad, rmsprop, rmsprop_inside, adadelta, rprop, lion,
        signsgd, signum, adabelief, yogi, adan, lamb, lars, adopt, schedule_free, muon,
    )
}  # fmt: skip
