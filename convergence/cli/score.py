"""`convergence score`: AlgoPerf's score of solvers from times to target."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from convergence.cli.table import speaker
from convergence.report.timetable import read
from convergence.statistics.scoring import (
    beats_by_intervals,
    score_intervals,
    scores,
    trapezoid_scores,
)


def score(arguments: Namespace) -> int:
    """Print the scores of the field, with intervals and verdicts where an error is asked for."""
    table = read(arguments.files)
    times, r_max = table.medians(), arguments.r_max
    exact, by_rule = scores(times, r_max), trapezoid_scores(times, r_max)
    console = speaker(False)
    error = arguments.error
    intervals = None if error is None else score_intervals(table.draws, error, r_max)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("solver", overflow="fold")
    for column in ("score B", "trapezoid", "hits", "interval"):
        shown.add_column(column, justify="right", overflow="fold")
    order = sorted(range(len(exact)), key=lambda k: -exact[k])
    for k in order:
        span = "–" if intervals is None else f"[{intervals[k].low:.4f}, {intervals[k].high:.4f}]"
        hits = f"{int((times[k] < float('inf')).sum())}/{times.shape[1]}"
        shown.add_row(Text(table.names[k]), f"{exact[k]:.6f}", f"{by_rule[k]:.6f}", hits, span)
    console.print(shown, highlight=False)
    field = f"{len(table.names)} solvers, {len(table.workloads)} workloads, r_max = {r_max:g}"
    console.print(f"{field}: scores are relative to this field.", highlight=False)
    if intervals is not None:
        console.print(f"Intervals and verdicts hold together but for a chance of {error:g}.",
                      highlight=False)  # fmt: skip
        verdicts = beats_by_intervals(intervals)
        for i, a in enumerate(order):
            for b in order[i + 1 :]:
                what = f"{table.names[a]} scores above {table.names[b]}: {verdicts[a, b]}"
                console.print(what, highlight=False, markup=False)
    for note in table.notes:
        console.print(note, highlight=False, markup=False)
    if arguments.figure is not None:
        from convergence.figures.performance import performance

        path: Path = arguments.figure
        performance(path.parent, path.stem, table.names, times, r_max)
    return 0
