"""A certificate that is false, and how exactly numbers are compared."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

# Values, gradients and the certified numbers are a few hundred roundings each.
ROUNDING = 1e-9
# Curvatures are differences of gradients, or eigenvalues of products of rounded factors.
CURVED = 1e-7


class Fault(NamedTuple):
    """A certificate that does not agree with what is seen, or, with None for the true value, that
    nothing shows."""

    name: str
    certified: Any
    true: Any
    what: str

    def __str__(self) -> str:
        stated = f"{self.name} = {_text(self.certified)} is certified"
        return f"{stated}, but {self.what}" + (
            "" if self.true is None else f" = {_text(self.true)}"
        )


def _text(value: Any) -> str:
    if isinstance(value, bool | str):
        return str(value)
    return f"{float(value):.6g}" if np.ndim(value) == 0 else f"an array of shape {np.shape(value)}"


def close(a: float, b: float, scale: float, tolerance: float = ROUNDING) -> bool:
    """|a − b| ≤ tolerance · max(|a|, |b|, scale): what is infinite is close to itself alone."""
    off = abs(a - b)
    return bool(a == b or (off < math.inf and off <= tolerance * max(abs(a), abs(b), scale)))
