"""Cross-examination: every theorem on every family of problems and noises, wherever its
assumptions hold, with fields drawn from their domains.

A registered claim puts a statement to the test on the instance that someone chose for it. Here its
theorem meets what it says it holds for. Rates say nothing at one horizon.
"""

from __future__ import annotations

import collections
import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.exact import AbstractExact, Exact
from convergence.claims.exact_masks import ExactMasks
from convergence.claims.identity import Identity
from convergence.claims.separation import Separation
from convergence.errors import told
from convergence.precision import precision
from convergence.search.climbing import BATCH, Evolution
from convergence.search.courtroom import AcrossMoments, AcrossRuns
from convergence.search.courtroom_more import AcrossIdentities, AcrossPairs, has_choices
from convergence.search.falsify import EXCESS, plainer
from convergence.search.instances import Instances
from convergence.search.parts import Room
from convergence.search.pool import rooms
from convergence.search.pool_special import home
from convergence.search.runs import OUTSIDE
from convergence.statistics import Verdict
from convergence.theorems.base import Kind, Moment


class Tally(NamedTuple):
    """A theorem on one family of problems: how many instances were `judged`, the worst
    measured/allowed, and which assumption refused most of the others."""

    judged: int = 0
    worst: float = -math.inf
    refused: str = ""


@dataclasses.dataclass(frozen=True)
class Examination:
    """What became of one theorem. cells: by the name of the family of problems. module: a violation
    as a file that `convergence verify` reproduces, or None. error: what ended it early, or ''."""

    theorem: str
    slug: str
    cells: dict[str, Tally]
    seconds: float
    module: str | None = None
    reason: str = ""
    error: str = ""


def subjects(claims: Sequence[Any]) -> tuple[Any, ...]:
    """One claim for each theorem that has something to be examined: expected CONSISTENT, by runs,
    by exact moments or as an identity with fields, and of a class that no claim expects to be
    REFUTED."""
    told = {type(c.theorem) for c in claims if c.expect is Verdict.REFUTED}
    found: dict[type, Any] = {}
    for claim in claims:
        runs = type(claim) is Claim and claim.kind in (
            Kind.PATHWISE, Kind.EXPECTATION, Kind.EXACT, Kind.FLOOR
        )  # fmt: skip
        exact = type(claim) in (Exact, ExactMasks) and claim.kind is not Kind.RATE
        exact = exact and getattr(claim.theorem, "quantity", None) is not Moment.TRANSIENT
        other = type(claim) is Separation or (
            type(claim) is Identity and has_choices(claim.theorem)
        )
        if (
            (runs or exact or other)
            and claim.expect is Verdict.CONSISTENT
            and type(claim.theorem) not in told
        ):
            found.setdefault(type(claim.theorem), claim)
    return tuple(found.values())


def examine(
    claim: Any,
    budget: float,
    alpha: float = 1e-3,
    seed: int = 0,
    pool: Sequence[Room] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Examination:
    """Examine the theorem of `claim` for `budget` seconds: draws in every family while time lasts,
    then hill climbing from the worst of them. One violation ends it."""
    began = time.perf_counter()
    until, rng = began + budget, np.random.default_rng(seed)
    cells: dict[str, Tally] = collections.defaultdict(Tally)
    with precision("float64"):
        search: Any = courtroom(claim, seed, pool)
        best: dict[str, tuple[float, np.ndarray]] = {}
        found, attempts, needed = None, 0, EXCESS

        def put(family: Instances, z: np.ndarray, level: float) -> tuple[str, str] | None:
            try:
                return search.confirm(family, plainer(search, family, z, rng), attempts, level)
            except OUTSIDE:
                return None  # an instance that the judge cannot be given

        def batch(family: Instances, points: np.ndarray) -> np.ndarray:
            nonlocal found, attempts, needed
            scores = search.scores(family, points)
            room, k = search.rooms[family.name], int(np.argmax(scores))
            cell = cells[room]
            cells[room] = cell._replace(judged=cell.judged + int(np.sum(scores > -math.inf)))
            if scores[k] > best.get(family.name, (-math.inf,))[0]:
                fresh = search.again(family, points[k])
                best[family.name] = max(scores.min(), fresh), points[k]
                if fresh > needed:
                    attempts += 1
                    false = search.false(family, points[k])
                    if not false:
                        found = put(family, points[k], alpha / (attempts * (attempts + 1)))
                    needed = 1.05 * fresh
                    if tell:
                        word = "VIOLATED" if found else false or f"not confirmed, {search.word}"
                        tell(f"{family.name}: ratio {fresh:.4g}, {word}")
                if fresh <= EXCESS or found:  # what the judge does not confirm is rounding or luck
                    cells[room] = cells[room]._replace(worst=max(cells[room].worst, fresh))
            return scores

        for family in search.families:
            if found or time.perf_counter() > until - 0.3 * budget:
                break
            good = search.entrance(family, rng)
            if good:
                batch(family, np.resize(np.array(good), (BATCH, family.size)))
        byname = {f.name: f for f in search.families}
        for name in sorted((n for n in best if byname[n].size), key=lambda n: -best[n][0]):
            climber, last = Evolution(best[name][1], 0.3, rng), -math.inf
            for _ in range(12):
                if found or time.perf_counter() > until:
                    break
                points = climber.ask()
                scores = batch(byname[name], points)
                climber.tell(points, scores)
                if climber.width < 0.02 or (scores.max() <= last and climber.width < 0.1):
                    break
                last = scores.max()
    for room, counted in search.refusals.items():
        cells[room] = cells[room]._replace(refused=counted.most_common(1)[0][0])
    module, reason = found or (None, "")
    return Examination(
        type(claim.theorem).__name__, claim.slug, dict(cells), time.perf_counter() - began, module,
        reason,
    )  # fmt: skip


def courtroom(claim: Any, seed: int, pool: Sequence[Room] | None) -> Any:
    """The search that fits a claim, on `pool` or on all families and its own."""
    if isinstance(claim, Identity):
        return AcrossIdentities(claim, seed)
    kind: Any = AcrossMoments if isinstance(claim, AbstractExact) else AcrossRuns
    kind = AcrossPairs if isinstance(claim, Separation) else kind
    return kind(claim, seed, (*rooms(), home(claim)) if pool is None else pool)


def across(
    claims: Sequence[Any], budget: float, alpha: float = 1e-3, seed: int = 0, tell: Any = None
) -> Iterator[Examination]:
    """Examine theorem after theorem; what is left of `budget` is shared by those left, `alpha` by
    all of them. An exception ends that of its theorem, and is told."""
    found, until = subjects(claims), time.perf_counter() + budget
    order = np.random.default_rng(seed).permutation(len(found))
    for place, k in enumerate(order):
        began, claim = time.perf_counter(), found[k]
        left = max(until - began, 1e-3) / (len(found) - place)
        try:
            outcome = examine(claim, left, alpha / len(found), seed, tell=tell)
        except Exception as error:  # of this theorem alone: the others are examined
            spent = time.perf_counter() - began
            name = type(claim.theorem).__name__
            outcome = Examination(name, claim.slug, {}, spent, error=told(error))
        yield outcome
