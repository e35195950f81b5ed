"""Which steps keep a decentralized method stable, by the mode polynomial of `alghunaim2022`."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.theorems.assumptions import AbstractAssumption, Checked


def threshold(name: str, lam: Any) -> np.ndarray:
    """The largest stable αh of a network mode λ ∈ (−1, 1), 0 if there is none; ∞ if any.

    From −1 + b²/2 < p < 1 (Jury) with b², p of `mode`. ED at −1/3 ≤ λ < 0 has an upper limit
    (1 − λ)/(−λ) ≥ 4; below −1/3 small steps are unstable and 0 is returned.
    """
    lam = np.asarray(lam, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "ED":
            low = np.where(lam < -1 / 3, 0.0, (1 - lam) / -lam)
            found = np.where(lam > 0, (1 + 3 * lam) / (2 * lam), low)
        elif name == "EXTRA":
            found = np.maximum((1 + 3 * lam) / 2, 0.0)
        elif name == "ATC-GT":
            found = (1 + lam) ** 2 / (2 * lam**2)
        elif name == "semi-ATC-GT":
            found = np.where(lam > 0, (1 + lam) ** 2 / (2 * lam), (1 - lam**2) / np.abs(lam))
        elif name == "non-ATC-GT":
            found = (1 + lam) ** 2 / 2
        elif name == "ATC":
            found = 1 + 1 / np.abs(lam)
        else:
            found = 1 + lam
    return np.where(np.abs(lam) < 1e-12, _at_zero(name), found)


def _at_zero(name: str) -> float:
    return {"EXTRA": 0.5, "non-ATC-GT": 0.5, "consensus": 1.0}.get(name, np.inf)


class SmallStepsStable(AbstractAssumption):
    """Every mode has a `threshold`: λ ≥ −1/3 for ED, whose small steps are unstable below while a
    window of larger ones may be stable, and λ > −1/3 for EXTRA."""

    name: str = eqx.field(static=True)

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        least = float(np.min(threshold(self.name, c.lam[1:])))
        return Checked("small steps stable", least > 0, least, "the least threshold must be > 0")
