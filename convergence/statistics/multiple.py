"""One alpha for a whole registry: alpha / n per claim, and e-values merged by their mean.

The budget is shared by a union bound, which needs no independence: claims may reuse seeds.
"""

import math
from collections.abc import Sequence

import numpy as np

E_CAP = 1e300  # what a report prints for anything larger; float64 ends at 1.8e308


def check_alpha(alpha: float) -> float:
    """0 < alpha < 1, or a ValueError."""
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha is a probability of error, got {alpha}: need 0 < alpha < 1")
    return float(alpha)


def share(alpha: float, n_claims: int) -> float:
    """alpha / n: the level of one claim (or horizon) out of n, so that all n together err <= alpha.

    Holds under any dependence between the claims.
    """
    if n_claims < 1:
        raise ValueError(f"alpha is shared among at least one claim, got n_claims={n_claims}")
    return check_alpha(alpha) / n_claims


def look(alpha: float, k: int) -> float:
    """alpha / (k (k + 1)): the level of the k-th look at a claim, k = 1, 2, ...; they sum to alpha.

    Whoever looks again after each new batch of seeds, and stops when a verdict comes, errs with
    probability alpha at most.
    """
    if k < 1:
        raise ValueError(f"looks are counted from 1, got {k}")
    return check_alpha(alpha) / (k * (k + 1))


def merge_log_e(log_e: Sequence[float]) -> float:
    """log of (1/K) sum_k e_k: an e-value for the conjunction under any dependence.

    At least max_k e_k / K, so never weaker than Bonferroni's e_k >= K / alpha.
    """
    if len(log_e) == 0:
        raise ValueError("no e-values were given: need at least one to merge")
    top = max(log_e)
    if math.isinf(top):
        return top
    return top + float(np.log(np.mean(np.exp(np.asarray(log_e) - top))))


def capped(log_e: float) -> float:
    """min(exp(log_e), 1e300): an e-value that can be printed and stored."""
    return E_CAP if log_e >= math.log(E_CAP) else math.exp(log_e)
