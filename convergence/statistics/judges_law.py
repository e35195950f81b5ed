"""E M_T = m_T, and E M^A_T <= c E M^B_T: an exact law and a separation of two methods."""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.eprocess import edge, log_wealth
from convergence.statistics.intervals import (
    betting_lower,
    betting_upper,
    loosened,
    student_lower,
    student_upper,
)
from convergence.statistics.judges import check_samples
from convergence.statistics.judges_mean import (
    ROUNDING,
    average,
    exceeds,
    measured,
    missing,
    notes,
    overstatement,
    ratio,
)
from convergence.statistics.multiple import capped, check_alpha, merge_log_e, share
from convergence.statistics.verdict import Floats, Judgement, Row, Sample, Verdict


def two_sided(
    values: Floats, delta: float, *, ceiling: float | None, finite_variance: bool
) -> tuple[float, float]:
    """(L, U) with P(mean outside) <= delta: betting under a ceiling, Student-t where certified.

    Both: each at delta/2, intersected. Neither, or values not finite: the whole line.
    """
    low, high = -math.inf, math.inf
    if not np.all(np.isfinite(values)):
        return low, high
    bets = ceiling is not None and float(values.max()) <= loosened(ceiling)
    side = delta / 2 / max(1, (ceiling is not None) + finite_variance)
    if bets and ceiling is not None:
        low = betting_lower(values, side)
        high = betting_upper(values, side, loosened(ceiling))
    if finite_variance:
        low = max(low, float(student_lower(values, side)))
        high = min(high, float(student_upper(values, side)))
    return low, high


def judge_exact(
    samples: Sequence[Sample],
    alpha: float,
    *,
    margin: float,
    finite_variance: bool = False,
    rounding: float = ROUNDING,
) -> Judgement:
    """E M_T = m_T at every horizon.

    Two-sided intervals at level alpha/K. One that excludes m_T REFUTES; all of them inside
    [m (1 - margin), m (1 + margin)] and around m_T are CONSISTENT, an equivalence test: equal up
    to the declared relative margin, never "equal". A run that is not finite refutes, for an
    m_T given as a number says that the mean exists. Metrics may be signed where only
    `finite_variance` is used. Power: the smallest c for which m/c would be refuted.
    """
    check_samples(samples)
    level = share(alpha, len(samples))
    if not 0 < margin < 1:
        raise ValueError(f"the margin of an equivalence test is in (0, 1), got {margin}")
    rows: list[Row] = []
    outside: list[int] = []
    loose: list[int] = []
    powers: list[float] = []
    for k, sample in enumerate(samples):
        signed = sample.ceiling is None
        values = sample.values if signed and sample.values.ndim == 1 else measured(sample)
        m = sample.number
        low, high = two_sided(
            values, level, ceiling=sample.ceiling, finite_variance=finite_variance
        )
        room = rounding * abs(m)
        if not np.all(np.isfinite(values)) or m < low - room or m > high + room:
            outside.append(k)
        elif not abs(m) * margin >= max(high - m, m - low):
            loose.append(k)
        if m > 0 and math.isfinite(low):
            powers.append(ratio(m, low) if low > 0 else math.inf)
        rows.append(
            Row(sample.T, sample.seeds, average(values), (low, high), m, None, sample.vacuous,
                notes(sample, values, sample.vacuous))
        )  # fmt: skip
    slack = min(ratio(s.number, row.estimate) for row, s in zip(rows, samples, strict=True))
    power = min(powers, default=None)
    if outside:
        row = rows[outside[0]]
        reason = (
            f"at T={row.T} the mean {row.estimate:.6g} has the interval [{row.interval[0]:.6g}, "
            f"{row.interval[1]:.6g}] without the stated {row.bound:.6g}"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power)
    if not loose:
        reason = (
            f"intervals at level {alpha:.1e} lie within {margin:.1%} around the stated mean at all "
            f"{len(rows)} horizons"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power)
    row = rows[loose[0]]
    if math.isinf(row.interval[1]):
        why = missing(samples, finite_variance, "two-sided")
    else:
        why = (
            f"at T={row.T} the interval [{row.interval[0]:.6g}, {row.interval[1]:.6g}] is wider "
            f"than {margin:.1%} around {row.bound:.6g}: more seeds are needed"
        )
    reason = f"{why}; {overstatement(power)}"
    return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power)


