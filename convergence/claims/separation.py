"""Claims that one method does better than another, on the same instance and the same samples."""

from __future__ import annotations

import dataclasses

from convergence import statistics as st
from convergence.claims.base import AbstractOnInstance
from convergence.claims.settings import Session
from convergence.runner.record import Record
from convergence.statistics import Judgement
from convergence.theorems.base import AbstractSeparation


@dataclasses.dataclass(frozen=True)
class Separation(AbstractOnInstance):
    """E M_T(prescribed) ≤ b · E M_T(rival) with b = `theorem.bound`; both runs share their keys."""

    compares = True

    def collect(
        self, horizons: tuple[int, ...], seeds: int, session: Session
    ) -> tuple[list[Record], Judgement]:
        session.total *= 2
        ours = [self.measure(T, session, seeds) for T in horizons]
        theirs = [self.measure(T, session, seeds, rival=True) for T in horizons]
        _, _, c = self.instance(horizons[-1])
        assert isinstance(self.theorem, AbstractSeparation)
        pairs = [(a.T, a.final(), b.final()) for a, b in zip(ours, theirs, strict=True)]
        judgement = st.judge_separation(
            pairs,
            session.settings.share,
            factor=float(self.theorem.bound(c, horizons[-1])),
            finite_variance="light_tailed" in c and bool(c["light_tailed"]),
            ceiling=self.theorem.ceiling(c, horizons[-1]),
        )
        return ours + theirs, judgement
