"""Solvers of finite sums, which take data instead of gradients: an epoch is a step.

`epoch(X, y, w)` makes one pass over ½ mean (Xw − y)² from w and returns the next w; what it
remembers of the samples it keeps itself. Quadratics of the laws are handed over as such data, one
sample for each coordinate; whatever else gives gradients alone is not asked.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convergence.audit.cells import CannotRun, NotAsked
from convergence.audit.functions import Arrays, Function
from convergence.audit.plain_run import PlainRun
from convergence.audit.subject import Subject


class EpochRun(PlainRun):
    """One object with `epoch(X, y, w)`; w is all parameters, one after the other."""

    def __init__(self, subject: Subject, x0: Sequence[np.ndarray], dtype: str, groups: Any = None):
        np.random.seed(0)  # noqa: NPY002 - the one that a solver without a seed draws from
        random.seed(0)
        super().__init__(subject, x0, dtype, groups)

    def step(self, t: int, f: Function) -> None:
        self.epoch(*least_squares(f.grad(t, self.x), f.curvature(t, self.x), self.x))

    def epoch(self, X: np.ndarray, y: np.ndarray) -> None:
        """One pass over the data."""
        w = np.concatenate([np.ravel(p) for p in self.params])
        found: Any = self.optimizer.epoch(X.astype(self.dtype), y.astype(self.dtype), w)
        if np.shape(found) != w.shape:
            raise CannotRun(
                f"{self.subject.name}.epoch(X, y, w) returned {type(found).__name__} of shape "
                f"{np.shape(found)}; the next w, of shape {w.shape}, is needed"
            )
        ends = np.cumsum([p.size for p in self.params])[:-1]
        parts = np.split(np.asarray(found), ends)
        self.params = [v.reshape(p.shape).astype(p.dtype) for v, p in zip(parts, self.params)]


def least_squares(grad: Sequence[Any], bend: Arrays, x: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """X and y with this gradient and curvature of ½ mean (Xw − y)² at x; `NotAsked` without."""
    if any(g is None for g in grad):
        raise NotAsked("its data give every parameter a gradient")
    g, h, w = (np.concatenate([np.ravel(v) for v in part]) for part in (grad, bend, x))
    if not (np.isrealobj(g) and (g[h <= 0] == 0).all() and (h >= 0).all()):
        raise NotAsked("it takes the data of least squares, and no gradients from outside")
    root = np.sqrt(len(w) * h)
    return np.diag(root), root * (w - g / np.where(h > 0, h, 1.0))


class ScikitSAG:
    """scikit-learn's `sag_solver`, which Ridge and LogisticRegression run to the end, an epoch at a
    time: what it returns of its state it gets back. l2: Ridge's alpha over n."""

    saga = False

    def __init__(self, l2: float = 0.0, random_state: int = 0):
        self.l2, self.memory = l2, {}
        self.random = np.random.RandomState(random_state)

    def epoch(self, X: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
        from sklearn.linear_model import (  # pyright: ignore[reportMissingImports]
            _sag,
        )

        start = {**self.memory, "coef": np.array(w[:, None], order="C")}
        found, _, self.memory = _sag.sag_solver(
            X, y, None, "squared", len(X) * self.l2, max_iter=1, tol=0.0,
            random_state=self.random, warm_start_mem=start, is_saga=self.saga,
        )  # fmt: skip
        return found


class ScikitSAGA(ScikitSAG):
    """The same with SAGA's steps."""

    saga = True


SOLVERS: Mapping[str, Mapping[str, type]] = {"sklearn": {"SAG": ScikitSAG, "SAGA": ScikitSAGA}}


def is_solver(value: Any) -> bool:
    """A class with a method `epoch` of data and a point."""
    epoch = getattr(value, "epoch", None) if isinstance(value, type) else None
    return callable(epoch) and list(inspect.signature(epoch).parameters)[1:] == ["X", "y", "w"]
