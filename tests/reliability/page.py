"""Fills docs/reliability.md with the figures of the large campaigns."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import date
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
with code 1. The table has each campaign's last such run; `python -m tests.reliability --large
--write NAME…` runs some of them alone. What is executed and what is only data is said in
[SECURITY.md](../SECURITY.md).

| campaign | promise | tried | survived | time |
|---|---|---|---|---|
"""


MEMORY = """
## Memory

`convergence verify` at tier quick from nothing, three jobs on two cores under other load
(2026-11-28): 842 claims of the registry held at most 872 MiB in the 900 s after which that run was
ended, with 23 releases of compiled programs; the 71 others and the counterexamples, in a second
run, 747 MiB (`ru_maxrss`), with 3 releases that took 1.6 of its 120 s of processor time. Of 316
programs in the first, 15 were compiled again after a release. The claim of most runs, 786 432 of
them, takes 218 MiB more than there were before it. An instance of 10⁶ entries with 2 seeds took
947 MiB, of which 320 are those of any run; under `ulimit -v` it is judged or refused in one
sentence.
"""


def write(found: Mapping[str, tuple[Tally, float]], page: Path = PAGE) -> None:
    """The page with the figures of these campaigns, and of others as they stood there."""
    rows = {}
    if page.is_file():
        table = page.read_text(encoding="utf-8").partition("|---|\n")[2].partition("\n\n")[0]
        rows = {line.split("|")[1].strip(): f"{line}\n" for line in table.splitlines()}
    for tally, seconds in found.values():
        numbers = f"{tally.tried} | {tally.survived} | {seconds:.0f} s"
        rows[tally.what] = f"| {tally.what} | {tally.promise} | {numbers} |\n"
    numbers = versions()
    foot = (
        f"\n{date.today().isoformat()}, Python {numbers['python']}, jax {numbers['jax']}, "
        f"{platform.system()} on {platform.machine()} with {os.cpu_count()} cores.\n"
    )
    page.write_text(HEAD + "".join(rows.values()) + foot + MEMORY, encoding="utf-8")
