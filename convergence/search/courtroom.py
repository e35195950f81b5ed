"""The candidates of a cross-examination: claims whose problem, noise and fields all vary."""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.exact import Exact, miss
from convergence.parts import compressors
from convergence.search.climbing import BATCH
from convergence.search.exact import MomentSearch
from convergence.search.instances import Instances
from convergence.search.pool import Room
from convergence.search.runs import OUTSIDE, SEEDS, RunSearch
from convergence.search.variations import fields, rebuilt
from convergence.theorems.base import Kind
from convergence.theorems.domains import domains
from convergence.theorems.exact_moments import AbstractMoment

HORIZONS = (1, 2, 5, 16, 64)
TRIES, FIRST = 2 * BATCH, 4  # points of a family that are looked at for admissible ones
MESSAGES = (
    compressors.TopK(1), compressors.TopK(2), compressors.RandK(1), compressors.Bernoulli(0.3),
    compressors.ScaledSign(), compressors.Linear(1.6),
)  # fmt: skip


def drawn(theorem: Any, rng: np.random.Generator) -> tuple[Any, tuple[str, ...]]:
    """(the theorem with other choices among its static fields, the names of its real fields)."""
    known, new, reals = domains(type(theorem)), {}, []
    for name in fields(theorem) or ():
        value = getattr(theorem, name)
        if isinstance(value, compressors.AbstractCompressor):
            new[name] = MESSAGES[rng.integers(len(MESSAGES))]
        elif name in known and known[name].values:
            new[name] = known[name].values[rng.integers(len(known[name].values))]
        elif isinstance(value, int) and not isinstance(value, bool):
            new[name] = int(rng.integers(1, 2 * value + 2))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.any(value):
            reals.append(name)
    for names in (tuple(new), *((name,) for name in rng.permutation(list(new))), ()):
        try:
            return rebuilt(theorem, **{name: new[name] for name in names}), tuple(reals)
        except OUTSIDE:
            continue
    return theorem, tuple(reals)


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
        for k in rng.permutation(len(pairs)):
            room, noise = pairs[k]
            theorem, reals = (
                drawn(claim.theorem, rng) if rng.random() < 0.7 else (claim.theorem, ())
            )
            own = claim.horizons if isinstance(claim, Exact) else (min(claim.horizons),)
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


class AcrossRuns(Courtroom, RunSearch):
    """A bound, a floor or an exact mean, by runs."""

    def __init__(self, claim: Claim, seed: int, pool: Sequence[Room]):
        self.claim, self.seed, self.calls, self.open, self.seeds = claim, seed, 0, (), SEEDS
        self.admit(claim, seed, pool)

    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        self.horizons = (int(family.make(np.zeros(family.size))[-1]),)
        return super().scores(family, points)

    def ratio(self, values: np.ndarray, bound: Any) -> float:
        """As in `RunSearch`; of an equality the miss over what the margin and noise allow."""
        if self.claim.kind is not Kind.EXACT or np.any(np.isnan(values)):
            return super().ratio(values, bound)
        error = 4 * float(values.std()) / math.sqrt(values.size)
        allowed = self.claim.margin * abs(float(bound)) + error
        return abs(float(values.mean()) - float(bound)) / max(allowed, 1e-300)


class AcrossMoments(Courtroom, MomentSearch):
    """A statement on exact moments; a comparison is measured by the rival's moment."""

    def __init__(self, claim: Exact, seed: int, pool: Sequence[Room]):
        self.claim = dataclasses.replace(claim, how="exact", seeds=1)
        self.admit(self.claim, seed, pool)

    def score(self, family: Instances, z: np.ndarray) -> float:
        try:
            claim = self.candidate(family, z)
            (T,) = claim.horizons
            if not all(a.holds for a in claim.check(T)):
                return -math.inf
            value, bound, _ = claim.exact(T)
            if claim.kind is Kind.SEPARATION:
                bound *= claim.exact(T, rival=True)[0]
            if not math.isfinite(bound):
                return -math.inf
            scale = 0.0
            if isinstance(claim.theorem, AbstractMoment):
                scale = claim.theorem.scale(claim.instance(T)[2], T)
            kind = Kind.EXPECTATION if claim.kind is Kind.SEPARATION else claim.kind
            # 1 where it is just kept: an inequality by its ratio, an equality by its miss.
            off = miss(kind, value, bound, scale)
            if kind is Kind.EXACT or off > 0:
                return off / max(float(claim.theorem.tolerance), 1e-12)
            up, down = (bound, value) if kind is Kind.FLOOR else (value, bound)
            return up / max(down, 1e-300) if up > 0 else 0.0
        except OUTSIDE:
            return -math.inf
