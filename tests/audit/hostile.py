"""Optimizers that crash, hang, leave, flood, or ask for what is not there."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np


class Good:
    def __init__(self, lr: float = 0.1):
        self.lr = lr

    def step(self, params: Any, grads: Any) -> Any:
        return [x - self.lr * g for x, g in zip(params, grads)]


class Crashes(Good):
    def step(self, params: Any, grads: Any) -> Any:
        os.abort()


class CrashesAtZero(Good):
    def step(self, params: Any, grads: Any) -> Any:
        if not any(g.any() for g in grads):
            os.abort()
        return super().step(params, grads)


class Hangs(Good):
    def step(self, params: Any, grads: Any) -> Any:
        while True:
            time.sleep(1)


class HangsAtZero(Good):
    def step(self, params: Any, grads: Any) -> Any:
        while not any(g.any() for g in grads):
            time.sleep(1)
        return super().step(params, grads)


class LeavesAtZero(Good):
    def step(self, params: Any, grads: Any) -> Any:
        if not any(g.any() for g in grads):
            sys.exit(3)
        return super().step(params, grads)


class LeavesAtOnce(Good):
    def __init__(self, lr: float = 0.1):
        sys.exit(0)


class ComesBackAsAnother(Good):
    def step(self, params: Any, grads: Any) -> Any:
        return [np.zeros(7) for _ in params]


class HasNothing:
    pass


class Floods(Good):
    def step(self, params: Any, grads: Any) -> Any:
        os.write(1, b"x" * 100_000)
        print("y" * 100_000, file=sys.stderr)
        return super().step(params, grads)


class AsksForArguments(Good):
    def __init__(self, model: Any, lr: float = 0.1):
        super().__init__(lr)


class WantsCuda(Good):
    def step(self, params: Any, grads: Any) -> Any:
        raise RuntimeError("Expected a CUDA device")


class Eats(Good):
    def step(self, params: Any, grads: Any) -> Any:
        if not any(g.any() for g in grads):
            self.hoard = bytearray(64 * 2**30)
        return super().step(params, grads)


def not_one() -> int:
    return 3


NUMBER = 3


class Forks(Good):
    """Leaves a process behind that would go on with the audit."""

    forked = False

    def step(self, params: Any, grads: Any) -> Any:
        if not Forks.forked:
            Forks.forked = True
            os.fork()
        return super().step(params, grads)


class Writes(Good):
    def step(self, params: Any, grads: Any) -> Any:
        with open("left_behind.txt", "a") as file:
            file.write("x")
        return super().step(params, grads)
