"""Cross-examination of what has no bound on one method: comparisons by runs, and identities."""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from convergence.claims.identity import Identity
from convergence.claims.separation import Separation
from convergence.search.batches import simulate
from convergence.search.choices import drawn
from convergence.search.courtroom import TRIES, AcrossRuns
from convergence.search.graphs import laws
from convergence.search.instances import Instances
from convergence.search.parts import Room
from convergence.search.runs import OUTSIDE, AbstractSearch, measurable
from convergence.search.variations import fields, rebuilt
from convergence.statistics import Verdict
from convergence.theorems.heavy_tailed.lemmas import AbstractLawLemma

FIELDS = "its fields, drawn"
DRAWS = 16  # choices of the fields that are no real numbers


class AcrossPairs(AcrossRuns):
    """A comparison of two methods by runs that share their keys."""

    claim: Separation

    def ratios(self, family: Instances, points: np.ndarray, T: int) -> np.ndarray:
        """E M(ours) over what is granted it, less its scatter: 1 where the statement is kept."""
        found = np.full(len(points), -math.inf)
        for j, z in enumerate(points):
            made = self.parts(family, z, T)
            if made is None or not measurable(made):
                continue
            rival = self.candidate(family, z).experiment(T, rival=True)
            keys = self.keys(family, 1, T)
            ours, theirs = (simulate([run], T, keys)[0] for run in (made[0], rival))
            found[j] = apart(ours, float(made[1]) * theirs)
        return found


def apart(ours: np.ndarray, granted: np.ndarray) -> float:
    """By what factor the mean of `ours` exceeds that of `granted`, less four errors."""
    off, mean = ours - granted, float(granted.mean())
    error = float(off.std(ddof=1)) / math.sqrt(off.size) if off.size > 1 else 0.0
    found = 1 + (float(off.mean()) - 4 * error) / max(mean, 1e-300)
    return math.inf if math.isnan(found) else found


class AcrossIdentities(AbstractSearch):
    """An identity with other values for its fields, or over all noise laws of a lemma. The score is
    the largest discrepancy as a multiple of the tolerance."""

    rooms: dict[str, str]
    refusals: dict[str, collections.Counter[str]]

    def __init__(self, claim: Identity, seed: int, pool: Sequence[Room] = ()):
        self.claim, self.refusals = claim, collections.defaultdict(collections.Counter)
        rng, theorem = np.random.default_rng((seed, *claim.slug.encode())), claim.theorem
        others = [] if is_lemma(theorem) else [drawn(theorem, rng)[0] for _ in range(DRAWS)]
        others = [one for one in others if small(one, theorem)]
        found = [_family(one, f"choice {k} of its fields") for k, one in enumerate(others)]
        if is_lemma(theorem):
            found = [_of_law(theorem, family) for family in laws()]
        self.families = tuple(found)
        self.rooms = {family.name: FIELDS for family in self.families}

    def candidate(self, family: Instances, z: np.ndarray) -> Identity:
        """The claim at z."""
        return dataclasses.replace(self.claim, theorem=family.make(z))

    def entrance(self, family: Instances, rng: np.random.Generator) -> list[np.ndarray]:
        """Points at which the statement can be built, the plain one first."""
        good: list[np.ndarray] = []
        for k in range(TRIES if family.size else 1):
            z = (k > 0) * rng.standard_normal(family.size)
            try:
                family.make(z)
                good.append(z)
            except OUTSIDE as error:
                self.refusals[FIELDS][type(error).__name__] += 1
        return good[:4]

    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        self.candidates += len(points)
        known = {z.tobytes(): self.again(family, z) for z in points}
        return np.array([known[z.tobytes()] for z in points])

    def again(self, family: Instances, z: np.ndarray) -> float:
        try:
            theorem: Any = family.make(z)
            sizes = [abs(float(v)) for v in theorem.discrepancies().values()]
            near = 0.0  # to climb by, where the statement is kept
            if is_lemma(theorem):
                near = theorem.ratio(theorem.law)
        except OUTSIDE:
            return -math.inf
        worst = max(v if math.isfinite(v) else math.inf for v in sizes)
        return max(near, worst / max(theorem.tolerance, 1e-300))

    def confirm(
        self, family: Instances, z: np.ndarray, k: int, alpha: float
    ) -> tuple[str, str] | None:
        claim = dataclasses.replace(
            self.candidate(family, z), slug=f"{self.claim.slug}-violated-{k}",
            family="violations", expect=Verdict.REFUTED,
            note=f"found by a search of {self.candidates} candidates: {family.name}",
        )  # fmt: skip
        return self.judged(claim, family, alpha)


def is_lemma(theorem: Any) -> bool:
    """Whether an identity is about a noise law."""
    return isinstance(theorem, AbstractLawLemma)


def _of_law(lemma: Any, family: Instances) -> Instances:
    return family._replace(make=lambda z: dataclasses.replace(lemma, law=family.make(z)))


def small(theorem: Any, known: Any) -> bool:
    """Whether no number of cases or terms is much larger than in `known`: time may be exponential
    in it."""
    pairs = [(getattr(theorem, name), getattr(known, name)) for name in fields(known) or ()]
    return all(a <= b + 1 for a, b in pairs if type(a) is int and type(b) is int)


def reals(theorem: Any) -> list[str]:
    """The fields that are real numbers."""
    kinds = {name: getattr(theorem, name) for name in fields(theorem) or ()}
    return [
        name for name, value in kinds.items()
        if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"
    ]  # fmt: skip


def _family(theorem: Any, name: str) -> Instances:
    names = reals(theorem)

    def make(z: np.ndarray) -> Any:
        new = {
            name: getattr(theorem, name) * math.exp(min(max(e, -9.0), 9.0))
            for name, e in zip(names, z, strict=True)
        }
        return rebuilt(theorem, **new) if new else theorem

    return Instances(name, len(names), make, False)


def has_choices(theorem: Any) -> bool:
    """Whether an identity has fields that can be drawn."""
    rng = np.random.default_rng(0)
    others = (drawn(theorem, rng)[0] for _ in range(4))
    return is_lemma(theorem) or bool(reals(theorem)) or any(str(o) != str(theorem) for o in others)
