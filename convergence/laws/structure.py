"""What problems of a kind certify besides: matrices, agents and workers, forms of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.laws.agents import goal, mixed
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.look import Look, grain, rough, slopes, values
from convergence.laws.origin import ours, unproved
from convergence.laws.workers import differ, rms, workers
from convergence.plainly import plainly
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
        yield from workers(problem, s, c)
    elif "agents" in c:
        yield from _agents(problem, shape, s, c)


def _through_0(g: np.ndarray, s: Look) -> Iterator[Fault]:
    """f is ⟨g, x⟩, without a constant besides."""
    line = s.x @ g
    off = float(np.max(np.abs(s.f - line)))
    if off > ROUNDING * float(np.max(np.abs(s.f) + np.abs(s.x) @ np.abs(g))):
        yield Fault("g", g, off, "f(x) − ⟨g, x⟩ at a point")


def _start(shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """What is said of x_0 and ∇f(x_0)."""
    x, g = s.x[0].reshape(shape), s.g[0].reshape(shape)
    said = c.only("x0", "gram", "g", "grad_max", "spectrum", "visible",
                  "noise_columns", "R0")  # fmt: skip
    for name, value in said.items():
        if name == "x0":
            yield from differ(name, np.broadcast_to(value, shape), x, "an entry of x_0")
        elif name == "gram":
            yield from differ(name, value, x @ x.T, "an entry of x_0 x_0ᵀ")
        elif name == "g":
            yield from differ(name, value, g, "an entry of ∇f(x_0)")
            yield from _through_0(np.ravel(value), s)
        elif name == "grad_max":
            yield from differ(name, value, np.max(np.abs(g)), "the largest entry of ∇f(x_0)")
        elif name == "spectrum":
            true = np.linalg.svd(g, compute_uv=False)
            yield from differ(name, np.pad(value, (0, len(true) - len(value))), true,
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
            yield from differ(name, value, np.linalg.norm(c.P.T @ g @ c.Q), "‖Pᵀ∇f(x_0)Q‖")


def _bent(s: Look, c: Constants) -> Iterator[Fault]:
    """What is said of Hessians: by rows, at the minimizer, within a radius."""
    if s.H is None:
        return
    if c.get("by_rows"):
        rows = np.repeat(c.h, c.n)
        yield from differ("h", rows, np.diag(s.H[0]), "a diagonal entry of ∇²f", CURVED)
    if "eigenvalues" in c:
        true = np.linalg.eigvalsh(s.H[0])
        size = float(np.abs(true).max())
        said = np.asarray(c.eigenvalues)
        if said.ndim != 1 or not said.size:
            yield Fault("eigenvalues", said, true, "with another shape, the eigenvalues of ∇²f")
            return
        gaps = np.abs(true[:, None] - said[None, :]).min(axis=1)
        if gaps.max() > 1e-6 * size + 1e-9:
            k = int(np.argmax(gaps))
            yield Fault("eigenvalues", c.eigenvalues, true[k], "an eigenvalue of ∇²f")
    if s.star is not None and "curvatures" in c:
        true = np.linalg.eigvalsh(s.H[s.star])
        yield from differ("curvatures", np.sort(c.curvatures), true, "an eigenvalue at x*", CURVED)
        grain = 1e-13 * true[-1]  # what rounding makes of the least eigenvalue
        if abs(true[0] - c.mu_star) > CURVED * true[0] + grain:
            yield Fault("mu_star", c.mu_star, true[0], "λ_min(∇²f(x*))")
        if true[0] > 1e6 * grain:
            condition = true[-1] / true[0]
            yield from differ("condition", c.condition, condition, "λ_max/λ_min at x*", 1e-6)
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
    far, size = float(np.linalg.norm(star - x0)), float(np.linalg.norm(x0) + np.linalg.norm(star))
    steep, reach = np.linalg.norm(np.vstack([s.g, g]), axis=1), float(np.max(s.top, initial=0.0))
    # A step in the unit of x, whatever that of f: one of 1/L, or as long as x where f bends less.
    eta = 1 / max(reach, float(steep[-1]) / (size or 1.0), 1e-300)
    moved = np.clip(star - eta * g, c.box_low, c.box_high)
    flat = 1e-7 * (steep[0] + reach * (far + 1e-4 * size)) + 1e-12 * steep.max() + grain(s)
    if float(np.linalg.norm(moved - star)) > eta * flat:
        yield Fault("box_star", c.box_star, moved, "a step of projected gradient away")
    wide = (c.box_high - c.box_low) * math.sqrt(x0.size)
    value = ROUNDING * steep[0] * far + 1e-13 * (abs(s.f[0]) + abs(least)) + rough(s)
    said = (
        ("box_R", far, ROUNDING * (far + 1e-4 * size)), ("box_least", least, value),
        ("box_Delta", s.f[0] - least, value), ("box_D", wide, ROUNDING * wide),
    )  # fmt: skip
    for name, true, granted in said:
        if name in c and c[name] != true and not abs(c[name] - true) <= granted:
            yield Fault(name, c[name], true, "what the box and f make of it")


@plainly
def _pulls(problem: Any, shape: tuple[int, ...], levels: bool) -> Any:
    """x* and what pulls each agent there, once a level."""
    star = problem.x_star()
    if not levels:
        return star, (problem.grad(jnp.broadcast_to(star, shape)),)
    _, x, y, z = problem.solution()
    X, Y, Z = (jnp.tile(v, (shape[0], 1)) for v in (x, y, z))
    return star, (problem.lower(X, Y), problem.adjoint(X, Y, Z), problem.upper(X, Y, Z))


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
    way = rms(x0 - star)
    if "R_rms" in c and not close(c.R_rms, way, s.far):
        yield Fault("R_rms", c.R_rms, way, "the root mean square way of the copies to x*")
    scale = max(rms(s.g[0].reshape(shape)), *(rms(p) for p in pulls))
    left = max(float(np.linalg.norm(np.mean(p, axis=0))) for p in pulls)
    if left > 1e-8 * scale:
        yield Fault("x*", 0.0, left, "‖mean of the agents' pulls‖ there")
    zeta = math.sqrt(sum(rms(p) ** 2 for p in pulls))
    if "zeta" in c and not close(c.zeta, zeta, scale):
        yield Fault("zeta", c.zeta, zeta, "((1/n) Σ‖∇f_i(x*)‖²)^½")
    yield from goal(problem, shape, s, c)
    if "beta" in c and np.max(np.abs(np.asarray(c.beta) + pulls[0])) > ROUNDING * scale:
        yield Fault("beta", c.beta, -pulls[0], "the stack of −∇f_i(x*)")
