"""All benchmarks, one after the other: `make bench`."""

import importlib
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
    if path.stem != "accelerator":  # that one is for machines with a GPU
        importlib.import_module(f"tests.benchmarks.{path.stem}").main()
