"""A search for an admissible instance on which a claim's statement fails.

Hypothesis draws batches of candidates and drives measured/bound up with `target()`; an evolution
strategy goes on from the worst. What looks like a violation is measured again with fresh seeds,
made plainer, and put before the judge at level α/(k(k+1)), k = 1, 2, … attempts: all of them
together err with probability at most α.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.exact import Exact
from convergence.claims.identity import Identity
from convergence.errors import InvalidInput, told
from convergence.precision import precision
from convergence.search.climbing import BATCH, Evolution, explore
from convergence.search.exact import LemmaSearch, MomentSearch
from convergence.search.instances import Instances
from convergence.search.runs import KINDS, AbstractSearch, RunSearch

EXAMPLES = 24  # batches that hypothesis draws from a family
EXCESS = 1.02  # smaller violations than this are left to those who look for them


@dataclasses.dataclass(frozen=True)
class Findings:
    """What a search found. ratio: the worst measured/bound under fresh seeds, 1 where the bound is
    attained; for a rate the growth of measured/shape over the horizons, at its slowest pace; for an
    equality the miss over the tolerance. module: the violation as a file that `convergence verify`
    reproduces, or None. edge: where it begins, if the statement leaves a parameter open. varied:
    the families that were drawn from. error: what ended the search early, or ''."""

    slug: str
    ratio: float
    family: str
    candidates: int
    attempts: int
    seconds: float
    module: str | None
    reason: str
    edge: str = ""
    varied: tuple[str, ...] = ()
    error: str = ""


def search_of(claim: Any, seed: int = 0) -> AbstractSearch:
    """The search that fits a claim; `InvalidInput` for a claim that has nothing to search."""
    if isinstance(claim, Identity):
        return LemmaSearch(claim)
    if type(claim) is Exact:
        return MomentSearch(claim)
    if type(claim) is Claim and claim.kind in KINDS:
        return RunSearch(claim, seed)
    raise InvalidInput(
        f"The statement of {claim.slug!r} is of kind {claim.kind} on {type(claim).__name__}, but "
        f"{', '.join(KINDS)} on runs, exact moments of agents, or a lemma about noise laws is "
        "needed: nothing else has a ratio to be driven up."
    )


class Hunt:
    """The state of one search: the worst point of each family, and what became of it."""

    def __init__(self, search: AbstractSearch, alpha: float, seed: int, until: float, tell: Any):
        self.search, self.alpha, self.seed, self.until, self.tell = (
            search, alpha, seed, until, tell,
        )  # fmt: skip
        self.rng = np.random.default_rng(seed)
        self.best = {f.name: (-math.inf, np.zeros(f.size)) for f in search.families}
        self.hurried = False  # whether a violation is made plainer only while time lasts
        self.least = 1  # batches that are made however late it is
        self.first = 0.0  # s, what the first batch of a family costs, compilation included
        self.costs: dict[str, float] = {}  # s, what the next batch of a family costs
        self.worst: tuple[float, str] = (-math.inf, "none")
        self.attempts, self.needed = 0, EXCESS
        self.module: str | None = None
        self.false = ""  # the last candidate that was left out for its certificates
        self.reason, self.edge = "no candidate was admissible", ""

    def said(self) -> str:
        """The reason of the outcome, and what was left out on the way to none."""
        left = f"; {self.false}" if self.false and self.module is None else ""
        return self.reason + left

    def over(self, family: Instances, until: float | None = None) -> bool:
        """Whether it is later than `until`, or another batch of `family` would outlast the search,
        going by the last one, and `least` batches were made; or a violation is confirmed."""
        now = time.perf_counter()
        late = now + self.costs.get(family.name, self.first) > self.until
        late |= until is not None and now > until
        return self.module is not None or (late and self.search.candidates >= self.least)

    def timed(self, family: Instances, points: np.ndarray) -> tuple[np.ndarray, float]:
        """The scores of `points`, and that of the best under fresh seeds if it is a record, else
        −∞. The next batch of the family is taken to cost what two of these last ones do."""
        began = time.perf_counter()
        scores, fresh = self.search.scores(family, points), -math.inf
        once = again = time.perf_counter()
        k = int(np.argmax(scores))
        if scores[k] > self.best[family.name][0]:
            fresh = self.search.again(family, points[k])
            again = time.perf_counter()
        if family.name not in self.costs:
            self.first = max(self.first, again - began)
        self.costs[family.name] = 2 * (again - once if again > once else once - began)
        return scores, fresh

    def batch(self, family: Instances, points: np.ndarray) -> np.ndarray:
        """The scores of `points`; the worst of them is looked at more closely if it is a record."""
        scores, fresh = self.timed(family, points)
        k = int(np.argmax(scores))
        if scores[k] > self.best[family.name][0]:
            if fresh > EXCESS and (said := self.search.false(family, points[k])):
                said = f"this candidate's own constants are false: {said}"
                self.false = f"ratio {fresh:.4g}, but {said}"
                if self.tell:
                    self.tell(f"{family.name}: {self.false}")
                scores[k] = -math.inf  # no statement covers it
            elif fresh > self.best[family.name][0]:
                self.best[family.name] = (fresh, points[k])
                self.record(family, points[k], fresh)
        return scores

    def record(self, family: Instances, z: np.ndarray, ratio: float) -> None:
        """Keep a new worst of its family, and have it judged if it is a clear violation."""
        if ratio > self.worst[0]:
            self.worst, self.reason = (ratio, family.name), "no violation survived fresh seeds"
            if self.tell:
                self.tell(
                    f"{family.name}: ratio {ratio:.4g} of {self.search.candidates} candidates"
                )
        if ratio <= self.needed:
            return
        self.attempts += 1
        k = self.attempts
        over = (lambda: self.over(family)) if self.hurried else None
        plain = plainer(self.search, family, z, self.rng, over)
        found = self.search.confirm(family, plain, k, self.alpha / (k * (k + 1)))
        if found is None:
            self.needed = 1.05 * ratio  # the judge wants more: come back with a clearer case
            return
        self.module, self.reason = found
        self.edge = self.search.edge(family, plain)

    def explore(self, family: Instances, until: float) -> None:
        """Hypothesis' turn."""

        def score(points: np.ndarray) -> float:
            return (
                -math.inf if self.over(family, until) else float(np.max(self.batch(family, points)))
            )

        explore(score, family.size, EXAMPLES, self.seed)

    def climb(self) -> None:
        """The evolution strategies' turn, one a family, each from the worst point known."""
        names = {f.name: f for f in self.search.families if self.best[f.name][0] > -math.inf}
        climbers = {n: Evolution(self.best[n][1], 0.5, self.rng) for n in names}
        while any(not self.over(family) for family in names.values()):
            for name, family in names.items():
                if self.over(family):
                    continue
                points = climbers[name].ask()
                climbers[name].tell(points, self.batch(family, points))
                if climbers[name].width <= 0.02:  # at rest: elsewhere
                    climbers[name] = Evolution(self.rng.standard_normal(family.size), 1.0, self.rng)


