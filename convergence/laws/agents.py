"""What agents certify of their common goal J = (1/n) Σ f_i, against J and ∇f_i as seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.look import Look
from convergence.plainly import by_rows


@by_rows
def _goal(problem: Any, X: Any) -> Any:
    """J(x̄) − inf J, (1/n) Σ‖∇f_i(x̄) − ∇J(x̄)‖², ‖∇J(x̄)‖ and how far ∇J is from the slope of
    J − inf J, at the mean of a stack (n, d)."""
    mean = jnp.mean(X, axis=0)
    G = problem.grad(jnp.broadcast_to(mean, X.shape))
    goal = jnp.mean(G, axis=0)
    apart = jnp.sum((G - goal) ** 2) / len(X)
    risk, slope = jax.value_and_grad(problem.excess)(mean)
    off = jnp.sqrt(jnp.sum((slope - goal) ** 2))
    return risk, apart, jnp.sqrt(jnp.sum(goal**2)), off


def goal(problem: Any, shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """risk0, Xi0, zeta_all, G_mean and h, where they are certified."""
    x0 = s.x[0].reshape(shape)
    spread = float(np.mean(np.sum((x0 - x0.mean(axis=0)) ** 2, axis=1)))
    if "Xi0" in c and not close(c.Xi0, spread, s.far**2):
        yield Fault("Xi0", c.Xi0, spread, "the spread of the copies at the start")
    if "risk0" in c or "zeta_all" in c:
        found = _goal(problem, s.x.reshape((-1, *shape)))
        risk, apart, steep, off = map(np.asarray, found)
        if off.max() > 1e-8 * steep.max() + 1e-12 * float(np.abs(s.g).max()):
            yield Fault("∇f", "∇J", off.max(), "off the slope of excess() by")
        size = float(c.get("L", 0.0)) * s.far**2
        if "risk0" in c and not close(c.risk0, float(risk[0]), size):
            yield Fault("risk0", c.risk0, risk[0], "J(x̄_0) − inf J")
        if "risk0" in c and float(risk.min()) < -CURVED * (size + np.abs(risk).max()):
            yield Fault("risk0", c.risk0, risk.min(), "below inf J, by this, a value of J")
        worst = float(np.max(apart))
        # The gradients at the points seen cancel to this.
        granted = 1e-12 * float(np.max(np.sum(s.g**2, axis=1))) / shape[0]
        if "zeta_all" in c and worst > c.zeta_all**2 * (1 + CURVED) + granted:
            yield Fault("zeta_all", c.zeta_all, worst**0.5, "((1/n) Σ‖∇f_i − ∇J‖²)^½ at a point")
        if "G_mean" in c and steep.max() > c.G_mean * (1 + CURVED):
            yield Fault("G_mean", c.G_mean, steep.max(), "‖∇J‖ at a point")
    if "h" in c and s.H is not None and len(shape) == 2:
        true = np.linalg.eigvalsh(s.H[0][: shape[1], : shape[1]])
        if not np.allclose(np.sort(c.h), true, rtol=0, atol=CURVED * np.abs(true).max()):
            yield Fault("h", c.h, true, "the eigenvalues of an agent's Hessian")


@by_rows
def _levels(problem: Any, X: Any, Y: Any, Z: Any) -> Any:
    """(n, …) the three gradients of the agents of a bilevel problem, side by side."""
    levels = problem.lower(X, Y), problem.adjoint(X, Y, Z), problem.upper(X, Y, Z)
    return jnp.concatenate(levels, axis=1)


@by_rows
def _stacks(problem: Any, X: Any) -> Any:
    return problem.grad(X)


def mixed(problem: Any, shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """What is said of the matrix W by which copies mix, and of the agents' Hessians."""
    if "W" in c:
        W, own = np.asarray(c.W, float), getattr(problem, "W", c.W)
        off = float(np.abs(W - own).max()) if W.shape == np.shape(own) else np.inf
        if off > ROUNDING:
            yield Fault("W", c.W, off, "off the problem's own W by")
        lost = min(float(np.abs(W.sum(axis=k) - 1).max()) for k in (0, 1))
        if lost > ROUNDING:
            yield Fault("W", c.W, lost, "off 1 by, of rows and of columns, a sum")
    if "lam" in c:
        W = np.asarray(c.W, float)
        lam = np.linalg.eigvalsh(0.5 * (W + W.T))[::-1]
        off = float(np.abs(W - W.T).max()) + float(np.abs(np.asarray(c.lam) - lam).max())
        if off > CURVED:
            yield Fault("lam", c.lam, off, "off the eigenvalues of a symmetric W by")
        if "lam_min" in c and not close(c.lam_min, float(lam[-1]), 1.0):
            yield Fault("lam_min", c.lam_min, lam[-1], "λ_min(W)")
        if "U" in c:
            U = np.asarray(c.U, float)
            one = float(np.abs(U.T @ U - np.eye(len(W))).max())
            off = one + float(np.abs(W @ U - U * lam).max())
            if off > 1e-9:
                yield Fault("U", c.U, off, "off WU = U diag(lam) and UᵀU = I by")
    if "modes" in c:
        off = float(np.abs(c.U.T @ np.asarray(c.beta) @ c.E - c.modes).max())
        if off > 1e-9 * max(1e-300, float(np.abs(c.beta).max())):
            yield Fault("modes", c.modes, off, "off UᵀβE by")
    if "hessians" in c:
        H = np.asarray(c.hessians, float)
        X, G = (v.reshape((-1, *shape)) for v in (s.x, s.g))
        left = G - G[:1] - np.einsum("kij,pkj->pki", H, X - X[:1])
        if np.abs(left).max() > CURVED * max(float(np.abs(G).max()), 1e-300):
            yield Fault("hessians", H, np.abs(left).max(), "off a change of ∇f_i by")
        if "E" in c and "h" in c:
            E = np.asarray(c.E, float)
            one = float(np.abs(E.T @ E - np.eye(len(E))).max())
            off = one + float(np.abs(H.mean(axis=0) @ E - E * c.h).max() / np.abs(H).max())
            if off > CURVED:
                yield Fault("E", c.E, off, "off H̄E = E diag(h) and EᵀE = I by")
        mean = float(np.linalg.eigvalsh(H.mean(axis=0))[0])
        if "mean_mu" in c and not close(c.mean_mu, mean, float(np.abs(H).max()), CURVED):
            yield Fault("mean_mu", c.mean_mu, mean, "λ_min((1/n) Σ H_i)")
    if c.get("common"):
        # One step for all copies, from one point: agents of one curvature answer it alike.
        rng = np.random.default_rng(0)

        def stacks(*each: int) -> Any:
            here = rng.standard_normal((4, 1, *each)) * max(s.far, 1e-12)
            return np.broadcast_to(here, (4, shape[0], *each))

        if hasattr(problem, "solution"):
            (q,) = jax.eval_shape(problem.solution)[2].shape
            yield from alike(np.asarray(_levels(problem, stacks(*shape[1:]), stacks(q), stacks(q))))
        else:
            yield from alike(np.asarray(_stacks(problem, stacks(*shape[1:]))))


