"""More small optimizers for laws of units, axes and lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.audit.optimizers import Adam, Local


class AdamWithFixedDamping(Adam):
    """ε = 1 that no option turns off."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        self.eps = 1.0
        return super().one(i, x, g)


class Positional(Local):
    """The step depends on the place in the tensor."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * g * np.linspace(1, 2, max(g.size, 1)).reshape(g.shape)


class Halved(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * g / 2


class Adagrad(Local):
    root = 0.5

    def one(self, i: int, x: Any, g: Any) -> Any:
        s = self.of(i, "s", g) + g * g
        self.keep(i, s=s)
        return x - self.lr * g / (s**self.root + 1e-10)


class AdagradWithoutRoot(Adagrad):
    root = 1.0


class Raw(Local):
    """The momentum of a matrix as it is."""


class Polar(Local):
    """The polar factor of a matrix."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        if g.ndim != 2:
            return x - self.lr * np.sign(g)
        u, _, v = np.linalg.svd(g, full_matrices=False)
        return x - self.lr * u @ v


class AdamW(Adam):
    """Decay beside the step."""

    decays = False

    def one(self, i: int, x: Any, g: Any) -> Any:
        return super().one(i, x, g) - self.lr * self.weight_decay * x


class Signed(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * np.sign(g)


class SAM(Local):
    """On ½‖x‖²: the gradient at x + ρg/‖g‖, known without asking."""

    ascends, together = True, True

    def __init__(self, lr: float = 1e-2, rho: float = 0.05):
        super().__init__(lr)
        self.rho = rho

    def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
        whole = np.sqrt(sum((g * g).sum() for g in grads))
        each = [whole if self.together else np.sqrt((g * g).sum()) for g in grads]
        rho = self.rho if self.ascends else 0.0
        return [x - self.lr * g * (1 + rho / n) if n > 0 else x
                for x, g, n in zip(params, grads, each, strict=True)]  # fmt: skip


class SAMWithoutAscent(SAM):
    ascends = False


class SAMOfEach(SAM):
    """The norm of each parameter, not of all."""

    together = False


class Centralized(Local):
    def one(self, i: int, x: Any, g: Any) -> Any:
        return x - self.lr * (g - g.mean(axis=-1, keepdims=True) if g.ndim == 2 else g)


class RoundedToSingle(Local):
    """Computes in float32, whatever it is given."""

    def one(self, i: int, x: Any, g: Any) -> Any:
        return (x - self.lr * g).astype(np.float32).astype(x.dtype)
