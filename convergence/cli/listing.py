"""`convergence list`: a row a claim. Without targets it imports none of the registry."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from convergence.cli.gather import gather, stories
from convergence.cli.streams import print_json
from convergence.cli.table import MARKS, speaker
from convergence.registry import indexed
from convergence.registry.about import about

if TYPE_CHECKING:
    from convergence.claims.base import AbstractClaim

COLUMNS = ("slug", "family", "kind", "provenance", "expect", "theorem")


def overview(arguments: Namespace) -> int:
    """One row a claim: cut to the width of a terminal, whole in a pipe."""
    rows = [entry for entry in entries(arguments) if asked_for(entry, arguments)]
    if arguments.json:
        print_json(rows)
        return 0
    widths = {name: max([len(name), *(len(r[name]) for r in rows)]) for name in COLUMNS}
    console = speaker(False)
    for entry in ({name: name for name in COLUMNS}, *rows):
        cells = [f"{entry[name]:{widths[name]}}" for name in COLUMNS[:-1]]
        line = Text("  ".join([*cells, entry["theorem"]]).rstrip())
        if console.is_terminal:
            line.truncate(console.width, overflow="ellipsis")
        style = next(
            (color for v, (_, color) in MARKS.items() if str(v) == entry["expect"]), "bold"
        )
        line.stylize(style, *span_of(line.plain, entry["expect"]))
        console.print(line, soft_wrap=True)
    console.print(f"{len(rows)} claims", style="dim", highlight=False)
    return 0


def span_of(line: str, word: str) -> tuple[int, int]:
    """Where the word stands in a line; the whole line where it was cut off."""
    at = line.rfind(word)
    return (at, at + len(word)) if at >= 0 else (0, len(line))


def asked_for(entry: dict[str, Any], arguments: Namespace) -> bool:
    """Whether a row passes the filters."""
    return all(
        getattr(arguments, option) in (None, entry[key])
        for option, key in (
            ("family", "family"), ("kind", "kind"), ("provenance", "provenance"),
            ("verdict", "expect"), ("theorem", "theorem"),
        )
    )  # fmt: skip


def entries(arguments: Namespace) -> list[dict[str, Any]]:
    """The rows of the claims that are named; of the registry they are read, and nothing loaded."""
    if not arguments.targets and arguments.about is None:
        return [*indexed(), *map(row, stories())]
    claims = gather(arguments.targets)
    return [*map(row, claims if arguments.about is None else about(claims, arguments.about))]


def row(claim: AbstractClaim) -> dict[str, Any]:
    """The entry of a claim in the list."""
    from convergence.claims.report import source_text

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
