"""The array types used in every signature: jaxtyping names, checked by beartype in tests only."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

Scalar = Float[Array, ""]
Vector = Float[Array, " d"]
Matrix = Float[Array, "_m _n"]  # two matrices in one signature may differ in shape
Iterate = Float[Array, "..."]
Count = Int[Array, ""]
Flag = Bool[Array, ""]
Key = PRNGKeyArray | Shaped[Array, "2"]


def real(value: Any) -> Any:
    """A real hyper-parameter as an array leaf, so that a new value never retraces.

    Host numbers become NumPy float64 (JAX narrows them when float32 is selected); JAX arrays and
    tracers pass through.
    """
    return value if isinstance(value, jnp.ndarray) else np.asarray(value, dtype=np.float64)


def whole(value: Any) -> Any:
    """An integer hyper-parameter (a period, a batch size) as an array leaf; see `real`."""
    return value if isinstance(value, jnp.ndarray) else np.asarray(value, dtype=np.int32)
