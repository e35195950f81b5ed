"""`convergence show`: everything about claims that can be said without running them."""

from __future__ import annotations

import functools
import inspect
import re
from argparse import Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from convergence.claims.base import AbstractClaim
from convergence.claims.report import plain, source_text
from convergence.cli.gather import gather
from convergence.cli.streams import print_json
from convergence.cli.table import number, speaker
from convergence.errors import gist
from convergence.precision import precision
from convergence.report.references import BIBLIOGRAPHY, bibliography, cite
from convergence.theorems.base import AbstractTheorem


def described(claim: AbstractClaim) -> dict[str, Any]:
    """What the claim says of itself, with its theorem's assumptions, reference and proof."""
    with precision("float64"):
        found: dict[str, Any] = dict(claim.describe())
    if isinstance(claim.theorem, AbstractTheorem):
        found["assumptions"] = [assumption(a) for a in claim.theorem.assumes]
    found["theorem"] = type(claim.theorem).__name__
    found["reference"] = cite(source_text(claim.theorem), references())
    found["explanation"] = inspect.getdoc(type(claim.theorem)) or ""
    return found


@functools.cache
def references() -> dict[str, dict[str, str]]:
    """The works that theorems name, by their key."""
    return bibliography(BIBLIOGRAPHY.read_text(encoding="utf-8"))


def assumption(checked: Any) -> str:
    """An assumption's class, its fields, and what its docstring says first."""
    own = {k: v for k, v in vars(checked).items() if isinstance(v, int | float | str)}
    fields = ", ".join(f"{k}={v!r}" for k, v in own.items())
    return f"{type(checked).__name__}({fields}): {gist(type(checked))}"


def details(arguments: Namespace) -> int:
    """Everything about the claims that can be said without running them."""
    found = [described(claim) for claim in gather(arguments.targets)]
    if arguments.json:
        print_json([jsonable(entry) for entry in found])
        return 0
    console = speaker(False)
    for entry in found:
        entry["explanation"] = re.sub(r"(?<!\n)\n(?![\n ])", " ", entry["explanation"])  # reflowed
        grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in entry.items():
            if value not in ("", (), [], {}, None):
                grid.add_row(name.replace("_", " "), Text(words(value)))
        console.print(grid)
        console.print()
    return 0


def words(value: Any) -> str:
    """A value for reading: lines for records and lists of sentences, digits for numbers."""
    if isinstance(value, dict):
        return "\n".join(f"{k} = {words(v)}" for k, v in value.items())
    if isinstance(value, tuple | list) and all(isinstance(v, str) for v in value):
        return "\n".join(value)
    if isinstance(value, tuple | list):
        return ", ".join(words(v) for v in value)
    if isinstance(value, bool | str | int):
        return str(value)
    if hasattr(value, "shape") and value.shape:
        flat = ", ".join(number(float(v)) for v in value.reshape(-1)[:8])
        return f"[{flat}{', …' if value.size > 8 else ''}] of shape {tuple(value.shape)}"
    try:
        return f"{float(value):.6g}"
    except (TypeError, ValueError):
        return str(value)


def jsonable(value: Any) -> Any:
    """`plain`, through records too."""
    if isinstance(value, dict):
        return {k: jsonable(v) for k, v in value.items()}
    try:
        return plain(value)
    except (TypeError, ValueError):
        return str(value)
