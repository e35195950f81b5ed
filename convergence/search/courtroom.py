"""The candidates of a cross-examination: claims whose problem, noise and fields all vary."""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from convergence.claims.exact import AbstractExact, Exact, miss
from convergence.claims.exact_masks import ExactMasks
from convergence.moments.affine import analyse
from convergence.moments.masks import exact_moments
from convergence.moments.tape import NotAffine
from convergence.search.choices import drawn
from convergence.search.climbing import BATCH
from convergence.search.exact import MomentSearch
from convergence.search.instances import Instances
from convergence.search.parts import OWN, Room
from convergence.search.runs import OUTSIDE, SEEDS, RunSearch
from convergence.search.variations import rebuilt
from convergence.statistics import Verdict
from convergence.theorems.base import Kind
from convergence.theorems.exact_moments import AbstractMoment

HORIZONS = (1, 2, 5, 16, 64)
MORE = 4096  # runs of a second look
CLOSE = 1e-7  # of a recursion of moments that was written for ordinary sizes
TRIES, FIRST = 2 * BATCH, 4  # points of a family that are looked at for admissible ones


class Courtroom:
    """What the two searches below share: families that vary problem, noise and theorem at once."""

    claim: Any
    families: tuple[Instances, ...]
    rooms: dict[str, str]
    refusals: dict[str, collections.Counter[str]]

    def admit(self, claim: Any, seed: int, pool: Sequence[Room]) -> None:
        """Lay out the families of `claim`, each with choices of its own."""
        rng = np.random.default_rng((seed, *claim.slug.encode()))
        self.rooms, self.refusals, found = {}, collections.defaultdict(collections.Counter), []
        pairs = [(room, noise) for room in pool for noise in room.noises]
        order = [pairs[k] for k in rng.permutation(len(pairs))]
        for room, noise in sorted(order, key=lambda pair: pair[0].problem.name != OWN):
            theorem, reals = (
                drawn(claim.theorem, rng) if rng.random() < 0.7 else (claim.theorem, ())
            )
            own = claim.horizons if isinstance(claim, AbstractExact) else (min(claim.horizons),)
            T = int(rng.choice(HORIZONS)) if rng.random() < 0.6 else int(rng.choice(own))
            name = f"{room.problem.name} of {room.problem.size} numbers under {noise.name}, T = {T}"
            sizes = room.problem.size, noise.size, len(reals)
            make = _maker(room, noise, theorem, reals, T)
            self.rooms[name] = room.problem.name
            found.append(
                Instances(name, sum(sizes), make, noise.name != "no noise" or claim.seeds > 1)
            )
        self.families = tuple(found)

    def candidate(self, family: Instances, z: np.ndarray) -> Any:
        """The claim at z."""
        theorem, problem, noise, T = family.make(z)
        return dataclasses.replace(
            self.claim, theorem=theorem, problem=problem, noise=noise, horizons=(T,), more={}
        )

    @np.errstate(all="ignore")
    def admissible(self, family: Instances, z: np.ndarray) -> bool:
        """Whether all assumptions hold at z; the first that does not is counted."""
        try:
            claim = self.candidate(family, z)
            failed = [a.name for a in claim.check(claim.horizons[0]) if not a.holds]
        except OUTSIDE as error:
            failed = [type(error).__name__]
        if failed:
            self.refusals[self.rooms[family.name]][failed[0]] += 1
        return not failed

    def entrance(self, family: Instances, rng: np.random.Generator) -> list[np.ndarray]:
        """Admissible points of a family, the plain one first; none if `FIRST` tries find none."""
        good: list[np.ndarray] = []
        for k in range(TRIES):
            width = 0.0 if k == 0 else rng.choice([0.1, 0.5, 1.0, 2.0])
            z = width * rng.standard_normal(family.size)
            good += [z] if self.admissible(family, z) else []
            if len(good) == BATCH or (k >= FIRST and not good):
                break
        return good


def _maker(room: Room, noise: Any, theorem: Any, reals: tuple[str, ...], T: int) -> Any:
    ends = np.cumsum([room.problem.size, noise.size])

    def make(z: np.ndarray) -> Any:
        problem, law, more = np.split(z, ends)
        new = {
            name: getattr(theorem, name) * math.exp(min(max(e, -9.0), 9.0))
            for name, e in zip(reals, more, strict=True)
        }
        one = rebuilt(theorem, **new) if new else theorem
        return one, room.problem.make(problem), noise.make(law), T

    return make


LAWS: tuple[tuple[type[AbstractExact], Any], ...] = ((Exact, analyse), (ExactMasks, exact_moments))


def known(claim: Any) -> type[AbstractExact] | None:
    """The kind of claim that judges this one by exact moments, where the method is linear."""
    if claim.kind not in (Kind.EXPECTATION, Kind.EXACT, Kind.FLOOR):
        return None
    (T,) = claim.horizons
    metric = claim.theorem.metric(claim.instance(T)[2], T)
    for kind, moments in LAWS:
        try:
            moments(claim.experiment(T)).expected(metric, [T])
        except (NotAffine, *OUTSIDE):
            continue
        return kind
    return None


