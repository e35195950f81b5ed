"""Enclosures of matrix factorizations."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat

from convergence.proofs.balls import Undecided, ball, box, each, exact, mids, same, tidy
from convergence.proofs.elementwise import NAN, ONE, ZERO, divide, root, whole
from convergence.proofs.structure import matrix, multiply, ordered


def batched(rule: Any) -> Any:
    """A rule for one matrix, for a batch of them."""

    def run(eqn: Any, *args: np.ndarray) -> list[np.ndarray]:
        lead = args[0].shape[:-2]
        if not lead:
            return rule(eqn, *args)
        flat = [a.reshape(-1, *a.shape[-2:]) for a in args]
        found = [rule(eqn, *one) for one in zip(*flat)]
        return [np.stack(col).reshape(*lead, *np.shape(col[0])) for col in zip(*found)]

    return run


def norm(column: np.ndarray) -> arb:
    """‖v‖."""
    return root(sum(each(whole(2), column).ravel().tolist(), ZERO))


def less_times(x: np.ndarray, factor: Any, y: np.ndarray) -> np.ndarray:
    """x − factor · y."""
    return each(lambda a, b: tidy(a - factor * b), x, y)


def blocks(pattern: np.ndarray) -> list[tuple[list[int], list[int]]]:
    """The parts (rows, columns) of a matrix that exact zeros divide it into."""
    m, n = pattern.shape
    label = list(range(m + n))

    def find(i: int) -> int:
        while label[i] != i:
            i = label[i]
        return i

    for i, j in zip(*np.nonzero(pattern)):
        label[find(int(i))] = find(m + int(j))
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for i in range(m + n):
        parts.setdefault(find(i), ([], []))[int(i >= m)].append(i if i < m else i - m)
    return list(parts.values())


def nonzero(A: np.ndarray) -> np.ndarray:
    """Where an entry is not known to be 0."""
    return each(lambda v: same(v, ZERO) is not True, A).astype(bool)


def symmetric_eigen(A: np.ndarray) -> list[tuple[arb, np.ndarray]]:
    """(λ, v) of a symmetric matrix, ‖v‖ = 1: by Rump's enclosures, block by block of exact zeros.

    v has NaN where λ is not told apart from another eigenvalue of its block.
    """
    n = len(A)
    found: list[tuple[arb, np.ndarray]] = []
    for part, _ in blocks(nonzero(A) | np.eye(n, dtype=bool)):
        for value, inside in isolated(A[np.ix_(part, part)]):
            v = box([ZERO] * n, (n,))
            v[part] = inside
            found.append((value, v))
    return found


def isolated(A: np.ndarray) -> list[tuple[arb, np.ndarray]]:
    """The same for one block."""
    n, A = len(A), each(ball, A)
    if n == 1:
        return [(A[0, 0], box([ONE], (1,)))]
    whole_ = acb_mat(arb_mat(n, n, A.ravel().tolist()))
    try:
        values, vectors = whole_.eig(right=True)
    except ValueError:
        try:
            values = whole_.eig(multiple=True)
        except ValueError:
            raise Undecided("eigenvalues are not enclosed") from None
        return [(v.real, box([NAN] * n, (n,))) for v in values]
    pairs = []
    for k, value in enumerate(values):
        column = [vectors[i, k] for i in range(n)]
        # A real vector up to a complex factor: divide by the entry that is largest.
        pivot = max(column, key=lambda z: float(abs(z).mid()))
        v = box([(z / pivot).real for z in column], (n,))
        length = norm(v)
        pairs.append((value.real, each(lambda e, length=length: e / length, v)))
    return pairs


def aligned(v: np.ndarray, native: np.ndarray) -> np.ndarray:
    """v or −v, whichever a library returned: eigenvectors have a sign of its choice."""
    return -v if float(np.nansum(mids(v) * native)) < 0 else v


def match(pairs: list[Any], native: np.ndarray) -> list[Any]:
    """Pairs of equal values in the order in which a library returned their vectors."""
    values = [p[0] for p in pairs]
    out: list[Any] = []
    k = 0
    while k < len(pairs):
        stop = k + 1
        while stop < len(pairs) and values[stop] == values[k]:
            stop += 1
        left = pairs[k:stop]
        for column in range(k, stop):
            best = max(left, key=lambda p: abs(float(np.nansum(mids(p[1]) * native[:, column]))))
            left = [p for p in left if p is not best]
            out.append(best)
        k = stop
    return out


@batched
def eigh(eqn: Any, A: np.ndarray) -> list[np.ndarray]:
    """(V, λ), λ ascending; the sign of each column is NumPy's at the midpoint."""
    lower = np.tril(np.ones(A.shape, bool), -1)
    use = lower if eqn.params.get("lower", True) else lower.T
    A = np.where(use, A, np.where(use.T, A.T, A))
    pairs = symmetric_eigen(A)
    pairs = [pairs[i] for i in ordered([(value,) for value, _ in pairs])]
    native = np.linalg.eigh(mids(A))[1]
    pairs = match(pairs, native)
    vectors = [aligned(v, native[:, k]) for k, (_, v) in enumerate(pairs)]
    return [np.stack(vectors, axis=1), box([value for value, _ in pairs], (len(A),))]


