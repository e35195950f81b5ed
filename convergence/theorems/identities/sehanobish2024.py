"""Sehanobish et al. 2024 (arXiv 2310.13225): kernels of neural layers by complex random features.

Besides, the error of a layer whose features are drawn.
"""

from __future__ import annotations

import itertools
import math

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.identities.choromanski2021 import X, Y


class LayerFeature(AbstractIdentity):
    """f(⟨x, w⟩) = E exp(√z ⟨g, x + w⟩ − z(‖x‖² + ‖w‖²)/2), z = iξ, g ~ N(0, I), where f(t) =
    E e^{iξt}; for ξ ~ N(0, 1), f(t) = e^{−t²/2}, the second moment of one feature is
    2Φ(s)e^{s²/2}, s = ‖x + w‖².

    Proof. E_g e^{√z⟨g,u⟩} = e^{z‖u‖²/2}, u = x + w, leaves e^{z⟨x,w⟩}. |·|² is e^{2 Re√z ⟨g,u⟩}, as
    Re z = 0, with 2(Re √z)² = |ξ|: its mean over g is e^{|ξ|s}, and E e^{|ξ|s} = 2Φ(s)e^{s²/2}. ∎
    Checked by quadrature.
    """

    source = Source("sehanobish2024", "complex features of a layer; second moment derived")
    provenance = Provenance.DERIVED
    statement = "E e^{√z⟨g,x+w⟩−z(‖x‖²+‖w‖²)/2} = f(⟨x,w⟩), z = iξ;  E|·|² = 2Φ(s)e^{s²/2}"
    tolerance = 1e-9  # of the quadratures

    centered: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        g, p = np.polynomial.hermite_e.hermegauss(96)
        p = p / p.sum()
        nodes, weights = np.polynomial.legendre.leggauss(96)
        xi, q = 6 * (nodes + 1), 6 * weights  # (0, 12): beyond it N(0, 1) has 1e-32
        q = 2 * q * np.exp(-(xi**2) / 2) / math.sqrt(2 * math.pi)
        u = X + Y
        s, dot, size = float(u @ u), float(X @ Y), float(X @ X + Y @ Y)
        z = 1j * xi[:, None]
        shift = z * size / 2 if self.centered else 0.0
        feature = np.exp(np.sqrt(z) * s**0.5 * g - shift)
        # ξ and −ξ give conjugates: the mean is real.
        mean = float(np.real(q @ (feature @ p)))
        square = float(q @ (np.abs(feature) ** 2 @ p))
        closed = (1 + math.erf(s / 2**0.5)) * math.exp(s**2 / 2)
        return {
            "mean": abs(mean - float(np.exp(-(dot**2) / 2))),
            "second moment": abs(square - closed),
            "to seven digits": max(0.0, abs(closed - 1.915600) - 5e-7),
        }


class DrawnLayer(AbstractIdentity):
    """E(f_m − f)² = (E v²φ² − f²)/m for f_m = (1/m) Σ_i v(w_i)φ(x; w_i) with m independent w_i, f =
    E vφ.

    Proof. The variance of a mean of m independent terms. ∎ Checked over all draws of a law of three
    values. With one w for all of them (shared) nothing falls with m.
    """

    source = Source("sehanobish2024", "a layer of drawn features; its exact error derived")
    provenance = Provenance.DERIVED
    statement = "f_m = (1/m) Σ v(w_i)φ(x; w_i), w_i independent: E(f_m − f)² = (E v²φ² − f²)/m"
    tolerance = 1e-12

    shared: bool = eqx.field(static=True, default=False)

    def discrepancies(self) -> dict[str, float]:
        w, chance = np.array([-1.0, 0.5, 2.0]), np.array([0.5, 0.3, 0.2])
        term = np.array([1.0, -2.0, 0.5]) * np.tanh(0.7 * w)  # v(w) φ(x; w) at x = 0.7
        f = float(chance @ term)
        one = float(chance @ term**2) - f**2
        found = {}
        for m in (1, 2, 4):
            draws = itertools.product(range(3), repeat=1 if self.shared else m)
            total = sum(
                float(np.prod(chance[list(i)]) * (term[list(i)].mean() - f) ** 2) for i in draws
            )
            found[f"m = {m}"] = abs(total - one / m)
        return found


class OneDrawServesAll(DrawnLayer):
    """FALSE: the same error with one w drawn for all m features."""

    statement = "f_m with one w for all m features: E(f_m − f)² = (E v²φ² − f²)/m (false)"

    shared: bool = eqx.field(static=True, default=True)
