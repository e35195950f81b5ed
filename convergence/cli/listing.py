"""`convergence list` and `convergence show`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from convergence.claims.base import AbstractClaim
from convergence.claims.report import plain, source_text
from convergence.cli.gather import gather
from convergence.cli.streams import print_json
from convergence.cli.table import MARKS, number, speaker
from convergence.precision import precision
from convergence.registry.about import about
from convergence.theorems.base import AbstractTheorem

COLUMNS = ("slug", "family", "kind", "theorem", "provenance", "expect")


def overview(arguments: Namespace) -> int:
    """One row a claim."""
    claims = gather(arguments.targets)
    if arguments.about is not None:
        claims = about(claims, arguments.about)
    rows = [row(claim) for claim in claims]
    if arguments.json:
        print_json(rows)
        return 0
    grid = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    for name in COLUMNS:
        grid.add_column(name, overflow="fold", no_wrap=name != "theorem")
    for entry in rows:
        glyph, color = next(m for v, m in MARKS.items() if str(v) == entry["expect"])
        cells = [entry[name] for name in COLUMNS[:-1]]
        grid.add_row(*map(Text, cells), Text(f"{glyph} {entry['expect']}", style=color))
    console = speaker(False)
    console.print(grid)
    console.print(f"{len(rows)} claims", style="dim", highlight=False)
    return 0


def row(claim: AbstractClaim) -> dict[str, Any]:
    """The entry of a claim in the list."""
    theorem = claim.theorem
    return {
        "slug": claim.slug,
        "family": claim.family,
        "kind": str(claim.kind),
        "theorem": type(theorem).__name__,
        "source": source_text(theorem),
        "statement": theorem.statement,
        "provenance": str(theorem.provenance),
        "expect": str(claim.expect),
    }


def described(claim: AbstractClaim) -> dict[str, Any]:
    """What the claim says of itself, with its theorem's assumptions."""
    with precision("float64"):
        found: dict[str, Any] = dict(claim.describe())
    if isinstance(claim.theorem, AbstractTheorem):
        found["assumptions"] = [assumption(a) for a in claim.theorem.assumes]
    return found


def assumption(checked: Any) -> str:
    """An assumption's class, its fields, and the first line of its docstring."""
    own = {k: v for k, v in vars(checked).items() if isinstance(v, int | float | str)}
    fields = ", ".join(f"{k}={v!r}" for k, v in own.items())
    line = (type(checked).__doc__ or "").strip().splitlines()
    return f"{type(checked).__name__}({fields}): {line[0] if line else ''}"


def details(arguments: Namespace) -> int:
    """Everything about the claims that can be said without running them."""
    found = [described(claim) for claim in gather(arguments.targets)]
    if arguments.json:
        print_json([jsonable(entry) for entry in found])
        return 0
    console = speaker(False)
    for entry in found:
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
