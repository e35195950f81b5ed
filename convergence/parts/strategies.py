"""How a decentralized update removes heterogeneity: the matrices (A, B², C) of a primal–dual form.

X⁺ = C X − αA G − D,  D⁺ = D + B² X⁺,  D₀ = 0. D is B times the dual variable, so that the root B
is never formed; B annihilates 1, hence the mean of D stays what it was.

| name        | A  | B²       | C  | rounds |  eliminating D                               |
|-------------|----|----------|----|--------|----------------------------------------------|
| ED          | W  | I − W    | W  | 1      | X⁺ = W(2X − X⁻ − α(G − G⁻))                  |
| EXTRA       | I  | I − W    | W  | 1      | X⁺ = 2WX − WX⁻ − α(G − G⁻)                   |
| ATC-GT      | W² | (I − W)² | W² | 2      | X⁺ = 2WX − W²X⁻ − αW²(G − G⁻)                |
| semi-ATC-GT | W  | (I − W)² | W² | 2      | X⁺ = 2WX − W²X⁻ − αW(G − G⁻)                 |
| non-ATC-GT  | I  | (I − W)² | W² | 2      | X⁺ = 2WX − W²X⁻ − α(G − G⁻)                  |
| ATC         | W  | 0        | W  | 1      | X⁺ = W(X − αG), no correction                |
| consensus   | I  | 0        | W  | 1      | X⁺ = WX − αG, no correction                  |
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.errors import InvalidInput, require
from convergence.parts.graphs import ROUNDING, check_mixing
from convergence.shapes import AbstractModule, Iterate, Reals, real

CORRECTED = ("ED", "EXTRA", "ATC-GT", "semi-ATC-GT", "non-ATC-GT")


class Strategy(AbstractModule):
    """(A, B², C) acting on the agents' axis; all (n, n). `corrects` is whether B² ≠ 0."""

    A: Reals = eqx.field(converter=real)
    B2: Reals = eqx.field(converter=real)
    C: Reals = eqx.field(converter=real)
    corrects: bool = eqx.field(static=True, default=True)

    def __call__(self, X: Iterate, D: Iterate, move: Iterate) -> tuple[Iterate, Iterate]:
        """(X⁺, D⁺) for the step `move` = αG."""
        x = self.C @ X - self.A @ move - D
        return x, D + self.B2 @ x

    def check_dual(self, D: Any) -> None:
        """Refuse a start outside range(B): its mean would stay and move the fixed point."""
        if not isinstance(D, np.ndarray) or not self.corrects:
            return
        n = len(self.C)
        mean = float(np.max(np.abs(np.mean(np.broadcast_to(D, (n, *D.shape[1:])), axis=0))))
        require(
            mean <= ROUNDING * (1 + float(np.max(np.abs(D)))),
            f"a dual whose mean over agents is {mean:.3g}",
            "one in range(B), with mean 0",
            "start at 0, or subtract the mean",
        )

    def moving(self, D: Iterate) -> Iterate:
        """The part of D that the recursion moves; the rest is conserved."""
        return D - jnp.mean(D, axis=0) if self.corrects else jnp.zeros_like(D)


def strategy(name: str, W: Any) -> Strategy:
    """The strategy of that name on the mixing matrix W (symmetric, doubly stochastic)."""
    W = check_mixing(W)
    one, gap = np.eye(len(W)), np.eye(len(W)) - W
    square = W @ W
    table = {
        "ED": (W, gap, W),
        "EXTRA": (one, gap, W),
        "ATC-GT": (square, gap @ gap, square),
        "semi-ATC-GT": (W, gap @ gap, square),
        "non-ATC-GT": (one, gap @ gap, square),
        "ATC": (W, 0 * one, W),
        "consensus": (one, 0 * one, W),
    }
    if name not in table:
        raise InvalidInput(
            f"Got the strategy {name!r}, but one of {', '.join(table)} is needed; choose one."
        )
    return Strategy(*table[name], corrects=name in CORRECTED)


def mode(name: str, lam: Any, ah: Any) -> tuple[Any, Any, Any]:
    """(a, b², p) of a corrected strategy at network eigenvalue lam and step times curvature ah.

    p = a(c − αh), and every such method has the mode polynomial z² − (1 − b² + p) z + p.
    """
    lam, ah = np.asarray(lam, float), np.asarray(ah, float)
    if name in ("ED", "EXTRA"):
        a = lam if name == "ED" else np.ones_like(lam)
        return a, 1 - lam, lam * (1 - ah) if name == "ED" else lam - ah
    a = {"ATC-GT": lam**2, "semi-ATC-GT": lam, "non-ATC-GT": np.ones_like(lam)}[name]
    return a, (1 - lam) ** 2, lam**2 - a * ah
