"""Measured, worst case and theorem against T, and against the condition number where it varies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convergence.figures import style

LINES = (("theorem", style.BLACK, "-"), ("worst", style.VERMILION, "x"),
         ("measured", style.BLUE, "o"))  # fmt: skip
NAMES = {"theorem": "theorem", "worst": "exact worst case", "measured": "measured"}


def draw(claims: Sequence[dict[str, Any]], file: Path) -> None:
    """A panel a claim and condition number against T; one more against κ, at the last T."""
    panels = [part for claim in claims for part in parts(claim)]
    table: dict[str, list[Any]] = {}
    with style.styled():
        figure, axes = style.panels(1, len(panels), (4.2 * len(panels), 3.0))
        for axis, (title, label, key, rows) in zip(
            [axes] if len(panels) == 1 else list(axes), panels, strict=True
        ):
            at = [row[key] for row in rows]
            table[f"{title}: {label}"] = at
            for name, color, mark in LINES:
                values = [float(row[name]) for row in rows]
                table[f"{title}: {NAMES[name]}"] = values
                # What lies on the line is seen through an open marker.
                hollow = {"markerfacecolor": "none"} if mark == "o" else {}
                axis.loglog(at, values, mark, color=color, label=NAMES[name], **hollow)
            style.plain_ticks(axis.xaxis, at)
            axis.set(xlabel=label, ylabel="the metric after T steps", title=title)
            axis.legend()
        style.save(figure, file.parent, file.name, style.padded(table))


def parts(claim: dict[str, Any]) -> list[tuple[str, str, str, list[dict[str, Any]]]]:
    """(title, label of the abscissa, its key, rows) of each panel of a claim."""
    rows, slug = claim["rows"], claim["slug"]
    kappas = list(dict.fromkeys(row["kappa"] for row in rows))
    last = max(row["T"] for row in rows)
    found = []
    for kappa in kappas if len({row["T"] for row in rows}) > 1 or len(kappas) == 1 else []:
        name = slug if kappa is None else f"{slug}, κ = {kappa:g}"
        found.append((name, "T", "T", [row for row in rows if row["kappa"] == kappa]))
    if len(kappas) > 1:
        name = f"{slug}, T = {last}"
        found.append((name, "κ", "kappa", [row for row in rows if row["T"] == last]))
    return found
