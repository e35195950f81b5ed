"""Claims that need no run: an identity or inequality checked by enumeration or in closed form."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence import statistics as st
from convergence.claims.base import AbstractClaim
from convergence.claims.fields import check_words
from convergence.claims.report import Draft, Report
from convergence.claims.settings import Progress, Session, Settings, Shelf
from convergence.errors import require
from convergence.precision import precision
from convergence.statistics import Verdict
from convergence.theorems.base import AbstractIdentity, Kind


@dataclasses.dataclass(frozen=True)
class Identity(AbstractClaim):
    """Every discrepancy that `theorem` lists is at most its tolerance."""

    slug: str
    theorem: AbstractIdentity
    _: dataclasses.KW_ONLY
    family: str = "own"
    expect: Verdict = Verdict.CONSISTENT
    note: str = ""
    instead: str = ""

    def __post_init__(self) -> None:
        check_words(self)
        theorem: Any = self.theorem  # whatever was given
        require(
            isinstance(theorem, AbstractIdentity),
            f"the theorem {theorem!r} in claim {self.slug!r}",
            "an instance of a subclass of AbstractIdentity",
            "use Claim for a statement about runs",
        )

    @property
    def kind(self) -> Kind:
        return Kind.IDENTITY

    def verify(
        self, settings: Settings, shelf: Shelf | None = None, progress: Progress | None = None
    ) -> Report:
        session = Session(settings, shelf, progress)
        with precision("float64"):  # nothing is run: it is enumerated as exactly as can be
            found = self.theorem.discrepancies()
        judgement = st.judge_identity(found, self.theorem.tolerance)
        outcome = Draft(judgement.verdict)
        outcome.judge(judgement)
        return Report.of(self, outcome, session)

    def particulars(self) -> dict[str, Any]:
        return {"tolerance": self.theorem.tolerance}
