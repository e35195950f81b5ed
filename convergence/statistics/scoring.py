"""AlgoPerf's benchmark score (Dahl et al. 2023, arXiv 2306.07179) with error control.

t[s, w] is the time at which solver s reaches the target of workload w, ∞ if it does not. With r =
t/min_s t the performance profile is ρ_s(τ) = #{w : r[s, w] ≤ τ}/n, and the score B_s = ∫₁^R ρ_s
dτ/(R − 1) = (1/n) Σ_w (R − r[s, w])₊/(R − 1), R = 4. A workload that nobody hits gives 0 to all,
and n is not reduced. The score of a solver depends on the field that it is in: publish the field.

B_s does not increase in t[s, w] and does not decrease in t[s', w]: with simultaneous intervals of
the times it lies between B_s(own high, others low) and B_s(own low, others high).
"""

from __future__ import annotations

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from convergence.errors import is_share, numbers, require, shown
from convergence.statistics.verdict import Verdict

Floats = npt.NDArray[np.float64]
R_MAX = 4.0


class Interval(NamedTuple):
    """Limits that hold at their level."""

    low: float
    high: float


def check_times(times: npt.ArrayLike) -> Floats:
    """Times as an array, each positive or ∞; t = 0 or NaN would leave ratios undefined."""
    t = numbers(times, "times")
    require(t.ndim >= 2 and t.size > 0, f"times of shape {t.shape}",
            "one row a solver and one column a workload", "give at least one of each")  # fmt: skip
    wrong = t[~(t > 0)]
    require(
        wrong.size == 0,
        f"a time of {wrong[0] if wrong.size else 0:g}",
        "a positive number of seconds or steps, or inf for a target that was missed,",
        "count time from the first evaluation on, and write inf for a miss",
    )
    return t


def _at_least_one(r_max: float) -> None:
    require(1 < r_max < math.inf, f"r_max = {r_max:g}", "1 < r_max < ∞", "AlgoPerf has 4")


def _an_error(error: float) -> None:
    require(is_share(error), f"an error of {shown(error)}", "a chance between 0 and 1", "use 0.05")


def time_ratios(times: npt.ArrayLike) -> Floats:
    """r = t/min_s t; ∞ for a miss, also where nobody hits."""
    t = check_times(times)
    best = t.min(axis=0, keepdims=True)
    return np.where(np.isinf(t), np.inf, t / np.where(np.isinf(best), 1.0, best))


def scores(times: npt.ArrayLike, r_max: float = R_MAX) -> Floats:
    """B_s of every solver, exactly."""
    _at_least_one(r_max)
    return np.mean(np.maximum(r_max - time_ratios(times), 0.0), axis=1) / (r_max - 1)


def profiles(times: npt.ArrayLike, tau: npt.ArrayLike) -> Floats:
    """ρ_s(τ), one row a solver."""
    return np.mean(time_ratios(times)[:, :, None] <= np.asarray(tau, dtype=float), axis=1)


def trapezoid_scores(times: npt.ArrayLike, r_max: float = R_MAX, points: int = 100) -> Floats:
    """B_s as AlgoPerf's script computes it, by the trapezoidal rule at equidistant τ in [1, r_max];
    within 1/(2(points − 1)) of the exact form."""
    _at_least_one(r_max)
    require(points >= 2, f"{points} points", "two or more", "AlgoPerf has 100")
    tau = np.linspace(1.0, r_max, points)
    return np.asarray(np.trapezoid(profiles(times, tau), tau, axis=1)) / (r_max - 1)


def study_times(trials: npt.ArrayLike) -> Floats:
    """(solvers, workloads) from (solvers, workloads, studies, trials): the median over studies of
    the least time over trials. A miss is ∞ and takes part in the median."""
    t = check_times(trials)
    require(t.ndim == 4, f"times of shape {t.shape}", "(solvers, workloads, studies, trials)",
            "add the axes that are missing")  # fmt: skip
    require(
        t.shape[2] % 2 == 1,
        f"{t.shape[2]} studies",
        "an odd number, for the median of an even one can be ∞ with half of them finite,",
        "run one more, or leave one out",
    )
    return np.asarray(np.median(t.min(axis=3), axis=2), dtype=float)


def first_hits(marks: npt.ArrayLike, values: npt.ArrayLike, target: float) -> Floats:
    """The first mark at which each run's metric is at most `target`, ∞ where none is: times for a
    score from the checkpoints of a record, (seeds, marks)."""
    steps, seen = np.asarray(marks, dtype=float), np.asarray(values, dtype=float)
    hit = seen <= target
    return np.where(hit.any(axis=1), steps[hit.argmax(axis=1)], np.inf)


