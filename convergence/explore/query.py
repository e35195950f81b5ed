"""What is asked of the explorer, read from the words of an address and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from convergence.errors import require, shown

LONGEST, MOST = 2**16, 2**16  # steps and runs
WORDS = ("claim", "problem", "noise", "T", "seeds", "factor", "alpha", "rough")
SPAN = 1e6  # factors between 1/SPAN and SPAN


class Query(NamedTuple):
    """A claim to begin at, the slugs of claims whose problem and noise are taken in place of its
    own (empty: its own), and `factors` of their numbers by `side.name`. `rough`: a slider moves."""

    claim: str
    problem: str
    noise: str
    T: int
    seeds: int
    factor: float
    alpha: float
    factors: tuple[tuple[str, float], ...] = ()
    rough: bool = False

    def without_factor(self) -> Query:
        """What determines the runs."""
        return self._replace(factor=1.0, alpha=1e-3)

    def of(self, side: str) -> dict[str, float]:
        """The factors of the theorem's, the problem's or the noise's numbers."""
        parts = ((key.partition("."), value) for key, value in self.factors)
        return {name: value for (owner, _, name), value in parts if owner == side}

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**self._asdict(), "factors": dict(self.factors)}


def read(words: Mapping[str, str], start: Any) -> Query:
    """The query of an address; what it leaves out is as `start`, a claim, has it.

    Raises InvalidInput in one sentence for anything that cannot be asked.
    """
    factors = []
    for name, text in sorted(words.items()):
        if name in WORDS:
            continue
        side, dot, _ = name.partition(".")
        require(
            dot and side in ("theorem", "problem", "noise"),
            f"{shown(name)} in the address",
            f"one of {', '.join(WORDS)}, or theorem.…, problem.… or noise.…",
            "leave it out",
        )
        value = number(name, text, 1 / SPAN, SPAN)
        if value != 1:
            factors.append((name, value))
    return Query(
        claim=start.slug,
        problem=words.get("problem", ""),
        noise=words.get("noise", ""),
        T=whole("T", words.get("T", min(start.horizons[-1], LONGEST)), 1, LONGEST),
        seeds=whole("seeds", words.get("seeds", min(max(start.seeds, 2), 256)), 2, MOST),
        factor=number("factor", words.get("factor", 1), 1 / SPAN, SPAN),
        alpha=number("alpha", words.get("alpha", 1e-3), 1e-12, 0.5),
        factors=tuple(factors),
        rough=bool(whole("rough", words.get("rough", 0), 0, 1)),
    )


def whole(name: str, text: Any, least: int, most: int) -> int:
    """A whole number in a range."""
    value = number(name, text, least, most)
    require(
        value == int(value),
        f"{name} = {shown(text)}",
        f"a whole number from {least} to {most}",
        "round it",
    )
    return int(value)


def number(name: str, text: Any, least: float, most: float) -> float:
    """A number in a range."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    require(
        least <= value <= most,
        f"{name} = {shown(text)}",
        f"a number from {least:g} to {most:g}",
        "move its slider",
    )
    return value
