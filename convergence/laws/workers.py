"""What problems that are means of functions certify, against the gradients of each as seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.laws.agents import alike, clients
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.functions import asked_apart, curved
from convergence.laws.look import DENSE, Look, each
from convergence.laws.origin import ours, unproved
from convergence.laws.unformed import off_affine
from convergence.plainly import by_rows


def differ(name: str, stated: Any, true: Any, what: str, tolerance: float = ROUNDING) -> Any:
    """A fault unless two arrays agree relative to their largest entry."""
    stated, true = np.asarray(stated, float), np.asarray(true, float)
    if stated.shape != true.shape:
        yield Fault(name, stated, true, f"with another shape, {what}")
        return
    off = float(np.max(np.abs(stated - true), initial=0.0))
    size = max(float(np.max(np.abs(true), initial=0.0)), float(np.max(np.abs(stated), initial=0.0)))
    if off > tolerance * size:
        k = int(np.argmax(np.abs(stated - true)))
        yield Fault(name, stated.flat[k], true.flat[k], what)


def rms(rows: np.ndarray) -> float:
    """Root mean square norm of the rows."""
    return float(np.sqrt(np.mean(np.sum(rows**2, axis=1))))


@by_rows
def _rows(problem: Any, x: Any) -> Any:
    rows = problem.grads(jnp.reshape(x, problem.start().shape))
    return jnp.reshape(rows, (rows.shape[0], -1))


def workers(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    """Every certificate of f = (1/n) Σ f_i, ∇f_i the rows of `grads`, that is found false."""
    here = s.x[:12] if s.star is None else np.vstack([s.x[:11], s.x[s.star]])
    rows = each(_rows, problem, here)
    n = rows.shape[1]
    if "agents" in c and c.agents != n:
        yield Fault("agents", c.agents, n, "the workers that answer")
    if (said := getattr(problem, "n", n)) != n:
        yield Fault("n", str(said), n, "the number of rows of grads()")
    yield from differ("∇f", s.g[0], rows[0].mean(axis=0), "an entry of (1/n) Σ ∇f_i(x_0)", 1e-8)
    if c.get("all_convex"):
        least = _least_curved(here, rows, bool(c.get("all_quadratic")))
        if least < -CURVED * float(c.get("L_max", 0.0)) - 1e-300:
            yield Fault("all_convex", True, least, "the least curvature of an f_i")
    if c.get("all_quadratic"):
        off = _off_affine(problem, here[0], rows[0], s.far)
        if off > CURVED:
            yield Fault("all_quadratic", True, off, "off an affine ∇f_i, relative to its change,")
    if "turns" in c:
        known = np.broadcast_to(np.asarray(c.turns)[:, None], rows.shape)
        yield from differ("turns", known, rows, "a slope of f_i that is seen", 1e-12)
    if not ours(problem):
        yield from asked_apart(problem, here, rows)
        yield from curved(problem, here, n, c)
    if hasattr(problem, "leads"):
        with contextlib.suppress(Exception):  # it is told where they are asked
            yield from _ahead(problem, here, rows, s)
    i, j = np.triu_indices(len(rows), 1)
    far = np.linalg.norm(here[i] - here[j], axis=1)
    ok = far > 1e-6 * (s.far + 1e-300)
    size = np.linalg.norm(rows, axis=2)
    apart = np.linalg.norm(rows[i] - rows[j], axis=2) - 1e-13 * (size[i] + size[j])
    apart = np.maximum(apart, 0.0)[ok] / far[ok, None]
    for name, true in (("L_tilde", (apart**2).mean(axis=1) ** 0.5), ("L_max", apart.max(axis=1))):
        if name in c and true.max(initial=0.0) > c[name] * (1 + CURVED):
            yield Fault(name, c[name], true.max(), "the steepest change of ∇f_i seen")
    yield from clients(problem, here, rows, c)
    if c.get("common"):
        yield from alike(rows)
    if "zeta_B" in c and "B" in c:
        spread = np.mean(np.sum(rows**2, axis=2), axis=1)
        square = np.sum(rows.mean(axis=1) ** 2, axis=1)
        if here.shape[1] <= DENSE:
            seen = _apart(problem, here[0], rows[0], s.far, float(c.B))
            spread = np.append(spread, np.mean(np.sum(seen**2, axis=2), axis=1))
            square = np.append(square, np.sum(seen.mean(axis=1) ** 2, axis=1))
        lack = spread - (c.zeta_B**2 + c.B**2 * square) * (1 + CURVED)
        k = int(np.argmax(lack))
        if lack[k] > 1e-12 * spread[k]:
            yield Fault("zeta_B", c.zeta_B, spread[k] ** 0.5, "with this B, (1/n) Σ‖∇f_i‖² rooted")
    if c.get("unit"):
        off = float(np.max(np.abs(rows - rows[:1] - (here - here[:1])[:, None, :])))
        if off > 1e-12 * float(np.abs(rows).max()):
            yield Fault("unit", True, off, "off x − x_0, a ∇f_i(x) − ∇f_i(x_0) by")
    known = [name for name in ("zeta", "local") if name in c]
    if known and s.star is None and not ours(problem):
        yield unproved(known[0], c, problem)
    if s.star is not None:
        there = rows[-1]
        scale = rms(rows[0])
        if "zeta" in c and not close(c.zeta, rms(there), scale):
            yield Fault("zeta", c.zeta, rms(there), "((1/n) Σ‖∇f_i(x*)‖²)^½")
        if "local" in c:
            local = np.asarray(c.local)
            if local.shape != there.shape or np.max(np.abs(local - there)) > ROUNDING * scale:
                yield Fault("local", c.local, there, "the stack of ∇f_i(x*)")


@by_rows
def _rises(problem: Any, x: Any) -> Any:
    rises = jax.jacfwd(problem.leads)(jnp.reshape(x, problem.start().shape))
    return jnp.reshape(rises, (rises.shape[0], -1))


@by_rows
def _leads(problem: Any, x: Any) -> Any:
    return problem.leads(jnp.reshape(x, problem.start().shape))


def _ahead(problem: Any, here: np.ndarray, rows: np.ndarray, s: Look) -> Iterator[Fault]:
    """`leads` is f_i(x) − f_i(x*): of the slope ∇f_i, and 0 at x*, the last point where it is
    known."""
    off = float(np.max(np.abs(each(_rises, problem, here) - rows)))
    scale = float(np.abs(rows).max())
    if off > 1e-8 * scale:
        yield Fault("leads", "f_i(x) − f_i(x*)", off, "off ∇f_i, a slope of it,")
    if s.star is not None:
        there = float(np.max(np.abs(each(_leads, problem, here[-1:]))))
        if there > ROUNDING * scale * s.far:
            yield Fault("leads", "f_i(x) − f_i(x*)", there, "at x* one of them")


def _apart(problem: Any, x: np.ndarray, rows: np.ndarray, far: float, B: float) -> np.ndarray:
    """∇f_i far off along the way on which (1/n) Σ‖∇f_i‖² outgrows B²‖∇f‖² the most."""
    span = max(far, 1e-6)
    bent = (each(_rows, problem, x + span * np.eye(len(x))) - rows) / span  # (d, n, d)
    mean = bent.mean(axis=1)
    energy = np.einsum("jni,kni->jk", bent, bent) / bent.shape[1]
    way = np.linalg.eigh(energy - B**2 * mean @ mean.T)[1][:, -1]
    steps = span * np.array([1.0, 10.0, 100.0, 1e3])
    return each(_rows, problem, x + np.concatenate([steps, -steps])[:, None] * way)


def _off_affine(problem: Any, x: np.ndarray, rows: np.ndarray, far: float) -> float:
    """`off_affine` of some ∇f_i on ways and to ends that nobody chose."""
    rng = np.random.default_rng(0)
    ways = rng.standard_normal((4, x.size))
    ways *= max(far, 1e-6) / np.linalg.norm(ways, axis=1, keepdims=True)
    return off_affine(lambda x: each(_rows, problem, x), x, rows, ways)


def _least_curved(here: np.ndarray, rows: np.ndarray, affine: bool) -> float:
    """The least curvature seen of an f_i with gradients rows (P, n, d) at here (P, d): between
    points, or of its whole Hessian where ∇f_i is affine and enough points are apart."""
    x, G = here - here[:1], rows - rows[:1]
    i, j = np.triu_indices(len(here), 1)
    apart, rise = x[i] - x[j], G[i] - G[j]
    square = np.sum(apart**2, axis=1)
    ok = square > 1e-9 * square.max()
    seen = np.sum(apart[:, None, :] * rise, axis=2)[ok] / square[ok, None]
    size = 1e-13 * np.linalg.norm(rows, axis=2)  # what of a gradient may be rounding
    rounded = (size[i] + size[j])[ok] / np.sqrt(square[ok, None])
    least = float(np.min(seen + rounded, initial=np.inf))
    if affine and np.linalg.matrix_rank(x) == x.shape[1]:
        back = np.linalg.pinv(x)
        H = np.einsum("dp,pnk->ndk", back, G)
        bent = float(np.linalg.eigvalsh(0.5 * (H + np.swapaxes(H, 1, 2))).min())
        least = min(least, bent + float(np.linalg.norm(back, 2) * np.sqrt(len(x)) * 2 * size.max()))
    return least
