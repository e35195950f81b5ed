"""Real size of the asymptotic limits at the levels really used, by importance sampling.

An error at 1e-6 is never seen by drawing. Here samples are drawn from tilted laws under which it is
frequent, p(x) exp(a u + b u²)/Z with u = (x − mean)/sd, and weighted back: a mixture of tilts, of
which one makes Student's t err most cheaply and the others carry n KL = 0.5 … 1.3 log(1/δ). Run as

    python -m tests.statistics.sizes

for the table of docs/verdicts.md. CONVERGENCE_TEST_SEED (default 0) moves every simulation.
"""

import math
import zlib
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from convergence import statistics as st
from convergence.statistics.verdict import Floats
from tests.statistics import SEED

Z = np.linspace(-7.0, 7.0, 20001)
NORMAL = np.exp(-Z * Z / 2) / np.exp(-Z * Z / 2).sum()
RUNS = (16, 64, 256, 1024, 8192)
LEVELS = (1e-4, 1e-6)
Law = tuple[Floats, Floats]  # values and their chances
Limit = Callable[[Floats, float], float]


def chi_square(k: float) -> Law:
    """By quantiles of a fine grid of normals, so that any tilt of it is a sum."""
    low = stats.gamma.ppf(special.ndtr(Z[Z < 0]), k / 2)
    high = stats.gamma.isf(special.ndtr(-Z[Z >= 0]), k / 2)
    return 2 * np.concatenate([low, high]), NORMAL


def atoms(chance: float, size: float) -> Law:
    return np.array([0.0, size]), np.array([1 - chance, chance])


LAWS: dict[str, Law] = {
    "normal": (Z, NORMAL),
    "χ²₁": chi_square(1.0),
    "χ²₂": chi_square(2.0),
    "lognormal(1)": (np.exp(Z), NORMAL),
    "lognormal(√2)": (np.exp(2**0.5 * Z), NORMAL),
    "1/25 × 1": atoms(1 / 25, 1.0),
    "1/200 × 50": atoms(1 / 200, 50.0),
    # Kinds beyond those that the rule was set on.
    "χ²_½": chi_square(0.5),
    "Weibull(½)": (stats.expon.isf(special.ndtr(-Z)) ** 2, NORMAL),
    "1/60 × 7 + χ²₁": (
        np.concatenate([chi_square(1.0)[0], 7 + chi_square(1.0)[0]]),
        np.concatenate([59 / 60 * NORMAL, NORMAL / 60]),
    ),
    "Student₈²": (stats.t.isf(special.ndtr(-Z), 8) ** 2, NORMAL),
}


def tilts(law: Law, n: int, delta: float) -> list[Floats]:
    """Chances under which an error at level delta is likely."""
    x, p = law
    mean = float(p @ x)
    sd = math.sqrt(float(p @ (x - mean) ** 2))
    u = (x - mean) / sd

    def tilted(a: float, b: float) -> Floats:
        e = a * u + b * u * u
        q = p * np.exp(e - e.max())
        return q / q.sum()

    def far(q: Floats) -> float:
        seen = q > 0
        return n * float(q[seen] @ np.log(q[seen] / p[seen]))

    def solve(f: Callable[[float], float]) -> float | None:
        low, high = 0.0, 1e-3
        while f(high) < 0:
            high *= 2
            if high > 1e5:
                return None
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if f(middle) < 0 else (low, middle)
        return high

    found: list[Floats] = []
    for share in (0.5, 0.75, 1.0, 1.3):
        a = solve(lambda a, s=share: far(tilted(-a, 0.0)) - s * math.log(1 / delta))
        found += [] if a is None else [tilted(-a, 0.0)]
    need = -float(special.stdtrit(n - 1, delta)) / math.sqrt(n)
    cheapest: tuple[float, Floats] | None = None
    for b in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8):

        def short(a: float, b: float = b) -> float:
            q = tilted(-a, -a * b)
            m = float(q @ u)
            return -m / math.sqrt(max(float(q @ (u - m) ** 2), 1e-300)) - need

        a = solve(short)
        if a is not None:
            q = tilted(-a, -a * b)
            if cheapest is None or far(q) < cheapest[0]:
                cheapest = far(q), q
    return found + ([cheapest[1]] if cheapest else [])


def size(limit: Limit, law: Law, n: int, delta: float, reps: int, seed: int = SEED) -> float:
    """P(limit < mean) / delta for samples of n."""
    x, p = law
    rng = np.random.default_rng([seed, n, zlib.crc32(x.tobytes())])
    ways = tilts(law, n, delta)
    logs = [np.log(np.maximum(q, 1e-300)) - np.log(p) for q in ways]
    steps = [np.cumsum(q) / q.sum() for q in ways]
    mean, total = float(p @ x), 0.0
    for rep in range(reps):
        at = np.searchsorted(steps[rep % len(ways)], rng.random(n))
        at = np.minimum(at, len(x) - 1)
        if limit(x[at], delta) < mean:
            total += math.exp(-special.logsumexp([l[at].sum() for l in logs]) + math.log(len(ways)))
    return total / reps / delta


def corrected(values: Floats, delta: float) -> float:
    """The limit of the package."""
    return st.asymptotic_upper(values, delta)[0]


def student(values: Floats, delta: float) -> float:
    """The limit that it corrects."""
    return st.student_upper(values, delta)


def refused(law: Law, n: int, delta: float, reps: int = 400, seed: int = SEED) -> float:
    """How often the limit is refused on samples of the law itself."""
    x, p = law
    rng = np.random.default_rng([seed, n])
    at = np.minimum(np.searchsorted(np.cumsum(p), rng.random((reps, n))), len(x) - 1)
    return float(np.mean([st.refusal(values, delta).why != "" for values in x[at]]))


def repetitions(n: int) -> int:
    return 20000 if n <= 256 else 4000 if n <= 1024 else 1000


def table(scale: float = 1.0) -> str:
    """Markdown: Student's and the corrected size over nominal, and how often it is refused."""
    lines = ["| law | level | " + " | ".join(f"n = {n}" for n in RUNS) + " |", "|---" * 7 + "|"]
    for name, law in LAWS.items():
        for delta in LEVELS:
            cells = []
            for n in RUNS:
                reps = max(100, int(scale * repetitions(n)))
                before = size(student, law, n, delta, reps // 2)
                after = size(corrected, law, n, delta, reps)
                away = refused(law, n, delta)
                cells.append("refused" if away == 1 else f"{before:.2g} → {after:.2g} ({away:.0%})")
            lines.append(f"| {name} | {delta:.0e} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
