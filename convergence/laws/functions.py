"""Each function of a mean f = (1/n) Σ f_i: what methods ask of it alone, and how it is curved.

Differences of gradients between a few points miss the ends of a spectrum by the root of the
dimension, or altogether where no point lies apart along their eigenvectors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.derivatives import along
from convergence.errors import InvalidInput
from convergence.laws.faults import CURVED, Fault
from convergence.laws.krylov import ends
from convergence.laws.look import DENSE, LARGE, each
from convergence.plainly import by_rows

MIXED = 4  # stacks of points, one a function
FORMED = 2**22  # entries of all their Hessians up to which these are formed
FEW = 16  # functions, else


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


@by_rows
def _turned(problem: Any, x: Any, v: Any) -> Any:
    """(n, d) the ∇²f_i(x) v."""
    start = problem.start()
    x, v = jnp.reshape(x, start.shape), jnp.reshape(v, start.shape)
    rows = along(problem.grads, x, v, f"{type(problem).__name__}.grads")[1]
    return jnp.reshape(rows, (rows.shape[0], -1))


def curved(problem: Any, here: np.ndarray, n: int, c: Constants) -> Iterator[Fault]:
    """L_max, L_tilde and all_convex of a user's problem, by the spectra of ∇²f_i at some points
    (P, d)."""
    said, d = c.only("L_max", "L_tilde", "all_convex"), here.shape[1]
    if not said or d >= LARGE:
        return
    places = here[:1] if c.get("all_quadratic") else here[[0, len(here) // 2, -1]]
    low = top = joint = 0.0
    for x in places:
        with contextlib.suppress(InvalidInput):  # its rows have no derivatives along directions
            least, most, all_ = (_formed if d <= DENSE and n * d * d <= FORMED else _some)(
                problem, x, n
            )
            low, top, joint = min(low, least), max(top, most), max(joint, all_)
    slack = CURVED * max(top, 1e-300)
    for name, true in (("L_max", top), ("L_tilde", joint)):
        if name in said and true > said[name] + slack:
            yield Fault(name, said[name], true, "by Hessians of the f_i at a point")
    if said.get("all_convex") and low < -slack:
        yield Fault("all_convex", True, low, "the least curvature of an f_i at a point")


def _formed(problem: Any, x: np.ndarray, n: int) -> tuple[float, float, float]:
    """The least λ, the largest |λ| and λ_max((1/n) Σ (∇²f_i)²)^½."""
    d = len(x)
    H = np.swapaxes(each(_turned, problem, np.tile(x, (d, 1)), np.eye(d)), 0, 1)
    if not np.all(np.isfinite(H)):
        return 0.0, 0.0, 0.0
    values = np.linalg.eigvalsh(0.5 * (H + np.swapaxes(H, 1, 2)))
    square = np.reshape(np.swapaxes(H, 0, 1), (d, n * d))
    joint = float(np.linalg.eigvalsh(square @ square.T / n)[-1])
    return float(values.min()), float(np.abs(values).max()), max(joint, 0.0) ** 0.5


def _some(problem: Any, x: np.ndarray, n: int) -> tuple[float, float, float]:
    """As `_formed`, of the functions that turn a direction drawn the most and the least; jointly of
    all along it, and of those along all."""
    v = np.random.default_rng(6).standard_normal((1, len(x)))
    rows = each(_turned, problem, x[None], v)[0]
    order = np.argsort(rows @ v[0])
    which = order if n <= FEW else np.concatenate([order[: FEW // 2], order[-FEW // 2 :]])
    many, at = np.arange(len(which)), np.tile(x, (len(which), 1))
    low, high, _ = ends(lambda V: each(_turned, problem, at, V)[many, which], len(which), len(x))
    joint = float(np.mean(np.sum(rows**2, axis=1)) / np.sum(v**2))

    def squared(V: np.ndarray) -> np.ndarray:
        """Σ (∇²f_i)² v over some, a lower bound of that over all."""
        once = each(_turned, problem, x[None], V)[0, which]
        return np.sum(each(_turned, problem, at, once)[many, which], axis=0, keepdims=True)

    joint = max(joint, float(ends(squared, 1, len(x))[1][0]) / n) ** 0.5
    return float(low.min()), float(max(high.max(), -low.min())), joint
