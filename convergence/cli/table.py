"""Verdicts as lines and as a table of at most 100 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from convergence.statistics import Grade, Verdict

if TYPE_CHECKING:
    from convergence.claims.report import Report

WIDTH = 100
ASYMPTOTIC = Grade.ASYMPTOTIC
MARKS = {
    Verdict.CONSISTENT: ("✓", "green"),
    Verdict.REFUTED: ("✗", "magenta"),
    Verdict.INCONCLUSIVE: ("?", "yellow"),
    Verdict.INAPPLICABLE: ("–", "cyan"),
}


def speaker(to_stderr: bool) -> Console:
    """A console of at most 100 columns; exactly 100 where nobody looks."""
    console = Console(stderr=to_stderr)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def number(value: float | None) -> str:
    """Three significant digits in at most seven characters; a dash for nothing."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size >= 1e4 or 0 < size < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.3g}" if size < 1000 else f"{value:.0f}"


def whole(value: int) -> str:
    """A count in few characters: 1024, 100k, 2M; exact where it is short."""
    for unit, name in ((10**6, "M"), (10**3, "k")):
        if value >= unit and value % unit == 0:
            return f"{value // unit}{name}"
    return str(value)


def span(report: Report) -> str:
    """The smallest and the largest horizon."""
    horizons = [row.T for row in report.judgement.rows] if report.judgement else []
    if not horizons:
        return "–"
    low, high = min(horizons), max(horizons)
    return whole(low) if low == high else f"{whole(low)}–{whole(high)}"


def runs(report: Report) -> str:
    """Runs a horizon, at most."""
    rows = report.judgement.rows if report.judgement else ()
    return whole(max(row.seeds for row in rows)) if rows else "–"


def verdict(report: Report) -> Text:
    """A verdict with its glyph and color, and a ~ where it rests on asymptotic limits."""
    glyph, color = MARKS[report.verdict]
    return Text(f"{glyph} {report.verdict}{'~' * (grade(report) is ASYMPTOTIC)}", style=color)


def grade(report: Report) -> Grade | None:
    """What the verdict rests on; None where it rests on nothing."""
    return report.judgement.grade if report.judgement else None


def tally(reports: Sequence[Report]) -> str:
    """How many verdicts are certified, and how many asymptotic."""
    found = [grade(report) for report in reports]
    return f"{found.count(Grade.CERTIFIED)} certified, {found.count(ASYMPTOTIC)} asymptotic"


def expected(report: Report) -> Text:
    """`yes`, or the verdict that was expected instead."""
    if report.expected:
        return Text("yes", style="dim")
    return Text(f"no: {report.expect}", style="bold red")


def slack(report: Report) -> str:
    """Bound over measurement; a star where the bound is vacuous."""
    found = number(report.judgement.slack if report.judgement else None)
    return f"{found}*" if report.vacuous else found


def line(report: Report) -> str:
    """One claim in one line, for pipes and logs."""
    power = number(report.judgement.power if report.judgement else None)
    told = "as expected" if report.expected else f"EXPECTED {report.expect}"
    basis = " ~" * (grade(report) is ASYMPTOTIC)
    return (
        f"{MARKS[report.verdict][0]} {report.slug}: {report.verdict}, {told}; slack "
        f"{slack(report)}, power {power}, T {span(report)}, seeds {runs(report)}, "
        f"{report.seconds:.1f} s{basis}"
    )


def table(reports: Sequence[Report]) -> Table:
    """The table that ends a run."""
    grid = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    grid.add_column("claim", overflow="fold", ratio=1)
    grid.add_column("verdict", no_wrap=True)
    grid.add_column("expected", overflow="fold")
    for name in ("slack", "power", "T", "seeds", "time"):
        grid.add_column(name, justify="right", no_wrap=True)
    for report in reports:
        power = number(report.judgement.power if report.judgement else None)
        grid.add_row(
            Text(report.slug),
            verdict(report),
            expected(report),
            slack(report),
            power,
            span(report),
            runs(report),
            f"{report.seconds:.1f}s" if report.seconds < 1000 else f"{report.seconds:.0f}s",
        )
    return grid


def close(console: Console, reports: Sequence[Report], quiet: bool, took: float) -> None:
    """The table, its legend, the reasons of unexpected verdicts, and the tally."""
    odd = [r for r in reports if not r.expected]
    if reports and not quiet:
        console.print()
        console.print(table(reports))
        console.print(
            "slack = bound / measured; power = smallest overstatement of the constant that would "
            "be caught",
            style="dim",
        )
        if any(r.vacuous for r in reports):
            console.print(
                "* vacuous: the bound says no more than holds without running", style="dim"
            )
        if any(grade(r) is ASYMPTOTIC for r in reports):
            console.print(
                "~ asymptotic: holds as runs grow, with measured errors (docs/verdicts.md); the "
                "others are certified",
                style="dim",
            )
        for report in (r for r in reports if r.notes):
            for note in report.notes:
                console.print(f"note: {report.slug}: {note}", style="dim", markup=False)
    for report in odd:
        console.print(
            f"{report.slug}: {report.verdict}, expected {report.expect}: {report.reason}",
            style="bold red",
            markup=False,
            highlight=False,
        )
    if not quiet:
        agree = len(reports) - len(odd)
        console.print(
            f"{agree} of {len(reports)} verdicts as expected, {tally(reports)}, {took:.1f} s",
            highlight=False,
        )
