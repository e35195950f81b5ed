"""A record: (seed, checkpoint) arrays on the host, a few numbers a run whatever its length."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Record:
    """What was measured at horizon `T`.

    marks: (K,) the checkpoints, the last one T. values: (seeds, K, …) the metric at each.
    finite: (seeds, K) whether the iterate was still finite. first_bad: (seeds,) the first step
    whose result was not finite, or −1.
    """

    T: int
    marks: np.ndarray
    values: np.ndarray
    finite: np.ndarray
    first_bad: np.ndarray

    @property
    def seeds(self) -> int:
        """How many runs."""
        return self.values.shape[0]

    def final(self) -> np.ndarray:
        """(seeds, …) the metric at T; +inf where the iterate had left the finite numbers."""
        last = np.array(self.values[:, -1], dtype=np.float64)
        last[~self.finite[:, -1]] = np.inf
        return last

    def first(self, seeds: int) -> Record:
        """The first `seeds` runs."""
        return dataclasses.replace(
            self,
            values=self.values[:seeds],
            finite=self.finite[:seeds],
            first_bad=self.first_bad[:seeds],
        )

    def join(self, other: Record) -> Record:
        """This record followed by the runs of `other`."""
        return dataclasses.replace(
            self,
            values=np.concatenate([self.values, other.values]),
            finite=np.concatenate([self.finite, other.finite]),
            first_bad=np.concatenate([self.first_bad, other.first_bad]),
        )
