"""Faults planted in DIMAT: permutations, layers, the order of merges."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp

from convergence.algorithms.decentralized.dimat import DIMAT, DIMATState
from convergence.parts.matching import best_assignment
from convergence.registry.decentralized.dimat import CLAIMS
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Inverse(DIMAT):
    """Each neighbor permuted by the inverse."""

    def matched(self, X: Any, oracle: Any) -> Any:
        return jnp.argsort(super().matched(X, oracle), axis=2).astype(jnp.int32)


class OneLayer(DIMAT):
    """The outgoing weights stay in their order."""

    def merged(self, X: Any, P: Any) -> Any:
        moved = super().merged(X, P)
        return moved.at[:, :, -1].set(jnp.einsum("ij,ju->iu", self.W, X[:, :, -1]))


class InPlace(DIMAT):
    """Agents merge one after the other, each with what the earlier ones have become."""

    def merged(self, X: Any, P: Any) -> Any:
        for i in range(len(X)):
            X = X.at[i].set(super().merged(X, P)[i])
        return X


class RunningSum(DIMAT):
    """Each neighbor is matched to the sum so far, as in weight matching one after the other."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> DIMATState:
        X, rows = state.x, []
        for i in range(len(X)):
            total = self.W[i, i] * X[i]
            for j in range(len(X)):
                if j != i:
                    p = best_assignment(total @ X[j].T)
                    total = total + self.W[i, j] * X[j][p]
            rows.append(total)
        return DIMATState(jnp.stack(rows), state.P)


def again(kind: Any) -> Any:
    """The same fields in another class."""
    return lambda a: kind(**{f.name: getattr(a, f.name) for f in dataclasses.fields(a)})


MUTANTS: tuple[Mutant, ...] = (
    Mutant("the inverse permutation", lambda: tamper(
        CLAIM["dimat-keeps-the-function"], algorithm=again(Inverse), horizons=(1,))),
    Mutant("the next layer not permuted", lambda: tamper(
        CLAIM["dimat-keeps-the-function"], algorithm=again(OneLayer), horizons=(1,))),
    Mutant("agents that merge in place", lambda: tamper(
        CLAIM["dimat-keeps-the-aligned-mean"], algorithm=again(InPlace), horizons=(1,))),
    Mutant("neighbors matched to the running sum", lambda: tamper(
        CLAIM["dimat-descends"], algorithm=again(RunningSum), horizons=(1,))),
    Mutant("no matching at all", lambda: tamper(
        CLAIM["dimat-keeps-the-aligned-mean"],
        algorithm=lambda a: dataclasses.replace(a, match="none"))),
    Mutant("half of the bound in aligned coordinates", lambda: tamper(
        CLAIM["dimat-nonconvex"], number=lambda b, T: b / 2)),
)  # fmt: skip
