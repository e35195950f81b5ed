"""The objectives, noises and small helpers that the heavy-tailed claims share.

All problems are `Separable` on the plane and all spikes are `Atoms` with three values, whatever p,
so that a method is compiled twice (spikes, power tails) for a hundred claims.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.atoms import Atoms
from convergence.noise.base import AbstractNoise
from convergence.noise.heavy import Pareto
from convergence.noise.two_point import three_point, two_point
from convergence.problems.nonconvex import Separable, cosine_lattice, log_cosh, quad_cos
from convergence.problems.ramp import ramp
from convergence.statistics import Verdict

POWERS = (1.2, 1.5, 1.8, 2.0)
E1, E2 = np.array([1.0, 0.0]), np.array([0.0, 1.0])
SILENT = three_point(2.0, 0.0, 0.5)  # σ = 0 without another compiled program

OBJECTIVES = {
    "quadcos": quad_cos([7.0, 7.0]),
    "logcosh": log_cosh([6.0, 6.0], b=2.0, k=2.0),
    "lattice": cosine_lattice([2.0, 2.0], a=2.0, l=1.5),
}
BOUNDED = {  # ‖∇f‖ ≤ G
    "logcosh": OBJECTIVES["logcosh"],
    "lattice": OBJECTIVES["lattice"],
    "ramp": ramp(5.0, Delta=10.0),
}
LONGER = {"standard": (1024, 4096, 16384), "full": (4096, 16384, 65536)}
WIDER = {"standard": (128, 1024), "full": (1024, 4096)}  # where it takes many seeds
FEW, MANY = 512, 1024  # seeds where a mean is light-tailed, and where only a ceiling bounds it


def noises(p: float) -> dict[str, tuple[Any, int]]:
    """Three noises with E‖ξ‖^p = 0.3^p, and the seeds that a verdict under them takes."""
    return {
        "skew": (two_point(p, 0.3, 0.05), FEW if p >= 1.5 else MANY),  # rarer and larger below
        "spikes": (lambda T: three_point(p, 0.3, 8 / T), MANY),
        "pareto": (Pareto.of(p, 0.3), MANY),
    }


def tag(p: float) -> str:
    """p15 for p = 1.5."""
    return f"p{round(10 * p)}"


def grid(
    name: str,
    theorem: Any,
    objectives: dict[str, Separable] = OBJECTIVES,
    wrap: Callable[[AbstractNoise], AbstractNoise] = lambda noise: noise,
    powers: tuple[float, ...] = POWERS,
    **fields: Any,
) -> tuple[Claim, ...]:
    """For every p three claims, in which each objective and each noise occurs once: over four
    powers every objective meets every noise."""
    claims = []
    options: dict[str, Any] = {"horizons": (128, 512), **fields}
    for i, p in enumerate(powers):
        laws = list(noises(p).items())
        for k, (where, problem) in enumerate(objectives.items()):
            law, (noise, seeds) = laws[(k + i) % 3]
            seen = _wrapped(noise, wrap)
            slug = f"{name}-{tag(p)}-{where}-{law}"
            more = LONGER if options.get("seeds", seeds) <= FEW else WIDER
            # A ceiling G makes an upper limit cheaper than one that grows with γT.
            seeds = seeds // 2 if "G" in problem.constants() and seeds > FEW else seeds
            own = {"seeds": seeds, "more": more, **options}
            claims.append(Claim(slug, theorem, problem, seen, **own))
    return tuple(claims)


def _wrapped(noise: Any, wrap: Callable[[AbstractNoise], AbstractNoise]) -> Any:
    return wrap(noise) if isinstance(noise, AbstractNoise) else lambda T: wrap(noise(T))


def critical(
    theorem: Any, p: float, sigma: float, Delta: float, L: float, along: Any
) -> Callable[[int], Atoms]:
    """Skewed spikes with q = α(T)/e, of the rate at which the average forgets: the noise that
    keeps E‖e‖ at σα^{(p−1)/p}."""

    def noise(T: int) -> Atoms:
        first = two_point(p, sigma, 0.1, along)
        alpha, _ = theorem.pair(stub(first, Delta, L), T)
        return two_point(p, sigma, min(alpha, 1.0) / np.e, along)

    return noise


def stub(noise: AbstractNoise, Delta: float, L: float) -> Any:
    """The constants that a schedule reads, before there is a problem."""
    return noise.constants((2,)) | {"Delta": Delta, "L": L}


def walked(theorem: Any, p: float, sigma: float = 1.0, floor: Any = None) -> tuple[Any, Any]:
    """(problem, noise) as functions of T: the ramp that the prescribed steps just walk, and the
    critical noise; with `floor` beside it a log-cosh valley of curvature L in which it acts."""
    Delta, L = 1.0, 1.0
    along = np.array([2**-0.5, 2**-0.5]) if floor is None else E2
    noise = critical(theorem, p, sigma, Delta, L, along)

    def problem(T: int) -> Separable:
        _, gamma = theorem.pair(stub(noise(T), Delta, L), T)
        return ramp(gamma * T, Delta, L, floor=floor)

    return problem, noise


def false(slug: str, theorem: Any, problem: Any, noise: Any = SILENT, **fields: Any) -> Claim:
    """A claim that is to be refuted."""
    return Claim(slug, theorem, problem, noise, expect=Verdict.REFUTED, **fields)
