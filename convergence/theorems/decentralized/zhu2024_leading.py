"""The bias of SPARKLE without corrections, and what of it leads as steps vanish."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.plainly import plainly
from convergence.theorems.assumptions import AbstractAssumption, Checked


@plainly
def _pulls(problem: Any, n: int) -> Any:
    """(n, D) what the agents' three directions are at the solution, and (n, D, D) their slopes."""
    _, x, y, z = problem.solution()
    p, q = len(x), len(y)

    def all_of(s: Any) -> Any:
        S = jnp.broadcast_to(s, (n, len(s)))
        X, Y, Z = S[:, :p], S[:, p : p + q], S[:, p + q :]
        parts = problem.upper(X, Y, Z), problem.lower(X, Y), problem.adjoint(X, Y, Z)
        return jnp.concatenate(parts, axis=1)

    s = jnp.concatenate([x, y, z])
    return all_of(s), jax.jacfwd(all_of)(s)


class LeadingBias(AbstractAssumption):
    """The bias of x is its leading term up to a share `most`: E = 𝕎E − 𝔸(JE + f) at the fixed
    point, of which 𝔸 = O(step) leaves E⊥ = −(I − 𝕎)⁺𝔸f and the mean −J̄⁻¹ mean(J_i E⊥_i).

    `of` says the steps, and which of its levels adapt before they combine."""

    of: Any
    most: float = eqx.field(static=True)

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        f, J = (np.asarray(v, float) for v in _pulls(problem, len(c.W)))
        (n, D), p = f.shape, c.upper_d
        alpha, beta, gamma, _ = self.of.sizes(c, c.T)
        steps = np.repeat([alpha, beta, gamma], [p, c.lower_d, c.lower_d])
        lower = c.W if self.of.W_lower is None else self.of.W_lower
        mix, move, bent = np.zeros((3, n, D, n, D))
        for k in range(D):
            name, W = (self.of.upper, c.W) if k < p else (self.of.lower, lower)
            mix[:, k, :, k] = W
            move[:, k, :, k] = steps[k] * (np.eye(n) if name == "consensus" else W)
        for i in range(n):
            bent[i, :, i] = J[i]
        mix, move, bent = (v.reshape(n * D, n * D) for v in (mix, move, bent))
        apart, push = np.eye(n * D) - mix, -move @ f.ravel()
        whole = np.linalg.solve(apart + move @ bent, push).reshape(n, D)
        lead = (np.linalg.pinv(apart, hermitian=True) @ push).reshape(n, D)
        mean = np.einsum("kij,kj->i", J, lead) / n
        lead = lead - np.linalg.solve(J.mean(axis=0), mean)
        size, known = (float(np.sum(v[:, :p] ** 2)) for v in (whole, lead))
        off = abs(size / known - 1) if known > 0 else float("inf")
        return Checked("a bias that leads", off <= self.most, off, f"at most {self.most:g} besides")
