"""What the modes of a network forget and what they hear, for SPARKLE at small upper steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.parts.strategies import CORRECTED, mode


def lasting(name: str, lam: Any, ah: Any = 0.0) -> float:
    """The largest |root| of the modes of a network but its mean, at steps times curvatures ah, or,
    without a correction or by default, as the step vanishes. At λ = −⅓ one of ED is −1."""
    lam = np.asarray(lam, float)[1:, None]
    if name not in CORRECTED:
        return float(np.max(np.abs(lam)))
    _, b2, p = mode(name, lam, np.atleast_1d(ah))
    half = (1 - b2 + p) / 2
    root = np.emath.sqrt(half**2 - p)
    return float(np.max(np.abs([half + root, half - root])))


def heard(name: str, lam: Any, theta: float) -> float:
    """The variances of all modes of a network but its mean, as the step vanishes, under the moving
    average with θ of unit noise: by the mean of their spectra over frequencies."""
    q = np.exp(1j * np.pi * (np.arange(4096) + 0.5) / 4096)
    lam = np.asarray(lam, float)[1:, None]
    if name in CORRECTED:
        a, b2, c = mode(name, lam, 0.0)
        response = a * (1 - q) / (1 - (1 - b2 + c) * q + c * q**2)
    else:
        response = (1.0 if name == "consensus" else lam) / (1 - lam * q)
    averaged = theta / (1 - (1 - theta) * q)
    return float(np.sum(np.mean(np.abs(averaged * response) ** 2, axis=1)))
