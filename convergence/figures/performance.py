"""Performance profiles: which share of the workloads a solver finishes within τ times the best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convergence.figures.style import PALETTE, panels, save, styled
from convergence.statistics.scoring import R_MAX, profiles, scores

LINES = ("-", "--", "-.", ":")


def performance(
    out: Path, name: str, solvers: Sequence[str], times: Any, r_max: float = R_MAX
) -> list[Path]:
    """Write out/name.{svg,pdf,png,csv} of ρ_s(τ), with the scores in the legend."""
    tau = np.linspace(1.0, r_max, 301)
    found, found_scores = profiles(times, tau), scores(times, r_max)
    with styled():
        figure, axis = panels(size=(8.0, 4.0))
        for k in np.argsort(-found_scores, kind="stable"):
            axis.step(
                tau, found[k], where="post", color=PALETTE[k % len(PALETTE)], ls=LINES[k % 4],
                marker="osD^vPX*"[k % 8], markevery=(10 + 13 * int(k), 60),
                label=f"{solvers[k]}  {found_scores[k]:.3f}",
            )  # fmt: skip
        axis.set(xlabel="τ, times the fastest", ylabel="ρ(τ), share of workloads",
                 xlim=(1, r_max), ylim=(-0.02, 1.02))  # fmt: skip
        axis.legend(title="score B", loc="center left", bbox_to_anchor=(1.0, 0.5))
        return save(figure, out, name, {"tau": list(tau)} | {
            s: list(row) for s, row in zip(solvers, found)})  # fmt: skip
