"""Laws of solvers of finite sums, asked on the data of least squares, an epoch a step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.epoch_run import EpochRun
from convergence.audit.laws.law import Found, same
from convergence.audit.laws.rest import still
from convergence.audit.subject import Path, Subject

EPOCHS, NEAR, T = 300, 1e-4, 6
W0 = np.array([1.0, -2.0, 3.0, 0.5])
# Rows of ±1 with XᵀX/n = 1: n = 8, L = max ‖x_i‖² = 4, μ = 1.
SIGNS = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], float)
TALL = np.concatenate([SIGNS, -SIGNS])


def values(n: int) -> np.ndarray:
    """y with which no w fits all samples."""
    return np.random.default_rng(71).standard_normal(n)


def epochs(
    s: Subject, X: np.ndarray, y: np.ndarray, w: np.ndarray, count: int, dtype: str = "float64"
) -> Path:
    """So many epochs from w."""
    run = s.start([w], dtype)
    if not isinstance(run, EpochRun):
        raise NotAsked("a question to solvers of finite sums, which take data")
    xs = [run.x]
    for _ in range(count):
        run.epoch(np.array(X), np.array(y))
        xs.append(run.x)
    return Path(xs, xs)


def minimizer(s: Subject) -> Found:
    """F1. It ends at the minimizer of the sum, not around it, and every sample counts: on least
    squares that no w fits, on each sample twice with other values, with a penalty on fewer samples
    than numbers, and in float32, after 300 epochs within 10⁻⁴.

    Proof. E‖w_k − w*‖² ≤ (1 − min(1/8n, μ/16L))^k C for SAG at 1/(16L), and with larger constants
    for SAGA at 1/(3L); here both are 1/64 or more but for the doubled data, where 1/8n is 1/128 and
    k twice as large: at most e^{−37}C, and 10⁻⁸ with probability below 10⁻⁶ by Markov. Schmidt, Le
    Roux, Bach 2013; Defazio, Bach, Lacoste-Julien 2014.
    """
    twice, s = np.concatenate([TALL, TALL]), s.quiet()
    asked = [("eight samples", TALL, 0.0, "float64"), ("each sample twice", twice, 0.0, "float64"),
             ("eight samples in float32", TALL, 0.0, "float32")]  # fmt: skip
    if s.option("decay"):
        asked.append(("three samples and a penalty of 1", SIGNS[:3], 1.0, "float64"))
    worst = 0.0
    for told, X, l2, dtype in asked:
        y = values(len(X))
        end = np.linalg.solve(X.T @ X / len(X) + l2 * np.eye(4), X.T @ y / len(X))
        x = epochs(s.set(decay=l2) if l2 else s, X, y, W0, EPOCHS, dtype).x[-1][0]
        away = float(np.abs(x - end).max())
        if not away <= NEAR:
            return Found(False, f"with {told} it ends {away:.3g} from the minimizer", away, EPOCHS,
                         {"X": X, "y": y, "l2": l2})  # fmt: skip
        worst = max(worst, away)
    return Found(True, f"within {worst:.2g} of the minimizer", worst)


def agrees(s: Subject) -> Found:
    """F2. Where every sample is fitted it rests: all gradients are 0, and so is all it remembers of
    them."""
    path = epochs(s.quiet(), TALL, TALL @ W0, W0, 3)
    away = np.abs(path.flat() - W0).max(axis=1)
    if away.max() <= still(s):
        return Found(True)
    return Found(False, "w moves though every sample is fitted", float(away.max()),
                 int(np.argmax(away > still(s))))  # fmt: skip


def turns(s: Subject) -> Found:
    """F3. Data that are turned, shifted or in another unit turn, shift or scale the path: (XQ, y)
    from Qᵀw, (X, y + Xc) from w + c, (X, 1024y) from 1024w, over one order of the samples.

    Proof. Every step adds multiples of samples, by residuals Xw − y.
    """
    s, y = s.quiet(), values(8)
    q, _ = np.linalg.qr(np.random.default_rng(72).standard_normal((4, 4)))
    c, one = np.array([4.0, -8.0, 2.0, 1.0]), epochs(s, TALL, y, W0, T)
    if not np.array_equal(one.flat(), epochs(s, TALL, y, W0, T).flat(), equal_nan=True):
        raise NotAsked("its order of the samples is another each time, whatever the seed")
    ways: tuple[tuple[str, np.ndarray, np.ndarray, np.ndarray, Callable], ...] = (
        ("a rotation", TALL @ q, y, q.T @ W0, lambda w: q @ w),
        ("a shift", TALL, y + TALL @ c, W0 + c, lambda w: w - c),
        ("a unit", TALL, 1024 * y, 1024 * W0, lambda w: w / 1024),
    )
    for told, X, target, w, back in ways:
        there = [[back(x[0])] for x in epochs(s, X, target, w, T).x]
        found = same(one, Path(there, there), s, told)
        if not found.holds:
            return found
    return Found(True)


def lent(s: Subject) -> Found:
    """F4. The data are borrowed: an epoch changes neither X nor y, and a matrix by columns serves
    as well as one by rows."""
    s, y = s.quiet(), values(8)
    one, run = epochs(s, TALL, y, W0, T), s.start([W0])
    assert isinstance(run, EpochRun)
    X, target, xs = np.asfortranarray(TALL), y.copy(), [run.x]
    for _ in range(T):
        w = run.optimizer.epoch(X, target, xs[-1][0].copy())
        xs.append([np.array(w, float)])
        if not (np.array_equal(X, TALL) and np.array_equal(target, y)):
            return Found(False, "an epoch changes the data that it is given", step=len(xs) - 1)
    return same(one, Path(xs, xs), s, "data by rows and by columns")
