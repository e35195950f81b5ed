"""The time from a slider that moves to the explorer's answer, for every statement that it offers.

`python -m tests.benchmarks.bench_explore 7` takes every seventh statement.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from convergence.errors import InvalidInput
from convergence.explore.bench import Bench
from convergence.explore.query import read
from convergence.registry import registry

LIMIT = 100  # milliseconds


def main(every: int = 1) -> None:
    """A row a statement: the first answer, the median and the longest of those under a slider,
    their mean in time of the processor, which other work does not lengthen, and the whole answer
    when it is let go; in milliseconds."""
    bench, medians, spent = Bench(registry()), [], []
    print(f"{'claim':40}{'first':>8}{'moving':>8}{'longest':>9}{'cpu':>6}{'let go':>8}  by")
    for _, start in sorted(bench.first.items())[::every]:

        def ask(start: Any = start, **words: Any) -> float:
            began = time.perf_counter()
            try:
                bench.answer(read({k: str(v) for k, v in words.items()}, start))
            except InvalidInput:
                return float("nan")  # a number that the instance does not admit, told at once
            return 1000 * (time.perf_counter() - began)

        T = read({}, start).T
        first, _ = ask(rough=1), ask()
        knobs = bench.controls(read({}, start))["knobs"]
        moves = [{"T": max(1, round(T * share))} for share in (0.55, 0.7, 0.85, 0.95)]
        moves += [{knob: by} for knob in knobs for by in (0.93, 1.07)]
        moves += [{"factor": by} for by in (0.5, 0.9, 1.1, 2)]
        began = time.process_time()
        found = [(ask(rough=1, **words), str(words)) for words in moves]
        found = [(taken, words) for taken, words in found if taken == taken]
        cpu = 1000 * (time.process_time() - began) / len(found)
        middle, (longest, by) = statistics.median(taken for taken, _ in found), max(found)
        medians.append(middle)
        spent.append(cpu)
        whole = statistics.median(ask(**words) for words in moves[:2])
        print(
            f"{start.slug:40.40}{first:8.0f}{middle:8.0f}{longest:9.0f}{cpu:6.0f}{whole:8.0f}"
            f"  {by}",
            flush=True,
        )
    quick, middle = sum(m < LIMIT for m in medians), statistics.median(medians)
    print(f"{quick} of {len(medians)} statements under {LIMIT} ms, median {middle:.0f} ms")
    print(f"{sum(c < LIMIT for c in spent)} of them under {LIMIT} ms of the processor's time")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
