"""What a campaign tried, and what of it went wrong."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Tally:
    """tried: how many times. wrong: a sentence for each that did not survive."""

    what: str
    promise: str
    tried: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)

    @property
    def survived(self) -> int:
        return self.tried - len(self.wrong)

    def count(self, wrong: str | None) -> None:
        """One more; wrong: what went wrong, None if nothing did."""
        self.tried += 1
        if wrong is not None:
            self.wrong.append(wrong)

    def __str__(self) -> str:
        return f"{self.what}: {self.survived} of {self.tried} survived"
