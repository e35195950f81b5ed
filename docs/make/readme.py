"""Writes the counts of README.md, how its statements are known: `python -m docs.make.readme`."""

from __future__ import annotations

import collections
import textwrap
from pathlib import Path

from convergence.registry import registry
from convergence.theorems.misreading import Misreading

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- provenance: python -m docs.make.readme -->\n"
END = "<!-- end of provenance -->\n"
KNOWN = {
    "printed": "read in print",
    "recalled": "recalled from the literature, so their words may not be the source's",
    "derived": "derived here, with the proof beside them",
}


def counts() -> str:
    """One paragraph."""
    theorems = {
        (type(c.theorem).__name__, c.theorem.statement): str(c.theorem.provenance)
        for c in registry()
        if not isinstance(c.theorem, Misreading)
    }
    found = collections.Counter(theorems.values())
    parts = [f"{found[name]} {said}" for name, said in KNOWN.items() if found[name]]
    read = sum(isinstance(c.theorem, Misreading) for c in registry())
    refuted = sum(bool(c.instead) for c in registry()) - read
    return (
        "\n".join(
            textwrap.wrap(
                f"How its {len(theorems)} statements are known: {'; '.join(parts)}. They are "
                "judged in "
                f"{len(registry())} claims; {refuted} refute a statement as printed or recalled "
                "beside one that holds, "
                f"{read} a false reading of one.",
                100,
            )
        )
        + "\n"
    )


def written(text: str) -> str:
    """The page with today's counts."""
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{counts()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
