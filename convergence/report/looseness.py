"""Which bounds are hardly tested: every claim at its slack, a line a family, as a small SVG."""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence
from html import escape

from convergence.figures.columns import Report
from convergence.report.plot import text

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 720, 110, 16, 46, 6, 34
LOW, HIGH = 0.5, 1e4
HARDLY = 10.0  # a bound this far above what was measured is hardly tested


def slack_of(claim: Report) -> float | None:
    """The slack where it is a positive number."""
    value = claim["slack"]
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if number > 0 and math.isfinite(number) else None


def hardly(claims: Sequence[Report]) -> list[Report]:
    """The claims found CONSISTENT whose bound is hardly tested, the loosest first."""
    found = [(slack_of(c), c) for c in claims if c["verdict"] == "CONSISTENT"]
    loose = [(s, c) for s, c in found if s is not None and s > HARDLY]
    return [c for _, c in sorted(loose, key=lambda pair: -pair[0])]


def place(slack: float) -> float:
    """The pixel of a slack."""
    part = math.log(min(max(slack, LOW), HIGH) / LOW) / math.log(HIGH / LOW)
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def draw(claims: Sequence[Report]) -> str:
    """The map; dots of one place are stacked, and each leads to its claim."""
    families = list(dict.fromkeys(c["family"] for c in claims if slack_of(c) is not None))
    if not families:
        return ""
    floor = TOP + ROW * len(families)
    away = place(HARDLY)
    parts = [
        f'<rect class="hardly" x="{away:.1f}" y="{TOP}" width="{WIDTH - RIGHT - away:.1f}" '
        f'height="{floor - TOP}"/>'
    ]
    for tick in (1, 2, 10, 100, 1000, 10000):
        at = place(tick)
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}L{at:.1f} {floor}"/>')
        parts.append(text(at, floor + 14, str(tick), "middle"))
    parts.append(text((LEFT + WIDTH) / 2, floor + 29, "slack = bound / measured", "middle"))
    for k, family in enumerate(families):
        base = TOP + ROW * (k + 1) - 5
        parts.append(text(LEFT - 8, base - 12, family))
        parts.append(f'<path class="grid" d="M{LEFT} {base}L{WIDTH - RIGHT} {base}"/>')
        parts += dots([c for c in claims if c["family"] == family], base)
    label = f"{len(hardly(claims))} bounds are more than {HARDLY:g} times what was measured"
    return (
        f'<svg class="plot map" viewBox="0 0 {WIDTH} {floor + BOTTOM}" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def dots(claims: Sequence[Report], base: float) -> list[str]:
    """The claims of a family that have a slack, stacked above its line."""
    parts, heights = [], collections.Counter[int]()
    for claim in claims:
        slack = slack_of(claim)
        if slack is None:
            continue
        column = round(place(slack) / 7)
        y = base - 4 - min(5.2 * heights[column], ROW - 14)
        heights[column] += 1
        title = escape(f"{claim['slug']}: {claim['verdict']}, slack {slack:.3g}")
        parts.append(
            f'<a href="#{escape(claim["slug"])}"><circle class="dot {claim["verdict"].lower()}" '
            f'cx="{column * 7}" cy="{y:.1f}" r="3"><title>{title}</title></circle></a>'
        )
    return parts
