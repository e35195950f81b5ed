"""What attention certifies besides, against its tokens, queries and scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy

from convergence.constants import Constants
from convergence.laws.faults import ROUNDING, Fault, close
from convergence.problems.base import started


def attention(problem: Any, c: Constants) -> Iterator[Fault]:
    """The separator by its Karush-Kuhn-Tucker conditions; gaps and pairs by their definition."""
    if "separator" in c:
        X, z, g = (np.asarray(v, float) for v in (problem.tokens, problem.queries, problem.scores))
        n, T = g.shape
        yield from _same("inputs", c.inputs, n, "queries")
        yield from _same("tokens", c.tokens, T, "columns of the scores")
        best = g.argmax(axis=1)
        rows = [
            np.kron(X[i, best[i]] - X[i, t], z[i])
            for i in range(n)
            for t in range(T)
            if t != best[i]
        ]
        a, w = np.array(rows), np.ravel(c.separator)
        margins, scale = a @ w, float(np.linalg.norm(w))
        if margins.min() < 1 - ROUNDING:
            yield Fault("separator", 1.0, margins.min(), "the least margin of it")
        tight = margins <= 1 + 1e-9
        left = scipy.optimize.nnls(a[tight].T, w)[1] if tight.any() else scale
        if left > 1e-9 * scale:
            yield Fault("separator", 0.0, left, "the distance from the cone of tight constraints")
        order = np.sort(g, axis=1)
        for k, other in ((0, order[:, -2]), (1, order[:, 0])):
            off = np.abs(np.asarray(c.gaps)[:, k] - (order[:, -1] - other))
            if off.max() > ROUNDING * np.abs(g).max():
                yield Fault("gaps", c.gaps, off.max(), "off by that")
        if "pairs" in c:
            yield from _same("pairs", np.ravel(c.pairs), np.ravel(a), "the differences of tokens")
    if "balance" in c:
        K, Q = started(problem)
        yield from _same("balance", c.balance, K.T @ K - Q.T @ Q, "KᵀK − QᵀQ at x_0")


def _same(name: str, stated: Any, true: Any, what: str) -> Iterator[Fault]:
    """A fault unless two arrays agree to rounding."""
    stated, true = np.asarray(stated, float), np.asarray(true, float)
    scale = float(np.max(np.abs(true), initial=0.0))
    alike = stated.shape == true.shape
    off = float(np.max(np.abs(stated - true), initial=0.0)) if alike else np.inf
    if not alike or not close(off, 0.0, scale):
        yield Fault(name, stated, true, what)