def alike(G: np.ndarray) -> Iterator[Fault]:
    """Agents of one curvature: the gradients (P, n, …) of all change alike between points."""
    rise = G - G[:1]
    off = float(np.max(np.abs(rise - rise[:, :1]), initial=0.0))
    if off > 1e-11 * float(np.abs(G).max()):
        yield Fault("common", True, off, "off each other by, of ∇f_i(y) − ∇f_i(x), two")


def clients(problem: Any, here: np.ndarray, rows: np.ndarray, c: Constants) -> Iterator[Fault]:
    """zeta_all, client_h and client_x of workers with the gradients rows (P, n, d) at here (P,
    d)."""
    if "zeta_all" in c:
        apart = np.sum((rows - rows.mean(axis=1, keepdims=True)) ** 2, axis=2).mean(axis=1)
        granted = 1e-12 * float(np.max(np.sum(rows**2, axis=2)))
        if apart.max() > c.zeta_all**2 * (1 + CURVED) + granted:
            yield Fault("zeta_all", c.zeta_all, apart.max() ** 0.5, "((1/n) Σ‖∇f_i − ∇f‖²)^½")
    if "client_h" in c:
        said = c.client_h * (here[:, None, :] - c.client_x)
        off = np.abs(said - rows).max()
        if off > CURVED * max(float(np.abs(rows).max()), 1e-12):
            yield Fault("client_h", c.client_h, off, "off, with client_x, by this in a ∇F_i")
