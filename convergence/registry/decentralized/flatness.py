"""Flatness: excess risk near a minimum for three strategies, and the escape from a sharp well."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim
from convergence.claims.exact import Exact
from convergence.claims.separation import Separation
from convergence.noise.agents import PerAgent, PerEntry
from convergence.noise.base import Noiseless
from convergence.parts import graphs
from convergence.problems.agents import AgentQuadratics, common
from convergence.problems.double_well import double_well
from convergence.statistics import Verdict
from convergence.theorems.decentralized import cao2024 as flat
from convergence.theorems.decentralized import cao2024_opposites as opposites

RING8 = graphs.lazy(graphs.ring(8))
_B = np.random.default_rng(3).standard_normal((8, 3))
NEAR = common(RING8, [0.5, 1.0, 2.0], _B - _B.mean(axis=0))  # from w* = 0
NAMES = ("centralized", "diffusion", "consensus")
UNIT = PerEntry(1.0)
WELL = double_well(RING8)


def roots(T: int, n: int = 8, d: int = 3) -> PerAgent:
    """Unequal, non-commuting noise covariances, one draw for each T."""
    return PerAgent(np.random.default_rng(T).standard_normal((n, d, d)) / d**0.5)


def drawn(T: int) -> AgentQuadratics:
    """A random graph of 8 agents, lazy or not, random curvatures and offsets, one for each T."""
    rng = np.random.default_rng(1000 + T)
    A = np.triu(rng.random((8, 8)) < 0.5, 1)
    A |= np.eye(8, k=1, dtype=bool)  # a path keeps it connected
    W = graphs.metropolis(A | A.T)
    beta = rng.standard_normal((8, 3)) * rng.choice([0.1, 1.0, 10.0])
    return common(
        graphs.lazy(W) if T % 2 else W, rng.uniform(0.1, 2.0, 3), beta - beta.mean(axis=0)
    )


def pair(lam: float, beta: float) -> AgentQuadratics:
    """Two agents, one coordinate, network eigenvalue λ."""
    return common(graphs.two_node((1 - lam) / 2), [1.0], [[beta], [-beta]])


# Unequal Hessians for which diffusion is below the centralized strategy.
UNEQUAL = AgentQuadratics(graphs.two_node(0.25), np.array([[[0.05]], [[1.95]]]), np.zeros((2, 1)))
ONE_SIDED = PerEntry([[0.0], [1.0]])


def batch(T: int) -> PerEntry:
    """Noise of the batch at which diffusion doubles the centralized risk for α = 1/(L T)."""
    c = NEAR.constants()
    lam, h = np.meshgrid(c.lam[1:], c.h, indexing="ij")
    pull = np.sum(h * (lam / (1 - lam)) ** 2 * c.modes[1:] ** 2)
    return PerEntry((len(c.h) * c.L * T / (2 * pull)) ** -0.5)


def exact(slug: str, theorem: Any, problem: Any = NEAR, **fields: Any) -> Exact:
    """A flatness claim of this family."""
    fields = {"noise": UNIT, "horizons": (1,), **fields}
    return Exact(f"flat-{slug}".lower(), theorem, problem, **fields)


# The law itself is judged exactly. What 10 240 runs can tell of the simulation at the strictest
# budget is ±6 % for the centralized risk, three squares a run, and that may be off by 4 %.
_SAMPLED = {"how": "both", "horizons": (4, 32), "seeds": 40_960, "chunk": 2048, "margin": 0.1}
_LAWS = (
    *(exact(f"excess-risk-{name}", flat.DiffusionExcessRisk(name)) for name in NAMES),
    *(exact(f"excess-risk-unequal-noise-{name}", flat.DiffusionExcessRisk(name), drawn, noise=roots,
            horizons=(2, 3)) for name in NAMES),
    *(exact(f"excess-risk-from-the-minimum-{name}",
            flat.DiffusionExcessRisk(name, finite=True), **_SAMPLED)
      for name in NAMES),
    *(exact(f"excess-risk-small-step-{name}", flat.SmallStepGap(name), horizons=(5000,))
      for name in NAMES),
    exact("batch-crossover", flat.Crossover(), noise=batch, horizons=(20_000,)),
)  # fmt: skip
DRAWS = tuple(range(1, 9))
_ORDER = (
    *(exact(f"{better}-below-{worse}-{int(100 * ah)}", flat.Ordering(better, ah, worse=worse),
            drawn, noise=roots, horizons=DRAWS)
      for better, worse in (("diffusion", "consensus"), ("centralized", "diffusion"))
      for ah in (0.1, 0.95)),
    exact("complete-graph-diffusion-is-centralized",
          opposites.OnTheCompleteGraph("diffusion", 0.3, worse="centralized"),
          common(graphs.complete(8), [0.5, 1.0, 2.0], _B - _B.mean(axis=0))),
)  # fmt: skip
_FALSE = (
    exact("consensus-below-diffusion", flat.Overgeneralized("consensus", 0.1, worse="diffusion"),
          expect=Verdict.REFUTED),
    exact("ordering-at-every-finite-time-positive",
          flat.Overgeneralized("diffusion", 1.4, finite=True), pair(0.5, 1.0), horizons=(2,),
          noise=Noiseless(), expect=Verdict.REFUTED, note="λ = 0.5, αh = 1.4, two steps"),
    exact("ordering-at-every-finite-time-negative",
          flat.Overgeneralized("diffusion", 0.3, finite=True), pair(-0.5, 1.0), horizons=(2,),
          noise=Noiseless(), expect=Verdict.REFUTED, note="λ = −0.5, αh = 0.3, two steps"),
    exact("ordering-with-unequal-hessians",
          flat.Overgeneralized("centralized", 0.195, worse="diffusion"), UNEQUAL,
          noise=ONE_SIDED, expect=Verdict.REFUTED, note="h = (0.05, 1.95), noise at one agent"),
)  # fmt: skip


def escape(
    slug: str, theorem: flat.Escape, expect: Verdict = Verdict.CONSISTENT, note: str = ""
) -> Separation:
    """A claim on the double well, het = 3, noise 8 an agent, step 0.02."""
    return Separation(
        f"flat-{slug}".lower(), theorem, WELL, PerEntry(8.0), expect=expect, horizons=(400,),
        seeds=1024, chunk=256, note=note,
    )  # fmt: skip


_ESCAPES = (
    escape("diffusion-escapes-before-centralized", flat.Escape("diffusion", "centralized")),
    escape("consensus-escapes-before-diffusion", flat.Escape()),
    escape(
        "centralized-escapes-first",
        opposites.EscapeExchanged("diffusion", "centralized"),
        Verdict.REFUTED,
        "the two exchanged: the statement's opposite",
    ),
)
CLAIMS: tuple[AbstractClaim, ...] = (*_LAWS, *_ORDER, *_FALSE, *_ESCAPES)
