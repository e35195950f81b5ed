"""The candidates of claims that need no runs: exact moments over graphs, lemmas over noise laws.

There are no seeds, so nothing has to survive fresh ones: what exceeds its allowance is a violation.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from convergence.claims.exact import Exact, miss
from convergence.claims.identity import Identity
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.problems.agents import AgentQuadratics
from convergence.search.graphs import crowds, laws
from convergence.search.instances import Instances
from convergence.search.runs import OUTSIDE, AbstractSearch
from convergence.search.variations import like, variations
from convergence.statistics import Verdict
from convergence.theorems.base import Kind, Moment
from convergence.theorems.exact_moments import AbstractMoment
from convergence.theorems.heavy_tailed.lemmas import AbstractLawLemma

KINDS = (Kind.EXACT, Kind.EXPECTATION, Kind.FLOOR)


class MomentSearch(AbstractSearch):
    """A statement about exact moments, on graphs of agents with quadratics.

    The score of an inequality is value/bound, or bound/value of a floor; of an equality, its miss
    as a multiple of the tolerance.
    """

    def __init__(self, claim: Exact):
        fixed = isinstance(claim.problem, AgentQuadratics) and not claim.problem.directed
        plain = isinstance(claim.noise, Noiseless) or (
            isinstance(claim.noise, PerEntry) and np.ndim(claim.noise.s) == 0
        )
        if not (
            fixed
            and plain
            and claim.kind in KINDS
            and claim.theorem.quantity is not Moment.TRANSIENT
        ):
            raise InvalidInput(
                f"The statement of {claim.slug!r} is on exact moments and can be searched for an "
                "equality or a bound on agents with quadratics on one undirected graph only; "
                "give it such an instance."
            )
        self.claim = claim
        (k, make), (more, shake) = variations(claim.problem), variations(claim.noise)
        own = Instances(like(claim.problem, claim.noise), k + more,
                     lambda z: (make(z[:k]), shake(z[k:])), False)  # fmt: skip
        self.families = (own, *crowds(claim.noise))

    def candidate(self, family: Instances, z: np.ndarray) -> Exact:
        """The claim on the instance at z."""
        problem, noise = family.make(z)
        return dataclasses.replace(self.claim, problem=problem, noise=noise)

    def score(self, family: Instances, z: np.ndarray) -> float:
        """The worst over the horizons of one candidate."""
        try:
            claim = self.candidate(family, z)
            found = []
            for T in claim.horizons:
                if not all(a.holds for a in claim.check(T)):
                    return -math.inf
                value, bound, _ = claim.exact(T)
                if claim.kind is Kind.EXACT:
                    theorem = claim.theorem
                    scale = (
                        theorem.scale(claim.instance(T)[2], T)
                        if isinstance(theorem, AbstractMoment)
                        else 0.0
                    )
                    found.append(miss(claim.kind, value, bound, scale) / claim.theorem.tolerance)
                else:
                    up, down = (bound, value) if claim.kind is Kind.FLOOR else (value, bound)
                    found.append(up / max(down, 1e-300))
        except OUTSIDE:
            return -math.inf
        return -math.inf if any(math.isnan(v) for v in found) else max(found)

    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        self.candidates += len(points)
        return np.array([self.score(family, z) for z in points])

    def again(self, family: Instances, z: np.ndarray) -> float:
        return self.score(family, z)

    def false(self, family: Instances, z: np.ndarray) -> str:
        claim = self.candidate(family, z)
        found = [claim.certified(T) for T in claim.horizons]
        return next((c.detail for c in found if not c.holds), "")

    def confirm(
        self, family: Instances, z: np.ndarray, k: int, alpha: float
    ) -> tuple[str, str] | None:
        claim = dataclasses.replace(
            self.candidate(family, z), slug=f"{self.claim.slug}-violated-{k}",
            family="violations", expect=Verdict.REFUTED, more={}, how="exact", seeds=1,
            note=f"found by a search of {self.candidates} instances: {family.name}",
        )  # fmt: skip
        return self.judged(claim, family, alpha)


class LemmaSearch(AbstractSearch):
    """A lemma about sums or clippings of a finite law, by enumeration."""

    def __init__(self, claim: Identity):
        if not isinstance(claim.theorem, AbstractLawLemma):
            raise InvalidInput(
                f"The statement of {claim.slug!r} names no noise law, so there is nothing to "
                "search; its claim enumerates all of its cases."
            )
        self.claim, self.lemma = claim, claim.theorem
        self.families = laws()

    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        self.candidates += len(points)
        return np.array([self.again(family, z) for z in points])

    def again(self, family: Instances, z: np.ndarray) -> float:
        law: Any = family.make(z)
        return self.lemma.ratio(law) if self.lemma.covers(law) else -math.inf

    def confirm(
        self, family: Instances, z: np.ndarray, k: int, alpha: float
    ) -> tuple[str, str] | None:
        law: Any = family.make(z)
        claim = dataclasses.replace(
            self.claim, slug=f"{self.claim.slug}-violated-{k}", family="violations",
            expect=Verdict.REFUTED, theorem=dataclasses.replace(self.lemma, law=law),
            note=f"found by a search of {self.candidates} laws: {family.name}",
        )  # fmt: skip
        return self.judged(claim, family, alpha)
