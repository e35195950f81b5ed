"""Hard-margin support vector machines through the origin, by their dual."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy

from convergence.errors import numbers, require


class Separator(NamedTuple):
    """argmin{‖w‖ : ⟨a_j, w⟩ ≥ 1}, of the shape of an a_j, and multipliers λ ≥ 0, w = Σ λ_j a_j."""

    w: np.ndarray
    duals: np.ndarray


def hard_margin(a: Any) -> Separator:
    """The least w with ⟨a_j, w⟩ ≥ 1 for the constraints a_j, the first axis of `a`; refuses ones
    that no w meets.

    Lawson and Hanson's least distance programming: with u = argmin_{u≥0} ‖Eu − e‖, E = [aᵀ; 1ᵀ] and
    e the last unit vector, r = e − Eu gives w = −r_{1..d}/r_{d+1} and λ = u/r_{d+1}; r = 0 if and
    only if the constraints contradict each other, for then Σ u_j a_j = 0 with Σ u_j = 1.
    """
    a = numbers(a, "constraints")
    require(a.ndim >= 2 and a.size > 0, f"constraints of shape {a.shape}", "one or more vectors",
            "give one row a constraint")  # fmt: skip
    flat = a.reshape(len(a), -1)
    size = float(np.max(np.linalg.norm(flat, axis=1), initial=0.0))
    infeasible = (
        f"{len(a)} constraints that no direction meets",
        "one w with ⟨a_j, w⟩ > 0 for all j",
        "separate the chosen token of each input from the others, or give more dimensions",
    )
    require(size > 0 and np.all(np.isfinite(flat)), *infeasible)
    scaled = flat / size
    E = np.vstack([scaled.T, np.ones(len(a))])
    e = np.append(np.zeros(flat.shape[1]), 1.0)
    u, _ = scipy.optimize.nnls(E, e)
    r = e - E @ u
    require(r[-1] > 1e-12, *infeasible)  # r_{d+1} = ‖r‖²: 0 up to rounding
    duals = u / r[-1]
    return Separator((duals @ scaled / size).reshape(a.shape[1:]), duals / size**2)
