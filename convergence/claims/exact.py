"""Claims judged by exact moments, by simulation, or by both, which then have to agree."""

from __future__ import annotations

import dataclasses
import functools
import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from convergence import statistics as st
from convergence.claims.answers import is_pair
from convergence.claims.base import AbstractOnInstance
from convergence.claims.rounding import legible, resolved
from convergence.claims.settings import Session, Settings
from convergence.constants import Constants
from convergence.errors import require
from convergence.moments.affine import Moments, analyse
from convergence.moments.coins import silent, tosses
from convergence.moments.second_moment import SecondMoments
from convergence.runner.experiment import Experiment
from convergence.runner.record import Record
from convergence.statistics import Grade, Judgement, Row, Sample, Verdict
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import Kind, Moment
from convergence.theorems.exact_moments import AbstractMoment

WAYS = ("exact", "both")
KEPT = 8  # moments of one claim held at a time
# Closer to instability float64 leaves fewer than nine digits of a fixed point.
RESOLVED = 1e-6
LIMITS = Moment.BIAS, Moment.VARIANCE, Moment.STEADY


@dataclasses.dataclass(frozen=True)
class AbstractExact(AbstractOnInstance):
    """The statement on the method's exact moments: no Monte Carlo, no seeds, no alpha.

    how: "exact", or "both" for statements about E q at T: the simulation must then have the exact
    mean within `margin` as well, and a statement without a number of its own (∞) is that
    agreement. `Claim` judges those about E q at T by simulation alone.
    """

    compares = True
    solves: ClassVar[bool] = True  # limits and spectra, which no run shows

    _: dataclasses.KW_ONLY
    how: str = "exact"
    seeds: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.how in WAYS, f"how = {self.how!r}", f"one of {WAYS}", "choose one of them")
        require(
            self.how == "exact" or self.seeds > 1,
            f"{self.seeds} seeds in claim {self.slug!r}",
            "two or more for a simulation",
            "ask for more",
        )

    def plan(self, settings: Settings) -> tuple[tuple[int, ...], int]:
        horizons, seeds = super().plan(settings)
        return horizons, 1 if self.how == "exact" else seeds

    @abstractmethod
    def exact(self, T: int, rival: bool = False) -> tuple[float, float, str]:
        """(the value, the number it is compared with, a note) at T."""

    @abstractmethod
    def solved(self, T: int) -> Moments | SecondMoments:
        """The moments that `exact` reads."""

    def check(self, T: int) -> tuple[Checked, ...]:
        """The theorem's assumptions, that the step is one of those it is about, and that a limit is
        one that float64 finds: nearer to 1 rounding decides whether there is any."""
        found, settled, limit = super().check(T), self.theorem.settled, self.theorem.quantity
        if not all(a.holds for a in found) or (settled is None and limit not in LIMITS):
            return found
        radius = self.solved(T).radius
        if settled is None:
            # Seven digits of a fixed point are left, of which an exponent to 0.05 needs two.
            rate, left = self.kind is Kind.RATE, 1 - radius
            least = RESOLVED**1.5 if rate else RESOLVED
            title = "a radius that float64 tells from 1"
            holds = (left if rate else abs(left)) >= least
            what = "1 − the spectral radius" if rate else "|1 − the spectral radius|"
            detail = f"{what} must be at least {least:g}"
        else:
            least = max(settled / T, RESOLVED)
            title, holds = "stable step", 1 - radius >= least
            detail = f"the spectral radius must be at most 1 − {least:g}"
        return (*found, Checked(title, bool(holds), radius, detail))

    def grain(self, T: int) -> float:
        """What rounding may make of the value at T, in its own units: terms that cancel, or the
        condition of a fixed point, or eigenvalues that meet."""
        quantity = self.theorem.quantity
        if quantity in (Moment.RADIUS, Moment.GAP):
            return self.solved(T).radius_grain
        if quantity is Moment.STABLE:
            found = self.solved(T)
            return float(abs(found.radius - 1) <= found.radius_grain)
        metric: Any = self.theorem.metric(self.instance(T)[2], T)
        if quantity is Moment.EXPECTED:
            return self.solved(T).grain(metric, T)
        if quantity in LIMITS:
            parts = quantity is not Moment.VARIANCE, quantity is not Moment.BIAS
            return self.solved(T).settled_grain(metric, *parts)
        return 0.0

    def number(self, c: Constants, T: int) -> float:
        """The statement's number at T."""
        bound = self.bound(T)
        return float(bound[1] if is_pair(bound) else bound)

    def collect(
        self, horizons: tuple[int, ...], seeds: int, session: Session
    ) -> tuple[list[Record], Judgement]:
        found = [self.exact(T) for T in horizons]
        if self.kind is Kind.SEPARATION:
            factor = [b for _, b, _ in found]
            other = [self.exact(T, rival=True)[0] for T in horizons]
            found = [(v, b * o, note) for (v, _, note), b, o in zip(found, factor, other)]
        if self.how == "exact":
            return [], self.decide(horizons, found)
        records = [self.measure(T, session, seeds) for T in horizons]
        samples = [
            Sample(r.T, r.final(), value, **self.tickets(r.T))
            for r, (value, _, _) in zip(records, found, strict=True)
        ]
        session.look(self.simulation(self.horizons[-1]), samples)
        law = st.judge_exact(samples, session.settings.level, margin=self.margin)
        law = resolved(law, self.grain)
        if all(math.isinf(bound) for _, bound, _ in found):
            return records, law
        judgement = self.decide(horizons, found)
        verdict = st.combine([judgement.verdict, law.verdict])
        reason = f"{judgement.reason}; simulation against exact moments: {law.reason}"
        return records, Judgement(
            verdict, reason, law.rows, judgement.slack, judgement.power, law.grade
        )

    def decide(self, horizons: tuple[int, ...], found: list[tuple[float, float, str]]) -> Judgement:
        """The judgement of exact values against the numbers of the statement."""
        rows = tuple(
            Row(T, 0, value, (value, value), bound, None, False, note, Grade.CERTIFIED)
            for T, (value, bound, note) in zip(horizons, found, strict=True)
        )
        if self.kind is Kind.RATE:
            return legible(st.judge_exponents(rows, self.theorem.two_sided), self.grain)
        scales = [0.0] * len(rows)
        if isinstance(self.theorem, AbstractMoment):
            scales = [self.theorem.scale(self.instance(T)[2], T) for T in horizons]
        gaps = [
            miss(self.kind, value, bound, scale)
            for (value, bound, _), scale in zip(found, scales, strict=True)
        ]
        what, granted = self.theorem.quantity, self.theorem.tolerance
        lost = any(math.isnan(value) or math.isnan(b) for value, b, _ in found)
        law = self.kind is Kind.EXACT  # an infinite one names no number
        if lost or any(math.isinf(b) and (law or math.isinf(value)) for value, b, _ in found):
            both = "value and bound are" if math.isinf(found[-1][0]) else "the bound is"
            reason = f"{both} infinite: vacuous"
            reason = "moments beyond float64: shorten the horizon" if lost else reason
            return Judgement(Verdict.INCONCLUSIVE, reason, rows, None, None)
        k = int(np.argmax(gaps))
        row, gap = rows[k], gaps[k]
        # A stated 0 has no constant that could be overstated.
        zero = any(bound == 0 for _, bound, _ in found)
        slack = None if zero else min(ratio(value, bound) for value, bound, _ in found)
        power = 1 + granted if self.kind is Kind.EXACT and not zero else slack
        if gap <= granted:
            reason = (
                f"the {what} is {row.estimate:.8g} against {row.bound:.8g} where it is "
                f"closest to failing (relative {gap:.2g}, granted {granted:.2g})"
            )
            return Judgement(Verdict.CONSISTENT, reason, rows, slack, power, Grade.CERTIFIED)
        note = f", {row.note}" if math.isinf(row.estimate) and row.note else ""
        reason = f"at T={row.T} the {what} is {row.estimate:.8g} against {row.bound:.8g}"
        if math.isfinite(row.estimate):
            grain = self.grain(row.T)
            if abs(row.estimate - found[k][1]) <= grain:
                reason += f", closer than {grain:.2g}, what float64 resolves there"
                return Judgement(Verdict.INCONCLUSIVE, reason, rows, slack, None)
        return Judgement(Verdict.REFUTED, reason + note, rows, slack, power, Grade.CERTIFIED)


