"""E M^A_T <= c E M^B_T: one method against another, on paired seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convergence.statistics.asymptotic import asymptotic_lower, asymptotic_upper
from convergence.statistics.eprocess import edge, log_wealth
from convergence.statistics.intervals import betting_lower, betting_upper, loosened
from convergence.statistics.limits import ENDLESS, UNCERTIFIED, Limit, exceeds
from convergence.statistics.multiple import capped, check_alpha, merge_log_e
from convergence.statistics.samples import (
    average,
    check_samples,
    inverse,
    measured,
    missing,
    needed,
    overstatement,
    ratio,
    said,
    undecided,
    unmeasured,
)
from convergence.statistics.verdict import Floats, Grade, Judgement, Row, Sample, Verdict, weakest


def judge_separation(
    pairs: Sequence[tuple[int, Floats, Floats]],
    alpha: float,
    *,
    factor: float = 1.0,
    light: bool = False,
    ceiling: float | None = None,
) -> Judgement:
    """E M^A_T <= factor E M^B_T at every horizon; pairs (T, A, B) share their seeds.

    D = A - factor B is judged against E D <= 0: under a common ceiling C by betting on
    D + factor C in [0, (1 + factor) C], where both metrics are certified `light` by an asymptotic
    limit of D, at alpha/2 each where both; with neither the verdict is INCONCLUSIVE. A method B
    that is not finite counts as 0 and confirms nothing by crashing; a method A that is not finite
    where B is always finite is refuted. Slack is min factor mean(B) / mean(A); power the smallest c
    with factor/c refuted.
    """
    samples = [Sample(T, a, 0.0, ceiling=ceiling, light=light) for T, a, _ in pairs]
    others = [Sample(T, b, 0.0, ceiling=ceiling, light=light) for T, _, b in pairs]
    check_samples(samples)
    check_alpha(alpha)
    if not (factor > 0 and math.isfinite(factor)):
        raise ValueError(f"the factor of a separation is a positive number, got {factor}")
    if any(s.seeds != o.seeds for s, o in zip(samples, others, strict=True)):
        raise ValueError("a separation compares paired seeds: give both methods equally many")
    gaps = Gaps.of(samples, others, ceiling, light, alpha)
    evidence = gaps.log_e(factor) if gaps.cap else [None] * len(pairs)
    bands = [gaps.band(k, factor) for k in range(len(pairs))]
    rows = [gaps.row(k, samples[k].T, factor, bands[k], evidence[k]) for k in range(len(pairs))]
    slack = min(
        ratio(factor * average(b), average(a)) if math.isfinite(average(a)) else 0.0
        for a, b in zip(gaps.first, gaps.second, strict=True)
    )
    power = None
    if gaps.cap or light or gaps.lost:
        power = inverse(edge(lambda scale: gaps.refuted(factor * scale) is not None))
    against = gaps.refuted(factor)
    if against is not None:
        worst = max(rows, key=lambda row: row.estimate)
        reason = (
            f"at T={worst.T} A exceeds {factor:g} times B by {worst.estimate:.6g} on average over "
            f"{worst.seeds} paired seeds ({worst.note})"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power, against)
    grades = [high.side(0.0) for _, high in bands]
    found = [grade for grade in grades if grade is not None]
    if len(found) == len(rows):
        grade = weakest(found)
        reason = (
            f"A stays below {factor:g} times B at all {len(rows)} horizons by {said(grade)}limits "
            f"at level {alpha:.1e}, with slack {slack:.3g}"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power, grade)
    why, needs = unmeasured(samples), None
    if not why and gaps.lost:
        why = f"{gaps.lost} runs of A are not finite"
    elif not why and any(math.isinf(row.interval[1]) for row in rows):
        highs = [high for _, high in bands]
        why, needs = missing([*samples, *others], highs, "upper"), needed(highs)
    if not why:
        why, needs = too_few(max(rows, key=lambda row: row.interval[1]), factor), 0
    return undecided(f"{why}; {overstatement(power)}", rows, slack, power, needs)


def too_few(worst: Row, factor: float) -> str:
    """Why limits decide nothing."""
    return (
        f"at T={worst.T} the mean of A - {factor:g} B is {worst.estimate:.6g} with upper limit "
        f"{worst.interval[1]:.6g} above 0"
    )


@dataclass(frozen=True)
class Gaps:
    """The paired runs, and what may be said of A - c B for any factor c.

    lost: runs of A that diverged; crashed: whether a run of B did; unknown: whether a metric of A
    is NaN; cap: the common ceiling, 0 without one; level: of each kind of limit.
    """

    first: list[Floats]
    second: list[Floats]
    lost: int
    crashed: bool
    unknown: bool
    cap: float
    light: bool
    level: float

    @classmethod
    def of(
        cls,
        samples: Sequence[Sample],
        others: Sequence[Sample],
        ceiling: float | None,
        light: bool,
        alpha: float,
    ) -> "Gaps":
        """The runs of A and of B, which are checked."""
        bets = not any(exceeds(sample) for sample in [*samples, *others])
        return cls(
            first=[measured(sample) for sample in samples],
            second=[np.where(np.isfinite(v := measured(o)), v, 0.0) for o in others],
            lost=sum(int(np.isinf(s.values).sum()) for s in samples),
            crashed=any(not np.all(np.isfinite(o.values)) for o in others),
            unknown=bool(unmeasured(samples)),
            cap=loosened(ceiling) if bets and ceiling else 0.0,
            light=light,
            level=alpha / max(1, (ceiling is not None) + light),
        )

    def log_e(self, c: float) -> list[float]:
        """Evidence against E A <= c E B at each horizon, under the ceiling."""
        # The gain of A - c B + c C over its claimed mean c C, without forming c C.
        with np.errstate(over="ignore"):
            gains = [
                (np.nan_to_num(a, nan=0.0, posinf=math.inf) / c - b) / self.cap
                for a, b in zip(self.first, self.second, strict=True)
            ]
        return [float(log_wealth(np.maximum(gain, -1.0))) for gain in gains]

    def refuted(self, c: float) -> Grade | None:
        """By what E A <= c E B is refuted."""
        if self.lost or self.crashed:
            return Grade.CERTIFIED if self.lost and not self.crashed else None
        if self.cap and merge_log_e(self.log_e(c)) >= math.log(1.0 / self.level):
            return Grade.CERTIFIED
        if self.light and not self.unknown:
            delta = self.level / len(self.first)
            for a, b in zip(self.first, self.second, strict=True):
                if asymptotic_lower(a - c * b, delta)[0] > 0:
                    return Grade.ASYMPTOTIC
        return None

    def band(self, k: int, c: float) -> tuple[Limit, Limit]:
        """Limits of E (A - c B) at the k-th horizon."""
        gap = self.first[k] - c * self.second[k]
        refused = UNCERTIFIED
        if not np.all(np.isfinite(gap)):
            endless = Limit(math.inf, math.inf, ENDLESS)
            return Limit(-math.inf, -math.inf, ENDLESS, upper=False), endless
        low, high, below, above = -math.inf, math.inf, -math.inf, math.inf
        if self.cap:
            shift = c * self.cap
            spread = np.clip(gap + shift, 0.0, self.cap + shift)
            low = betting_lower(spread, self.level) - shift
            high = betting_upper(spread, self.level, self.cap + shift) - shift
        if self.light:
            below = asymptotic_lower(gap, self.level)[0]
            above, refused = asymptotic_upper(gap, self.level)
        return Limit(low, below, refused, upper=False), Limit(high, above, refused)

    def row(self, k: int, T: int, c: float, band: tuple[Limit, Limit], log_e: float | None) -> Row:
        """The k-th row of the report."""
        a, b = self.first[k], self.second[k]
        low, high = band
        return Row(
            T=T,
            seeds=int(a.shape[0]),
            estimate=average(a - c * b),
            interval=(low.value, high.value),
            bound=0.0,
            e_value=None if log_e is None else capped(log_e),
            vacuous=False,
            note=f"mean of A {average(a):.6g}, of B {average(b):.6g}",
            grade=high.grade,
        )
