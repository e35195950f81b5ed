"""SAGA as scikit-learn runs it, beside the one whose law is stated here: the same iterates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.classical.variance_reduced import SAGA, SeenSAGA
from convergence.parts.indices import GivenIndices

N, EPOCHS = 5, 4


class Rows:
    """f_i(w) = ½(x_iᵀw − y_i)²."""

    def __init__(self, X: np.ndarray, y: np.ndarray):
        self.X, self.y, self.n = X, y, len(y)

    def grads(self, w: Any, key: Any) -> Any:
        """(n, d)."""
        return (self.X @ w - self.y)[:, None] * self.X


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def drawn(seed: int, count: int) -> list[int]:
    """The functions that scikit-learn draws: its xorshift of 32 bits, from the seed that
    RandomState(seed) gives it, modulo n."""
    state, found = int(np.random.RandomState(seed).randint(1, np.iinfo(np.int32).max)), []
    for _ in range(count):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        found.append((state & 0x7FFFFFFF) % N)
    return found


def theirs(X: np.ndarray, y: np.ndarray, seed: int, epochs: int) -> np.ndarray:
    """w after some epochs of scikit-learn's solver, from 0."""
    from sklearn.linear_model import _sag  # pyright: ignore[reportMissingImports]

    start = {"coef": np.zeros((X.shape[1], 1))}
    with pytest.warns(Warning, match="max_iter"):
        return _sag.sag_solver(
            X, y, None, "squared", 0.0, max_iter=epochs, tol=0.0, is_saga=True,
            random_state=np.random.RandomState(seed), warm_start_mem=start,
        )[0]  # fmt: skip


def path(kind: Any, X: np.ndarray, y: np.ndarray, which: list[int]) -> list[np.ndarray]:
    """w of a SAGA of ours with scikit-learn's step 1/(2L_max), from 0."""
    eta, key = 1 / (2 * float((X**2).sum(axis=1).max())), jax.random.key(0)
    rows: Any = Rows(X, y)
    state = kind(eta).init(jnp.zeros(X.shape[1]), rows, key)
    found = []
    for t, i in enumerate(which):
        state = kind(eta, GivenIndices([float(i)])).step(jnp.asarray(t), state, rows, key)
        found.append(np.asarray(state.x))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_scikit_learns_iterates_are_ours(seed: int) -> None:
    """After each epoch, of rows with no common minimizer. SAGA from a full table is another."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((N, 3)), rng.standard_normal(N)
    which = drawn(seed, N * EPOCHS)
    ours, full = (path(kind, X, y, which)[N - 1 :: N] for kind in (SeenSAGA, SAGA))
    for epoch in range(EPOCHS):
        found = theirs(X, y, seed, epoch + 1)
        # 1e-13: 20 steps on numbers of order 1, in another order of the same sums.
        np.testing.assert_allclose(found, ours[epoch], atol=1e-13)
        assert not np.allclose(found, full[epoch], atol=1e-3)