@dataclasses.dataclass(frozen=True)
class Exact(AbstractExact):
    """The statement on the exact moments of an affine recursion."""

    def moments(self, T: int, step: int, rival: bool = False) -> Moments:
        """The moments on the instance at T of the method prescribed for the horizon `step`."""
        key = T, step, rival
        if key not in self._moments:
            problem, noise, c = self.instance(T)
            prescribe = self.theorem.rival if rival else self.theorem.prescribe
            found = analyse(Experiment(problem, self.oracle(problem, noise), prescribe(c, step)))
            while len(self._moments) >= KEPT:  # what is asked again is asked soon
                self._moments.pop(next(iter(self._moments)))
            self._moments[key] = found
        return self._moments[key]

    @functools.cached_property
    def _moments(self) -> dict[Any, Moments]:
        return {}

    def decide(self, horizons: tuple[int, ...], found: list[tuple[float, float, str]]) -> Judgement:
        """As for every claim on exact moments; a method with coins of its own, which a probe may
        have missed, has no such recursion, and none of it decides."""
        judgement = super().decide(horizons, found)
        decided = judgement.verdict is not Verdict.INCONCLUSIVE
        if decided and tosses(silent(self.experiment(horizons[-1]))):
            reason = "the method tosses coins of its own: exact moments are not those of one key"
            return Judgement(Verdict.INCONCLUSIVE, reason, judgement.rows, None, None)
        return judgement

    def exact(self, T: int, rival: bool = False) -> tuple[float, float, str]:
        """(the value, the number it is compared with, a note) at T."""
        _, _, c = self.instance(T)
        metric: Any = self.theorem.metric(c, T)
        if self.theorem.quantity is Moment.TRANSIENT:

            def excess(N: float) -> float:
                network, mean = self.moments(T, round(N)), self.moments(T, round(N), True)
                return network.steady(metric) / mean.steady(metric)

            value, note = crossing(excess), ""
        else:
            found = self.moments(T, T, rival)
            value = read(found, self.theorem.quantity, metric, T)
            note = f"spectral radius {found.radius:.8g}"
        return value, self.number(c, T), note

    def solved(self, T: int) -> Moments:
        return self.moments(T, T)


