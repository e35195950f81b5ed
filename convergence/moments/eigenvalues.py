"""What float64 resolves of eigenvalues."""

from __future__ import annotations

import numpy as np

EPS = float(np.finfo(np.float64).eps)
FEW, LARGE = 16, 256  # twins, and the rows from which two have to do


def unresolved(M: np.ndarray) -> float:
    """How far the spectral radius of M moves with its last digits: by their root where eigenvalues
    meet, so that it is measured, on twins of M whose entries are a few roundings off."""
    rng, room = np.random.default_rng(0), 8 * EPS * float(np.max(np.abs(M), initial=0.0))

    def radius(A: np.ndarray) -> float:
        return float(np.max(np.abs(np.linalg.eigvals(A))))

    first, twins = radius(M), FEW if len(M) < LARGE else 2
    moved = [M + np.where(M != 0, room, 0.0) * rng.uniform(-1, 1, M.shape) for _ in range(twins)]
    return 4 * max(abs(radius(A) - first) for A in moved)
