"""S3Attention: skeletons of sampled columns and rows, and the smoothing of a convolution.

Left: the spectral error of skeletons of a noisy matrix of rank 2 over its bound ‖E‖‖Z‖‖Y‖, by the
size of the noise. Middle: the chance that uniform samples miss a matrix of one entry, 1 − (s/n)².
Right: the exact chance that the largest difference of a convolution exceeds what is stated, for
Gaussian weights and constant input: Proposition 2 as printed, and as corrected, beside δ = 0.05.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.theorems.attention.wang2024s3 import corrected, printed, skeleton, violated

DELTA = 0.05


def errors(draws: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """(‖E‖, ‖M − skeleton‖/(‖E‖‖Z‖‖Y‖)) of draws of 12 × 10 matrices of rank 2."""
    rng, found = np.random.default_rng(0), []
    for _ in range(draws):
        X = rng.standard_normal((12, 2)) @ rng.standard_normal((2, 10))
        E = 10.0 ** rng.uniform(-4, 1) * rng.standard_normal((12, 10))
        I, J = list(rng.permutation(12)[:2]), list(rng.permutation(10)[:2])
        M = X + E
        Z = M[:, J] @ np.linalg.inv(M[np.ix_(I, J)])
        Y = np.linalg.inv(X[np.ix_(I, J)]) @ X[I]
        e, z, y, left = (np.linalg.norm(v, 2) for v in (E, Z, Y, M - skeleton(M, I, J)))
        found.append((e, left / (e * z * y)))
    size, ratio = np.array(found).T
    return size, ratio


def draw(out: Path) -> None:
    """Write s3attention.{svg,pdf,png,csv} to `out`."""
    size, ratio = errors()
    shares = np.linspace(1 / 64, 1, 64)
    n = np.unique(np.geomspace(1, 4096, 25).astype(int))
    chances = {
        "as printed": [violated(printed(1.0, 0.0, 1.0, k, DELTA), 1.0, 1.0, k) for k in n],
        "corrected": [violated(corrected(1.0, 0.0, 1.0, k, DELTA), 1.0, 1.0, k) for k in n],
    }
    with style.styled():
        figure, (left, middle, right) = style.panels(1, 3, size=(11.4, 3.6))
        left.semilogx(size, ratio, ".", ms=3, color=style.PALETTE[0])
        left.axhline(1.0, color="0.5", lw=1, ls=":")
        left.set(xlabel="noise ‖E‖", ylabel="error over its bound", ylim=(0, 1.05))
        middle.plot(shares, 1 - shares**2, color=style.PALETTE[0])
        middle.set(xlabel="share of rows and of columns, s/n", ylabel="chance to miss e₁e₁ᵀ")
        for (name, values), color, mark in zip(chances.items(), style.PALETTE[1::-1], "so"):
            right.semilogx(n, values, mark + "-", ms=3, color=color, label=name)
        right.axhline(DELTA, color="0.5", lw=1, ls=":", label="δ = 0.05")
        right.set(xlabel="n", ylabel="chance to exceed the bound")
        right.legend()
        table = {"noise": size, "ratio": ratio, "share": shares, "missed": 1 - shares**2, "n": n}
        style.save(figure, out, "s3attention", style.padded(table | chances))
