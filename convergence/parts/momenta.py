"""What happens to a projected gradient before it is applied: nothing, an average, or any optax
transformation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.errors import InvalidInput
from convergence.shapes import AbstractModule, Matrix, Reals, real


class AbstractInner(AbstractModule):
    """The optimizer inside a subspace: R ↦ N, with a memory of the shape of R."""

    @abstractmethod
    def init(self, R: Matrix) -> Any:
        """The empty memory for projected gradients like R."""

    @abstractmethod
    def apply(self, R: Matrix, memory: Any) -> tuple[Matrix, Any]:
        """The direction N (the iterate moves by −η P N) and the new memory."""

    def carry(self, memory: Any, turn: Matrix) -> Any:
        """The memory in the coordinates of a new frame, given turn = P_newᵀ P_old (r × r)."""
        raise InvalidInput(
            f"Got momentum='project' with {type(self).__name__}, but only a linear memory can be "
            "projected; use EMA, or momentum='keep'."
        )


class Plain(AbstractInner):
    """N = R: stochastic gradient descent."""

    def init(self, R: Matrix) -> tuple[()]:
        return ()

    def apply(self, R: Matrix, memory: tuple[()]) -> tuple[Matrix, tuple[()]]:
        return R, ()

    def carry(self, memory: tuple[()], turn: Matrix) -> tuple[()]:
        return ()


class EMA(AbstractInner):
    """M_t = (1 − β₁) M_{t−1} + β₁ R_t with M_{−1} = 0, and N = M: β₁ weighs the NEW gradient."""

    beta1: Reals = eqx.field(converter=real)

    def init(self, R: Matrix) -> Matrix:
        return jnp.zeros_like(R)

    def apply(self, R: Matrix, memory: Matrix) -> tuple[Matrix, Matrix]:
        M = (1 - self.beta1) * memory + self.beta1 * R
        return M, M

    def carry(self, memory: Matrix, turn: Matrix) -> Matrix:
        return turn @ memory


class Optax(AbstractInner):
    """Any optax scaling, e.g. `Optax(optax.scale_by_adam, b1=0.9)`: N is its update.

    `factory` is called inside the step, so that the real options are traced leaves.
    """

    factory: Callable[..., Any] = eqx.field(static=True)
    options: dict[str, Any]

    def __init__(self, factory: Callable[..., Any], **options: float):
        self.factory = factory
        self.options = {k: real(v) for k, v in options.items()}

    def init(self, R: Matrix) -> Any:
        return self.factory(**self.options).init(R)

    def apply(self, R: Matrix, memory: Any) -> tuple[Matrix, Any]:
        direction, memory = self.factory(**self.options).update(R, memory)
        return jax.tree.map(lambda u: u.astype(R.dtype), direction), memory
