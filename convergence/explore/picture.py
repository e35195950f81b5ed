"""Runs against t with their band and bound, as a small SVG in the classes of the page of a run."""

from __future__ import annotations

import math
from html import escape

from convergence.figures.runs import HIGH, LOW, Trajectory
from convergence.report.plot import (
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    drawable,
    frame,
    key,
    line,
    path,
    plainly,
    text,
)

FLOOR = TOP + 220
BOTTOM = 34


def draw(found: Trajectory) -> str:
    """The picture; its label says the gist in words."""
    t = [float(v) for v in found.t]
    mean, low, high, bound = (
        [float(v) for v in getattr(found, name)] for name in ("mean", "low", "high", "bound")
    )
    x = Axis([0.0, t[-1]], LEFT + 1, WIDTH - RIGHT - 6, log=False)
    x.low, x.high = 0.0, t[-1]  # no room beside a run
    seen = [v for v in (*mean, *bound) if math.isfinite(v)]
    positive = bool(seen) and min(seen) > 0
    wide = positive and max(seen) > 3 * min(seen)
    near = [v for v in (*low, *high) if math.isfinite(v) and (not wide or v > min(seen) / 30)]
    y = Axis([*seen, *near], FLOOR - 8, TOP + 8, log=wide)

    def inside(value: float) -> float:
        """The pixel of a value of the band, at an edge where it leaves the picture."""
        if not math.isfinite(value) or (y.log and value <= 0):
            return float(TOP if value > 0 else FLOOR)
        return min(max(y(value), TOP), FLOOR)

    parts = frame(y, TOP, FLOOR)
    if high != low:
        edge = [(x(a), inside(b)) for a, b in zip(t, high, strict=True)]
        edge += [(x(a), inside(b)) for a, b in zip(reversed(t), reversed(low), strict=True)]
        parts.append(f'<path class="band" d="{path(edge)}Z"/>')
    stated = [(x(a), y(b)) for a, b in zip(t, bound, strict=True) if drawable(b, y)]
    parts.append(line(stated, "bound"))
    if len(stated) == 1:
        parts.append(line([(stated[0][0] - 9, stated[0][1]), stated[0]], "bound"))
    parts.append(
        line([(x(a), y(b)) for a, b in zip(t, mean, strict=True) if drawable(b, y)], "mean")
    )
    for value in (v for v in x.ticks() if v == int(v)):
        parts.append(text(x(value), FLOOR + 16, f"{value:g}", "middle"))
    parts.append(text((LEFT + WIDTH) / 2, FLOOR + 30, "t", "middle"))
    parts.append(text(4, TOP - 10, plainly(found.label), "start"))
    parts += key(found.middle, plainly(found.stated) if found.stated else "no bound at t")
    words = escape(
        f"{found.label} against t: {found.middle}, band {LOW} to {HIGH} % of the runs, ends at "
        f"{mean[-1]:.4g}" + (f"; {found.stated}" if found.stated else ""),
        quote=True,
    )
    size = f"0 0 {WIDTH} {FLOOR + BOTTOM}"
    return (
        f'<svg class="plot" viewBox="{size}" role="img" aria-label="{words}">{"".join(parts)}</svg>'
    )
