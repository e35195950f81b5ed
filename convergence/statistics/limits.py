"""P(E M > U) <= delta: which one-sided limits a sample's certificates allow, and the tightest.

    certified     betting under a ceiling, betting from below for M >= 0, Catoni under E M^2 <= s^2,
                  the value itself where no coin is tossed
    asymptotic    empirical likelihood where the metric is certified light-tailed

Each that is allowed gets an equal share of delta, so that the choice may look at the data.
"""

import math
from dataclasses import dataclass

import numpy as np

from convergence.statistics.asymptotic import Refusal, asymptotic_lower, asymptotic_upper
from convergence.statistics.catoni import catoni_lower, catoni_upper
from convergence.statistics.eprocess import log_e_above
from convergence.statistics.intervals import betting_lower, betting_upper, loosened
from convergence.statistics.verdict import Floats, Grade, Sample

NONE, ENDLESS = Refusal(), Refusal("runs are not finite")
UNCERTIFIED = Refusal("no tail of the metric is certified")


@dataclass(frozen=True)
class Limit:
    """The tightest certified limit and the asymptotic one, infinite where there is none.

    `refused`: what keeps the asymptotic limit from existing.
    """

    certified: float
    asymptotic: float
    refused: Refusal = NONE
    upper: bool = True

    @property
    def value(self) -> float:
        """The tighter of the two."""
        pick = min if self.upper else max
        return pick(self.certified, self.asymptotic)

    @property
    def grade(self) -> Grade | None:
        """What `value` rests on."""
        if math.isinf(self.value):
            return None
        return Grade.CERTIFIED if self.value == self.certified else Grade.ASYMPTOTIC

    def side(self, bound: float) -> Grade | None:
        """What shows that the mean lies on the near side of `bound`; None if nothing does."""
        for limit, grade in (
            (self.certified, Grade.CERTIFIED),
            (self.asymptotic, Grade.ASYMPTOTIC),
        ):
            if math.isfinite(limit) and (limit <= bound if self.upper else limit >= bound):
                return grade
        return None


def exceeds(sample: Sample) -> bool:
    """Is the certificate of the ceiling contradicted by a finite value?"""
    if sample.ceiling is None:
        return False
    values = sample.values[np.isfinite(sample.values)]
    return bool(np.any(values > loosened(sample.ceiling)))


def belied(sample: Sample) -> bool:
    """Is the certificate of the second moment contradicted by an e-value of 1e9?"""
    if sample.second is None or sample.sure:
        return False
    values = sample.values[np.isfinite(sample.values)]
    with np.errstate(over="ignore"):
        return bool(log_e_above(values**2, loosened(sample.second)) >= math.log(1e9))


def second_moment(sample: Sample) -> float | None:
    """The certified second moment, where the runs do not contradict it."""
    return None if belied(sample) else sample.second


def upper_limit(sample: Sample, delta: float, values: Floats | None = None) -> Limit:
    """The upper limits of the mean of `values` (those of the sample), M >= 0 if it has a ceiling.

    A value above its ceiling or one that is not finite: no limit.
    """
    values = sample.values if values is None else values
    if not np.all(np.isfinite(values)):
        return Limit(math.inf, math.inf, ENDLESS)
    if sample.sure:
        return Limit(float(values[0]), float(values[0]))
    second = second_moment(sample)
    share = delta / max(1, (sample.ceiling is not None) + (second is not None) + sample.light)
    certified, found, refused = math.inf, math.inf, UNCERTIFIED
    if sample.ceiling is not None and not exceeds(sample):
        certified = betting_upper(values, share, loosened(sample.ceiling))
    if second is not None:
        certified = min(certified, catoni_upper(values, share, second))
    if sample.light:
        found, refused = asymptotic_upper(values, share)
        found += sample.unseen
    return Limit(certified, found, refused)


def lower_limit(
    sample: Sample, delta: float, values: Floats | None = None, *, nonnegative: bool = True
) -> Limit:
    """The lower limits of the mean; betting needs M >= 0 and nothing else."""
    values = sample.values if values is None else values
    if not np.all(np.isfinite(values)):
        return Limit(-math.inf, -math.inf, ENDLESS, upper=False)
    if sample.sure:
        return Limit(float(values[0]), float(values[0]), upper=False)
    second = second_moment(sample)
    share = delta / max(1, nonnegative + (second is not None) + sample.light)
    certified, found, refused = -math.inf, -math.inf, UNCERTIFIED
    if nonnegative:
        certified = betting_lower(values, share)
    if second is not None:
        certified = max(certified, catoni_lower(values, share, second))
    if sample.light:
        found, refused = asymptotic_lower(values, share)
    return Limit(certified, found, refused, upper=False)
