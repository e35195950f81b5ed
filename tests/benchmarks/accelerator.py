"""An accelerator against the CPU: `python -m tests.benchmarks.accelerator --all`, 8 minutes.

Four parts, each of which can be named alone: `parity`, the verdicts of the quick tier on both;
`speed`, seed-steps a second of GaLore, NSGD-M and mixing agents at 2^8 to 2^17 seeds in float32 and
float64; `roofline`, which share of the measured limits of memory and arithmetic that is; `profile`,
a trace for TensorBoard or Perfetto. Writes Markdown that names the device to OUT/accelerator.md.
`--check` does all of it small, on any machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from convergence.algorithms.decentralized.single_level import GradientTracking
from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.algorithms.subspace.projected import Subspace
from convergence.keys import claim_key
from convergence.metrics.agents import MeanSquare
from convergence.metrics.pointwise import GradNorm, Value
from convergence.noise.agents import PerEntry
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerSign
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.parts.projectors import TopSVD
from convergence.precision import precision
from convergence.problems.agents import heterogeneous
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks._roofline import limits, step_cost
from tests.benchmarks.engine import ETA, TAU, instance

PARTS = ("parity", "speed", "roofline", "profile")
LIMIT = 480.0  # seconds of everything
DTYPES = ("float32", "float64")
FEW = ("gd-huber-tight", "galore-large-batch")  # of --check


def galore() -> Experiment:
    """GaLore-SGD on the counterexample: n = 10, r = 4, τ = 100."""
    problem = instance(10, 4)
    method = Subspace(TopSVD(), ETA, r=4, tau=TAU)
    return Experiment(problem, Oracle(problem, CornerSign(1.0, 4)), method, Value())


def nsgdm() -> Experiment:
    """NSGD-M under normal noise: d = 100."""
    problem = Isotropic(np.ones(100))
    return Experiment(problem, Oracle(problem, Gaussian(1.0)), NSGDM(1e-3, 0.1), GradNorm())


def mixing() -> Experiment:
    """Gradient tracking: 16 agents in four dimensions on a ring."""
    problem = heterogeneous(graphs.lazy(graphs.ring(16)), 4)
    method = GradientTracking(problem.W, 0.1)
    return Experiment(problem, Oracle(problem, PerEntry(1.0)), method, MeanSquare())


CASES: dict[str, Callable[[], Experiment]] = {"GaLore": galore, "NSGD-M": nsgdm, "mixing": mixing}


def seconds_of(experiment: Experiment, seeds: int, steps: int) -> float:
    """Of one chunk of all seeds, the better of two runs after one that compiles."""
    key, best = claim_key("bench", 0, steps), float("inf")
    for _ in range(3):
        began = time.perf_counter()
        run(experiment, steps, key, seeds=range(seeds), chunk=seeds)
        best = min(best, time.perf_counter() - began)
    return best


class Clock:
    """What is left of the limit."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds."""
        return self.end - time.monotonic()


def parity(small: bool, out: Path, clock: Clock) -> tuple[list[str], bool]:
    """The verdicts of the quick tier here and on the CPU, side by side."""
    runs: dict[str, tuple[Any, Path]] = {}
    for name, platform in (("here", None), ("CPU", "cpu")):
        environment = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        if platform:
            environment["JAX_PLATFORMS"] = platform
        file = out / f"{name}.json"
        said = [sys.executable, "-m", "convergence", "verify", *(FEW if small else ()), "--quiet"]
        said += ["--out", str(out / name), "--json", str(file)]
        runs[name] = subprocess.Popen(said, env=environment, stdout=subprocess.DEVNULL), file
    found: dict[str, dict[str, str]] = {}
    for name, (process, file) in runs.items():
        try:
            process.wait(max(1.0, clock.left))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        claims = json.loads(file.read_text())["claims"] if file.exists() else []
        found[name] = {claim["slug"]: claim["verdict"] for claim in claims}
    here, cpu = found["here"], found["CPU"]
    both = sorted(here.keys() & cpu.keys())
    differ = [slug for slug in both if here[slug] != cpu[slug]]
    lines = [f"{len(both)} claims judged on both, {len(both) - len(differ)} with the same verdict."]
    lines += [f"- {slug}: {here[slug]} here, {cpu[slug]} on the CPU" for slug in differ]
    if lost := len(here.keys() ^ cpu.keys()):
        lines.append(f"{lost} claims were judged on one of the two alone.")
    return lines, bool(both) and not differ and not lost


