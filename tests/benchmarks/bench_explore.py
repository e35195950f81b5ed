"""The time from a slider to the explorer's answer: runs, picture and verdict."""

from __future__ import annotations

import statistics
import time
from typing import Any

from convergence.explore.bench import Bench
from convergence.explore.query import read
from convergence.registry import registry

SLUGS = ("sgd-ghadimi-lan", "nsgdm-p12-quadcos-skew", "zo-sgd-sharp", "galore-stalls")
STEPS = (48, 64, 96, 128, 192, 256)


def main() -> None:
    """A row a claim: 256 runs of up to 256 steps, in milliseconds."""
    bench = Bench(registry())
    print(f"{'claim':24}{'first':>9}{'T':>9}{'worst T':>9}{'noise':>9}{'bound':>9}  ms")
    for slug in SLUGS:
        start = bench.claim(slug)

        def ask(start: Any = start, **words: Any) -> float:
            began = time.perf_counter()
            bench.answer(read({"seeds": "256", **{k: str(v) for k, v in words.items()}}, start))
            return 1000 * (time.perf_counter() - began)

        first, _ = ask(T=32), ask(T=40)
        by_T = [ask(T=T) for T in STEPS]
        knob = next(k for k in bench.controls(read({}, start))["knobs"] if k.startswith("noise"))
        noise = statistics.median(ask(T=64, **{knob: 1 + k / 10}) for k in range(1, 6))
        bound = statistics.median(ask(T=64, factor=1 + k / 10) for k in range(1, 6))
        times = (first, statistics.median(by_T), max(by_T), noise, bound)
        print(f"{slug:24}" + "".join(f"{t:9.0f}" for t in times))


if __name__ == "__main__":
    main()
