"""Variance of WTA-CRS against |C|, and the |C| that its score chooses.

Left: X = Y = I_8, k = 4, where the variance is (m − c)(m − c − 1)/(k − c): keeping more for sure
does not pay. Right: a product whose pairs decay like a power law, where it does. Lines are exact,
dots the mean of sampled estimates; the ring is the score's choice, the star the best.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.figures import style
from convergence.parts.matrix_products import WTA
from convergence.precision import precision
from convergence.theorems.estimators.liu2023wta import crs_variance, score, wta_variance

SAMPLES = 4096


def power(m: int, k: float) -> tuple[np.ndarray, np.ndarray]:
    """A fixed 4 × m by m × 3 product whose pairs shrink like j^{−k}."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4, m)) * np.arange(1, m + 1.0) ** -k
    return X, rng.standard_normal((m, 3))


def sampled(X: np.ndarray, Y: np.ndarray, k: int, c: int) -> float:
    """The mean square error of sampled estimates."""
    keys = jax.random.split(jax.random.key(0), SAMPLES)
    estimates = jax.vmap(lambda key: WTA(k, c)(jnp.asarray(X), jnp.asarray(Y), key))(keys)
    return float(jnp.mean(jnp.sum((estimates - X @ Y) ** 2, axis=(1, 2))))


def panel(axis: Any, X: np.ndarray, Y: np.ndarray, k: int, title: str) -> dict[str, list[float]]:
    """One panel and its numbers."""
    sizes = list(range(k))
    exact = [wta_variance(X, Y, k, c) for c in sizes]
    found = [sampled(X, Y, k, c) for c in sizes]
    chosen, best = score(X, Y, k), int(np.argmin(exact))
    axis.plot(sizes, exact, "-", color=style.BLUE, label="exact")
    axis.plot(sizes, found, "o", color=style.VERMILION, label="sampled")
    axis.axhline(crs_variance(X, Y, k), ls="--", color=style.GRAY, lw=1, label="CRS")
    axis.plot(chosen, exact[chosen], "o", ms=13, mfc="none", color=style.BLACK, label="score")
    axis.plot(best, exact[best], "*", ms=13, mfc="none", color=style.GREEN, label="best")
    axis.set_xticks(sizes)
    axis.set(xlabel="|C|", ylabel="variance", title=title, ylim=(0, 1.15 * max(exact)))
    return {"size": [float(c) for c in sizes], "exact": exact, "sampled": found}


def draw(out: Path) -> None:
    """Write wta_crs.{svg,pdf,png,csv} to `out`."""
    with style.styled(), precision("float64"):
        figure, axes = style.panels(1, 2, size=(7.6, 3.4))
        left = panel(axes[0], np.eye(8), np.eye(8), 4, "X = Y = I₈, k = 4")
        right = panel(axes[1], *power(12, 1.2), 4, "power law, m = 12, k = 4")
        axes[0].legend()
        table = {f"identity_{k}": v for k, v in left.items()}
        style.save(figure, out, "wta_crs", table | {f"power_{k}": v for k, v in right.items()})
