"""Claims that one method does better than another, on the same instance and the same samples."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from convergence import statistics as st
from convergence.claims.assemble import lifted, signs
from convergence.claims.base import AbstractOnInstance
from convergence.claims.certificates import computed
from convergence.claims.rounding import faint, strayed
from convergence.claims.settings import Session
from convergence.claims.settle import MOST, left_open
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample, Verdict
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
        pairs = [(a.T, lifted(self, a), lifted(self, b)) for a, b in zip(ours, theirs, strict=True)]
        factor = float(self.bound(horizons[-1]))
        both = [Sample(T, np.stack([a, b]), factor) for T, a, b in pairs]
        for sample in both:
            signs(self.kind, sample)
        session.look(self.simulation(self.horizons[-1]), both)
        judged = functools.partial(
            st.judge_separation,
            alpha=session.settings.level,
            light=all(
                ticket.get("light") and not ticket.get("unseen")
                for ticket in (self.tickets(T, r) for T in horizons for r in (False, True))
            ),
            ceiling=computed(self.theorem.ceiling, c, horizons[-1]),
        )
        judgement = judged(pairs, factor=factor)
        if judgement.verdict is Verdict.REFUTED and session.source is None:
            runs = (*((r, False) for r in ours), *((r, True) for r in theirs))
            granted = max(strayed(self, record, session, rival) for record, rival in runs)
            wide = factor * (1 + granted) / (1 - granted) if granted < MOST else math.inf
            dtype = session.settings.dtype
            clear = [pair for pair in pairs if not faint(np.stack(pair[1:]), 0.0, dtype)]
            kept = clear and wide < math.inf and judged(clear, factor=wide).verdict
            if kept is not Verdict.REFUTED:
                judgement = left_open(judgement, granted if clear else 1.0)
        return ours + theirs, judgement
