"""Measured size and power of every test of `convergence.statistics`, at nominal level 5 %.

Each entry of TRIALS simulates one situation and counts how often an event happened. "size": the
event is an error and happens in at most `level` of the repetitions. "power": the event is what
the test is for and happens in at least `level` of them. Run as

    python -m tests.statistics.measure

for a table in Markdown. CONVERGENCE_TEST_SEED (default 0) moves every simulation.
"""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convergence import statistics as st
from convergence.statistics import Judgement, Sample, Verdict
from convergence.statistics.verdict import Floats
from tests.statistics import SEED

ALPHA = 0.05  # large, so that a thousand repetitions can tell a size from it
REPS = 1000
MANY = 2000  # where repetitions are vectorised
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


@dataclass(frozen=True)
class Trial:
    """`count(rng)` gives (events, repetitions)."""

    test: str
    situation: str
    kind: str  # "size" or "power"
    level: float
    count: Callable[[np.random.Generator], tuple[int, int]]

    @property
    def name(self) -> str:
        return f"{self.test}: {self.situation} ({self.kind})"

    def run(self, seed: int = SEED) -> tuple[int, int]:
        return self.count(np.random.default_rng([seed, zlib.crc32(self.name.encode())]))


def exponential(mean: float) -> Draw:
    return lambda rng, shape: mean * rng.exponential(size=shape)


def uniform(low: float, high: float) -> Draw:
    return lambda rng, shape: rng.uniform(low, high, size=shape)


def pareto(mean: float, index: float) -> Draw:
    """Inlight tails for index < 2; classical Pareto scaled to the given mean."""
    scale = mean * (index - 1.0) / index
    return lambda rng, shape: scale * (1.0 + rng.pareto(index, size=shape))


def spikes(low: float, high: float, p: float) -> Draw:
    return lambda rng, shape: np.where(rng.random(shape) < p, float(high), float(low))


def normal(mean: float, sigma: float) -> Draw:
    return lambda rng, shape: rng.normal(mean, sigma, size=shape)


def ever(draw: Draw, bound: float, n: int) -> Callable[[np.random.Generator], tuple[int, int]]:
    """A peeker looks after every seed and stops at the first W >= 1/alpha."""

    def count(rng: np.random.Generator) -> tuple[int, int]:
        path = st.log_wealth_path(draw(rng, (MANY, n)) / bound - 1.0)
        return int((path.max(axis=-1) >= math.log(1 / ALPHA)).sum()), MANY

    return count


def below(draw: Draw, floor: float, n: int) -> Callable[[np.random.Generator], tuple[int, int]]:
    """The e-value against E M >= floor, ceiling 1."""

    def count(rng: np.random.Generator) -> tuple[int, int]:
        log_e = st.log_e_below(draw(rng, (MANY, n)), floor, 1.0)
        return int((log_e >= math.log(1 / ALPHA)).sum()), MANY

    return count


def limit(
    find: Callable[[Floats], float], draw: Draw, event: Callable[[float], bool], n: int
) -> Callable[[np.random.Generator], tuple[int, int]]:
    """How often a confidence limit of n values has some property."""

    def count(rng: np.random.Generator) -> tuple[int, int]:
        return sum(event(find(values)) for values in draw(rng, (REPS, n))), REPS

    return count


def judged(
    judge: Callable[[np.random.Generator], Judgement], verdict: Verdict
) -> Callable[[np.random.Generator], tuple[int, int]]:
    """How often a judge gives this verdict on fresh data."""
    return lambda rng: (sum(judge(rng).verdict is verdict for _ in range(REPS)), REPS)


def expectation(draw: Draw, bound: float, n: int, **options) -> Callable[..., Judgement]:
    """Two horizons with the same law; the bound in question at the first, twice it at the other."""
    return lambda rng: st.judge_expectation(
        [Sample(T, draw(rng, (n,)), bound * T / 10, **options) for T in (10, 20)], ALPHA
    )


def floor(draw: Draw, bound: float, n: int, **options) -> Callable[..., Judgement]:
    return lambda rng: st.judge_floor([Sample(10, draw(rng, (n,)), bound, **options)], ALPHA)


