"""Which rate a method has on a family of instances, for a statement that is not known yet.

A claim gives method, metric and instance; of its theorem's number only the dependence on the
constants is used. The means over horizons, exact moments where there are any, give the laws that
are possible (`statistics.fits`); the plainest of them is a conjecture, which `falsify` then tries
to break: its exponent, and its constant at either end of the horizons. An instance that breaks it
is measured as well, the conjecture is weakened to cover it, and the search goes on.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from convergence.claims.base import Claim
from convergence.claims.settings import Settings
from convergence.precision import precision
from convergence.search.estimate import LADDER, Estimate, about, estimate, subject
from convergence.search.falsify import Hunt, chase
from convergence.search.runs import RunSearch
from convergence.statistics.fits import FittedLaw

ROUNDS = 5  # how often a conjecture is weakened
ABOVE = 1.01  # by how much a constant exceeds what was measured: the search looks for 1.02


@dataclasses.dataclass(frozen=True)
class Break:
    """What broke a conjecture: the statement, the instance's family, its own law, a module."""

    statement: str
    family: str
    reason: str
    law: FittedLaw | None
    module: str


@dataclasses.dataclass(frozen=True)
class Inquiry:
    """The law on the claim's instance, what is conjectured of the family (None: nothing), what
    broke earlier conjectures, and how much was searched without breaking the last one."""

    estimate: Estimate
    claim: Claim | None
    breaks: tuple[Break, ...]
    candidates: int
    worst: float
    seconds: float
    why: str = ""


def weakest(claim: Claim, seen: Sequence[tuple[Claim, Estimate]], horizons: Any) -> Claim | None:
    """The conjecture that covers every instance seen; None where one of them does not decay or has
    no limits. One without a law, for it vanishes after a while, counts for the constant alone."""
    found = [e.law for _, e in seen if e.law is not None]
    if any(law.level or law.guess <= 0 for law in found):
        return None
    geometric = all(law.shape == "geometric" for law in found)  # any power is slower
    exponent = min(law.guess for law in found if geometric or law.shape == "power")
    since = found[0].first
    kept = tuple(T for T in horizons if since <= T)
    shape = about(claim, kept, since=since, exponent=exponent, geometric=geometric)
    most = 0.0
    for one, e in seen:
        with precision("float64"):
            here = dataclasses.replace(shape, problem=one.problem, noise=one.noise)
            most = max([most, *(p.high / here.bound(p.T) for p in e.points if since <= p.T)])
    if not math.isfinite(most):
        return None
    return about(
        claim, kept, since=since, exponent=exponent, geometric=geometric, constant=ABOVE * most
    )


def probes(stated: Claim) -> list[Claim]:
    """What is searched: the exponent over all horizons, the constant at either end."""
    shape = dataclasses.replace(stated.theorem, constant=math.inf)
    ends = sorted({stated.horizons[0], stated.horizons[-1]})
    spread = dataclasses.replace(stated, theorem=shape)
    return [spread, *(dataclasses.replace(stated, horizons=(T,)) for T in ends)]


def conjecture(
    claim: Any,
    horizons: Sequence[int] = LADDER,
    settings: Settings = Settings(),
    budget: float = 30.0,
    tell: Callable[[str], None] | None = None,
) -> Inquiry:
    """Estimate, conjecture, and search, all in `budget` seconds (0: no search). What breaks a
    conjecture is estimated in turn, for which as long as the first estimate took is kept back, up
    to a quarter of the budget."""
    began = time.perf_counter()
    base, horizons = subject(claim), tuple(sorted(set(horizons)))
    first = estimate(base, horizons, settings)
    seen, breaks = [(base, first)], list[Break]()
    stated = None if first.why else weakest(base, seen, horizons)
    why = first.why or ("" if stated else "nothing decays on the last horizons")
    candidates, worst = 0, -math.inf
    now = time.perf_counter()
    until, first_batch = began + budget - min(now - began, budget / 4), 0.0
    while stated is not None and len(breaks) < ROUNDS:
        if budget <= 0 or (breaks and time.perf_counter() > until):
            break
        candidates, worst, found = 0, -math.inf, None
        for k, probe in enumerate(todo := probes(stated)):
            now = time.perf_counter()
            left = max(until - now, 0.0) / (len(todo) - k)
            if now + first_batch >= until:
                break
            alpha = settings.alpha / (len(todo) * ROUNDS)
            with precision("float64"):
                search = RunSearch(probe, settings.seed)
                hunt = Hunt(search, alpha, settings.seed, now + left, tell)
                hunt.least, hunt.first, hunt.hurried = int(not candidates), first_batch, True
                chase(hunt, now, left)
            first_batch = hunt.first
            candidates += search.candidates
            worst = max(worst, hunt.worst[0]) if k else worst  # the first one's is a growth
            if hunt.module is not None:
                found = search, hunt
                break
        if found is None:
            break
        search, hunt = found
        assert hunt.module is not None
        there = dataclasses.replace(
            base, problem=search.refuted.problem, noise=search.refuted.noise
        )
        again = estimate(there, horizons, settings)
        breaks.append(
            Break(stated.theorem.statement, hunt.worst[1], hunt.reason, again.law, hunt.module)
        )
        seen.append((there, again))
        candidates, worst = 0, -math.inf  # none of the next conjecture
        stated = weakest(base, seen, horizons)
        why = (
            ""
            if stated
            else (again.why or "on an instance that was found, whose law is above, nothing decays")
        )
    return Inquiry(
        first, stated, tuple(breaks), candidates, worst, time.perf_counter() - began, why
    )
