"""The precision of a run, whatever the caller's global setting is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax


@contextlib.contextmanager
def precision(dtype: str) -> Iterator[None]:
    """Compute in `dtype`, "float32" or "float64"."""
    with jax.enable_x64(dtype == "float64"):
        yield


def wide() -> bool:
    """Whether numbers are of float64 here."""
    config: Any = jax.config
    return bool(config.read("jax_enable_x64"))
