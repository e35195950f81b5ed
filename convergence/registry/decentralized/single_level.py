"""Single-level decentralized methods: thresholds, rates, variances, biases and transients, exactly.

Quadratics with additive noise have exact moments, so that no claim here spends a seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim
from convergence.claims.exact import Exact
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.parts import graphs
from convergence.parts.strategies import CORRECTED
from convergence.problems.agents import (
    AgentQuadratics,
    common,
    heterogeneous,
    least_squares,
    slowest,
)
from convergence.statistics import Verdict
from convergence.theorems.decentralized import alghunaim2022 as suda
from convergence.theorems.decentralized import alghunaim2022_sparse as sparse
from convergence.theorems.decentralized import koloskova2020 as dsgd

ALL = (*CORRECTED, "ATC", "consensus")
W16 = graphs.lazy(graphs.ring(16))
TORUS = graphs.torus(4)
UNIT = PerEntry(1.0)
SLOWEST = slowest(W16)  # β along the slowest mode, ζ = 1
CUBE = graphs.lazy(graphs.hypercube(3))
_OFFSETS = np.random.default_rng(0).standard_normal((8, 3))
# Three curvatures, offsets in every mode: all terms of the sums over (λ, h) count.
SPREAD = common(CUBE, [0.5, 1.0, 2.0], _OFFSETS - _OFFSETS.mean(axis=0), x0=1.0)
LIVELY = common(graphs.lazy_complete(8, 1.3), [0.5, 1.0, 2.0], SPREAD.c * [0.5, 1, 2])
RING8 = common(graphs.lazy(graphs.ring(8)), [0.5, 1.0, 2.0], SPREAD.c * [0.5, 1, 2])
MIXED = heterogeneous(graphs.lazy(graphs.ring(8)), 3)
SQUARES = least_squares(graphs.lazy(graphs.star(8)), 3)
SHARED = common(W16, [1.0], np.zeros((16, 1)), x0=1.0)  # one minimizer for all
ROWS = AgentQuadratics(  # left Perron vector (1/3, 2/3)
    np.array([[0.5, 0.5], [0.25, 0.75]]),
    np.ones((2, 1, 1)),
    np.array([[3.0], [0.0]]),
    directed=True,
)


def slow(T: int) -> AgentQuadratics:
    """Lazy complete graph of 8 with 1 − λ = 1/T and the offset along one of its modes."""
    return slowest(graphs.lazy_complete(8, 1 / T))


def crowd(T: int) -> AgentQuadratics:
    """Lazy complete graph of T agents with 1 − λ = 1e-4."""
    return slowest(graphs.lazy_complete(T, 1e-4))


def exact(slug: str, theorem: Any, problem: Any, **fields: Any) -> Exact:
    """A claim of this family."""
    fields = {"noise": UNIT, "horizons": (1,), **fields}
    return Exact(f"agents-{slug}".lower(), theorem, problem, **fields)


_RADII = tuple(exact(f"radius-{name}", suda.Radius(name, 0.8), RING8) for name in ALL)
_THRESHOLDS = tuple(
    exact(f"threshold-{name}", suda.Stability(name), SPREAD, horizons=(50, 98, 102)) for name in ALL
)
# λ = −0.3: the thresholds of negative eigenvalues bind.
_NEGATIVE = tuple(
    exact(f"threshold-negative-{name}", suda.Stability(name), LIVELY, horizons=(98, 102))
    for name in ALL
)
_VARIANCES = tuple(exact(f"variance-{name}", suda.Variance(name), SPREAD) for name in ALL)
_UNIFIED = tuple(  # A ≠ C, B² = I − W and (I − W)²: no two of them can change places
    exact(f"unified-{name}", suda.UnifiedVariance(name), SPREAD) for name in ("ED", "semi-ATC-GT")
)
_UNBIASED = tuple(
    exact(f"no-bias-{name}", suda.CorrectedUnbiased(name), MIXED) for name in CORRECTED
)
_BIASES = tuple(
    exact(f"bias-{name}", dsgd.ModeBias(name), SLOWEST) for name in ("ATC", "consensus")
)
_FIXED = tuple(
    exact(f"fixed-point-{name}", dsgd.FixedPoint(name, 0.2), MIXED)
    for name in ("ATC", "consensus", "CTA")
)
_SMALL = tuple(
    exact(f"small-step-{name}", dsgd.DSGDSmallStep(name), MIXED, horizons=(10_000,))
    for name in ("ATC", "consensus", "CTA")
)
_ENERGY = tuple(
    exact(
        f"initial-heterogeneity-{name}",
        suda.Energy(name, 0.3),
        slow(10),
        horizons=(4000,),
        noise=Noiseless(),
    )
    for name in ("ED", "ATC-GT")
)
_ROOTS = tuple(
    exact(f"sparse-rate-{name}", sparse.SlowRoot(name, 0.5), slow, horizons=(400, 2000))
    for name in ("ED", "EXTRA", "ATC-GT")
)
_TRANSIENTS = tuple(
    exact(f"transient-gap-{name}", sparse.SparseTransient(name), slow, horizons=(100, 1000, 10_000))
    for name in ("ED", "EXTRA", "ATC-GT", "ATC")
) + tuple(
    exact(f"transient-{kind}-{name}", theorem(name), problem, horizons=horizons)
    for kind, theorem, problem, horizons in (
        ("n", sparse.SparseTransient, crowd, (4, 8, 16)),
        ("law", sparse.TransientLaw, slow, (1000,)),
    )
    for name in ("ED", "EXTRA", "ATC-GT", "ATC")
)  # fmt: skip
_FALSE = (
    exact("dsgd-converges-at-constant-step", dsgd.ConstantStep(), SLOWEST,
          expect=Verdict.REFUTED, note="heterogeneity ζ = 1"),
    exact("exact-diffusion-stable-on-any-graph", suda.AnyGraph("ED", 0.01), slowest(TORUS),
          expect=Verdict.REFUTED,
          note="the un-lazy even torus has λ_min = −3/5 < −1/3"),
    exact("tracking-from-any-tracker", suda.NetworkUnbiased("ATC-GT", 0.05, tracker=0.0),
          common(CUBE, [1.0], 1.0 + _OFFSETS[:, :1] - _OFFSETS[:, :1].mean() - 1.0, x0=1.0),
          expect=Verdict.REFUTED, note="T₀ = 0 keeps mean(T) ≠ mean(G)"),
    exact("row-stochastic-mixing", dsgd.AnyRowStochastic(), ROWS, horizons=(100, 1000, 10_000),
          expect=Verdict.REFUTED, note="W is not column-stochastic"),
)  # fmt: skip
_TRUE = (
    exact("dsgd-converges-with-a-shared-minimizer", dsgd.SharedMinimizer(), SHARED),
    exact("exact-diffusion-on-the-lazy-torus", suda.CorrectedUnbiased("ED", 0.01),
          slowest(graphs.lazy(TORUS))),
    exact("exact-diffusion-stable-on-lazy-torus", suda.ModerateGraph("ED", 0.01),
          slowest(graphs.lazy(TORUS))),
    exact("dsgd-rate", dsgd.DSGDRate(),
          common(CUBE, [0.5, 1.0, 2.0], SPREAD.c * [0.5, 1, 2], x0=3.0),
          horizons=(2000, 8000, 32_000), note="recalled; leading term only"),
    exact("no-bias-least-squares-ED", suda.CorrectedUnbiased("ED", 0.2), SQUARES),
)  # fmt: skip
CLAIMS: tuple[AbstractClaim, ...] = (
    *_RADII, *_THRESHOLDS, *_NEGATIVE, *_VARIANCES, *_UNIFIED, *_UNBIASED, *_BIASES, *_FIXED,
    *_SMALL, *_ENERGY, *_ROOTS, *_TRANSIENTS, *_FALSE, *_TRUE,
)  # fmt: skip
