"""Claims that one method does better than another, on the same instance and the same samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from convergence import statistics as st
from convergence.algorithms.base import AbstractAlgorithm
from convergence.claims.base import Claim
from convergence.claims.settings import Settings, Shelf
from convergence.constants import Constants
from convergence.runner.record import Record
from convergence.statistics import Judgement
from convergence.theorems.base import AbstractAbout, AbstractSeparation


class Rival(AbstractAbout):
    """The same statement seen from the other method: prescribes `of.rival`."""

    of: AbstractSeparation

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.of.rival(c, T)


@dataclasses.dataclass(frozen=True)
class Separation(Claim):
    """E M_T(prescribed) ≤ b · E M_T(rival) with b = `theorem.bound`; both runs share their keys."""

    def collect(
        self,
        horizons: tuple[int, ...],
        seeds: int,
        settings: Settings,
        shelf: Shelf | None,
        progress: Callable[[int], None] | None,
    ) -> tuple[list[Record], Judgement]:
        assert isinstance(self.theorem, AbstractSeparation)
        twin = dataclasses.replace(self, theorem=Rival(self.theorem))
        ours = [self.measure(T, settings, seeds, shelf, progress) for T in horizons]
        theirs = [twin.measure(T, settings, seeds, shelf, None) for T in horizons]
        _, _, c = self.instance(horizons[-1])
        pairs = [(a.T, a.final(), b.final()) for a, b in zip(ours, theirs, strict=True)]
        judgement = st.judge_separation(
            pairs,
            settings.share,
            factor=float(self.theorem.bound(c, horizons[-1])),
            finite_variance="light_tailed" in c and bool(c["light_tailed"]),
            ceiling=self.theorem.ceiling(c, horizons[-1]),
        )
        return ours + theirs, judgement
