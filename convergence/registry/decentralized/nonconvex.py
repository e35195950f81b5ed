"""DSGD with explicit constants: bound, linear speed-up with its transient, the law of the mean.

Quadratics have exact moments; the nonconvex basins are run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.claims.exact import Exact
from convergence.noise.agents import OneDraw, PerEntry
from convergence.noise.base import Noiseless
from convergence.parts import graphs
from convergence.problems.agent_basins import AgentBasins
from convergence.problems.agents import AgentQuadratics, common
from convergence.statistics import Verdict
from convergence.theorems.decentralized import koloskova2020_false as false
from convergence.theorems.decentralized import koloskova2020_nonconvex as dsgd

UNIT = PerEntry(1.0)
OVAL = PerEntry([1.0, 3.0])
RING8 = graphs.ring(8)
SLOW2 = graphs.lazy_complete(2, 0.05)


def pulled(W: Any, h: Any, pull: Any, x0: Any = 0.0, directed: bool = False) -> AgentQuadratics:
    """f_i(x) = (h_i/2) x² − pull_i x up to a constant."""
    h, pull = np.broadcast_arrays(np.asarray(h, float), np.asarray(pull, float))
    return AgentQuadratics(W, h[:, None, None], (pull / h)[:, None], x0, directed)


# J = x²/2, αL = 1, W = 11ᵀ/n: only the first and the last gradient tell metric and bound apart.
TIGHT = common(graphs.complete(8), [1.0], np.zeros((8, 1)), x0=1.0)
RING = common(RING8, [1.0], 2.0 * np.array([[1], [1], [-1], [-1], [1], [1], [-1], [-1]]), x0=2.0)
_B = np.array([2.0, 2, -2, -2, 2, 2, -2, -2])
_H = np.tile([1.0, 0.2], 4)
UNEVEN = pulled(RING8, _H, _H * _B - np.mean(_H * _B), 2.0)
DIRECTED = AgentQuadratics(
    graphs.exponential(6), np.diag([1.0, 0.5]) * np.linspace(0.5, 1, 6)[:, None, None],
    np.random.default_rng(0).standard_normal((6, 2)),
    2.0, directed=True,
)  # fmt: skip
FAST = common(
    graphs.lazy_complete(8, 0.5), [1.0],
    np.array([[2.0], [0.4], [-2.0], [-0.4], [2.0], [0.4], [-2.0], [-0.4]]), x0=2.0,
)  # fmt: skip
APART = pulled(graphs.lazy_complete(2, 0.2), [1.0, 0.2], [1.0, -1.0])
FAR = pulled(SLOW2, [1.0, 0.2], [30.0, -30.0], 2.0)
_PULLS = 0.5 * np.random.default_rng(2).standard_normal((6, 2))
BASINS = AgentBasins(graphs.exponential(6), _PULLS - _PULLS.mean(axis=0), 0.8)


def exact(slug: str, theorem: Any, problem: Any, noise: Any, *horizons: int, **fields: Any) -> Any:
    """A claim of this module."""
    return Exact(f"dsgd-{slug}", theorem, problem, noise, horizons=horizons, **fields)


CLAIMS: tuple[AbstractClaim, ...] = (
    exact("nonconvex-tight", dsgd.DSGDNonconvex(), TIGHT, UNIT, 10, 1000),
    exact("nonconvex-tight-noiseless", dsgd.DSGDNonconvex(), TIGHT, Noiseless(), 10),
    exact("nonconvex-ring", dsgd.DSGDTuned(), RING, PerEntry(2.0), 100, 1000),
    exact("nonconvex-along", dsgd.DSGDNonconvexAlong(0.05), UNEVEN, PerEntry(2.0), 10, 1000),
    exact("nonconvex-descent-tight", dsgd.DSGDDescent(), TIGHT, UNIT, 1, 10),
    exact("nonconvex-descent", dsgd.DSGDDescent(0.05), UNEVEN, PerEntry(2.0), 10, 1000),
    exact("nonconvex-directed", dsgd.DSGDNonconvexAlong(0.1), DIRECTED, OVAL, 10, 1000),
    Claim("dsgd-nonconvex-basins-noiseless", dsgd.DSGDNonconvex(0.9), BASINS, horizons=(4, 64)),
    Claim("dsgd-nonconvex-basins", dsgd.DSGDTuned(), BASINS, PerEntry(0.5), horizons=(64, 512),
          seeds=512),
    exact("speed-up", dsgd.DSGDSpeedUp(), FAST, PerEntry(2.0), 1215, 4860),
    exact("center-law", dsgd.DSGDCenterLaw(), RING, UNIT, 1, 10, 100),
    exact("center-law-directed", dsgd.DSGDCenterLaw(1.5),
          common(graphs.exponential(6), [2.0, 2.0], _PULLS - _PULLS.mean(axis=0), 1.0, True),
          OVAL, 1, 10, 100),
    exact("network-is-free", false.NetworkIsFree(0.8), APART, Noiseless(), 1000,
          expect=Verdict.REFUTED, note="the fixed point of the mean is not the minimizer"),
    exact("speed-up-at-once", false.SpeedUpAtOnce(), FAR, UNIT, 6932,
          expect=Verdict.REFUTED, note="5 % mixing, heterogeneity ζ ≈ 30"),
    exact("speed-up-with-one-sample", false.SpeedUpWithOneSample(), RING, OneDraw(1.0), 100,
          expect=Verdict.REFUTED, note="E of the mean's noise is s², not s²/n"),
    exact("center-law-one-sample", dsgd.DSGDCenterLaw(), RING, OneDraw(1.0), 100,
          expect=Verdict.INAPPLICABLE),
)  # fmt: skip
