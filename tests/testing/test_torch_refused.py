"""Optimizers that an adapter cannot be faithful to are refused in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convergence.algorithms.torch_adapter import FromTorch, from_optimizer
from convergence.errors import InvalidInput
from tests.testing.torch_loops import Ahead, Own, adapted, torch


class Shared(Own):
    """Counts its steps on the class."""

    steps = 0

    def move(self, group: Any, p: Any) -> None:
        type(self).steps += 1
        p.sub_(p.grad, alpha=group["lr"] / type(self).steps)


COUNTED: list[int] = []


class Global(Own):
    """Counts its steps in a global."""

    def move(self, group: Any, p: Any) -> None:
        COUNTED.append(1)
        p.sub_(p.grad, alpha=group["lr"] / len(COUNTED))


class Strange(Own):
    """Keeps something that differs from run to run."""

    def move(self, group: Any, p: Any) -> None:
        self.salt = np.random.default_rng().random()
        super().move(group, p)


class Late(Own):
    """Breaks after the rehearsal."""

    def move(self, group: Any, p: Any) -> None:
        if self.count > 13:
            raise RuntimeError("tired\nof it")
        super().move(group, p)


class Patched(Own):
    """Its step is replaced on the object."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        self.step = self.step


def one(make: Any, size: int = 6) -> Any:
    return make([torch.nn.Parameter(torch.ones(size, dtype=torch.float64))])


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (lambda: FromTorch(Shared), "the class attribute Shared.steps is shared by all optimizers"),
        (lambda: FromTorch(Global), "something outside the optimizer differs .* at step 0"),
        (lambda: FromTorch(Strange), "side by side: salt differs from the optimizer's own loop"),
        (lambda: FromTorch(Late), r"Late.step\(\) failed at step 13 \(RuntimeError: tired of it\)"),
        (lambda: FromTorch(torch.optim.SparseAdam), "does not support dense gradients"),
        (
            lambda: FromTorch(torch.optim.SGD, lr=-1.0),
            r"cannot be made from .*'lr': -1.0.* \(Value",
        ),
        (lambda: FromTorch(torch.optim.SGD, speed=2), "unexpected keyword argument 'speed'"),
        (lambda: FromTorch(lambda ps, lr: None), "which makes NoneType"),
        (lambda: FromTorch(one(Own)), "Got Own, but a class of optimizers"),
        (lambda: FromTorch(torch.optim.Adam, betas=[0.9, 0.99]), "give a tuple"),
        (lambda: FromTorch(torch.optim.SGD, dtype="int8"), "dtype 'int8'"),
        (lambda: from_optimizer(one(lambda ps: Ahead(Own(ps)))), r"slow\[0\] equals a parameter"),
        (lambda: from_optimizer(one(Patched)), "whose step was replaced on the object"),
        (lambda: from_optimizer(one(torch.optim.Adagrad, 2)), "state of a parameter of 2 entries"),
    ],
)
def test_what_it_cannot_be_is_refused_in_one_sentence(method: Any, words: str):
    with pytest.raises(InvalidInput, match=words) as caught:
        adapted(method())
    assert "\n" not in str(caught.value)
