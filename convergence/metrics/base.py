"""A metric turns a trajectory into a number, with memory that does not grow with its length."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any

from jaxtyping import Array

from convergence.problems.base import AbstractProblem
from convergence.shapes import AbstractModule, Count


class AbstractMetric(AbstractModule):
    """A fold over the states of a run: `init`, then `update` after every step, `read` at will."""

    @abstractmethod
    def init(self, problem: AbstractProblem, state: Any) -> Any:
        """The empty accumulator."""

    @abstractmethod
    def update(self, t: Count, acc: Any, problem: AbstractProblem, before: Any, after: Any) -> Any:
        """Fold in step t, from the state `before` (with x_t) to `after` (with x_{t+1})."""

    @abstractmethod
    def read(self, T: Count, acc: Any, problem: AbstractProblem, state: Any) -> Array:
        """The metric after T steps, given the state with x_T; a scalar or a short vector."""

    def label(self, at: str = "x_T") -> str:
        """What it measures in a formula for an axis, the iterate called `at`: the beginning of the
        docstring, or the class where that is long."""
        line = (type(self).__doc__ or "").strip().partition("\n")[0]
        words = re.split(r"(?<=\S): | with | by |, [a-wyzJ](?![^⟨(]*[⟩)])|\.$", line, maxsplit=1)[0]
        found = re.sub(r"(?<!\w)x(?![\w*\u0304])", at, words)
        formula = 0 < len(found) <= 60 and not found.startswith(("The ", "A "))
        return found if formula else type(self).__name__
