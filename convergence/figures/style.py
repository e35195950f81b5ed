"""One look for every figure, and files that come out byte for byte the same each time.

Colors are Okabe and Ito's eight, told apart by color-blind readers; wherever color carries a
meaning a marker or a word carries it too. No global state of matplotlib is touched.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GRAY = "#6E6E6E"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, YELLOW)

VERDICTS = {
    "CONSISTENT": (GREEN, "o", "✓"),
    "REFUTED": (PURPLE, "X", "✗"),
    "INCONCLUSIVE": (ORANGE, "D", "?"),
    "INAPPLICABLE": (SKY, "s", "–"),
}

RC: Any = {
    "axes.grid": True,
    "axes.labelsize": 10,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.dpi": 100,
    "font.family": "DejaVu Sans",  # shipped with matplotlib, and it has the theorems' letters
    "font.size": 10,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "pdf.fonttype": 42,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "convergence",
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """The style of this project, for everything drawn and saved inside."""
    with mpl.rc_context(RC):
        yield


def panels(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4.0), **options: Any
) -> tuple[Figure, Any]:
    """A figure of `size` inches with its axes, as from `plt.subplots` but without global state.

    Call it, draw, and `save` inside `with styled():`.
    """
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def save(
    figure: Figure, out: Path, name: str, columns: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write out/name.svg, .pdf and .png, and with `columns` the plotted numbers as .csv."""
    out.mkdir(parents=True, exist_ok=True)
    made = [out / f"{name}.{kind}" for kind in ("svg", "pdf", "png")]
    with styled():
        figure.savefig(made[0], metadata={"Date": None})
        figure.savefig(made[1], metadata={"CreationDate": None})
        figure.savefig(made[2], metadata={"Software": None})
    if columns is not None:
        made.append(out / f"{name}.csv")
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of {name}.csv have the lengths {sorted(lengths)}; need one")
        with open(made[-1], "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
    return made


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Label a logarithmic axis at `values` alone, thinned to at most six, in plain digits."""
    kept = list(values)
    while len(kept) > 6:
        kept = kept[::-2][::-1]
    axis.set_ticks(kept, [f"{v:g}" if v < 1e5 else f"{v:.0e}" for v in kept])
    axis.set_ticks([], minor=True)
