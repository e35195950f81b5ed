"""How long the network costs as much as the noise: T against 1 − λ and against n.

Lazy complete graph, α = √(n/T), s = ζ = 1. Dashed: n(n−2)²/(1−λ)² (ED, EXTRA), a quarter of it
(ATC-GT), and 4n³/(1−λ)⁴ (DSGD).
"""

from __future__ import annotations

from pathlib import Path

from convergence.claims.exact import Exact
from convergence.figures import style
from convergence.noise.agents import PerEntry
from convergence.parts import graphs
from convergence.problems.agents import slowest
from convergence.theorems.decentralized.alghunaim2022_sparse import SparseTransient, leading

INVERSE, AGENTS = (10, 30, 100, 300, 1000), (4, 8, 16, 32)
NAMES = ("ED", "EXTRA", "ATC-GT", "ATC")


def draw(out: Path) -> None:
    """Write decentralized_transient.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"1/(1 − λ)": list(INVERSE)}
    with style.styled():
        figure, axes = style.panels(1, 2, size=(8.4, 3.8))
        sweeps = (
            ("n = 8", INVERSE, lambda T: slowest(graphs.lazy_complete(8, 1 / T)), False),
            ("1 − λ = 1e-4", AGENTS, lambda T: slowest(graphs.lazy_complete(T, 1e-4)), True),
        )
        for axis, (title, grid, problem, over_n) in zip(axes, sweeps, strict=True):
            # ED and EXTRA nearly agree: squares inside open circles.
            looks = ({"ms": 8, "mfc": "none"}, {"ms": 4}, {}, {})
            for name, color, marker, look in zip(NAMES, style.PALETTE, "osD^", looks):
                claim = Exact(
                    "figure", SparseTransient(name), problem, PerEntry(1.0), horizons=grid
                )
                found = [claim.exact(T)[0] for T in grid]
                line = [leading(name, T, 1e-4) if over_n else leading(name, 8, 1 / T) for T in grid]
                axis.loglog(grid, found, marker, color=color, label=name, **look)
                axis.loglog(grid, line, "--", color=color, lw=1)
                if not over_n:
                    table[name] = found
            axis.set(title=title, xlabel="n" if over_n else "1/(1 − λ)")
            if over_n:
                axis.set_xticks(grid, [str(n) for n in grid])
                axis.set_xticks([], minor=True)
            else:
                axis.legend()
        axes[0].set_ylabel("transient iterations T")
        style.save(figure, out, "decentralized_transient", table)
