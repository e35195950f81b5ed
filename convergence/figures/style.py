"""One look for every figure, and files that come out byte for byte the same each time.

Colors are Okabe and Ito's eight, told apart by color-blind readers; wherever color carries a
meaning a marker or a word carries it too. No global state of matplotlib is touched.
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

from convergence.files import write_whole

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

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

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
def styled(**changes: Any) -> Iterator[None]:
    """The style of this project with some entries changed, for everything drawn inside."""
    entries: Any = {**RC, **changes}
    with mpl.rc_context(entries):
        yield


def panels(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4.0), **options: Any
) -> tuple[Figure, Any]:
    """A figure of `size` inches with its axes, as from `plt.subplots` but without global state.

    Call it, draw, and `save` inside `with styled():`.
    """
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def sheet() -> tuple[Figure, Any, Any]:
    """A figure with an upper and a lower panel at fixed places.

    Hundreds are drawn alike, and a layout that is solved for each would take most of the time.
    """
    figure = Figure(figsize=(6.4, 5.2))
    places = {"left": 0.13, "right": 0.98, "top": 0.86, "bottom": 0.095, "hspace": 0.07}
    top, low = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1.2], **places})
    for axes in (top, low):
        axes.yaxis.set_label_coords(-0.1, 0.5)
    low.xaxis.set_label_coords(0.5, -0.23)
    return figure, top, low


def save(
    figure: Figure, out: Path, name: str, columns: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write out/name.svg, .pdf and .png, and with `columns` the plotted numbers as .csv."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")  # or it would be solved again for each format
    for kind, dated in (("svg", "Date"), ("pdf", "CreationDate"), ("png", "Software")):
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, metadata={dated: None})
        made.append(out / f"{name}.{kind}")
        write_whole(made[-1], picture.getvalue())
    if columns is not None:
        made.append(out / f"{name}.csv")
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of {name}.csv have the lengths {sorted(lengths)}; need one")
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        write_whole(made[-1], text.getvalue().encode())
    return made


def padded(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Columns of one length for a figure of several panels: shorter ones end in empty cells."""
    most = max(len(values) for values in columns.values())
    return {name: [*values, *[""] * (most - len(values))] for name, values in columns.items()}


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Label a logarithmic axis at `values` alone, thinned to at most six, in plain digits."""
    kept = list(values)
    while len(kept) > 6:
        kept = kept[::-2][::-1]
    axis.set_ticks(kept, [f"{v:g}" if v < 1e5 else f"{v:.0e}" for v in kept])
    axis.set_ticks([], minor=True)


def plain_log(axis: Any, low: float, high: float) -> None:
    """Label a logarithmic axis that shows [low, high] in plain text, which mathtext would typeset
    at many times the cost: powers of ten, or where there are not two, numbers between them."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [10.0**k for k in powers if low <= 10.0**k <= high]
    if len(marks) < 2:
        marks = [m * 10.0**k for k in powers for m in (1, 1.5, 2, 3, 4, 5, 6, 8)]
        marks = [mark for mark in marks if low <= mark <= high]
    if len(marks) < 2:
        marks = [low, high]
    axis.set_ticks(marks[:: math.ceil(len(marks) / 7)])
    axis.set_ticks([], minor=True)
    axis.set_major_formatter(lambda value, _: power(value))


def power(value: float) -> str:
    """10⁻³ for a power of ten beyond a few digits, else up to three digits."""
    exponent = round(math.log10(value))
    if math.isclose(value, 10.0**exponent) and not -2 <= exponent <= 3:
        return "10" + str(exponent).translate(SUPERSCRIPTS)
    return f"{value:.4g}"


def math_text(words: str) -> str:
    """A formula in plain letters with its subscripts and superscripts set as such."""

    def small(found: re.Match[str]) -> str:
        return f"${found[1]}{{\\mathregular{{{found[2] or found[3]}}}}}$"

    return re.sub(r"([_^])(?:\{([^{}$]*)\}|(\w(?:\*)?|\*))", small, words)
