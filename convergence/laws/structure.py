"""What problems of a kind certify besides: matrices, agents and workers, forms of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.laws.agents import alike, clients, goal, mixed
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.look import DENSE, Look, each, slopes, values
from convergence.laws.origin import ours, unproved
from convergence.plainly import by_rows, plainly
from convergence.problems.base import AbstractProblem, start_shape


def structure(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """Every certificate of one of the kinds below that is false where it was looked at."""
    shape = start_shape(problem)
    yield from _start(shape, s, c)
    yield from _bent(s, c)
    if c.get("valley"):
        yield from _valley(s)
    if "box_star" in c:
        yield from _boxed(problem, shape, s, c)
    if hasattr(problem, "grads"):
        yield from _workers(problem, s, c)
    elif "agents" in c:
        yield from _agents(problem, shape, s, c)


def _differ(name: str, stated: Any, true: Any, what: str, tolerance: float = ROUNDING) -> Any:
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


def _start(shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """What is said of x_0 and ∇f(x_0)."""
    x, g = s.x[0].reshape(shape), s.g[0].reshape(shape)
    said = c.only("x0", "gram", "g", "grad_max", "spectrum", "visible",
                  "noise_columns", "R0")  # fmt: skip
    for name, value in said.items():
        if name == "x0":
            yield from _differ(name, np.broadcast_to(value, shape), x, "an entry of x_0")
        elif name == "gram":
            yield from _differ(name, value, x @ x.T, "an entry of x_0 x_0ᵀ")
        elif name == "g":
            yield from _differ(name, value, g, "an entry of ∇f(x_0)")
        elif name == "grad_max":
            yield from _differ(name, value, np.max(np.abs(g)), "the largest entry of ∇f(x_0)")
        elif name == "spectrum":
            true = np.linalg.svd(g, compute_uv=False)
            yield from _differ(name, np.pad(value, (0, len(true) - len(value))), true,
                               "a singular value of ∇f(x_0)")  # fmt: skip
        elif name == "visible":
            rows = np.any(s.g.reshape((-1, *shape)) != 0, axis=(0, *range(2, len(shape) + 1)))
            true = len(rows) - int(np.argmax(rows[::-1])) if rows.any() else 0
            if value != true:
                yield Fault(name, value, true, "the last row in which a gradient is seen")
        elif name == "noise_columns":
            right = float(np.linalg.norm(g[:, int(c.visible) :]))
            if not close(value, right, float(np.linalg.norm(g))):
                yield Fault(name, value, right, "the norm of those columns of ∇f(x_0)")
        else:
            yield from _differ(name, value, np.linalg.norm(c.P.T @ g @ c.Q), "‖Pᵀ∇f(x_0)Q‖")


def _bent(s: Look, c: Constants) -> Iterator[Fault]:
    """What is said of Hessians: by rows, at the minimizer, within a radius."""
    if s.H is None:
        return
    if c.get("by_rows"):
        rows = np.repeat(c.h, c.n)
        yield from _differ("h", rows, np.diag(s.H[0]), "a diagonal entry of ∇²f", CURVED)
    if "eigenvalues" in c:
        true = np.linalg.eigvalsh(s.H[0])
        size = float(np.abs(true).max())
        gaps = np.abs(true[:, None] - np.asarray(c.eigenvalues)[None, :]).min(axis=1)
        if gaps.max() > 1e-6 * size + 1e-9:
            k = int(np.argmax(gaps))
            yield Fault("eigenvalues", c.eigenvalues, true[k], "an eigenvalue of ∇²f")
    if s.star is not None and "curvatures" in c:
        true = np.linalg.eigvalsh(s.H[s.star])
        yield from _differ("curvatures", np.sort(c.curvatures), true, "an eigenvalue at x*", CURVED)
        grain = 1e-13 * true[-1]  # what rounding makes of the least eigenvalue
        if abs(true[0] - c.mu_star) > CURVED * true[0] + grain:
            yield Fault("mu_star", c.mu_star, true[0], "λ_min(∇²f(x*))")
        if true[0] > 1e6 * grain:
            condition = true[-1] / true[0]
            yield from _differ("condition", c.condition, condition, "λ_max/λ_min at x*", 1e-6)
    if "stretch" in c:
        size = c.stretch**2 * np.sum(s.x**2, axis=1)
        most = size + c.stretch * np.sqrt(2 * np.maximum(s.f, 0.0))
        over = np.linalg.norm(s.H, 2, axis=(1, 2)) - most * (1 + CURVED)
        k = int(np.argmax(over))
        if over[k] > 0:
            yield Fault("stretch", c.stretch, over[k], "with a curvature beyond its bound, by")


def _valley(s: Look) -> Iterator[Fault]:
    """f = ε|x_1 + x_2| + |x_1 − x_2|, with one 0 < ε < 1 at every point."""
    if s.x.shape[1] != 2:
        yield Fault("valley", True, s.x.shape[1], "the number of entries")
        return
    along, across = np.abs(s.x[:, 0] + s.x[:, 1]), np.abs(s.x[:, 0] - s.x[:, 1])
    k = int(np.argmax(along))
    eps = float((s.f[k] - across[k]) / along[k])
    off = float(np.max(np.abs(s.f - eps * along - across)))
    if not 0 < eps < 1 or off > ROUNDING * float(np.abs(s.f).max()):
        yield Fault("valley", True, off, f"with ε = {eps:.6g}, the error at a point")


def _boxed(problem: Any, shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """What is said of a box: the projected gradient vanishes at the minimizer of a convex f."""
    star, x0 = np.broadcast_to(c.box_star, shape), s.x[0]
    least, g = values(problem, star[None])[0], slopes(problem, star[None])[0]
    star, g = star.ravel(), g.ravel()
    inside = c.box_low <= min(x0.min(), star.min()) and max(x0.max(), star.max()) <= c.box_high
    if not inside:
        yield Fault("box_low", c.box_low, np.min([x0, star]), "with x_0 and x* inside, an entry")
    moved, far = np.clip(star - g, c.box_low, c.box_high), float(np.linalg.norm(star - x0))
    scale = 1.0 + s.far + float(np.abs(star).max())
    if float(np.abs(moved - star).max()) > 1e-7 * scale:
        yield Fault("box_star", c.box_star, moved, "a step of projected gradient away")
    wide = (c.box_high - c.box_low) * math.sqrt(x0.size)
    said = (("box_R", far), ("box_least", least), ("box_Delta", s.f[0] - least), ("box_D", wide))
    for name, true in said:
        if name in c and not close(c[name], float(true), scale):
            yield Fault(name, c[name], true, "what the box and f make of it")


def _rms(rows: np.ndarray) -> float:
    """Root mean square norm of the rows."""
    return float(np.sqrt(np.mean(np.sum(rows**2, axis=1))))


@by_rows
def _rows(problem: Any, x: Any) -> Any:
    return problem.grads(x)


@plainly
def _pulls(problem: Any, shape: tuple[int, ...], levels: bool) -> Any:
    """x* and what pulls each agent there, once a level."""
    star = problem.x_star()
    if not levels:
        return star, (problem.grad(jnp.broadcast_to(star, shape)),)
    _, x, y, z = problem.solution()
    X, Y, Z = (jnp.tile(v, (shape[0], 1)) for v in (x, y, z))
    return star, (problem.lower(X, Y), problem.adjoint(X, Y, Z), problem.upper(X, Y, Z))


def _apart(problem: Any, x: np.ndarray, rows: np.ndarray, far: float, B: float) -> np.ndarray:
    """∇f_i far off along the way on which (1/n) Σ‖∇f_i‖² outgrows B²‖∇f‖² the most."""
    span = max(far, 1e-6)
    bent = (each(_rows, problem, x + span * np.eye(len(x))) - rows) / span  # (d, n, d)
    mean = bent.mean(axis=1)
    energy = np.einsum("jni,kni->jk", bent, bent) / bent.shape[1]
    way = np.linalg.eigh(energy - B**2 * mean @ mean.T)[1][:, -1]
    steps = span * np.array([1.0, 10.0, 100.0, 1e3])
    return each(_rows, problem, x + np.concatenate([steps, -steps])[:, None] * way)


def _workers(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    """f = (1/n) Σ f_i with ∇f_i the rows of `grads`."""
    here = s.x[:12] if s.star is None else np.vstack([s.x[:11], s.x[s.star]])
    rows = each(_rows, problem, here)
    n = rows.shape[1]
    if "agents" in c and c.agents != n:
        yield Fault("agents", c.agents, n, "the workers that answer")
    yield from _differ("∇f", s.g[0], rows[0].mean(axis=0), "an entry of (1/n) Σ ∇f_i(x_0)", 1e-8)
    if c.get("all_convex"):
        least = _least_curved(here, rows, bool(c.get("quadratic")))
        if least < -CURVED * float(c.get("L_max", 0.0)) - 1e-300:
            yield Fault("all_convex", True, least, "the least curvature of an f_i")
    if "turns" in c:
        known = np.broadcast_to(np.asarray(c.turns)[:, None], rows.shape)
        yield from _differ("turns", known, rows, "a slope of f_i that is seen", 1e-12)
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
        scale = _rms(rows[0])
        if "zeta" in c and not close(c.zeta, _rms(there), scale):
            yield Fault("zeta", c.zeta, _rms(there), "((1/n) Σ‖∇f_i(x*)‖²)^½")
        if "local" in c and np.max(np.abs(np.asarray(c.local) - there)) > ROUNDING * scale:
            yield Fault("local", c.local, there, "the stack of ∇f_i(x*)")


def _least_curved(here: np.ndarray, rows: np.ndarray, affine: bool) -> float:
    """The least curvature seen of an f_i with gradients rows (P, n, d) at here (P, d): between
    points, or of its whole Hessian where ∇f_i is affine and enough points are apart."""
    x, G = here - here[:1], rows - rows[:1]
    i, j = np.triu_indices(len(here), 1)
    apart, rise = x[i] - x[j], G[i] - G[j]
    square = np.sum(apart**2, axis=1)
    ok = square > 1e-9 * square.max()
    seen = np.sum(apart[:, None, :] * rise, axis=2)[ok] / square[ok, None]
    least = float(np.min(seen, initial=np.inf))
    if affine and np.linalg.matrix_rank(x) == x.shape[1]:
        H = np.einsum("dp,pnk->ndk", np.linalg.pinv(x), G)
        least = min(least, float(np.linalg.eigvalsh(0.5 * (H + np.swapaxes(H, 1, 2))).min()))
    return least


def _agents(problem: Any, shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """A stack of copies, one an agent; x* minimizes the mean of the agents' functions."""
    if c.agents != shape[0]:
        yield Fault("agents", c.agents, shape[0], "the rows of x_0")
    yield from mixed(problem, shape, s, c)
    if not hasattr(problem, "x_star"):
        for name in ("R_rms", "zeta", "beta", "zeta_all", "G_mean", "risk0", "Xi0"):
            if name in c and not ours(problem):
                yield unproved(name, c, problem)
        return
    star, pulls = jax.tree.map(np.asarray, _pulls(problem, shape, hasattr(problem, "solution")))
    x0 = s.x[0].reshape(shape)
    way = _rms(x0 - star)
    if "R_rms" in c and not close(c.R_rms, way, s.far):
        yield Fault("R_rms", c.R_rms, way, "the root mean square way of the copies to x*")
    scale = max(_rms(s.g[0].reshape(shape)), *(_rms(p) for p in pulls))
    left = max(float(np.linalg.norm(np.mean(p, axis=0))) for p in pulls)
    if left > 1e-8 * scale:
        yield Fault("x*", 0.0, left, "‖mean of the agents' pulls‖ there")
    zeta = math.sqrt(sum(_rms(p) ** 2 for p in pulls))
    if "zeta" in c and not close(c.zeta, zeta, scale):
        yield Fault("zeta", c.zeta, zeta, "((1/n) Σ‖∇f_i(x*)‖²)^½")
    yield from goal(problem, shape, s, c)
    if "beta" in c and np.max(np.abs(np.asarray(c.beta) + pulls[0])) > ROUNDING * scale:
        yield Fault("beta", c.beta, -pulls[0], "the stack of −∇f_i(x*)")
