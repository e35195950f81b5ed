"""Eigenvalues at the ends of a spectrum, from products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 48


def ends(
    turn: Callable[[np.ndarray], np.ndarray], count: int, d: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(count,) the least and the largest Ritz values of so many symmetric matrices, each between
    the ends of its spectrum, and (count, d) vectors of the largest |value|; `turn` takes (count, d)
    vectors, one a matrix, to their products."""
    v = np.random.default_rng(5).standard_normal((count, d))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    basis, images, size = [v], [turn(v)], np.zeros((count, 1))
    while len(basis) < min(d, STEPS):
        w = images[-1]
        size = np.maximum(size, np.linalg.norm(w, axis=1, keepdims=True))
        for _ in range(2):  # the second time for what rounding left
            for q in basis:
                w = w - np.sum(q * w, axis=1, keepdims=True) * q
        left = np.linalg.norm(w, axis=1, keepdims=True)
        more = left > 1e-10 * size  # else nothing but rounding, of which no direction is made
        if not more.any():
            break
        basis.append(np.where(more, w / np.where(more, left, 1.0), 0.0))
        images.append(turn(basis[-1]))
    Q, A = np.stack(basis, axis=1), np.stack(images, axis=1)
    low, high, ways = np.zeros(count), np.zeros(count), np.zeros((count, d))
    for k, (q, a) in enumerate(zip(Q, A)):
        kept = np.any(q != 0, axis=1)
        inner = a[kept] @ q[kept].T
        if not np.all(np.isfinite(inner)):
            low[k], high[k] = np.inf, -np.inf  # and so nothing is known
            continue
        values, vectors = np.linalg.eigh(0.5 * (inner + inner.T))
        low[k], high[k] = values[0], values[-1]
        ways[k] = vectors[:, np.argmax(np.abs(values))] @ q[kept]
    return low, high, ways
