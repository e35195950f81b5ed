"""The heavy-tailed bounds in closed form: what they are at most, how they decay, and how tight.

No method runs here: inequalities between formulas, over grids of constants, and limits at T =
10^80, where most lower-order terms are gone. Whoever trusts an explicit bound may use these.
x = σα^{(p−1)/p} throughout, the size that noise and start of the ramp have in common.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from typing import Any

from convergence.constants import Constants
from convergence.theorems.base import AbstractIdentity, Provenance, Source
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.fatkhullin2025 import SGDHoelder
from convergence.theorems.heavy_tailed.lemmas import TOLERANCE, excess
from convergence.theorems.heavy_tailed.liu2023 import StormA, StormB, StormMoment
from convergence.theorems.heavy_tailed.liu2025 import NSGDUnknown
from convergence.theorems.heavy_tailed.shared import b_p, noiseless_step, remains, tail, v_p
from convergence.theorems.heavy_tailed.sun2025 import NSGDClipped, NSGDMomentum, NSGDMomentumRate
from convergence.theorems.heavy_tailed.zhang2020 import ClippedSGDNonconvex

POWERS = (1.02, 1.2, 1.5, 1.8, 2.0)
FAR = (10**80, 10**110)  # α²/T of NIGT at p = 1.2 is 1e-286 at the end: as far as floats go


def constants(p: float, sigma: float = 1.0, L: float = 1.0, Delta: float = 1.0, **more: Any):
    """What a bound reads, without an instance."""
    own = {"p": p, "sigma_p": sigma, "L": L, "Delta": Delta, "grad0": 1e-3, "symmetric": False}
    return Constants(**{**own, **more})


class AbstractForms(AbstractIdentity):
    """left ≤ right for all `pairs`, over p, σ, L, Δ, ρ, T and both kinds of noise; as
    (left − right)₊/right."""

    provenance = Provenance.DERIVED
    tolerance = TOLERANCE

    @abstractmethod
    def pairs(self, c: Constants, T: int) -> dict[str, tuple[float, float]]:
        """(left, right) by name, as far as they apply to these constants."""

    def discrepancies(self) -> dict[str, float]:
        found = {}
        sigmas, spans = (1e-4, 0.1, 0.5, 1.0, 30.0), (1, 7, 100, 10**4, 10**9)
        scales = ((1.0, 1.0, 1.0), (0.05, 30.0, 2.0))
        grid = itertools.product(POWERS, sigmas, spans, scales, (False, True))
        for p, sigma, T, (L, Delta, rho), symmetric in grid:
            c = constants(
                p, sigma, L, Delta, rho=rho, symmetric=symmetric,
                noise_lipschitz=0.5, noise_lipschitz_p=0.5,
            )  # fmt: skip
            for name, (left, right) in self.pairs(c, T).items():
                case = f"{name} p={p} sigma={sigma} T={T} L={L} symmetric={symmetric}"
                found[case] = excess(left, right)
        return found


class MomentumForms(AbstractForms):
    """The bound of NSGD-M is at most its tuned form (`NSGDMomentumRate`), and at α = T^{−1/2},
    γ = γ₀T^{−3/4} at most the form that needs no p (`NSGDUnknown`). Proofs there."""

    source = Source("sun2025", "NSGD with momentum; constants derived")
    statement = "D ≤ (2√2+2c_p)σ^(p/(3p−2))(LΔ/T)^((p−1)/(3p−2)) + …, and D ≤ the form without p"

    def pairs(self, c: Constants, T: int) -> dict[str, tuple[float, float]]:
        blind = NSGDUnknown()
        return {
            "tuned": (NSGDMomentum().bound(c, T), NSGDMomentumRate().bound(c, T)),
            "p unknown": (NSGDMomentum.bound(blind, c, T), blind.bound(c, T)),
        }


class StormForms(AbstractForms):
    """NSGD-VR: D ≤ (2√2+2c_p)x + 2σ₀(1−θ^T)/(αT) for both schedules, x = σq^{(p−1)/(2p−1)} for A
    and σ^{p/(5p−4)}(L̄Δ/T)^{2(p−1)/(5p−4)} for B, where the last term is at most 2c_px too; under
    p-th mean smoothness alone D ≤ (√2+2√2c+1/√8+2c_p)x + 2σ(1−θ^T)/(αT), c = 2^{(2−p)/p}, for A;
    and (2+√2)√(L̄Δ/T) for q = L̄Δ/(σ²T) > 1.

    Proof. Both schedules make Δ/(γT) = √2x, and L̄γ = σα/√2 (A), √αx/√2 (B), so that L̄γ ≤ √(α/2)x.
    Lγ/2 + 2L̄γθ/√(α(2−α)) ≤ √2x(√α/4 + θ/√(2−α)) ≤ √2x, and 1−θ^p ≥ α in the noise. For A
    4cL̄γθα^{−1/p} ≤ 2√2cx. B₀ ≥ 1/α makes σ₀ ≤ c_px. For q > 1, σ < √(L̄Δ/T) and L ≤ L̄.
    """

    source = Source("liu2023", "schedules A and B; constants derived")
    statement = "D ≤ (2√2+2c_p)σα^((p−1)/p) + 2σ₀(1−θ^T)/(αT) if q ≤ 1, else (2+√2)√(L̄Δ/T)"

    def lead(self, c_p: float) -> float:
        """The constant in front of x."""
        return 2 * math.sqrt(2) + 2 * c_p

    def pairs(self, c: Constants, T: int) -> dict[str, tuple[float, float]]:
        t, found = tail(c), {}
        A, B, weak = StormA(), StormB(), StormMoment()
        q = A.ratio(c, T)
        if q > 1:
            most = (2 + math.sqrt(2)) * math.sqrt(A.average(c) * c.Delta / T)
            return {type(s).__name__: (s.bound(c, T), most) for s in (A, B, weak)}
        a, b = A.pair(c, T)[0], B.pair(c, T)[0]
        x = t.sigma * q ** ((t.p - 1) / (2 * t.p - 1))
        start = 2 * t.sigma * remains(a, T)
        found["A"] = (A.bound(c, T), self.lead(t.c) * x + start)
        any_law = 2 ** ((2 - t.p) / t.p)
        most = self.lead(t.c) + math.sqrt(2) * (2 * any_law - 1) + 8**-0.5
        found["A, p-th mean"] = (weak.bound(c, T), most * x + start)
        e = 5 * t.p - 4
        x = t.sigma ** (t.p / e) * (A.average(c) * c.Delta / T) ** (2 * (t.p - 1) / e)
        found["B"] = (B.bound(c, T), self.lead(t.c) * x + 2 * t.c * x * remains(b, T))
        return found


class TransportForms(AbstractForms):
    """NIGT: D ≤ ((3/2)2^{1/3}+2c_p)x + √(2LΔ/T) + 2σ(1−θ^T)/(αT) for α < 1, and
    √(2LΔ/T) + 2σ at α = 1; x = σ^{2p/(5p−3)}(√ρΔ/T)^{2(p−1)/(5p−3)} where α = Q^{p/(5p−3)}.

    Proof. Of the two steps let γ₁ = (Δα²/(2ρT))^{1/3}, γ₂ = √(2Δ/(LT)). Δ/(γT) ≤ Δ/(γ₁T) + Δ/(γ₂T),
    Δ/(γ₂T) + Lγ₂/2 = √(2LΔ/T), and Δ/(γ₁T) + ργ₁²/α² = (3/2)Δ/(γ₁T) = (3/2)2^{1/3}σ(Q/α²)^{1/3},
    at most (3/2)2^{1/3}x for Q ≤ α^{(5p−3)/p}. The noise as for NSGD-M.
    """

    source = Source("cutkosky2020", "NIGT; heavy-tailed exponent as in cutkosky2021, derived")
    statement = "D ≤ ((3/2)2^(1/3)+2c_p)σα^((p−1)/p) + √(2LΔ/T) + 2σ(1−θ^T)/(αT),  NIGT"

    def pairs(self, c: Constants, T: int) -> dict[str, tuple[float, float]]:
        t, theorem = tail(c), GradientTransport()
        alpha, _ = theorem.pair(c, T)
        free = c.L * noiseless_step(c, T)  # √(2LΔ/T)
        if alpha == 1:
            return {"quiet": (theorem.bound(c, T), free + 2 * t.sigma)}
        x = t.sigma * alpha ** ((t.p - 1) / t.p)
        most = self.lead(t.c) * x + free + 2 * t.sigma * remains(alpha, T)
        found = {"loud": (theorem.bound(c, T), most)}
        if alpha > 1 / T:
            e = 5 * t.p - 3
            y = t.sigma ** (2 * t.p / e) * (c.rho**0.5 * c.Delta / T) ** (2 * (t.p - 1) / e)
            found["exponent"] = (x, y)
        return found

    def lead(self, c_p: float) -> float:
        """The constant in front of x."""
        return 1.5 * 2 ** (1 / 3) + 2 * c_p


class BudgetForm(AbstractForms):
    """N samples in batches: V ≤ min_B D(B, ⌊N/B⌋), and D at B = ⌈B*⌉ is at most 2V, with
    D(B, T) = √(2LΔ/T) + 2c_pσB^{−r}, r = (p−1)/p, A = √(2LΔ/N), B* = (4rc_pσ/A)^{2p/(3p−2)} and
    V = A^{2(p−1)/(3p−2)}(4rc_pσ)^{p/(3p−2)}(1+1/(2r)), wherever 1 ≤ B* and ⌈B*⌉ ≤ N.

    Proof. ⌊N/B⌋ ≤ N/B, so D ≥ A√B + 2c_pσB^{−r}, whose minimum over real B is V, at B*. With
    B = ⌈B*⌉ ≤ 2B* and ⌊N/B⌋ ≥ N/(2B) the first term is at most 2A√B*, the second at most its value
    at B*. V ~ N^{−(p−1)/(3p−2)}, but a run has whole batches: D is the bound, V is not.
    """

    source = Source("hubler2025", "minibatch NSGD in samples; constants derived")
    statement = "V ≤ min_B D(B, ⌊N/B⌋) ≤ D(⌈B*⌉, ⌊N/⌈B*⌉⌋) ≤ 2V ~ N^(−(p−1)/(3p−2)),  NSGD"

    def pairs(self, c: Constants, T: int) -> dict[str, tuple[float, float]]:
        (p, sigma, _), c_p, N = tail(c), tail(c).c, T
        r, A = (p - 1) / p, math.sqrt(2 * c.L * c.Delta / N)
        real = (4 * r * c_p * sigma / A) ** (2 * p / (3 * p - 2))
        if real < 1 or math.ceil(real) > N:
            return {}

        def D(B: int) -> float:
            return math.sqrt(2 * c.L * c.Delta / (N // B)) + 2 * c_p * sigma * B**-r

        value = A * math.sqrt(real) * (1 + 1 / (2 * r))
        best = math.ceil(real)
        near = {1, N, best, *(min(N, max(1, round(real * f))) for f in (0.3, 0.7, 0.9, 1.1, 2, 5))}
        all_of_them = range(1, N + 1) if N <= 100 else near
        return {"below": (value, min(map(D, all_of_them))), "above": (D(best), 2 * value)}


class Exponents(AbstractIdentity):
    """log(D_T/D_T')/log(T'/T) is the exponent, between T = 10^80 and 10^110, L = Δ = σ = ρ = 1.

    (p−1)/(3p−2) for NSGD-M and NSGDC, (p−1)/(2p) without p, (p−1)/(2p−1) and 2(p−1)/(5p−4) for
    NSGD-VR, 2(p−1)/(5p−3) for NIGT, (p−1)/p and 2(p−1)/(3p−2) for the squares of SGD, plain and
    clipped.
    """

    source = Source("sun2025", "the table of exponents, each read off its explicit bound")
    provenance = Provenance.DERIVED
    statement = "log D_T decays like −a log T with the six exponents a, in every explicit bound"
    # The slowest lower-order term, T^{−1/36} relative without p at p = 1.8, leaves 1.02e-4.
    tolerance = 2e-4

    def table(self, p: float) -> dict[type[Any], float]:
        """Theorem → exponent."""
        return {
            NSGDMomentum: (p - 1) / (3 * p - 2),
            NSGDClipped: (p - 1) / (3 * p - 2),
            NSGDUnknown: (p - 1) / (2 * p),
            StormA: (p - 1) / (2 * p - 1),
            StormB: 2 * (p - 1) / (5 * p - 4),
            GradientTransport: 2 * (p - 1) / (5 * p - 3),
            ClippedSGDNonconvex: 2 * (p - 1) / (3 * p - 2),
            SGDHoelder: (p - 1) / p,
        }

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for p in (1.2, 1.5, 1.8, 2.0):
            c = constants(p, rho=1.0, G=1.0)
            for theorem, a in self.table(p).items():
                low, high = (math.log(theorem().bound(c, T)) for T in FAR)
                slope = (low - high) / (math.log(FAR[1]) - math.log(FAR[0]))
                found[f"{theorem.__name__} p={p}"] = abs(slope - a)
        return found


class RampLimits(AbstractIdentity):
    """D_T/s_T tends to a constant, s_T = Δ/(γT) the slope of the ramp that the steps just walk:
    2 + √2c_pp^{−1/p} for NSGD-M (3 at p = 2), 2 + √2(√(v_p/2)+b_p) for NSGDC, with a = c_pp^{−1/p},
    1 + √2(a + σ²/(L̄Δ) + 1{p=2}/2) and 1 + 1/√2 + √2(a + c_p1{p<4/3}) for NSGD-VR, A and B, and
    3/2 + 2^{2/3}a for NIGT. No bound with these parameters can be better than that.

    Proof. (1−θ^p) ~ pα; divide by Δ/(γT), which is √2x, and 2^{1/3}x for NIGT. The start is
    2σ/(αT) = 2(σ²/(L̄Δ))x for A; for B it is of lower order if αT → ∞, and 2c_px if αT → 0.
    """

    source = Source("sun2025", "the ramp against each explicit bound; derived")
    provenance = Provenance.DERIVED
    statement = "D_T/s_T → 2 + √2c_p p^(−1/p) on the ramp (NSGD-M), and likewise for the others"
    # The slowest lower-order term, √α against α^{(p−1)/p} for schedule A at p = 1.8, leaves 1.7e-4.
    tolerance = 3e-4

    def limits(self, p: float) -> dict[type[Any], float]:
        """Theorem → limit, at L = L̄ = Δ = σ = ρ = 1."""
        c_p, root = 2 ** ((2 - p) / p), math.sqrt(2)
        a = c_p * p ** (-1 / p)
        return {
            NSGDMomentum: 2 + root * a,
            NSGDClipped: 2 + root * (math.sqrt(v_p(p) / 2) + b_p(p)),
            StormA: 1 + root * (a + 1 + (p == 2) / 2),
            StormB: 1 + 1 / root + root * (a + c_p * (p < 4 / 3)),
            GradientTransport: 1.5 + 2 ** (2 / 3) * a,
        }

    def discrepancies(self) -> dict[str, float]:
        found, T = {}, FAR[0]
        for p in (1.2, 1.5, 1.8, 2.0):
            c = constants(p, rho=1.0, G=1e-200)
            for theorem, limit in self.limits(p).items():
                s = c.Delta / (theorem().gamma(c, T) * T)
                found[f"{theorem.__name__} p={p}"] = abs(theorem().bound(c, T) / s / limit - 1)
        return found