class AcrossRuns(Courtroom, RunSearch):
    """A bound, a floor or an exact mean: by exact moments where the method is linear in the noise
    and the instance quadratic, for runs miss what is rare; else by runs."""

    def __init__(self, claim: Any, seed: int, pool: Sequence[Room]):
        self.claim, self.seed, self.calls, self.open, self.seeds = claim, seed, 0, (), SEEDS
        self.linear: dict[str, type[AbstractExact] | None] = {}
        self.admit(claim, seed, pool)

    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        self.horizons = (int(family.make(np.zeros(family.size))[-1]),)
        if family.name not in self.linear:
            self.linear[family.name] = self.way(family, points)
        kind = self.linear[family.name]
        if kind is None:
            return super().scores(family, points)
        self.candidates += len(points)
        return np.array([self.weighed(kind, family, z) for z in points])

    def way(self, family: Instances, points: np.ndarray) -> type[AbstractExact] | None:
        """How the instances of a family are judged, by the first of `points` that is admissible."""
        first = next((z for z in points if self.admissible(family, z)), None)
        return None if first is None else known(self.candidate(family, first))

    def weighed(self, kind: type[AbstractExact], family: Instances, z: np.ndarray) -> float:
        """The score of one point by exact moments."""
        return (
            -math.inf if not self.admissible(family, z) else weigh(self.as_exact(kind, family, z))
        )

    def as_exact(
        self, kind: type[AbstractExact], family: Instances, z: np.ndarray
    ) -> AbstractExact:
        """The candidate as a claim on exact moments."""
        c = self.candidate(family, z)
        return kind(
            c.slug, c.theorem, c.problem, c.noise, horizons=c.horizons, oracle=c.oracle,
        )  # fmt: skip

    def parts(self, family: Instances, z: np.ndarray, T: int) -> Any:
        """None as well where a mean is asked for that a few runs do not show."""
        if self.claim.kind in (Kind.EXACT, Kind.FLOOR):
            try:
                claim = self.candidate(family, z)
                c = claim.instance(T)[2]
                if not c.get("light_tailed") and claim.theorem.ceiling(c, T) is None:
                    return None
            except OUTSIDE:
                return None
        return super().parts(family, z, T)

    def again(self, family: Instances, z: np.ndarray) -> float:
        kind = self.linear.get(family.name)
        return super().again(family, z) if kind is None else self.weighed(kind, family, z)

    def confirm(
        self, family: Instances, z: np.ndarray, k: int, alpha: float, most: int = MORE
    ) -> tuple[str, str] | None:
        kind = self.linear.get(family.name)
        if kind is None:  # a second look with more runs where the first cannot tell
            return super().confirm(family, z, k, alpha / 2) or super().confirm(
                family, z, k, alpha / 2, most
            )
        claim = dataclasses.replace(
            self.as_exact(kind, family, z), slug=f"{self.claim.slug}-violated-{k}",
            family="violations", expect=Verdict.REFUTED,
            note=f"found by a search of {self.candidates} instances: {family.name}",
        )  # fmt: skip
        return self.judged(claim, family, alpha)

    def ratio(self, values: np.ndarray, bound: Any) -> float:
        """As in `RunSearch`; of an equality the miss over what the margin and noise allow."""
        if self.claim.kind is not Kind.EXACT or np.any(np.isnan(values)):
            return super().ratio(values, bound)
        error = 4 * float(values.std()) / math.sqrt(values.size)
        allowed = self.claim.margin * abs(float(bound)) + error
        return abs(float(values.mean()) - float(bound)) / max(allowed, 1e-300)


@np.errstate(all="ignore")
def weigh(claim: AbstractExact) -> float:
    """1 where a statement on exact moments is just kept: of an inequality value/bound, of an
    equality the miss over what is granted; −∞ where there is nothing to compare."""
    try:
        (T,) = claim.horizons
        value, bound, _ = claim.exact(T)
        if claim.kind is Kind.SEPARATION:
            bound *= claim.exact(T, rival=True)[0]
        if not math.isfinite(bound):
            return -math.inf
        theorem, granted = claim.theorem, float(claim.theorem.tolerance)
        if isinstance(theorem, AbstractMoment):
            scale = theorem.scale(claim.instance(T)[2], T)
        else:  # sums that cancel, relative to where they begin
            granted = max(granted, CLOSE)
            scale = CLOSE * float(theorem.trivial(claim.instance(T)[2], T) or 0.0)
        kind = Kind.EXPECTATION if claim.kind is Kind.SEPARATION else claim.kind
        off = miss(kind, value, bound, scale)
        if granted < off < math.inf and abs(value - bound) <= claim.grain(T):
            return 1.0
        if kind is Kind.EXACT or off > 0:
            return off / max(granted, 1e-12)
        up, down = (bound, value) if kind is Kind.FLOOR else (value, bound)
        return up / max(down, 1e-300) if up > 0 else 0.0
    except OUTSIDE:
        return -math.inf


class AcrossMoments(Courtroom, MomentSearch):
    """A statement on exact moments; a comparison is measured by the rival's moment."""

    def __init__(self, claim: AbstractExact, seed: int, pool: Sequence[Room]):
        self.claim = dataclasses.replace(claim, how="exact", seeds=1)
        self.admit(self.claim, seed, pool)

    def score(self, family: Instances, z: np.ndarray) -> float:
        try:
            claim = self.candidate(family, z)
            holds = all(a.holds for a in claim.check(*claim.horizons))
        except OUTSIDE:
            return -math.inf
        return weigh(claim) if holds else -math.inf
