"""What agents certify of their common goal J = (1/n) Σ f_i, against J and ∇f_i as seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.laws.faults import CURVED, Fault, close
from convergence.laws.look import Look


@hastily
def _goal(problem: Any, stacks: Any) -> Any:
    """(P,) each of J(x̄) − inf J, (1/n) Σ‖∇f_i(x̄) − ∇J(x̄)‖² and ‖∇J(x̄)‖, at the means of stacks
    (P, n, d)."""

    def one(X: Any) -> Any:
        mean = jnp.mean(X, axis=0)
        G = problem.grad(jnp.broadcast_to(mean, X.shape))
        goal = jnp.mean(G, axis=0)
        apart = jnp.sum((G - goal) ** 2) / len(X)
        return problem.excess(mean), apart, jnp.sqrt(jnp.sum(goal**2))

    return jax.vmap(one)(stacks)


def goal(problem: Any, shape: tuple[int, ...], s: Look, c: Constants) -> Iterator[Fault]:
    """risk0, Xi0, zeta_all, G_mean and h, where they are certified."""
    x0 = s.x[0].reshape(shape)
    spread = float(np.mean(np.sum((x0 - x0.mean(axis=0)) ** 2, axis=1)))
    if "Xi0" in c and not close(c.Xi0, spread, s.far**2):
        yield Fault("Xi0", c.Xi0, spread, "the spread of the copies at the start")
    if "risk0" in c or "zeta_all" in c:
        risk, apart, steep = map(np.asarray, _goal(problem, s.x.reshape((-1, *shape))))
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