def exact(draw: Draw, mean: float, n: int, **options) -> Callable[..., Judgement]:
    return lambda rng: st.judge_exact(
        [Sample(10, draw(rng, (n,)), mean, **options)], ALPHA, margin=0.2
    )


def separation(draw: Draw, shift: float, n: int, **options) -> Callable[..., Judgement]:
    """A = B + independent noise; both means 1/2 at shift 0, both within [0, 1]."""

    def judge(rng: np.random.Generator) -> Judgement:
        common = draw(rng, (n,))
        a = 0.25 + 0.25 * common + 0.25 * rng.random(n) + shift
        b = 0.25 + 0.25 * common + 0.25 * rng.random(n)
        return st.judge_separation([(10, a, b)], ALPHA, **options)

    return judge


def rate(slope: float, n: int, draw: Draw) -> Callable[..., Judgement]:
    """M_T = T^(slope - 1/2) times noise of mean 1, claimed to be O(T^-1/2); 6 horizons."""

    def judge(rng: np.random.Generator) -> Judgement:
        samples = [
            Sample(T, T ** (slope - 0.5) * draw(rng, (n,)), T**-0.5, light=True)
            for T in (64, 256, 1024, 4096, 16384, 65536)
        ]
        return st.judge_rate(samples, ALPHA)

    return judge


SECOND = 1.2**2 / 2.2 / 0.2  # E M^2 of a Pareto law of index 2.2 and mean 1
RARE = spikes(0.1, 1.0, 1e-3)  # mean 0.1009; 100 seeds see no spike in 90 % of the draws
RARE_MEAN = 0.1 + 0.9e-3
NO, YES = Verdict.REFUTED, Verdict.CONSISTENT
# A statement that holds with equality, and one that fails by a hair, are the hardest cases.
HAIR = 1.0 - 1e-6

