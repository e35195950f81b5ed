"""What is certified of the metric of a claim at a horizon: the tickets of `statistics.Sample`.

ceiling: the theorem's, or what a bounded gradient makes of a metric of gradients.
second: the theorem's, or E M² of a linear method under Gaussian noise, by its exact moments.
light: no rare event carries the mean. The theorem says so; or none of noise, problem and method
    can: the noise is light-tailed, or the metric an average over a run in which its rarest atom has
    a chance of 1/25 or more; no place that is seldom reached has a gradient out of proportion to
    that at the start; and the method's own coins are mild.
unseen: what rare events may yet add to the mean, by the theorem that says `light`.
sure: nothing that is measured depends on a coin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convergence.constants import Constants
from convergence.errors import Unknown
from convergence.metrics.effort import UpToExcess
from convergence.metrics.folds import Average, AverageEvery, Smallest
from convergence.metrics.pointwise import GradNorm, GradNormSq
from convergence.moments.affine import analyse
from convergence.moments.coins import silent, tosses
from convergence.moments.spread import gaussian, second_moment
from convergence.moments.tape import NotAffine
from convergence.problems.base import start_shape
from convergence.runner.experiment import Experiment

# log E M²/(E M)² that coins may cause: that of a lognormal law of variance 2, whose limits have
# been measured (docs/verdicts.md), as have those of two atoms of chance 1/25.
MILD, RAREST = 2.0, 1 / 25
LARGEST = 2**11  # entries of an iterate whose exact moments, matrices, are followed
LOOPED = 2**20  # steps that exact moments are followed, one by one: some ten seconds
STEEP = 20.0  # how many times steeper than at the start a place may be that is no farther off


def certified(
    theorem: Any, c: Constants, experiment: Experiment, T: int, looped: int = LOOPED
) -> dict[str, Any]:
    """`ceiling`, `second`, `light`, `unseen` and `sure` of the experiment's metric at horizon T.

    looped: up to which T exact moments are followed.
    """
    metric = experiment.metric
    ceiling = least(computed(theorem.ceiling, c, T), bounded_gradient(metric, c))
    quiet = silent(experiment)
    noiseless = c.get("sigma") == 0.0 or c.get("sigma_p") == 0.0
    coins = tosses(quiet)
    if noiseless and not coins:
        return {"ceiling": ceiling, "sure": True}
    light = even(c) and seen(metric, c, T) and (not coins or mild(experiment, c, T))
    second = computed(theorem.second_moment, c, T)
    small = math.prod(start_shape(experiment.problem)) <= LARGEST
    exact = second is None and not coins and small and looped >= T
    if exact and c.get("quadratic") and gaussian(experiment.oracle):
        try:
            second = computed(second_moment, analyse(experiment), metric, T)
        except NotAffine:
            second = None
    owed = 0.0 if light else computed(theorem.unseen, c, T)
    return {
        "ceiling": ceiling,
        "second": second,
        "light": light or (owed is not None and bool(computed(theorem.light_tailed, c, T))),
        "unseen": owed or 0.0,
    }


def computed(of: Callable[..., Any], *of_what: Any) -> Any:
    """What is certified, or None where that is beyond float64, or made of a constant that nothing
    certifies: no hypothesis asks for it."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            found = of(*of_what)
    except (ArithmeticError, Unknown):
        return None
    return None if found is None or math.isnan(found) else found


def seen(metric: Any, c: Constants, T: int) -> bool:
    """Whether a run shows what the noise can do."""
    return bool(c.get("light_tailed")) or (
        averaged(metric) and float(c.get("q", 0.0)) * T >= RAREST
    )


def averaged(metric: Any) -> bool:
    """Whether a metric is a mean over the run."""
    return isinstance(metric, Average | AverageEvery) or (
        isinstance(metric, UpToExcess) and averaged(metric.of)
    )


def even(c: Constants) -> bool:
    """Whether no wall stands where the noise seldom leads: ∇f is affine, or as steep at the start
    as it can be there, up to a factor."""
    if c.get("quadratic"):
        return True
    most = min(float(c.get("L", math.inf)) * float(c.get("R", math.inf)), c.get("G", math.inf))
    return "grad0" in c and STEEP * float(c.grad0) >= most


def mild(experiment: Experiment, c: Constants, T: int) -> bool:
    """Whether the method's own coins leave log E M²/(E M)² at most `MILD`.

    A coin is forgotten as f decreases. Where noise renews f, or where the metric is an average,
    M = Σ_j w_j with E w_j² ≤ e^{jv} (E w_j)² and E w_j ≤ (1 − k)^j, and by Minkowski's inequality
    (E M²)^½/E M ≤ k/(1 − (1 − k)e^{v/2}).
    """
    try:
        v, k = experiment.algorithm.coins(c, T)
    except (Unknown, ArithmeticError):
        return False
    left = 1 - (1 - k) * math.exp(min(v, 1e3) / 2)
    renewed = c.get("sigma", 0.0) > 0 or averaged(experiment.metric)
    spread = v * T
    if renewed and 0 < left < k:
        spread = min(spread, 2 * math.log(k / left))
    return spread <= MILD


def bounded_gradient(metric: Any, c: Constants) -> float | None:
    """G for norms of gradients and their means over a run, G² for squares; None without a G."""
    of: object = metric.of if isinstance(metric, Average | AverageEvery | Smallest) else metric
    power = 1 if isinstance(of, GradNorm) else 2 if isinstance(of, GradNormSq) else None
    return float(c.G) ** power if power and "G" in c else None


def least(*bounds: float | None) -> float | None:
    """The smallest of those that there are."""
    return min((bound for bound in bounds if bound is not None), default=None)
