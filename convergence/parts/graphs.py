"""Mixing matrices of communication graphs, with their spectra in closed form.

Every function returns W ∈ Rⁿˣⁿ, doubly stochastic, in float64; all but the directed `exponential`
are symmetric with eigenvalues 1 = λ₁ > λ₂ ≥ … ≥ λₙ > −1. `spectrum(name, …)` has the closed forms
in descending order. ρ = ‖W − 11ᵀ/n‖₂ is `mixing_rate`, and p = 1 − ρ² the mixing gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.errors import InvalidInput, numbers, require

ROUNDING = 1e-10  # of 1 − ρ


def metropolis(adjacency: Any) -> np.ndarray:
    """w_ij = 1/(1 + max(deg_i, deg_j)) on edges, w_ii = 1 − Σ_{j≠i} w_ij.

    adjacency: (n, n) symmetric 0/1 matrix; its diagonal is ignored.
    """
    A = np.array(adjacency, dtype=float) != 0
    require(
        A.ndim == 2 and A.shape[0] == A.shape[1] and bool(np.all(A == A.T)),
        f"an adjacency matrix of shape {A.shape}",
        "a symmetric square matrix",
        "add the missing reverse edges",
    )
    np.fill_diagonal(A, False)
    degree = A.sum(axis=1)
    W = np.where(A, 1.0 / (1 + np.maximum(degree[:, None], degree[None, :])), 0.0)
    np.fill_diagonal(W, 1.0 - W.sum(axis=1))
    return check_mixing(W)


def check_agents(x0: Any, W: Any) -> None:
    """Refuse a stack x0 whose rows are not one for each agent of W."""
    require(
        x0.shape[0] == W.shape[0],
        f"a stack of {x0.shape[0]} agents and a mixing matrix of {W.shape[0]}",
        "one number of agents",
        "mix by the W of the problem",
    )


def lazy(W: Any) -> np.ndarray:
    """(I + W)/2, with eigenvalues (1 + λ)/2 ≥ 0."""
    W = np.asarray(W, dtype=float)
    return 0.5 * (np.eye(len(W)) + W)


def _circulant(n: int, weights: dict[int, float]) -> np.ndarray:
    """W with W[i, i + k mod n] += weight for every offset k."""
    W = np.zeros((n, n))
    for offset, weight in weights.items():
        W[np.arange(n), (np.arange(n) + offset) % n] += weight
    return W


def _at_least(n: int, least: int, name: str) -> None:
    require(n >= least, f"a {name} of {n} agents", f"n ≥ {least}", "add agents")


def complete(n: int) -> np.ndarray:
    """11ᵀ/n: eigenvalues 1, 0, …, 0; one step averages exactly."""
    _at_least(n, 2, "complete graph")
    return np.full((n, n), 1.0 / n)


def lazy_complete(n: int, eps: float) -> np.ndarray:
    """(1 − ε) I + ε 11ᵀ/n: λ₂ = … = λₙ = 1 − ε, tunable independently of n."""
    _at_least(n, 2, "complete graph")
    require(0 < eps < 2, f"eps = {eps}", "0 < eps < 2", "1 − eps is every eigenvalue but the first")
    return (1 - eps) * np.eye(n) + eps / n


def two_node(p: float) -> np.ndarray:
    """[[1 − p, p], [p, 1 − p]]: λ₂ = 1 − 2p takes any value in (−1, 1)."""
    require(0 < p < 1, f"p = {p}", "0 < p < 1", "p is the weight of the only edge")
    return np.array([[1 - p, p], [p, 1 - p]])


def ring(n: int) -> np.ndarray:
    """Metropolis weights 1/3 on a cycle of n ≥ 3: λ_k = (1 + 2cos(2πk/n))/3."""
    return adjusted_ring(n, 1.0 / 3.0)


def adjusted_ring(n: int, a: float) -> np.ndarray:
    """w_ii = a, w_{i,i±1} = (1 − a)/2 on a cycle of n ≥ 3: λ_k = a + (1 − a)cos(2πk/n)."""
    _at_least(n, 3, "ring")
    require(0 < a < 1, f"self-weight a = {a}", "0 < a < 1", "a = 1/3 gives the Metropolis ring")
    return _circulant(n, {0: a, 1: (1 - a) / 2, -1: (1 - a) / 2})


def torus(m: int) -> np.ndarray:
    """Metropolis weights 1/5 on the m × m torus, m ≥ 3: λ_ab = (1 + 2cos(2πa/m) + 2cos(2πb/m))/5.

    For even m the least eigenvalue is exactly −3/5, below −1/3.
    """
    _at_least(m, 3, "torus side")
    hop = 3 * ring(m) - np.eye(m)
    one = np.eye(m)
    return (np.eye(m * m) + np.kron(hop, one) + np.kron(one, hop)) / 5


def hypercube(k: int) -> np.ndarray:
    """Metropolis weights 1/(k + 1) on {0,1}^k: λ = 1 − 2j/(k + 1) with multiplicity C(k, j)."""
    _at_least(k, 1, "hypercube dimension")
    codes = np.arange(2**k)
    differ = codes[:, None] ^ codes[None, :]
    return metropolis((differ != 0) & (differ & (differ - 1) == 0))


def star(n: int) -> np.ndarray:
    """Metropolis weights on a star with n − 1 leaves: eigenvalues 1, 1 − 1/n (n − 2 times), 0."""
    _at_least(n, 3, "star")
    A = np.zeros((n, n))
    A[0, 1:] = A[1:, 0] = 1
    return metropolis(A)


def exponential(n: int) -> np.ndarray:
    """Static exponential digraph i → i + 2^j, j < τ = ⌈log₂ n⌉, weights 1/(τ + 1).

    Doubly stochastic, not symmetric: complex eigenvalues; ρ = 1 − 2/(1 + τ) for even n.
    """
    _at_least(n, 2, "exponential graph")
    tau = int(np.ceil(np.log2(n)))
    weights: dict[int, float] = {0: 1 / (tau + 1)}
    for j in range(tau):
        weights[2**j] = 1 / (tau + 1)
    return _circulant(n, weights)


def spectrum(name: str, n: int, parameter: float = 0.0) -> np.ndarray:
    """Eigenvalues in descending order by closed form; n is m for the torus, k for the hypercube.

    parameter: ε of "lazy_complete", p of "two_node", a of "adjusted_ring".
    """
    turn = 2 * np.pi * np.arange(n) / n
    if name == "complete":
        values = np.r_[1.0, np.zeros(n - 1)]
    elif name == "lazy_complete":
        values = np.r_[1.0, np.full(n - 1, 1 - parameter)]
    elif name == "two_node":
        values = np.array([1.0, 1 - 2 * parameter])
    elif name == "ring":
        values = (1 + 2 * np.cos(turn)) / 3
    elif name == "adjusted_ring":
        values = parameter + (1 - parameter) * np.cos(turn)
    elif name == "torus":
        values = (1 + 2 * np.cos(turn)[:, None] + 2 * np.cos(turn)[None, :]).ravel() / 5
    elif name == "hypercube":
        weight = np.array([int(i).bit_count() for i in range(2**n)])
        values = 1 - 2 * weight / (n + 1)
    elif name == "star":
        values = np.r_[1.0, np.full(n - 2, 1 - 1 / n), 0.0]
    else:
        raise InvalidInput(
            f"Got the graph {name!r}, but a closed-form spectrum is needed; choose complete, "
            "lazy_complete, two_node, ring, adjusted_ring, torus, hypercube or star."
        )
    return np.sort(values)[::-1]


def mixing_rate(W: Any) -> float:
    """ρ = ‖W − 11ᵀ/n‖₂; max(|λ₂|, |λₙ|) where W is symmetric."""
    W = np.asarray(W, dtype=float)
    return float(np.linalg.norm(W - 1.0 / len(W), 2))


def sums_missed(W: np.ndarray) -> float:
    """By how much rows and columns miss the sum 1."""
    return float(max(np.max(np.abs(W.sum(axis=0) - 1)), np.max(np.abs(W.sum(axis=1) - 1))))


def summed(n: int) -> float:
    """What rounding may make of a sum of n weights: more would grow or shrink the agents' mean."""
    return max(8, 2 * n) * float(np.finfo(float).eps)


