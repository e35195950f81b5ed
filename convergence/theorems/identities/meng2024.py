"""Meng, Wang and Zhang 2024 (arXiv 2404.02948): PiSSA, adapters that start at the leading singular
triples."""

from __future__ import annotations

import itertools

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source


def instance() -> tuple[np.ndarray, np.ndarray]:
    """(W, G): a weight with singular values 5, 3, 2, 1 and a slope."""
    rng = np.random.default_rng(0)
    U = np.linalg.qr(rng.standard_normal((5, 4)))[0]
    V = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    return U * np.array([5.0, 3, 2, 1]) @ V.T, rng.standard_normal((5, 4))


class FirstStep(AbstractIdentity):
    """The rate at which one gradient step on the adapter decreases the loss, G the slope at W:
    LoRA (B = 0, entries of A of mean 0 and variance q², independent): E = q²r‖G‖²; PiSSA
    (B = U√S, A = √SVᵀ of the r leading triples): Σ_{i≤r} s_i(‖u_iᵀG‖² + ‖Gv_i‖²).

    Proof. The factors have the slopes GAᵀ and BᵀG: the rate is ‖GAᵀ‖² + ‖BᵀG‖². ∎ The expectation
    is over all signs ±q, for only two moments matter.
    """

    source = Source("meng2024", "why it converges faster at first; derived")
    provenance = Provenance.DERIVED
    statement = "first decrease: LoRA q²r‖G‖², PiSSA Σ s_i(‖u_iᵀG‖² + ‖Gv_i‖²)"
    tolerance = 1e-11

    frozen: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        W, G = instance()
        r, q = 2, 0.4
        U, s, Vt = np.linalg.svd(W, full_matrices=False)
        B, A = U[:, :r] * s[:r] ** 0.5, (s[:r] ** 0.5)[:, None] * Vt[:r]
        rest = W - B @ A if self.frozen else W
        found = {"start": float(np.max(np.abs(rest + B @ A - W)))}
        rate = float(np.sum((G @ A.T) ** 2) + np.sum((B.T @ G) ** 2))
        by_triples = sum(
            s[i] * (np.sum((U[:, i] @ G) ** 2) + np.sum((G @ Vt[i]) ** 2)) for i in range(r)
        )
        found["PiSSA"] = abs(rate - float(by_triples))
        signs = q * np.array(list(itertools.product((-1.0, 1.0), repeat=r * 4))).reshape(-1, r, 4)
        lora = np.mean(np.sum((G @ signs.transpose(0, 2, 1)) ** 2, axis=(1, 2)))
        found["LoRA"] = abs(float(lora) - q**2 * r * float(np.sum(G**2)))
        return found


class AlwaysFaster(AbstractIdentity):
    """FALSE: the first step of PiSSA always decreases the loss more. For G = u_{r+1}v_{r+1}ᵀ its
    rate is 0, and LoRA's q²r = 0.32."""

    source = Source("meng2024", "faster convergence; instance derived")
    provenance = Provenance.DERIVED
    statement = "PiSSA's first step decreases the loss at least as much as LoRA's (false)"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        W, _ = instance()
        U, s, Vt = np.linalg.svd(W, full_matrices=False)
        G, r, q = np.outer(U[:, 2], Vt[2]), 2, 0.4
        pissa = sum(
            s[i] * (np.sum((U[:, i] @ G) ** 2) + np.sum((G @ Vt[i]) ** 2)) for i in range(r)
        )
        return {"G = u_3 v_3ᵀ": max(0.0, q**2 * r * float(np.sum(G**2)) - float(pissa))}