def speed(powers: range, steps: int, clock: Clock) -> tuple[list[str], dict[Any, float]]:
    """A table of million seed-steps a second; what the limit leaves out is a dash."""
    lines = [
        f"Million seed-steps a second, {steps} steps.",
        "",
        "| seeds | " + " | ".join(f"{case} {dtype}" for case in CASES for dtype in DTYPES) + " |",
        "|---" * (1 + len(CASES) * len(DTYPES)) + "|",
    ]
    found: dict[Any, float] = {}
    for power in powers:
        cells = []
        for case, make in CASES.items():
            for dtype in DTYPES:
                cell = "–"
                if clock.left > 0:
                    with precision(dtype):
                        rate = 2**power * steps / seconds_of(make(), 2**power, steps)
                    found[case, dtype, power] = rate
                    cell = f"{rate / 1e6:.2f}"
                cells.append(cell)
        lines.append(f"| 2^{power} | {' | '.join(cells)} |")
    return lines, found


def roofline(rates: dict[Any, float], size: int) -> list[str]:
    """Shares of the measured limits at the largest number of seeds."""
    lines = [
        "| method | precision | seeds | of memory bandwidth | of arithmetic |",
        "|---|---|---|---|---|",
    ]
    for case, make in CASES.items():
        for dtype in DTYPES:
            powers = [p for c, d, p in rates if (c, d) == (case, dtype)]
            if not powers:
                continue
            seeds, rate = 2 ** max(powers), rates[case, dtype, max(powers)]
            with precision(dtype):
                bandwidth, arithmetic = limits(dtype, size)
                moved, operations = step_cost(make(), seeds)
            shares = moved * rate / seeds / bandwidth, operations * rate / seeds / arithmetic
            lines.append(
                f"| {case} | {dtype} | {seeds} | {shares[0]:.1%} of {bandwidth / 1e9:.3g} GB/s | "
                f"{shares[1]:.2%} of {arithmetic / 1e9:.3g} Gop/s |"
            )
    note = "What stays in caches or registers between steps counts as moved: shares may pass 100 %."
    return [*lines, "", note]


def profile(out: Path, seeds: int, steps: int) -> list[str]:
    """A trace of one run of each method."""
    with jax.profiler.trace(str(out / "profile")), precision("float32"):
        for make in CASES.values():
            seconds_of(make(), seeds, steps)
    files = [path for path in (out / "profile").rglob("*") if path.is_file()]
    assert files, "the profiler wrote nothing"
    return [f"Traces: {', '.join(str(path) for path in files)}"]


def main(argv: list[str] | None = None) -> int:
    """Do the parts, write and print the page; 1 if a verdict differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=(*PARTS, []), help="; ".join(PARTS))
    parser.add_argument("--all", action="store_true", help="every part")
    parser.add_argument("--check", action="store_true", help="every part, small")
    parser.add_argument("--out", type=Path, default=Path("results/accelerator"))
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds (480)")
    asked = parser.parse_args(argv)
    parts = asked.parts or (PARTS if asked.all or asked.check else ("speed",))
    asked.out.mkdir(parents=True, exist_ok=True)
    clock, device = Clock(asked.limit), jax.local_devices()[0]
    page = [f"# {device.device_kind}, jax {jax.__version__}"]
    steps, powers = (20, range(2, 3)) if asked.check else (200, range(8, 18))
    good, rates = True, dict[Any, float]()
    if "speed" in parts or "roofline" in parts:
        half = Clock(min(clock.left, asked.limit / 3) if "parity" in parts else clock.left)
        lines, rates = speed(powers, steps, half)
        page += ["", "## Speed", "", *lines]
    if "roofline" in parts:
        page += ["", "## Limits", "", *roofline(rates, 2**12 if asked.check else 2**26)]
    if "profile" in parts:
        page += [
            "",
            "## Profile",
            "",
            *profile(asked.out, *((4, 20) if asked.check else (2**14, 200))),
        ]
    if "parity" in parts:
        lines, good = parity(asked.check, asked.out, clock)
        page += ["", "## Verdicts", "", *lines]
    text = "\n".join(page) + "\n"
    (asked.out / "accelerator.md").write_text(text)
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
