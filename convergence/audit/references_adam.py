"""Reference recursions of Adam and its kin; `references` has what a reference is."""

from __future__ import annotations

from collections.abc import Generator
from itertools import count
from typing import Any

import numpy as np

Steps = Generator[np.ndarray, np.ndarray, None]


def adam(x, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, amsgrad=False, corrected=False) -> Steps:
    """m̂/(√v̂ + ε) with bias correction (Kingma, Ba 2015), decay as part of g; amsgrad: the largest
    v so far (Reddi et al. 2018, with Adam's correction), or the largest that was corrected."""
    m = v = top = 0 * x
    for t in count(1):
        g = (yield x) + decay * x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        first, last = (1 - b2**t, 1.0) if corrected else (1.0, 1 - b2**t)
        top = np.maximum(top, v / first) if amsgrad else v / first
        x = x - lr * m / (1 - b1**t) / (np.sqrt(top / last) + eps)


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


def amsgrad_corrected(x, lr, b1=0.9, b2=0.999, eps=1e-8) -> Steps:
    """Adam with the largest corrected v so far, as optax documents it."""
    return adam(x, lr, b1, b2, eps, 0.0, True, True)


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


def adopt(x, lr, b1=0.9, b2=0.9999, eps=1e-6) -> Steps:
    """v_0 = g_0², m ← β1 m + (1 − β1) clip(g_t/max(√v_{t−1}, ε), ±t^¼) (Taniguchi et al. 2024)."""
    v = (yield x) ** 2
    m = 0 * x
    for t in count(1):
        g = yield x
        bound = t**0.25
        m = b1 * m + (1 - b1) * np.clip(g / np.maximum(np.sqrt(v), eps), -bound, bound)
        x, v = x - lr * m, b2 * v + (1 - b2) * g * g
