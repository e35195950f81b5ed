"""Why gradient tracking minds a sparse graph more: 1 − ρ against 1 − λ at αh = ½.

Dashed: (1 − λ)/(αh) for ED and EXTRA, (1 − λ)²/(λ²αh) for ATC-GT.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.moments.affine import analyse
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.problems.agents import slowest
from convergence.runner.experiment import Experiment
from convergence.theorems.decentralized.alghunaim2022 import METHODS
from convergence.theorems.decentralized.alghunaim2022_sparse import SlowRoot

AH, GAPS = 0.5, np.geomspace(1e-4, 0.3, 15)


def draw(out: Path) -> None:
    """Write decentralized_sparse_rate.{svg,pdf,png,csv} to `out`."""
    table: dict[str, np.ndarray] = {"1 − λ": GAPS}
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        # ED and EXTRA nearly agree: squares inside open circles.
        looks = ({"ms": 8, "mfc": "none"}, {"ms": 4}, {})
        for name, color, marker, look in zip(
            ("ED", "EXTRA", "ATC-GT"), style.PALETTE, "osD", looks
        ):
            found, law = [], []
            for gap in GAPS:
                problem = slowest(graphs.lazy_complete(8, gap))
                c = problem.constants()
                method = METHODS[name](c.W, AH)
                found.append(
                    1 - analyse(Experiment(problem, Oracle(problem, Noiseless()), method)).radius
                )
                law.append(SlowRoot(name, AH).bound(c, 1))
            axis.loglog(GAPS, found, marker, color=color, label=name, **look)
            axis.loglog(GAPS, law, "--", color=color, lw=1)
            table[name], table[f"{name}, limit"] = np.array(found), np.array(law)
        axis.set(xlabel="1 − λ", ylabel="1 − ρ", title=f"Linear rate at αh = {AH:g}")
        axis.legend()
        style.save(figure, out, "decentralized_sparse_rate", table)
