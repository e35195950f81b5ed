"""Sun et al. 2024 (arXiv 2403.12313): FFA-LoRA, averaging and private noise of factors."""

from __future__ import annotations

import itertools

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source


class AveragedFactors(AbstractIdentity):
    """mean(B_iA_i) − mean(B)·mean(A) = mean((B_i − B̄)(A_i − Ā)): averaging factors averages
    updates if one factor is common to all clients.

    Proof. Expand the right side. ∎
    """

    source = Source("sun2024ffa", "why A is frozen; identity derived")
    provenance = Provenance.DERIVED
    statement = "mean(B_iA_i) − B̄Ā = mean((B_i−B̄)(A_i−Ā));  0 where A is frozen"
    tolerance = 1e-13

    frozen: bool = eqx.field(static=True, default=True)
    covariance: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(0)
        B, A = rng.standard_normal((5, 4, 2)), rng.standard_normal((5, 2, 3))
        gap = np.mean(B @ A, axis=0) - B.mean(axis=0) @ A.mean(axis=0)
        right = np.mean((B - B.mean(axis=0)) @ (A - A.mean(axis=0)), axis=0)
        found = {"identity": float(np.max(np.abs(gap - right * self.covariance)))}
        if self.frozen:
            same = np.mean(B @ A[0], axis=0) - B.mean(axis=0) @ A[0]
            found["A frozen"] = float(np.max(np.abs(same)))
        return found


class FactorsAverage(AveragedFactors):
    """FALSE: averaging A and B separately averages the update."""

    statement = "mean(B_iA_i) = mean(B)·mean(A) (false)"
    covariance: bool = eqx.field(static=True, default=False)


class NoisyFactors(AbstractIdentity):
    """Noise of variance s² an entry, B m × r, A r × k: E‖(B+E)(A+F) − BA‖² = s²(m‖A‖² + k‖B‖²) +
    s⁴mkr for LoRA, s²m‖A‖² with A frozen (FFA), s²‖B‖²‖A‖² for R between fixed B and A (Fed-SB).

    Proof. Independent entries of mean 0: ‖EA‖², ‖BF‖², ‖EF‖² and ‖BRA‖² have these means, mixed
    terms vanish. ∎ Only two moments matter: enumerated over all signs ±s.
    """

    source = Source("sun2024ffa", "noise amplified by products; exact moments derived")
    provenance = Provenance.DERIVED
    statement = "E‖noise‖²: LoRA s²(m‖A‖²+k‖B‖²) + s⁴mkr, FFA s²m‖A‖², Fed-SB s²‖B‖²‖A‖²"
    tolerance = 1e-12

    quartic: float = eqx.field(static=True, default=1.0)

    def discrepancies(self) -> dict[str, float]:
        m, r, k = 3, 2, 1
        rng = np.random.default_rng(1)
        B, A = rng.standard_normal((m, r)), rng.standard_normal((r, k))
        a, b, found = float(np.sum(A**2)), float(np.sum(B**2)), {}
        for s in (0.5, 2.0):
            signs = s * np.array(list(itertools.product((-1.0, 1.0), repeat=m * r + r * k)))
            E, F = signs[:, : m * r].reshape(-1, m, r), signs[:, m * r :].reshape(-1, r, k)
            lora = np.mean(np.sum(((B + E) @ (A + F) - B @ A) ** 2, axis=(1, 2)))
            ffa = np.mean(np.sum((E @ A) ** 2, axis=(1, 2)))
            R = s * np.array(list(itertools.product((-1.0, 1.0), repeat=r * r))).reshape(-1, r, r)
            sb = np.mean(np.sum((B @ R @ A) ** 2, axis=(1, 2)))
            law = s**2 * (m * a + k * b) + self.quartic * s**4 * m * k * r
            found[f"LoRA, s={s:g}"] = abs(float(lora) - law)
            found[f"FFA, s={s:g}"] = abs(float(ffa) - s**2 * m * a)
            found[f"Fed-SB, s={s:g}"] = abs(float(sb) - s**2 * a * b)
        return found


class NoiseLinear(NoisyFactors):
    """FALSE: LoRA's noise is linear in s²."""

    statement = "E‖noise‖² of LoRA = s²(m‖A‖² + k‖B‖²) (false)"
    quartic: float = eqx.field(static=True, default=0.0)
