"""A problem knows its constants and proves them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import jax
import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.plainly import plainly
from convergence.shapes import AbstractModule, Iterate, Scalar


class AbstractProblem(AbstractModule):
    """min f(x) over arrays x of one fixed shape.

    Array fields are NumPy or JAX arrays (traced leaves); anything else is static. The docstring of
    a problem gives the function, its constants and a one-line proof of each; the laws in
    `convergence.laws` check them numerically.
    """

    @abstractmethod
    def value(self, x: Iterate) -> Scalar:
        """f(x)."""

    def grad(self, x: Iterate) -> Iterate:
        """∇f(x); by automatic differentiation unless a closed form is given."""
        return jax.grad(self.value)(x)

    def f_star(self) -> Any:
        """inf f, for metrics that ask for it."""
        name = type(self).__name__
        raise InvalidInput(
            f"Got {name}, but a problem with f_star() is needed by a metric of f(x) − f*; define "
            f"{name}.f_star."
        )

    @abstractmethod
    def start(self) -> Iterate:
        """The initial iterate x_0."""

    @abstractmethod
    def constants(self) -> Constants:
        """Certified constants as host numbers: at least L, Delta = f(x_0) − f*, f_star, d and
        grad0 = ‖∇f(x_0)‖; matrix problems add m and n."""


@plainly
def _start(problem: AbstractProblem) -> Any:  # a user's may be of NumPy
    return problem.start()


@plainly
def _start_slope(problem: AbstractProblem) -> Any:
    return problem.grad(problem.start())


def start_slope(problem: Any) -> np.ndarray:
    """∇f(x_0) on the host."""
    return np.asarray(_start_slope(problem))


def started(problem: Any) -> np.ndarray:
    """x_0 on the host, where `start()` itself would be some programs of one operation."""
    x0 = np.asarray(_start(problem)).view()
    x0.setflags(write=False)  # it may be a field's own array
    return x0


def start_shape(problem: Any) -> tuple[int, ...]:
    """The shape of x_0, which is not computed."""
    return tuple(_start.shapes(problem).shape)