def chase(hunt: Hunt, began: float, budget: float) -> None:
    """Half of the time to explore the families in turn, the other half to climb."""
    families = hunt.search.families
    for turn, family in enumerate(families, start=1):
        hunt.explore(family, began + 0.5 * budget * turn / len(families))
    hunt.climb()


def falsify(
    claim: Any,
    budget: float = 60.0,
    alpha: float = 1e-3,
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> Findings:
    """Search for `budget` seconds, compilation included; at least one batch. What would end later,
    going by what the last one of its kind took, is not begun."""
    began = time.perf_counter()
    with precision("float64"):
        search = search_of(claim, seed)
        hunt = Hunt(search, alpha, seed, began + budget, tell)
        chase(hunt, began, budget)
    return Findings(
        claim.slug, hunt.worst[0], hunt.worst[1], search.candidates, hunt.attempts,
        time.perf_counter() - began, hunt.module, hunt.said(), hunt.edge,
        tuple(f.name for f in search.families if hunt.best[f.name][0] > -math.inf),
    )  # fmt: skip


def sweep(
    claims: Sequence[Any], budget: float, alpha: float = 1e-3, seed: int = 0, tell: Any = None
) -> Iterator[Findings]:
    """Search claim after claim; what is left of `budget` is shared by those left, `alpha` by all.

    Several claims: those with nothing to search are passed over, and an exception ends the search
    of its claim alone, and is told.
    """
    until = time.perf_counter() + budget
    for k, claim in enumerate(claims):
        began = time.perf_counter()
        share = max(until - began, 1e-3) / (len(claims) - k)
        try:
            outcome = falsify(claim, share, alpha / len(claims), seed, tell)
        except InvalidInput:
            if len(claims) == 1:
                raise
            continue
        except Exception as error:
            if len(claims) == 1:
                raise
            outcome = Findings(
                claim.slug, -math.inf, "none", 0, 0, time.perf_counter() - began, None, "",
                error=told(error),
            )  # fmt: skip
        yield outcome


def plainer(
    search: AbstractSearch, family: Instances, z: np.ndarray, rng: Any, over: Any = None
) -> np.ndarray:
    """z with as many zeros as leave a clear violation: a few rounds of zeroing coordinates, while
    time is not `over`."""
    if over is not None and over():
        return z
    floor = 1.0 + 0.5 * (min(search.again(family, z), 3.0) - 1.0)
    for _ in range(8):
        if over is not None and over():
            return z
        trials = np.tile(z, (BATCH, 1))
        for j, trial in enumerate(trials):
            kept = np.flatnonzero(trial)
            count = min(len(kept), max(1, len(kept) * (j + 1) // (2 * BATCH)))
            trial[rng.choice(kept, count, replace=False) if count else kept] = 0.0
        scores = search.scores(family, trials)
        good = np.flatnonzero(scores > floor)
        if not len(good):
            break
        z = trials[good[np.argmin([np.count_nonzero(trials[g]) for g in good])]]
    rounded = np.round(z, 1)
    return rounded if search.again(family, rounded) > floor else z