def triples(A: np.ndarray) -> list[tuple[arb, np.ndarray, np.ndarray]]:
    """(σ, u, v) by eigenvectors of AᵀA, block by block of exact zeros; u, v NaN where σ is not
    told apart from another singular value of its block, or u where it is not from 0."""
    m, n = A.shape
    found: list[tuple[arb, np.ndarray, np.ndarray]] = []
    for rows, columns in blocks(nonzero(A)):
        if not rows or not columns:
            continue
        part = A[np.ix_(rows, columns)]
        wide = len(rows) < len(columns)
        part = part.T if wide else part
        pairs = symmetric_eigen(gram(part)) if min(part.shape) > 1 else [(ZERO, box([ONE], (1,)))]
        for square, inside in pairs:
            sigma = root(square) if min(part.shape) > 1 else norm(part)
            image = multiply(part, inside[:, None])[:, 0]
            outside = each(lambda e, s=sigma: divide(e, s) if s > 0 else NAN, image)
            u, v = box([ZERO] * m, (m,)), box([ZERO] * n, (n,))
            u[rows], v[columns] = (inside, outside) if wide else (outside, inside)
            found.append((sigma, u, v))
    return found


def gram(A: np.ndarray) -> np.ndarray:
    """AᵀA, symmetric to the last digit."""
    product = multiply(A.T, A)
    lower = np.tril(np.ones(product.shape, bool))
    return np.where(lower, product, product.T)


@batched
def svd(eqn: Any, A: np.ndarray) -> list[np.ndarray]:
    """(σ, U, Vᵀ), σ descending; the sign of each pair is NumPy's at the midpoint. Beyond the rank
    that exact zeros leave, U and V are any completion: unknown."""
    k = min(A.shape)
    found = triples(A)
    rest = k - len(found)
    unknown = [box([NAN] * size, (size,)) for size in A.shape]
    found = [found[i] for i in ordered([(-t[0],) for t in found])]
    if not eqn.params["compute_uv"]:
        return [box(([t[0] for t in found] + [ZERO] * rest)[:k], (k,))]
    native = np.linalg.svd(mids(A), full_matrices=False)[0]
    found = match([(s, u, v) for s, u, v in found], native)
    found = [*found, *[(ZERO, *unknown)] * rest][:k]
    for j, (sigma, u, v) in enumerate(found):
        if float(np.nansum(mids(u) * native[:, j])) < 0:
            found[j] = sigma, -u, -v
    sizes = A.shape if eqn.params["full_matrices"] else (k, k)
    U = [t[1] for t in found] + [unknown[0]] * (sizes[0] - k)
    V = [t[2] for t in found] + [unknown[1]] * (sizes[1] - k)
    return [box([t[0] for t in found], (k,)), np.stack(U, axis=1), np.stack(V)]