def median_interval(draws: npt.ArrayLike, error: float) -> Interval:
    """[X_(k), X_(n+1−k)] for the median of any law, also with atoms and misses, that errs with
    probability `error` at most: P(Bin(n, ½) < k) ≤ error/2."""
    x = np.sort(np.asarray(draws, dtype=float))
    n = len(x)
    _an_error(error)
    coin = scipy.stats.binom(n, 0.5)
    k = int(coin.ppf(error / 2))
    k += int(coin.cdf(k) <= error / 2)  # the largest k with P(Bin < k) ≤ error/2
    least = math.ceil(math.log2(2 / error))
    require(
        k >= 1,
        f"{n} draws of a time at an error of {error:.3g}",
        f"{least} of them or more",
        "repeat more often, or allow a larger error: their extremes are not apart enough",
    )
    return Interval(float(x[k - 1]), float(x[n - k]))


def score_intervals(trials: npt.ArrayLike, error: float, r_max: float = R_MAX) -> list[Interval]:
    """Simultaneous intervals of B_s of the population medians (U2), from independent draws
    (solvers, workloads, draws); no assumption on their laws. Conservative."""
    t = check_times(trials)
    S, W, _ = t.shape
    cells = [[median_interval(t[s, w], error / (S * W)) for w in range(W)] for s in range(S)]
    low, high = (np.array([[c[k] for c in row] for row in cells]) for k in (0, 1))
    found: list[Interval] = []
    for s in range(S):
        own = np.zeros((S, 1), dtype=bool)
        own[s] = True
        worst = scores(np.where(own, high, low), r_max)[s]
        best = scores(np.where(own, low, high), r_max)[s]
        found.append(Interval(float(worst), float(best)))
    return found


def mean_score_intervals(repeats: npt.ArrayLike, error: float) -> list[Interval]:
    """Simultaneous intervals of E B_s (U1) from K scores (K, solvers), each of the whole benchmark
    run again with fresh seeds: mean ± √(ln(2/δ)/(2K)) by Hoeffding, δ = error/solvers."""
    _an_error(error)
    b = _repeats(repeats)
    half = math.sqrt(math.log(2 * b.shape[1] / error) / (2 * len(b)))
    return [Interval(max(0.0, m - half), min(1.0, m + half)) for m in b.mean(axis=0)]


def _repeats(repeats: npt.ArrayLike) -> Floats:
    b = numbers(repeats, "scores")
    require(
        b.ndim == 2 and len(b) > 0 and np.all((b >= 0) & (b <= 1)),
        f"scores of shape {b.shape}" + ("" if np.all((b >= 0) & (b <= 1)) else " beyond [0, 1]"),
        "one row a repetition, one column a solver, all in [0, 1]",
        "score each repetition of the whole benchmark on its own",
    )
    return b


def beats(repeats: npt.ArrayLike, error: float) -> dict[tuple[int, int], Verdict]:
    """(a, b) → the verdict on "E B_a > E B_b", for all pairs at once: the differences lie in
    [−1, 1] and are paired, mean ± 2√(ln(2P/error)/(2K)) for P pairs."""
    _an_error(error)
    b = _repeats(repeats)
    S = b.shape[1]
    pairs = S * (S - 1) // 2
    half = 2 * math.sqrt(math.log(2 * max(pairs, 1) / error) / (2 * len(b)))
    gaps = b.mean(axis=0)[:, None] - b.mean(axis=0)[None, :]
    return _verdicts(gaps - half, gaps + half)


def beats_by_intervals(intervals: list[Interval]) -> dict[tuple[int, int], Verdict]:
    """(a, b) → the verdict on "B_a > B_b" from simultaneous intervals: those that do not meet."""
    low, high = np.array(intervals).T
    return _verdicts(low[:, None] - high[None, :], high[:, None] - low[None, :])


def _verdicts(low: Floats, high: Floats) -> dict[tuple[int, int], Verdict]:
    """What limits of the differences say of "a is above b"."""
    found: dict[tuple[int, int], Verdict] = {}
    for a, b in zip(*np.nonzero(~np.eye(len(low), dtype=bool))):
        sure = Verdict.CONSISTENT if low[a, b] > 0 else Verdict.INCONCLUSIVE
        found[int(a), int(b)] = Verdict.REFUTED if high[a, b] <= 0 else sure
    return found