TRIALS: tuple[Trial, ...] = (
    *(
        Trial("e-process, peeking at every seed", situation, "size", ALPHA, ever(draw, 1.0, 200))
        for situation, draw in (
            ("exponential", exponential(1.0)),
            ("Pareto 1.2", pareto(1.0, 1.2)),
            ("Pareto 1.8", pareto(1.0, 1.8)),
            ("spikes 0 / 1000", spikes(0.0, 1000.0, 1e-3)),
            ("coin 0 / 2", spikes(0.0, 2.0, 0.5)),
        )
    ),
    Trial("e-process", "bound 1.5 times too small, exponential", "power", 0.9,
          ever(exponential(1.5), 1.0, 200)),
    Trial("e-process", "bound 3 times too small, Pareto 1.5", "power", 0.9,
          ever(pareto(3.0, 1.5), 1.0, 200)),
    Trial("e-value from below", "rare spikes", "size", ALPHA, below(RARE, RARE_MEAN, 100)),
    Trial("e-value from below", "uniform", "size", ALPHA, below(uniform(0, 1), 0.5, 100)),
    Trial("e-value from below", "floor 0.5 above mean 0.35", "power", 0.9,
          below(uniform(0, 0.7), 0.5, 100)),
    Trial("betting upper limit", "rare spikes", "size", ALPHA,
          limit(lambda v: st.betting_upper(v, ALPHA, 1.0), RARE, lambda u: u < RARE_MEAN, 100)),
    Trial("betting upper limit", "uniform", "size", ALPHA,
          limit(lambda v: st.betting_upper(v, ALPHA, 1.0), uniform(0, 1), lambda u: u < 0.5, 60)),
    Trial("betting upper limit", "uniform, within 25 % at n=200", "power", 0.9,
          limit(lambda v: st.betting_upper(v, ALPHA, 1.0), uniform(0, 1),
                lambda u: u <= 0.625, 200)),
    Trial("betting lower limit", "Pareto 1.5", "size", ALPHA,
          limit(lambda v: st.betting_lower(v, ALPHA), pareto(1, 1.5), lambda m: m > 1, 100)),
    Trial("betting lower limit", "exponential, within 40 % at n=200", "power", 0.9,
          limit(lambda v: st.betting_lower(v, ALPHA), exponential(1), lambda m: m >= 0.6, 200)),
    Trial("empirical Bernstein", "rare spikes", "size", ALPHA,
          limit(lambda v: float(st.bernstein_upper(v, ALPHA, 1.0)), RARE,
                lambda u: u < RARE_MEAN, 100)),
    Trial("empirical Bernstein", "uniform, within 40 % at n=200", "power", 0.9,
          limit(lambda v: float(st.bernstein_upper(v, ALPHA, 1.0)), uniform(0, 1),
                lambda u: u <= 0.7, 200)),
    Trial("Hoeffding", "rare spikes", "size", ALPHA,
          limit(lambda v: float(st.hoeffding_upper(v, ALPHA, 1.0)), RARE,
                lambda u: u < RARE_MEAN, 100)),
    Trial("Hoeffding", "uniform, within 25 % at n=200", "power", 0.9,
          limit(lambda v: float(st.hoeffding_upper(v, ALPHA, 1.0)), uniform(0, 1),
                lambda u: u <= 0.625, 200)),
    Trial("Student-t", "normal", "size", ALPHA,
          limit(lambda v: st.student_upper(v, ALPHA), normal(0, 1), lambda u: u < 0, 20)),
    Trial("Student-t", "normal, within one sigma at n=20", "power", 0.9,
          limit(lambda v: st.student_upper(v, ALPHA), normal(0, 1), lambda u: u < 1, 20)),
    Trial("tightest of both upper limits", "uniform", "size", ALPHA,
          limit(lambda v: st.upper_limit(Sample(1, v, 1.0, ceiling=1.0, light=True), ALPHA).value,
                uniform(0, 1), lambda u: u < 0.5, 64)),
    Trial("asymptotic limit", "exponential", "size", ALPHA,
          limit(lambda v: st.asymptotic_upper(v, ALPHA)[0], exponential(1), lambda u: u < 1, 64)),
    Trial("asymptotic limit", "exponential, within 50 % at n=200", "power", 0.9,
          limit(lambda v: st.asymptotic_upper(v, ALPHA)[0], exponential(1),
                lambda u: u <= 1.5, 200)),
    Trial("Catoni", "Pareto 2.2", "size", ALPHA,
          limit(lambda v: st.catoni_upper(v, ALPHA, SECOND), pareto(1, 2.2), lambda u: u < 1, 64)),
    Trial("Catoni", "two atoms of the largest variance", "size", ALPHA,
          limit(lambda v: st.catoni_upper(v, ALPHA, 50.0), spikes(0, 50, 0.02),
                lambda u: u < 1, 200)),
    Trial("Catoni from below", "Pareto 2.2", "size", ALPHA,
          limit(lambda v: st.catoni_lower(v, ALPHA, SECOND), pareto(1, 2.2), lambda u: u > 1, 64)),
    Trial("Catoni", "exponential, within 35 % at n=200", "power", 0.9,
          limit(lambda v: st.catoni_upper(v, ALPHA, 2.0), exponential(1),
                lambda u: u <= 1.35, 200)),
    # judges: false refutations and false confirmations at the edge, then both kinds of power
    Trial("judge_expectation", "tight bound refuted, Pareto 1.5", "size", ALPHA,
          judged(expectation(pareto(1, 1.5), 1.0, 64), NO)),
    Trial("judge_expectation", "false bound confirmed, ceiling", "size", ALPHA,
          judged(expectation(uniform(0, 1), 0.5 * HAIR, 48, ceiling=1.0), YES)),
    Trial("judge_expectation", "false bound confirmed, light tails", "size", ALPHA,
          judged(expectation(uniform(0, 1), 0.5 * HAIR, 64, light=True), YES)),
    Trial("judge_expectation", "false bound confirmed, rare spikes", "size", ALPHA,
          judged(expectation(RARE, RARE_MEAN * HAIR, 100, ceiling=1.0), YES)),
    Trial("judge_expectation", "bound 1.6 times too small refuted", "power", 0.9,
          judged(expectation(uniform(0, 1), 0.3125, 64), NO)),
    Trial("judge_expectation", "slack 1.5 confirmed, ceiling", "power", 0.9,
          judged(expectation(uniform(0, 1), 0.75, 64, ceiling=1.0), YES)),
    Trial("judge_floor", "tight floor refuted, ceiling", "size", ALPHA,
          judged(floor(uniform(0, 1), 0.5, 48, ceiling=1.0), NO)),
    Trial("judge_floor", "tight floor refuted, light tails", "size", ALPHA,
          judged(floor(uniform(0, 1), 0.5, 64, light=True), NO)),
    Trial("judge_floor", "false floor confirmed, Pareto 1.5", "size", ALPHA,
          judged(floor(pareto(1, 1.5), 1.0 / HAIR, 64), YES)),
    Trial("judge_floor", "floor 1.5 times too high refuted", "power", 0.9,
          judged(floor(uniform(0, 1), 0.75, 48, ceiling=1.0), NO)),
    Trial("judge_floor", "slack 1.6 confirmed, no ticket", "power", 0.9,
          judged(floor(uniform(0, 1), 0.3125, 64), YES)),
    Trial("judge_exact", "true law refuted, ceiling", "size", ALPHA,
          judged(exact(uniform(0, 1), 0.5, 48, ceiling=1.0), NO)),
    Trial("judge_exact", "true law refuted, normal", "size", ALPHA,
          judged(exact(normal(1, 1), 1.0, 64, light=True), NO)),
    Trial("judge_exact", "law off by half the margin confirmed", "size", ALPHA,
          judged(exact(uniform(0, 1), 0.5 / 1.1, 600, light=True), YES)),
    Trial("judge_exact", "law off by 40 % refuted", "power", 0.9,
          judged(exact(uniform(0, 1), 0.5 / 1.4, 100, ceiling=1.0), NO)),
    Trial("judge_exact", "true law confirmed", "power", 0.9,
          judged(exact(uniform(0, 1), 0.5, 1000, light=True), YES)),
    Trial("judge_separation", "equal methods refuted, ceiling", "size", ALPHA,
          judged(separation(uniform(0, 1), 0.0, 48, ceiling=1.0), NO)),
    Trial("judge_separation", "equal methods refuted, light tails", "size", ALPHA,
          judged(separation(uniform(0, 1), 0.0, 64, light=True), NO)),
    Trial("judge_separation", "worse by a hair confirmed, light tails", "size", ALPHA,
          judged(separation(uniform(0, 1), 1e-6, 64, light=True), YES)),
    Trial("judge_separation", "worse by a hair confirmed, ceiling", "size", ALPHA,
          judged(separation(uniform(0, 1), 1e-6, 48, ceiling=1.0), YES)),
    Trial("judge_separation", "worse by 0.15 refuted", "power", 0.9,
          judged(separation(uniform(0, 1), 0.15, 48, ceiling=1.0), NO)),
    Trial("judge_separation", "better by 0.15 confirmed", "power", 0.9,
          judged(separation(uniform(0, 1), -0.15, 48, ceiling=1.0), YES)),
    Trial("judge_rate", "true exponent refuted", "size", ALPHA,
          judged(rate(0.0, 96, exponential(1)), NO)),
    Trial("judge_rate", "exponent off by the margin refuted", "size", ALPHA,
          judged(rate(0.05, 96, exponential(1)), NO)),
    Trial("judge_rate", "exponent off by more than the margin confirmed", "size", ALPHA,
          judged(rate(0.05 / HAIR, 96, normal(1, 0.02)), YES)),
    Trial("judge_rate", "T^(-1/3) refuted as T^(-1/2)", "power", 0.9,
          judged(rate(1 / 6, 256, exponential(1)), NO)),
    Trial("judge_rate", "T^(-1/2) confirmed", "power", 0.9,
          judged(rate(0.0, 256, normal(1, 0.05)), YES)),
    Trial("judge_rate", "T^(-3/4) confirmed as T^(-1/2)", "power", 0.9,
          judged(rate(-0.25, 1024, exponential(1)), YES)),
)  # fmt: skip


def table(seed: int = SEED) -> str:
    """Markdown: one line a trial, measured frequency beside the nominal one."""
    lines = [
        "| test | situation | kind | wanted | measured | repetitions |",
        "|---|---|---|---|---|---|",
    ]
    for trial in TRIALS:
        hits, reps = trial.run(seed)
        sign = "≤" if trial.kind == "size" else "≥"
        lines.append(
            f"| {trial.test} | {trial.situation} | {trial.kind} | {sign} {trial.level:g} "
            f"| {hits / reps:.3f} | {reps} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
