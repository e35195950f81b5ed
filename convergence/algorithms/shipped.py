"""One method, by several hands: ours, optax's and torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.accelerated import NesterovMomentum, PolyakMomentum
from convergence.algorithms.classical.sgd import SGD
from convergence.errors import require

CODES = ("own", "optax", "torch")
TINY = 1e-30  # an ε for statements that hold with any: what would be 0/0 without one is 0


def choose(code: str, **makers: Callable[[], AbstractAlgorithm]) -> AbstractAlgorithm:
    """The method as `code` ships it; makers are called only where they are chosen."""
    require(code in makers, f"code = {code!r}", f"one of {', '.join(makers)}", "choose one of them")
    return makers[code]()


def from_optax(name: str, **options: Any) -> AbstractAlgorithm:
    """`optax.name` or `optax.contrib.name`, options as they are called there."""
    import optax
    import optax.contrib

    from convergence.algorithms.optax_adapter import FromOptax

    found = getattr(optax, name, None) or getattr(optax.contrib, name)
    return FromOptax(found, **options)


def from_torch(name: str, **options: Any) -> AbstractAlgorithm:
    """`torch.optim.name`."""
    from convergence.algorithms.torch_adapter import FromTorch
    from convergence.algorithms.torch_host import import_torch

    return FromTorch(getattr(import_torch().optim, name), **options)


def gradient_descent(eta: float, code: str = "own") -> AbstractAlgorithm:
    """x ← x − η∇F."""
    return choose(
        code,
        own=lambda: SGD(eta),
        optax=lambda: from_optax("sgd", learning_rate=float(eta)),
        torch=lambda: from_torch("SGD", lr=float(eta)),
    )


def heavy_ball(eta: float, beta: float, code: str = "own") -> AbstractAlgorithm:
    """x ← x − η∇F + β(x − x_before)."""
    return choose(
        code,
        own=lambda: PolyakMomentum(eta, beta),
        optax=lambda: from_optax("sgd", learning_rate=float(eta), momentum=float(beta)),
        torch=lambda: from_torch("SGD", lr=float(eta), momentum=float(beta)),
    )


def nesterov(eta: float, beta: float, code: str = "own") -> AbstractAlgorithm:
    """Nesterov's momentum with a constant β, at the points where gradients are asked."""
    return choose(
        code,
        own=lambda: NesterovMomentum(eta, beta),
        optax=lambda: from_optax(
            "sgd", learning_rate=float(eta), momentum=float(beta), nesterov=True
        ),
        torch=lambda: from_torch("SGD", lr=float(eta), momentum=float(beta), nesterov=True),
    )


def adam(eta: Any, b1: Any, b2: Any, code: str, eps: float = 0.0) -> AbstractAlgorithm:
    """Adam, without ε unless it is given."""
    eta, b1, b2 = float(eta), float(b1), float(b2)
    return choose(
        code,
        optax=lambda: from_optax("adam", learning_rate=eta, b1=b1, b2=b2, eps=eps),
        torch=lambda: from_torch("Adam", lr=eta, betas=(b1, b2), eps=eps),
    )
