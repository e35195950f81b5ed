"""Faults planted in RSO: in the frames, the proximal term, the solvers and the statements."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.algorithms.subspace.rso import GaussianFrame
from convergence.linalg import haar
from convergence.parts.projectors import AbstractProjector, TopSVD
from convergence.parts.solvers import GD, MomentumGD
from convergence.registry.subspace.rso import CLAIMS
from tests.mutants.base import Mutant, altered, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Unscaled(AbstractProjector):
    """A frame without the factor √(m/r), which the algorithm multiplies by."""

    def frame(self, t: Any, G: Any, key: Any, r: int) -> Any:
        return (r / G.shape[0]) ** 0.5 * haar(key, G.shape[0], r, G.dtype)


def swap(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return lambda: tamper(CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, **changes))


def scaled(slug: str, name: str, factor: float) -> Any:
    """A mutant of `slug` with one hyper-parameter multiplied."""
    return lambda: tamper(
        CLAIM[slug],
        algorithm=lambda a: dataclasses.replace(a, **{name: factor * getattr(a, name)}),
    )


def shrunk(slug: str) -> Any:
    """A mutant of `slug` with its bound multiplied by 0.8."""
    return lambda: tamper(CLAIM[slug], number=lambda b, T: 0.8 * b)


MUTANTS = (
    Mutant("rso-frames-unscaled", swap("rso-exact-law", frame=Unscaled())),
    Mutant("rso-frames-gaussian", swap("rso-exact-law", frame=GaussianFrame())),
    Mutant("rso-frames-from-svd", swap("rso-exact-law", frame=TopSVD())),
    Mutant("rso-prox-doubled", scaled("rso-exact-law", "eta", 2.0)),
    Mutant("rso-bound-shrunk", shrunk("rso-exact-subproblems")),
    Mutant("rso-accuracy-constant-lowered", shrunk("rso-accuracy-term-tight")),
    Mutant(
        "rso-subproblem-frames-unscaled",
        lambda: dataclasses.replace(
            CLAIM["rso-conditioning"],
            theorem=altered(CLAIM["rso-conditioning"].theorem, frame=Unscaled()),
        ),
    ),
    Mutant(
        "rso-budget-by-slow-steps",
        lambda: tamper(
            CLAIM["rso-budget-agd"],
            algorithm=lambda a: dataclasses.replace(a, solver=GD(10**5, 1e-6, 0.05)),
            horizons=(1,),
        ),
    ),
    Mutant(
        "rso-budget-by-slow-momentum",
        lambda: tamper(
            CLAIM["rso-budget-msgd"],
            algorithm=lambda a: dataclasses.replace(a, solver=MomentumGD(10**5, 1e-6, 0.5, 0.05)),
            horizons=(1,),
        ),
    ),
    Mutant(
        "rso-msgd-budget-exceeded",
        lambda: tamper(CLAIM["rso-inner-msgd"], number=lambda b, T: 0.2 * b),
    ),
    Mutant(
        "rso-adam-floor-raised",
        lambda: tamper(CLAIM["rso-adam-floor"], number=lambda b, T: (1.2 * b[0], b[1])),
    ),
    Mutant(
        "rso-exponent-improved",
        lambda: tamper(CLAIM["rso-exact-subproblems"], number=lambda b, T: b / T),
    ),
)