def check_mixing(W: Any, symmetric: bool = True) -> np.ndarray:
    """W in float64, refused unless doubly stochastic, connected and mixing (ρ < 1), n ≥ 2."""
    W = numbers(W, "W =")
    shape = W.shape
    require(np.all(np.isfinite(W)), "W with entries that are not finite", "weights", "fill them in")
    require(
        W.ndim == 2 and shape[0] == shape[1] and shape[0] >= 2,
        f"a mixing matrix of shape {shape}",
        "an n × n matrix with n ≥ 2",
        "give one row and one column an agent",
    )
    require(
        sums_missed(W) <= summed(shape[0]),
        f"W whose rows and columns miss 1 by up to {sums_missed(W):.2g}",
        f"a doubly stochastic matrix, to {summed(shape[0]):.2g}",
        "use metropolis(adjacency), or write fractions: 1/3, not 0.3333",
    )
    if symmetric:
        skew = float(np.max(np.abs(W - W.T)))
        require(
            skew <= summed(shape[0]),
            f"W with |W − Wᵀ| up to {skew:.2g}",
            "a symmetric matrix",
            "use metropolis(adjacency), or a method made for directed graphs",
        )
    rho = mixing_rate(W)
    require(
        rho < 1 - ROUNDING,
        f"W with ρ = ‖W − 11ᵀ/n‖ = {rho:.12g}",
        "ρ < 1",
        "connect the graph, or take lazy(W) if it is bipartite",
    )
    return W
