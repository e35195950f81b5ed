"""How many runs a verdict needs: the judge asked about a pilot, repeated as often as it takes.

A sample of n typical runs is the pilot's quantiles; one that is luckier or unluckier has a mean
that is off by z standard errors, and so its weights are tilted. What is planned hangs on the law of
the metric as the pilot shows it: a tail that it has not seen is not planned for.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from convergence.errors import require
from convergence.statistics.verdict import Floats, Row, Verdict

MOST = 2**16  # runs up to which the judge is asked; beyond, errors shrink as the square root
FARTHEST = 2**30
ROUNDED = 1e-13  # of a value: the rounding of a mean of up to 2**16
Z_LIMIT = 4.0  # standard errors between a mean and its limit, at the levels that are used


def quantile(many: int = 1) -> float:
    """The standard errors beyond which, on one side, none of `many` means is in nine of ten cases
    at least."""
    return NormalDist().inv_cdf(1 - 0.1 / max(1, many))


def typical(values: Floats, n: int, shift: float = 0.0) -> Floats:
    """(n,) values with the law of the pilot and its mean moved by `shift`, inside its range."""
    return values[places(values, n, shift)]


def places(values: Floats, n: int, shift: float = 0.0) -> np.ndarray:
    """(n,) which of the pilot's values `typical` takes."""
    pilot = len(values)
    weights = np.full(pilot, 1.0)
    spread = float(np.var(values)) if np.all(np.isfinite(values)) else 0.0
    # Of runs that are one number the mean is rounded, and that alone spreads them.
    if shift and math.sqrt(spread) > ROUNDED * float(np.max(np.abs(values))):
        weights = np.maximum(0.0, 1.0 + shift * (values - values.mean()) / spread)
    order = np.argsort(values, kind="stable")  # so that few runs are spread over the law as well
    ends = np.cumsum(weights[order]) / weights.sum()
    return order[np.searchsorted(ends, (np.arange(n) + 0.5) / n).clip(0, pilot - 1)]


def error(values: Floats, n: int) -> float:
    """The standard error of a mean of n."""
    return float(np.std(values)) / math.sqrt(n) if np.all(np.isfinite(values)) else 0.0


def least(reached: Callable[[int], bool], start: int, most: int = MOST) -> int | None:
    """The least number of runs, to a part in 32, with which something is reached that more runs
    also reach; None if `most` do not."""
    require(2 <= start <= most, f"{start} runs to begin with", f"2 to {most}", "ask for those")
    high = start
    while not reached(high):
        if high >= most:
            return None
        high = min(2 * high, most)
    low = high // 2 if high > start else 1
    while high - low > max(1, high // 32):
        middle = (low + high) // 2
        low, high = (low, middle) if middle >= 2 and reached(middle) else (middle, high)
    return high


def decided(verdicts: list[Verdict]) -> bool:
    """Whether lucky and unlucky samples get one verdict, and a verdict at all."""
    return len(set(verdicts)) == 1 and verdicts[0] in (Verdict.CONSISTENT, Verdict.REFUTED)


def extrapolated(target: float, limit: float, powers: tuple[float, float], n: int) -> float:
    """About how many runs reach the power `target` > `limit`, from the powers with n/4 and n: what
    is above the limit shrinks as a power of the number, as seen, of at most the square root."""
    far, near = powers[0] - limit, powers[1] - limit
    if not (0 < near < far and target > limit):
        return math.inf
    rate = min(0.5, math.log(far / near) / math.log(4.0))
    grown = math.log(near / (target - limit)) / rate if rate > 0 else math.inf
    return n * math.exp(grown) if grown < 600.0 else math.inf  # as good as never, and a float


def beyond(rows: Sequence[Row], band: float | None) -> float:
    """About how many runs bring limits, which shrink as the square root, to the near side of the
    bound at every horizon, or into a `band` around it of this relative width."""
    found = [0.0]
    for row in rows:
        if isinstance(row.bound, tuple) or not all(map(math.isfinite, row.interval)):
            return math.inf
        gap = abs(row.bound - row.estimate)
        room = gap if band is None else 0.5 * band * abs(row.bound) - gap
        side = row.interval[1] if row.estimate < row.bound else row.interval[0]
        width = (1 + quantile(len(rows)) / Z_LIMIT) * abs(side - row.estimate)
        times = width / room if room > 0 else math.inf
        found.append(row.seeds * times * times)  # its square would raise where it overflows
    return max(found)
