"""The non-convergence theorem applied to optax's own GaLore, unchanged, through the adapter."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import optax

from convergence.algorithms.optax_adapter import FromOptax
from convergence.constants import Constants
from convergence.theorems.base import Provenance, Source
from convergence.theorems.domains import number
from convergence.theorems.subspace.he2025_stall import Stalls


class OptaxStalls(Stalls):
    """‖∇f(X_t)‖² = ‖∇f(X_0)‖² for `optax.contrib.galore(learning_rate, rank=r)`, Adam inside.

    The proof of `Stalls` applies: square matrices are projected from the left, the update is P_tN_t
    and no weight is decayed.
    """

    source = Source("he2025", "Theorem 1, applied to optax.contrib.galore")
    provenance = Provenance.DERIVED
    domain = {"learning_rate": number("(0, 2)")}

    learning_rate: float = eqx.field(static=True, default=0.01)

    def prescribe(self, c: Constants, T: int) -> Any:
        return FromOptax(
            optax.contrib.galore,
            learning_rate=self.learning_rate,
            rank=self.r,
            update_proj_gap=self.tau,
        )
