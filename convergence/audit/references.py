"""Reference recursions, each of a few lines: what a name stands for.

A reference is a generator: it yields x and is sent the gradient there. Its keywords are the
method's arguments, `decay` the weight decay, 0 where it has none by default.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import count
from typing import Any

import numpy as np

Steps = Generator[np.ndarray, np.ndarray, None]


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


def adam(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, amsgrad=False) -> Steps:
    """m̂/(√v̂ + ε) with bias correction (Kingma, Ba 2015), decay as part of g; amsgrad: the largest
    v so far (Reddi et al. 2018, with Adam's correction)."""
    m = v = top = 0 * x
    for t in count(1):
        g = (yield x) + decay * x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        top = np.maximum(top, v) if amsgrad else v
        x = x - lr * m / (1 - b1**t) / (np.sqrt(top / (1 - b2**t)) + eps)


def adamw(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.01) -> Steps:
    """x ← (1 − ηλ)x, then Adam's step (Loshchilov, Hutter 2019)."""
    inner, shift = adam(x, lr, b1, b2, eps), x
    at = next(inner)
    while True:
        g = yield shift
        new = inner.send(g)
        shift, at = (1 - lr * decay) * shift + (new - at), new


def amsgrad(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0) -> Steps:
    """Adam with the largest v so far."""
    return adam(x, lr, b1, b2, eps, decay, True)


def nadam(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, momentum_decay=4e-3) -> Steps:
    """Adam with Nesterov's momentum and μ_t = β1(1 − ½·0.96^{tψ}) (Dozat 2016)."""
    m, v, product = 0 * x, 0 * x, 1.0
    for t in count(1):
        g = (yield x) + decay * x
        mu, after = (b1 * (1 - 0.5 * 0.96 ** (s * momentum_decay)) for s in (t, t + 1))
        product *= mu
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        step = (1 - mu) * g / (1 - product) + after * m / (1 - product * after)
        x = x - lr * step / (np.sqrt(v / (1 - b2**t)) + eps)


def nadam_plain(x, lr, b1=0.9, b2=0.999, eps=1e-8) -> Steps:
    """Adam with β1 m̂_{t+1} + (1 − β1)ĝ in place of m̂, without a schedule of β1."""
    m = v = 0 * x
    for t in count(1):
        g = yield x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        step = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t)
        x = x - lr * step / (np.sqrt(v / (1 - b2**t)) + eps)


def radam(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, threshold=4.0, bare=False) -> Steps:
    """Adam times the rectification r_t where ρ_t > 4, the bare m̂ before (Liu et al. 2020)."""
    m, v, top = 0 * x, 0 * x, 2 / (1 - b2) - 1
    for t in count(1):
        g = (yield x) + decay * x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        rho = top - 2 * t * b2**t / (1 - b2**t)
        step = m / (1 - b1**t)
        if rho > threshold:
            r = (rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho)
            corrected = np.sqrt(1 - b2**t)
            step = step * np.sqrt(r) / (np.sqrt(v) / corrected + eps / (corrected if bare else 1))
        x = x - lr * step


def radam5(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0) -> Steps:
    """RAdam as in its authors' code: from ρ_t ≥ 5 on, and ε added to √v before it is corrected."""
    return radam(x, lr, b1, b2, eps, decay, 5.0, True)


def adamax(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0) -> Steps:
    """m̂/u, u ← max(β2 u, |g| + ε) (Kingma, Ba 2015)."""
    m = u = 0 * x
    for t in count(1):
        g = (yield x) + decay * x
        m, u = b1 * m + (1 - b1) * g, np.maximum(b2 * u, np.abs(g) + eps)
        x = x - lr * m / (1 - b1**t) / u


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


def adabelief(x, lr, b1=0.9, b2=0.999, eps=1e-16, decay=0.0) -> Steps:
    """Adam with s ← β2 s + (1 − β2)(g − m_t)² + ε, m_t the new one (Zhuang et al. 2020)."""
    m = s = 0 * x
    for t in count(1):
        g = (yield x) + decay * x
        m = b1 * m + (1 - b1) * g
        s = b2 * s + (1 - b2) * (g - m) ** 2 + eps
        x = x - lr * m / (1 - b1**t) / (np.sqrt(s / (1 - b2**t)) + eps)


def yogi(x, lr, b1=0.9, b2=0.999, eps=1e-3, initial=1e-6) -> Steps:
    """v ← v − (1 − β2) sign(v − g²)g², m and v from `initial` (Zaheer et al. 2018)."""
    m = v = initial + 0 * x
    for t in count(1):
        g = yield x
        m, v = b1 * m + (1 - b1) * g, v - (1 - b2) * np.sign(v - g * g) * g * g
        x = x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)


def adan(x, lr, b1=0.98, b2=0.92, b3=0.99, eps=1e-8, decay=0.0) -> Steps:
    """(m̂ + β2 d̂)/(√n̂ + ε), then /(1 + ηλ), d of differences of gradients (Xie et al. 2022)."""
    m = d = n = 0 * x
    old: Any = None
    for t in count(1):
        g = yield x
        diff, old = (0 * g if old is None else g - old), g
        m, d = b1 * m + (1 - b1) * g, b2 * d + (1 - b2) * diff
        n = b3 * n + (1 - b3) * (g + b2 * diff) ** 2
        step = m / (1 - b1**t) + b2 * d / (1 - b2**t)
        x = (x - lr * step / (np.sqrt(n / (1 - b3**t)) + eps)) / (1 + lr * decay)


def lamb(x, lr, b1=0.9, b2=0.999, eps=1e-6, decay=0.0) -> Steps:
    """Adam's step plus λx, times ‖x‖ over its norm (You et al. 2020)."""
    m = v = 0 * x
    for t in count(1):
        g = yield x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        u = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps) + decay * x
        a, b = np.linalg.norm(x), np.linalg.norm(u)
        x = x - lr * (a / b if a > 0 and b > 0 else 1.0) * u


def lars(x, lr, momentum=0.9, decay=0.0, trust=1e-3) -> Steps:
    """SGD with momentum on c‖x‖/‖g + λx‖ (g + λx) (You et al. 2017)."""
    v = 0 * x
    while True:
        g = (yield x) + decay * x
        a, b = np.linalg.norm(x), np.linalg.norm(g)
        v = momentum * v + (trust * a / b if a > 0 and b > 0 else 1.0) * g
        x = x - lr * v


def adopt(x, lr, b1=0.9, b2=0.9999, eps=1e-6) -> Steps:
    """v_0 = g_0², m ← β1 m + (1 − β1) clip(g_t/max(√v_{t−1}, ε), ±t^¼) (Taniguchi et al. 2024)."""
    v = (yield x) ** 2
    m = 0 * x
    for t in count(1):
        g = yield x
        bound = t**0.25
        m = b1 * m + (1 - b1) * np.clip(g / np.maximum(np.sqrt(v), eps), -bound, bound)
        x, v = x - lr * m, b2 * v + (1 - b2) * g * g


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
        sgd, heavy_ball, nesterov, fista, adam, adamw, amsgrad, nadam, nadam_plain, radam, radam5,
        adamax, adagrad, rmsprop, rmsprop_inside, adadelta, rprop, lion, signsgd, signum, adabelief,
        yogi, adan, lamb, lars, adopt, schedule_free, muon,
    )
}  # fmt: skip
