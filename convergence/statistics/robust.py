"""What may be said of a sample whose mean may not be trusted.

Median of means for a location that survives heavy tails; Hill's estimator and the max-to-sum
ratio as diagnostics. Diagnostics never decide a verdict: they are mentioned in its reason.
"""

import math

import numpy as np

from convergence.statistics.verdict import Floats


def median_of_means(values: Floats, blocks: int) -> float:
    """median of `blocks` means of consecutive, near-equal blocks; values (n,), blocks <= n.

    With 8 ln(1/delta) blocks it errs by more than 2 sigma sqrt(8 ln(1/delta) / n) with
    probability <= delta; with a finite p-th moment only, p in (1, 2], the same holds with
    n^{-(1-1/p)} instead of n^{-1/2}.
    """
    if not 1 <= blocks <= values.shape[0]:
        raise ValueError(f"{blocks} blocks of {values.shape[0]} values: need 1 <= blocks <= n")
    return float(np.median([part.mean() for part in np.array_split(values, blocks)]))


def hill(values: Floats, k: int) -> float:
    """k / sum_{i<=k} log(X_(i) / X_(k+1)): the tail index from the k largest of |values|.

    Standard error about (index) / sqrt(k). +inf where the k + 1 largest are equal.
    """
    sizes = np.sort(np.abs(values))[::-1]
    if not 1 <= k < sizes.shape[0]:
        raise ValueError(f"k={k} of {sizes.shape[0]} values: need 1 <= k < n")
    if sizes[k] <= 0 or not math.isfinite(sizes[0]):
        return 0.0  # the excess over zero, or of infinity, is beyond every power
    total = float(np.log(sizes[:k] / sizes[k]).sum())
    return math.inf if total == 0.0 else k / total


def max_to_sum(values: Floats, power: float = 1.0) -> float:
    """max |X|^p / sum |X|^p: tends to 0 as n grows iff E |X|^p is finite. 1/n for equal values."""
    sizes = np.abs(values)
    top = float(sizes.max())
    if top == 0.0:
        return 1.0 / sizes.shape[0]
    if not math.isfinite(top):
        return 1.0
    return float(1.0 / np.sum((sizes / top) ** power))


def tail_note(values: Floats) -> str:
    """A few words where the sample looks as if it had no mean, else the empty string.

    Hill's index over the ceil(sqrt n) largest values, less two standard errors, is below 1 while
    one value in n carries more than 10 times its share. Silent below 16 values.
    """
    n = values.shape[0]
    if n < 16:
        return ""
    k = math.ceil(math.sqrt(n))
    index, ratio = hill(values, k), max_to_sum(values)
    if index * (1.0 - 2.0 / math.sqrt(k)) < 1.0 and index < 2.0 and ratio > 10.0 / n:
        return (
            f"an infinite mean is plausible (Hill index {index:.2f}, one run carries {ratio:.0%} "
            "of the sum)"
        )
    return ""
