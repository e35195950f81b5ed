"""Each function of a mean f = (1/n) Σ f_i: what methods ask of it alone is what was looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.laws.faults import Fault
from convergence.laws.look import each
from convergence.plainly import by_rows

MIXED = 4  # stacks of points, one a function


@by_rows
def _local(problem: Any, X: Any) -> Any:
    found = problem.local(jnp.reshape(X, (X.shape[0], *problem.start().shape)))
    return jnp.reshape(found, (found.shape[0], -1))


def asked_apart(problem: Any, here: np.ndarray, rows: np.ndarray) -> Iterator[Fault]:
    """`n` and `local` of a user's problem, which oracles ask, against `grads`, which is looked at:
    rows (P, n, d) at here (P, d)."""
    (P, n, _), said = rows.shape, getattr(problem, "n", None)
    if said is not None and not callable(said) and int(said) != n:
        yield Fault("n", int(said), n, "the rows of grads()")
        return
    if not callable(getattr(problem, "local", None)):
        return
    # Of one point for all, then of a point each: no row may hang on another's.
    own = np.random.default_rng(0).integers(0, P, (MIXED, n))
    which = np.vstack([np.repeat(np.arange(P)[:, None], n, axis=1), own])
    found = None
    with contextlib.suppress(Exception):  # it is told where it is asked
        found = each(_local, problem, here[which])
    if found is None:
        return
    true = rows[which, np.arange(n)]
    if found.shape != true.shape:
        yield Fault("local(X)", true[0], found[0], "with another shape, at a stack of points")
        return
    off, size = (np.max(np.abs(v), axis=(1, 2)) for v in (found - true, true))
    # Entries of a small gradient are as exact as those that it is a difference of.
    room = 1e-8 * size + 1e-13 * size.max()
    k = int(np.argmax(np.where(np.isfinite(off), off - room, np.inf)))
    if not off[k] <= room[k]:
        yield Fault("local(X)", "∇f_i(x_i) of each row", off[k], "off the rows of grads() by")
