"""How a registry is run, and where its records are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from convergence import statistics as st
from convergence.errors import require
from convergence.runner.record import Record

TIERS = ("quick", "standard", "full")
SEEDS_FACTOR = {"quick": 1, "standard": 4, "full": 32}


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a registry is run. `alpha` is the budget of the whole run, shared by `claims` claims."""

    tier: str = "quick"
    seed: int = 0
    alpha: float = 1e-3
    claims: int = 1
    seeds: int | None = None
    dtype: str = "float64"

    def __post_init__(self) -> None:
        require(self.tier in TIERS, f"tier {self.tier!r}", f"one of {TIERS}", "choose one of them")
        require(0 < self.alpha < 1, f"alpha = {self.alpha}", "0 < alpha < 1", "try 1e-3")
        require(
            self.seeds is None or self.seeds >= 2,
            f"seeds = {self.seeds}",
            "at least 2 seeds",
            "a spread needs two runs; leave it out for the claim's own number",
        )
        require(
            self.dtype in ("float32", "float64"),
            f"dtype {self.dtype!r}",
            "float32 or float64",
            "choose one of them",
        )

    @property
    def share(self) -> float:
        """The part of alpha that one claim may spend."""
        return st.share(self.alpha, self.claims)

    @property
    def hasty(self) -> bool:
        """Whether to compile in haste: the runs of the quick tier are short."""
        return self.tier == "quick"


@runtime_checkable
class Shelf(Protocol):
    """Where records are kept between runs; `convergence.store` has the one on disk."""

    def fetch(self, claim: Any, T: int, settings: Settings, seeds: int) -> Record | None:
        """A stored record with as many runs as there are, or None."""
        ...

    def keep(self, claim: Any, record: Record, settings: Settings) -> None:
        """Store a record."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a reader must be told since the last call (corrupt records that were recomputed)."""
        ...


Progress = Callable[[int, int], None]  # (runs done, runs in all)