def read(m: Moments | SecondMoments, quantity: Moment, metric: Any, T: int) -> float:
    """One moment of a method; infinite where the statement's limit does not exist."""
    if quantity is Moment.RADIUS:
        return m.radius
    if quantity is Moment.GAP:
        return 1 - m.radius
    if quantity is Moment.STABLE:
        return float(m.radius < 1)
    if quantity is Moment.EXPECTED:
        with np.errstate(over="ignore", invalid="ignore"):  # `decide` sees what is no number
            return float(m.expected(metric, [T])[0])
    table = {Moment.BIAS: m.bias, Moment.VARIANCE: m.variance, Moment.STEADY: m.steady}
    return table[quantity](metric)


def miss(kind: Kind, value: float, bound: float, scale: float) -> float:
    """By how much a value fails its statement, relative to the larger of bound and scale."""
    if math.isnan(value) or (math.isinf(value) and not math.isinf(bound)):
        return math.inf
    if value == bound:
        return 0.0
    size = max(abs(bound), scale, 1e-300)
    if kind is Kind.EXACT:
        return abs(value - bound) / size
    return max(0.0, (bound - value if kind is Kind.FLOOR else value - bound) / size)


def ratio(value: float, bound: float) -> float:
    """bound / value."""
    return bound / value if value else math.inf


def crossing(excess: Callable[[float], float], start: float = 1e4) -> float:
    """N with excess(N) = 2 for a decreasing excess, by secants of log(excess − 1) in log N.

    Nearly a power law, it needs a handful of evaluations; stops at a relative change of 1e-4.
    """
    a, b = math.log(start), math.log(start) + math.log(4.0)

    def height(log_n: float) -> float:
        value = excess(math.exp(log_n)) - 1.0  # the network's part alone
        return math.log(max(value, 1e-300)) if math.isfinite(value) else math.inf

    fa, fb = height(a), height(b)
    for _ in range(60):
        if not math.isfinite(fa) or not math.isfinite(fb):  # unstable: smaller steps, larger N
            a, b = a + math.log(8.0), b + math.log(8.0)
            fa, fb = height(a), height(b)
            continue
        slope = min((fb - fa) / (b - a), -0.1)
        a, fa, b = b, fb, min(max(b - fb / slope, b - 5), b + 5)
        fb = height(b)
        if abs(b - a) < 1e-4:
            return math.exp(b)
    return math.nan
