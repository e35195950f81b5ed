"""Optimizers that keep their state in every place there is, and the loop that everybody writes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from convergence.algorithms.torch_adapter import FromTorch
from convergence.metrics.base import AbstractMetric
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run

torch = pytest.importorskip("torch", reason="torch is not installed: make test TORCH=1")
X0 = np.array([[1.0, -2.0, 0.3], [3.0, 0.5, -0.7]])
H = np.array([[1.0, 0.25, 2.0], [0.5, 1.5, 0.75]])  # H ∘ x is one rounding in JAX and in torch
T = 14


class Where(AbstractMetric):
    """x_T."""

    def init(self, problem: Any, state: Any) -> Any:
        return ()

    def update(self, t: Any, acc: Any, problem: Any, before: Any, after: Any) -> Any:
        return ()

    def read(self, T: Any, acc: Any, problem: Any, state: Any) -> Any:
        return state.x.ravel()


def adapted(method: FromTorch, dtype: str = "float64", steps: int = T) -> np.ndarray:
    """(2, 6) x_T of two runs, which are equal."""
    with precision(dtype):
        problem = EntryQuadratic(X0, H)
        oracle, key = Oracle(problem, Noiseless()), jax.random.key(0)
        record = run(Experiment(problem, oracle, method, Where()), steps, key, seeds=range(2),
                     chunk=2, hasty=True)  # fmt: skip
    return record.values[:, -1]


def native(
    make: Any, closure: bool = False, dtype: Any = torch.float64, shapes: Any = ((2, 3),)
) -> np.ndarray:
    """(6,) x_T of the loop that everybody writes."""
    sizes = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
    cut = [np.split(v.ravel(), sizes) for v in (X0, H)]
    x, h = ([torch.tensor(v).reshape(s).to(dtype) for v, s in zip(w, shapes)] for w in cut)
    parameters = [torch.nn.Parameter(v) for v in x]
    optimizer = make(parameters)

    def ask() -> Any:
        optimizer.zero_grad()
        loss: Any = sum((0.5 * c * p**2).sum() for c, p in zip(h, parameters))
        loss.backward()
        return loss

    for _ in range(T):
        ask()
        optimizer.step(*((ask,) if closure else ()))
    if hasattr(optimizer, "eval"):
        optimizer.eval()
    return np.concatenate([p.detach().double().numpy().ravel() for p in parameters])


class Own(torch.optim.Optimizer):
    """What is common to the optimizers of this file: one option, lr."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, {"lr": lr})
        self.count = 0

    def all(self) -> Any:
        return [(group, p) for group in self.param_groups for p in group["params"]]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure else None
        self.count += 1
        for group, p in self.all():
            self.move(group, p)
        return loss

    def move(self, group: Any, p: Any) -> None:
        p.add_(p.grad, alpha=-group["lr"])


class Attribute(Own):
    """A heavy ball whose velocities are an attribute."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        self.velocity = [torch.zeros_like(p) for _, p in self.all()]

    def move(self, group: Any, p: Any) -> None:
        v = self.velocity[[q is p for _, q in self.all()].index(True)]
        p.sub_(v.mul_(0.9).add_(p.grad), alpha=group["lr"])


class Lasting(Own):
    """Steps that shrink: an attribute counts, and the group's lr is changed."""

    def move(self, group: Any, p: Any) -> None:
        group["lr"] *= 0.9
        p.sub_(p.grad / self.count**0.5, alpha=group["lr"])


class Ahead(torch.optim.Optimizer):
    """Lookahead: an inner optimizer, and slow weights every third step."""

    def __init__(self, inner: Any):
        super().__init__(inner.param_groups, {})
        self.inner, self.count = inner, 0
        self.slow = [p.detach().clone() for g in self.param_groups for p in g["params"]]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        self.inner.step()
        self.count += 1
        for s, p in zip(self.slow, [p for g in self.param_groups for p in g["params"]]):
            if self.count % 3 == 0:
                p.copy_(s.lerp_(p, 0.5))


class Sharp(Own):
    """Sharpness-aware descent: a gradient at x + 0.1 g/‖g‖, asked by the closure."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        assert closure is not None, "requires closure"
        kept = [p.clone() for _, p in self.all()]
        for _, p in self.all():
            p.add_(p.grad / p.grad.norm(), alpha=0.1)
        with torch.enable_grad():
            closure()
        for (group, p), before in zip(self.all(), kept):
            p.copy_(before).add_(p.grad, alpha=-group["lr"])


class Polyak(Own):
    """The step f/‖∇f‖², from the closure's value."""

    @torch.no_grad()
    def step(self, closure: Any) -> Any:
        with torch.enable_grad():
            loss = closure()
        square = sum((p.grad**2).sum() for _, p in self.all())
        for _, p in self.all():
            p.sub_(p.grad * (0.5 * loss / square))


class Averaged(Own):
    """Schedule-free descent: gradients at y, z moves, and `eval` puts the average x in place."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        self.mode = "eval"
        self.z = [p.detach().clone() for _, p in self.all()]

    def swap(self, mode: str, weight: float) -> None:
        if self.mode != mode:
            for (_, p), z in zip(self.all(), self.z):
                p.data.lerp_(z, weight)
        self.mode = mode

    def train(self) -> None:
        self.swap("train", 0.1)

    def eval(self) -> None:
        self.swap("eval", 1 - 1 / 0.9)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        assert self.mode == "train"
        self.count += 1
        for (group, p), z in zip(self.all(), self.z):
            rate = 0.9 * (1 - 1 / self.count) - 1
            p.lerp_(z, 1 / self.count).add_(p.grad, alpha=group["lr"] * rate)
            z.sub_(p.grad, alpha=group["lr"])


def two_groups(params: Any, lr: float = 0.1) -> Any:
    """A group with momentum and one of twice the rate without."""
    first, *rest = params
    groups = [{"params": [first], "momentum": 0.9}, {"params": rest, "lr": 2 * lr}]
    return torch.optim.SGD(groups, lr=lr)
