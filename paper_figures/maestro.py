"""Maestro: which ranks are sampled decides what the nested factors are.

A = diag(5, 3, 2, 1), isotropic data, gradient descent on Σ p_b ‖U_{:b}V_{:b}ᵀ − A‖² from small
factors. Left: how far the loss is from its minimum Σ p_b Σ_{i>b} s_i². Right: how far the first b
columns end from the best approximation of rank b, b = 1 … 4; drawn at 1e-16 where it is less.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style

S = np.array([5.0, 3.0, 2.0, 1.0])
RATE, STEPS = 0.02, 6000
LAWS = {
    "every rank": np.full(4, 0.25),
    "rank 4 alone": np.array([0.0, 0.0, 0.0, 1.0]),
    "ranks 2 and 4": np.array([0.0, 0.5, 0.0, 0.5]),
}


def descent(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(loss − minimum at every step, ‖U_{:b}V_{:b}ᵀ − A_b‖ at the end for every b)."""
    rng, A = np.random.default_rng(1), np.diag(S)
    U, V = 0.1 * rng.standard_normal((4, 4)), 0.1 * rng.standard_normal((4, 4))
    tails = np.array([np.sum(S[b:] ** 2) for b in range(1, 5)])
    gaps = np.empty(STEPS)
    for t in range(STEPS):
        slope_U, slope_V, gap = np.zeros((4, 4)), np.zeros((4, 4)), 0.0
        for b in range(1, 5):
            off = U[:, :b] @ V[:, :b].T - A
            gap += p[b - 1] * (float(np.sum(off**2)) - tails[b - 1])
            slope_U[:, :b] += 2 * p[b - 1] * off @ V[:, :b]
            slope_V[:, :b] += 2 * p[b - 1] * off.T @ U[:, :b]
        gaps[t] = gap
        U, V = U - RATE * slope_U, V - RATE * slope_V
    best = [np.diag(np.where(np.arange(4) < b, S, 0.0)) for b in range(1, 5)]
    ends = [np.linalg.norm(U[:, :b] @ V[:, :b].T - best[b - 1]) for b in range(1, 5)]
    return gaps, np.array(ends)


def draw(out: Path) -> None:
    """Write maestro.{svg,pdf,png,csv} to `out`."""
    seen = np.unique(np.geomspace(1, STEPS, 120).astype(int)) - 1
    table: dict[str, object] = {"t": seen, "b": np.arange(1, 5)}
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(7.8, 3.6))
        for k, ((name, p), color) in enumerate(zip(LAWS.items(), style.PALETTE)):
            gaps, ends = descent(p)
            left.loglog(seen + 1, np.maximum(gaps[seen], 1e-16), color=color, label=name,
                        ls=("-", "--", ":")[k])  # fmt: skip
            right.bar(np.arange(1, 5) + 0.25 * (k - 1), np.maximum(ends, 1e-16), 0.25,
                      color=color, label=name, log=True, hatch=("", "//", "..")[k])  # fmt: skip
            table |= {f"{name}: gap": gaps[seen], f"{name}: parts": ends}
        left.set(xlabel="steps", ylabel="loss − minimum", ylim=(1e-16, 1e2))
        left.legend()
        right.set(
            xlabel="b", ylabel="‖U_{:b}V_{:b}ᵀ − A_b‖", xticks=[1, 2, 3, 4], ylim=(1e-16, 1e2)
        )
        style.save(figure, out, "maestro", style.padded(table))
