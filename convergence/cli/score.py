"""`convergence score`: AlgoPerf's score of solvers from times to target."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from convergence.cli.streams import print_json
from convergence.cli.table import speaker
from convergence.report.timetable import read
from convergence.statistics.scoring import (
    beats_by_intervals,
    score_intervals,
    scores,
    trapezoid_scores,
)


def score(arguments: Namespace) -> int:
    """Tell the scores of the field, with intervals and verdicts where an error is asked for."""
    table = read(arguments.files)
    found = document(table, arguments.r_max, arguments.error)
    if arguments.figure is not None:
        from convergence.figures.performance import performance

        path: Path = arguments.figure
        performance(path.parent, path.stem, table.names, table.medians(), arguments.r_max)
    print_json(found) if arguments.json else tell(found)
    return 0


def document(table: Any, r_max: float, error: float | None) -> dict[str, Any]:
    """What `--json` prints, the best solver first."""
    times = table.medians()
    exact, by_rule = scores(times, r_max), trapezoid_scores(times, r_max)
    intervals = None if error is None else score_intervals(table.draws, error, r_max)
    order = sorted(range(len(exact)), key=lambda k: -exact[k])
    solvers = [
        {
            "name": table.names[k],
            "score": float(exact[k]),
            "trapezoid": float(by_rule[k]),
            "hits": int((times[k] < float("inf")).sum()),
            "interval": intervals and [float(intervals[k].low), float(intervals[k].high)],
        }
        for k in order
    ]
    verdicts = {} if intervals is None else beats_by_intervals(intervals)
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]] if verdicts else []
    return {
        "schema": "convergence-score/1",
        "r_max": r_max,
        "error": error,
        "workloads": list(table.workloads),
        "solvers": solvers,
        "verdicts": [
            {"above": table.names[a], "below": table.names[b], "verdict": str(verdicts[a, b])}
            for a, b in pairs
        ],
        "notes": list(table.notes),
    }


def tell(found: dict[str, Any]) -> None:
    """The same as a table and sentences."""
    console = speaker(False)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("solver", overflow="fold")
    for column in ("score B", "trapezoid", "hits", "interval"):
        shown.add_column(column, justify="right", overflow="fold")
    for solver in found["solvers"]:
        limits, hits = solver["interval"], f"{solver['hits']}/{len(found['workloads'])}"
        span = f"[{limits[0]:.4f}, {limits[1]:.4f}]" if limits else "–"
        two = f"{solver['score']:.6f}", f"{solver['trapezoid']:.6f}"
        shown.add_row(Text(solver["name"]), *two, hits, span)
    console.print(shown, highlight=False)
    field = f"{len(found['solvers'])} solvers, {len(found['workloads'])} workloads"
    relative = f"r_max = {found['r_max']:g}: scores are relative to this field."
    console.print(f"{field}, {relative}", highlight=False)
    if found["error"] is not None:
        console.print(
            f"Intervals and verdicts hold together but for a chance of {found['error']:g}.",
            highlight=False,
        )
    for pair in found["verdicts"]:
        what = f"{pair['above']} scores above {pair['below']}: {pair['verdict']}"
        console.print(what, highlight=False, markup=False)
    for note in found["notes"]:
        console.print(note, highlight=False, markup=False)
