"""The means of one claim's method over horizons, and the laws that they follow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from convergence.claims.base import AbstractOnInstance, Claim
from convergence.claims.exact import Exact
from convergence.claims.settings import Session, Settings
from convergence.errors import InvalidInput, require, told
from convergence.moments.coins import silent, tosses
from convergence.moments.tape import NotAffine
from convergence.precision import precision
from convergence.search.conjectured import Conjecture
from convergence.search.courtroom import LAWS
from convergence.search.runs import OUTSIDE
from convergence.statistics import Limit, Sample, lower_limit, share, upper_limit
from convergence.statistics.fits import WIDE, FittedLaw, laws
from convergence.statistics.judges_rate import HORIZONS, ROUNDOFF
from convergence.statistics.rates import Curve, curve
from convergence.statistics.samples import average, unmeasured
from convergence.theorems.base import Kind, Moment

LADDER = (8, 16, 32, 64, 128, 256, 512, 1024)


class Point(NamedTuple):
    """The mean at one horizon and its limits; seeds = 0 for an exact moment. aside: at the
    round-off floor, of no use to a fit."""

    T: int
    seeds: int
    mean: float
    low: float
    high: float
    aside: bool = False


@dataclasses.dataclass(frozen=True)
class Estimate:
    """The means of one instance and the laws they follow; `grade` is what the limits rest on, or
    empty; `why` is what keeps a law from being found."""

    points: tuple[Point, ...]
    grade: str
    laws: tuple[FittedLaw, ...]
    why: str = ""

    @property
    def law(self) -> FittedLaw | None:
        """The law on the most horizons, if its exponent is known well enough."""
        return self.laws[0] if self.laws and self.laws[0].width <= WIDE else None

    @property
    def line(self) -> Curve:
        """The points that are of use."""
        return _line(self.points)


def subject(claim: Any) -> Claim:
    """The claim as one about runs whose number is left open; a sentence where it has no rate."""
    fits = isinstance(claim, AbstractOnInstance) and claim.kind is not Kind.SEPARATION
    fits = fits and claim.theorem.quantity is Moment.EXPECTED
    require(
        fits, f"{claim.slug}, of kind {claim.kind}", "a statement about the metric of one method",
        "name a claim about what one method reaches after T steps",
    )  # fmt: skip
    seeds = claim.seeds if claim.seeds > 1 else 256
    return Claim(
        claim.slug, claim.theorem, claim.problem, claim.noise, oracle=claim.oracle, seeds=seeds,
        family=claim.family, chunk=claim.chunk,
    )  # fmt: skip


def about(claim: Claim, horizons: Sequence[int], **given: Any) -> Claim:
    """The claim of a conjecture about it, without a constant if none is given."""
    of = claim.theorem.of if isinstance(claim.theorem, Conjecture) else claim.theorem
    stated = Conjecture(of, int(given.pop("since", horizons[0])), **given)
    return dataclasses.replace(claim, theorem=stated, horizons=tuple(horizons))


def exact_means(claim: Claim) -> list[float] | None:
    """E M_T at the claim's horizons by exact moments; None where the method has none."""
    for kind, moments in LAWS:
        try:
            found = []
            for T in claim.horizons:
                run, metric = claim.experiment(T), claim.theorem.metric(claim.instance(T)[2], T)
                if kind is Exact and tosses(silent(run)):
                    raise NotAffine("coins of its own")
                found.append(float(moments(run).expected(metric, [T])[0]))
        except (NotAffine, *OUTSIDE):
            continue
        return found
    return None


def estimate(claim: Claim, horizons: Sequence[int], settings: Settings) -> Estimate:
    """The means at the horizons, and the laws that pass between their limits."""
    open_ = about(claim, horizons, exponent=0.0)
    with precision("float64"):
        for T in horizons:
            try:
                claim.instance(T)
            except OUTSIDE as error:
                raise InvalidInput(
                    f"Got T = {T} for {claim.slug}, which has no instance there ({told(error)}); "
                    "choose other horizons."
                ) from error
        failed = [a for a in open_.failing(tuple(horizons)) if not a.holds]
        if failed:
            raise InvalidInput(
                f"Got {claim.slug} at T = {horizons[0]} … {horizons[-1]}, where the assumption "
                f"{failed[0].name!r} fails ({failed[0].detail}); choose other horizons or another "
                "instance."
            )
        means = exact_means(open_)
        if means is not None:
            points = [Point(T, 0, m, m, m) for T, m in zip(horizons, means, strict=True)]
            return fitted(points, "exact", "")
        sure = all(open_.tickets(T).get("sure") for T in horizons)
        seeds = 1 if sure else settings.seeds or claim.seeds
        session = Session(settings)
        samples = [open_.sample(open_.measure(T, session, seeds)) for T in horizons]
    return sampled(samples, settings.level)


def sampled(samples: Sequence[Sample], alpha: float) -> Estimate:
    """The estimate from runs: limits at α/(2K) from either side."""
    why = unmeasured(samples)
    for s in samples:
        require(
            s.values.ndim == 1 and not np.any(s.values < 0),
            f"a metric of {np.nanmin(s.values):.4g} in {s.values.shape} at T = {s.T}",
            "one number ≥ 0 a run", "take f(x) − f*, a norm or a square",
        )  # fmt: skip
        if np.any(np.isinf(s.values)):
            why = why or f"runs diverge at T = {s.T}: no law"
    level = share(alpha, len(samples)) / 2
    bands = [(lower_limit(s, level), upper_limit(s, level)) for s in samples]
    points = [
        Point(s.T, s.seeds, average(s.values), low.value, high.value)
        for s, (low, high) in zip(samples, bands, strict=True)
    ]
    if all(s.sure for s in samples):
        return fitted(points, "exact", why)
    open_ = [limit for band in bands for limit in band if math.isinf(limit.value)]
    if open_ and not why:
        said = next((o.refused.why for o in open_ if o.refused.why), "too few runs")
        why = f"no limits of the means: {said}"
    grades = {str(limit.grade) for band in bands for limit in band}
    return fitted(points, "asymptotic" if "asymptotic" in grades else "certified", why)


def fitted(points: Sequence[Point], grade: str, why: str) -> Estimate:
    """The laws of the points above the round-off floor."""
    most = max((p.mean for p in points if math.isfinite(p.mean)), default=0.0)
    marked = tuple(p._replace(aside=not p.mean > ROUNDOFF * most) for p in points)
    if why:
        return Estimate(marked, "", (), why)
    used = [p for p in marked if not p.aside]
    if len(used) < HORIZONS:
        few = f"{len(used)} horizons above the round-off floor show no law: need {HORIZONS}"
        return Estimate(marked, grade, (), few)
    found = laws(_line(marked))
    if not found:
        return Estimate(
            marked, grade, (), "no power, no two and no geometric law on the last horizons"
        )
    law = found[0]
    if not law.width <= WIDE:
        low, high = law.exponent
        why = f"exponents from {low:.3g} to {high:.3g} are possible: more seeds or longer horizons"
    return Estimate(marked, grade, found, why)


def _line(points: Sequence[Point]) -> Curve:
    used = [p for p in points if not p.aside]
    bands = [(Limit(p.low, p.low, upper=False), Limit(p.high, p.high)) for p in used]
    return curve([p.T for p in used], [p.mean for p in used], bands, [1.0] * len(used))
