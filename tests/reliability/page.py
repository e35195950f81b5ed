"""Fills docs/reliability.md with the figures of the large campaigns."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from convergence.digest import versions
from tests.reliability.tally import Tally

PAGE = Path(__file__).parents[2] / "docs/reliability.md"
HEAD = """\
# What does not break it

Nothing is lost, nothing is silently wrong, and no stranger is let in. What that means is tried by
campaigns of kills, corruption, mutation and bad input, in `tests/reliability/`: small ones with
every run of the tests, the large ones of this table by

```text
make reliability
```

Survived means that what the second column promises held; a campaign with a single exception exits
with code 1. What is executed and what is only data is said in [SECURITY.md](../SECURITY.md).

| campaign | promise | tried | survived | time |
|---|---|---|---|---|
"""


def write(found: Mapping[str, tuple[Tally, float]]) -> None:
    """The page of these campaigns."""
    rows = [
        f"| {tally.what} | {tally.promise} | {tally.tried} | {tally.survived} | {seconds:.0f} s |\n"
        for tally, seconds in found.values()
    ]
    numbers = versions()
    foot = (
        f"\nPython {numbers['python']}, jax {numbers['jax']}, {platform.system()} on "
        f"{platform.machine()} with {os.cpu_count()} cores.\n"
    )
    PAGE.write_text(HEAD + "".join(rows) + foot, encoding="utf-8")
