"""What local steps and sampled clients leave behind.

Left: E‖θ_r − x*‖² by exact second moments for the three rules of aggregation, n = 4, m = 2, one
local step with w = 0.3, b = 0, 1, 3, 8, from θ_0 = 20; dotted: wφv/(2 − w), and with wm/n for w.
Right: the path of three clients with masks (1, 0), (1, 1), (0, 1) and τ local steps a round;
circles: the limits in closed form, star: the minimizer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.federated.averaging import AverageSampled
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import DistanceSq, Iterates
from convergence.moments.masks import exact_moments
from convergence.noise.base import Noiseless
from convergence.oracles.clients import Clients
from convergence.parts.participation import UniformClients
from convergence.registry.federated.averaging import FOUR, MASKED
from convergence.runner.experiment import Experiment
from convergence.theorems.federated.chen2023 import RULES, ClientDrift, SamplingFloor

ROUNDS = 80
NAMES = {
    "sampled": "the sampled alone",
    "all": "others count with θ",
    "stored": "others count with their last model",
}


def draw(out: Path) -> None:
    """Write federated_floors.{svg,pdf,png,csv} to `out`."""
    r = np.arange(ROUNDS + 1)
    table: dict[str, object] = {"round": r}
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(9.2, 3.8))
        c = FOUR.constants() | Noiseless().constants((1,))
        for (rule, method), color in zip(RULES.items(), style.PALETTE):
            algorithm = method(0.3, 1, UniformClients(2))
            moments = exact_moments(Experiment(FOUR, Clients(FOUR, Noiseless()), algorithm))
            table[rule] = moments.expected(DistanceSq(), r)
            left.semilogy(r, table[rule], color=color, label=NAMES[rule])
            floor = SamplingFloor(2, 1, 0.3, rule).bound(c, 1)
            if floor > 0:
                left.axhline(floor, color=color, ls=":", lw=1)
        left.set(xlabel="round", ylabel="E‖θ_r − x*‖²")
        left.legend()
        oracle, c = Clients(MASKED, Noiseless()), MASKED.constants()
        for tau, color in zip((1, 8, 64), style.PALETTE):
            method = AverageSampled(0.5, tau, UniformClients(3))
            marks = np.arange(1, 41, dtype=np.int32)
            run = simulate(f"federated-drift-{tau}", oracle, method, Iterates(), 40, marks=marks)
            path = np.concatenate([[[0.0, 0.0]], run.values[0]])
            right.plot(*path.T, ".-", color=color, label=f"τ = {tau}", lw=1, ms=4)
            w = ClientDrift(3, tau).pull(c)
            limit = (w * c.client_x).sum(axis=0) / w.sum(axis=0)
            right.plot(*limit, "o", color=color, ms=9, mfc="none")
        right.plot(*c.x_star, "*", color="k", ms=12)
        right.set(xlabel="θ₁", ylabel="θ₂")
        right.legend(loc="lower right")
        style.save(figure, out, "federated_floors", table)