def judge_separation(
    pairs: Sequence[tuple[int, Floats, Floats]],
    alpha: float,
    *,
    factor: float = 1.0,
    finite_variance: bool = False,
    ceiling: float | None = None,
) -> Judgement:
    """E M^A_T <= factor E M^B_T at every horizon; pairs (T, A, B) share their seeds.

    D = A - factor B is judged against E D <= 0: under a common ceiling C by betting on
    D + factor C in [0, (1 + factor) C], where certified by Student-t on D, at alpha/2 each where
    both; with neither ticket the verdict is INCONCLUSIVE. A method B that is not finite counts as 0
    and confirms nothing by crashing; a method A that is not finite where B is always finite is
    refuted. Slack is min factor mean(B) / mean(A); power the smallest c with factor/c refuted.
    """
    samples = [Sample(T, a, 0.0, ceiling=ceiling) for T, a, _ in pairs]
    others = [Sample(T, b, 0.0, ceiling=ceiling) for T, _, b in pairs]
    check_samples(samples)
    check_alpha(alpha)
    if not (factor > 0 and math.isfinite(factor)):
        raise ValueError(f"the factor of a separation is a positive number, got {factor}")
    if any(s.seeds != o.seeds for s, o in zip(samples, others, strict=True)):
        raise ValueError("a separation compares paired seeds: give both methods equally many")
    first = [measured(sample) for sample in samples]
    second = [measured(other) for other in others]
    lost_a = sum(int((~np.isfinite(a)).sum()) for a in first)
    lost_b = sum(int((~np.isfinite(b)).sum()) for b in second)
    bets = bool(ceiling) and not any(exceeds(s) for s in [*samples, *others])
    cap = loosened(ceiling) if bets and ceiling else 0.0
    level = alpha / max(1, (ceiling is not None) + finite_variance)
    solid = [np.where(np.isfinite(b), b, 0.0) for b in second]

    def log_e(c: float) -> list[float]:
        # The gain of A - c B + c C over its claimed mean c C, without forming c C.
        with np.errstate(over="ignore"):
            gains = [(a / c - b) / cap for a, b in zip(first, solid, strict=True)]
        return [float(log_wealth(np.maximum(gain, -1.0))) for gain in gains]

    def refuted(scale: float) -> bool:
        c = factor * scale
        if lost_a or lost_b:
            return lost_a > 0 and lost_b == 0
        if finite_variance:
            delta = level / len(pairs)
            lows = [student_lower(a - c * b, delta) for a, b in zip(first, second, strict=True)]
            if any(low > 0 for low in lows):
                return True
        return bets and merge_log_e(log_e(c)) >= math.log(1.0 / level)

    evidence = log_e(factor) if bets else [None] * len(pairs)
    rows: list[Row] = []
    for sample, a, b, solid_b, e in zip(samples, first, second, solid, evidence, strict=True):
        gap = a - factor * solid_b
        low, high = -math.inf, math.inf
        if np.all(np.isfinite(a)):
            if bets:
                shift = factor * cap
                spread = np.clip(gap + shift, 0.0, cap + shift)
                low = betting_lower(spread, level) - shift
                high = betting_upper(spread, level, cap + shift) - shift
            if finite_variance:
                low = max(low, float(student_lower(gap, level)))
                high = min(high, float(student_upper(gap, level)))
        note = f"mean of A {average(a):.6g}, of B {average(b):.6g}"
        e_value = None if e is None else capped(e)
        rows.append(
            Row(sample.T, sample.seeds, average(gap), (low, high), 0.0, e_value, False, note)
        )
    slack = min(
        ratio(factor * average(b), average(a)) if math.isfinite(average(a)) else 0.0
        for a, b in zip(first, second, strict=True)
    )
    power = None
    if bets or finite_variance or lost_a:
        scale = edge(refuted)
        power = math.inf if scale == 0 else 1.0 / scale
    if refuted(1.0):
        worst = max(rows, key=lambda row: row.estimate)
        reason = (
            f"at T={worst.T} A exceeds {factor:g} times B by {worst.estimate:.6g} on average over "
            f"{worst.seeds} paired seeds ({worst.note})"
        )
        return Judgement(Verdict.REFUTED, reason, tuple(rows), slack, power)
    if all(row.interval[1] <= 0 for row in rows):
        reason = (
            f"A stays below {factor:g} times B at all {len(rows)} horizons at level {alpha:.1e}, "
            f"with slack {slack:.3g}"
        )
        return Judgement(Verdict.CONSISTENT, reason, tuple(rows), slack, power)
    worst = max(rows, key=lambda row: row.interval[1])
    if math.isinf(worst.interval[1]):
        why = missing([*samples, *others], finite_variance, "upper")
        why = f"{lost_a} runs of A are not finite" if lost_a else why
    else:
        why = (
            f"at T={worst.T} the mean of A - {factor:g} B is {worst.estimate:.6g} with upper limit "
            f"{worst.interval[1]:.6g} above 0: more seeds are needed"
        )
    reason = f"{why}; {overstatement(power)}"
    return Judgement(Verdict.INCONCLUSIVE, reason, tuple(rows), slack, power)
