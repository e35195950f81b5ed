"""Six of the identities, drawn from their closed forms and beside what they correct.

NoisyQuant: mean square error at a distance x from a bin edge, with the noise of half-width n = ½
and without (b = 1). FFA-LoRA: the noise of an update by LoRA, frozen A and Fed-SB. Clipping: where
clipped descent rests, and the mean. Intrinsic dimension: the mean residual, and 200 draws. Random
features: the bias of attention for m features beside its first order. Smoothed scores: coverage
under attack with Monte-Carlo scores that are not corrected, and the level that was asked for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.theorems.identities.choromanski2021 import KEYS, QUERY, VALUES, ratio_bias
from convergence.theorems.identities.liu2023noisyquant import mean_square
from convergence.theorems.identities.yan2024 import coverage

BLUE, RED, GREEN = style.PALETTE[:3]


def residuals(k: int = 6, draws: int = 200) -> np.ndarray:
    """(draws, k) residuals of b, ‖b‖ = 1, on the range of k × d Gaussian matrices, d = 1 … k."""
    rng = np.random.default_rng(0)
    found = np.zeros((draws, k))
    for i in range(draws):
        G, b = rng.standard_normal((k, k)), np.eye(k)[0]
        for d in range(1, k + 1):
            Q = np.linalg.qr(G[:, :d])[0]
            found[i, d - 1] = np.sum((b - Q @ (Q.T @ b)) ** 2)
    return found


def biases(m: tuple[int, ...], draws: int = 40000) -> tuple[np.ndarray, np.ndarray]:
    """The bias of attention by m features and its standard error, times m."""
    rng, e = np.random.default_rng(0), np.exp(KEYS @ QUERY)
    means, errors = [], []
    for count in m:
        w = rng.standard_normal((draws, count, 3))
        phi = np.exp(w @ (KEYS + QUERY).T - (np.sum(KEYS**2, axis=1) + QUERY @ QUERY) / 2)
        kernel = phi.mean(axis=1)
        off = kernel @ VALUES / kernel.sum(axis=1) - VALUES @ e / e.sum()
        means.append(count * off.mean())
        errors.append(count * off.std() / draws**0.5)
    return np.array(means), np.array(errors)


def draw(out: Path) -> None:
    """Write identities.{svg,pdf,png,csv} to `out`."""
    table: dict[str, object] = {}
    with style.styled():
        figure, axes = style.panels(2, 3, size=(11.4, 6.6))
        quant, noise, clip, residual, bias, cover = np.ravel(axes)
        x = np.linspace(0.0, 0.5, 51)
        noisy, plain = np.array([mean_square(v, 0.5, 1.0) for v in x]), (1 - x) ** 2
        quant.plot(x, noisy, color=BLUE, label="noisy bias")
        quant.plot(x, plain, "--", color=RED, label="none")
        quant.set(title="NoisyQuant", xlabel="distance from the bin edge", ylabel="E err²")
        table |= {"x": x, "noisy": noisy, "plain": plain}
        s, m, k, r = np.geomspace(0.01, 10, 40), 8, 8, 2
        each = {  # ‖A‖_F² = ‖B‖_F² = r
            "LoRA": s**2 * (m * r + k * r) + s**4 * m * k * r,
            "A frozen": s**2 * m * r,
            "Fed-SB": s**2 * r * r,
        }
        for (name, values), color, line in zip(each.items(), style.PALETTE, ("-", "--", ":")):
            noise.loglog(s, values, line, color=color, label=name)
        noise.set(title="private factors", xlabel="noise of an entry, s", ylabel="E‖noise of BA‖²")
        table |= {"s": s} | each
        C = np.linspace(0.1, 2.0, 39)
        clip.plot(C, C / 2, color=BLUE, label="rests at (1−p)C/p")
        clip.axhline(1.0, color=RED, ls="--", label="mean (1−p)a")
        clip.set(title="clipping, p = ⅔, a = 3", xlabel="C", ylabel="x")
        table |= {"C": C, "rests": C / 2}
        d, left = np.arange(1, 7), residuals()
        residual.plot(np.repeat(d[None], len(left), 0), left, ".", ms=2, color="0.75")
        residual.plot(d, 1 - d / 6, "o-", color=BLUE, label="1 − d/k")
        residual.plot(d, left.mean(axis=0), "x", color=RED, label="mean of 200 draws")
        residual.set(title="random subspaces, k = 6", xlabel="d", ylabel="residual/‖b‖²")
        table |= {"d": d, "residual": left.mean(axis=0)}
        counts = (4, 8, 16, 32, 64)
        means, errors = biases(counts)
        bias.errorbar(
            counts, means, 2 * errors, fmt="o", ms=4, color=BLUE, label="m · bias, ±2 s.e."
        )
        bias.axhline(ratio_bias(), color=RED, ls="--", label="first order")
        bias.set(title="attention of random features", xlabel="features m", xscale="log",
                 ylabel="m · bias")  # fmt: skip
        style.plain_ticks(bias.xaxis, counts)
        table |= {"m": np.array(counts), "bias": means, "bias_error": errors}
        draws = np.array([2, 4, 8, 16, 32, 64, 128])
        found = np.array([coverage(0.5, 0.3, 99, int(n), 0.1) for n in draws])
        cover.semilogx(draws, found, "o-", ms=4, color=BLUE, label="not corrected")
        cover.axhline(0.9, color=RED, ls="--", label="1 − α")
        cover.set(title="smoothed scores", xlabel="draws a score", ylabel="coverage under attack")
        style.plain_ticks(cover.xaxis, draws[1:].tolist())
        table |= {"draws": draws, "coverage": found}
        for panel in (quant, noise, clip, residual, bias, cover):
            panel.legend(fontsize=8)
        style.save(figure, out, "identities", style.padded(table))