@batched
def lu(eqn: Any, A: np.ndarray) -> list[np.ndarray]:
    """(L and U in one, pivots, the permutation), with the largest midpoint as pivot."""
    A, (m, n) = A.copy(), A.shape
    swaps, order = [], list(range(m))
    for j in range(min(m, n)):
        p = j + int(np.argmax(np.abs(mids(A[j:, j]))))
        swaps.append(p)
        A[[j, p]], order[j], order[p] = A[[p, j]], order[p], order[j]
        for i in range(j + 1, m):
            A[i, j] = divide(A[i, j], A[j, j])
            A[i, j + 1 :] = less_times(A[i, j + 1 :], A[i, j], A[j, j + 1 :])
    return [A, np.array(swaps, np.int32), np.array(order, np.int32)]


@batched
def cholesky(eqn: Any, A: np.ndarray) -> list[np.ndarray]:
    """The lower factor."""
    n, A = len(A), each(ball, A)
    L = exact(np.zeros((n, n)))
    for j in range(n):
        L[j, j] = root(A[j, j] - sum(each(whole(2), L[j, :j]).tolist(), ZERO))
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - sum((L[i, :j] * L[j, :j]).tolist(), ZERO)) / L[j, j]
    return [L]


@batched
def triangular_solve(eqn: Any, A: np.ndarray, B: np.ndarray) -> list[np.ndarray]:
    """X with op(A) X = B, or X op(A) = B, by substitution."""
    p = eqn.params
    left, lower = p["left_side"], p["lower"]
    A, B = (A, B) if left else (A.T, B.T)
    lower = lower if left else not lower
    if p["transpose_a"]:
        A, lower = A.T, not lower
    n = len(A)
    X = B.copy()
    for i in range(n) if lower else reversed(range(n)):
        for j in range(i) if lower else range(i + 1, n):
            X[i] = less_times(X[i], A[i, j], X[j])
        if not p["unit_diagonal"]:
            X[i] = each(lambda v, d=A[i, i]: divide(v, d), X[i])
    return [X if left else X.T]


@batched
def qr(eqn: Any, A: np.ndarray) -> list[np.ndarray]:
    """(Q, R) by reflections, R's diagonal of the sign opposite to what it is reflected from."""
    if eqn.params.get("pivoting"):
        raise Undecided("a pivoted QR has no enclosure")
    R, (m, n) = each(ball, A), A.shape
    Q = each(ball, exact(np.eye(m)))
    for j in range(min(m - 1, n)):
        x = R[j:, j]
        if all(v == 0 for v in x[1:].tolist()):
            continue
        head = x[0]
        if not (head > 0 or head < 0 or head == 0):
            raise Undecided("the sign of a reflected entry is not decided")
        beta = norm(x) if head < 0 else -norm(x)
        w = x.copy()
        w[0] = head - beta
        square = sum(each(whole(2), w).tolist(), ZERO)
        scale = each(lambda v, s=square: 2 * v / s, w)
        R[j:] = R[j:] - multiply(scale[:, None], multiply(w[None], R[j:]))
        R[j + 1 :, j] = exact(np.zeros(m - j - 1))
        Q[:, j:] = Q[:, j:] - multiply(multiply(Q[:, j:], w[:, None]), scale[None])
    k = m if eqn.params["full_matrices"] else min(m, n)
    upper = np.triu(np.ones((k, n), bool))
    return [Q[:, :k], np.where(upper, R[:k], exact(np.zeros((k, n))))]


__all__ = ["cholesky", "eigh", "lu", "matrix", "qr", "svd", "triangular_solve"]
