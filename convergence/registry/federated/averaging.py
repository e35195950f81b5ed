"""Local steps, sampled clients and masks: the bound, the floors, the drift. By exact moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim
from convergence.claims.exact_masks import ExactMasks
from convergence.claims.identity import Identity
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles.clients import Clients
from convergence.parts.participation import knapsack
from convergence.problems.clients import GatedClients, plain_clients, three_masked
from convergence.statistics import Verdict
from convergence.theorems.federated import chen2023 as gate
from convergence.theorems.federated import chen2023_masks as masks
from convergence.theorems.federated import mcmahan2017 as fed

FOUR = plain_clients(1.0, [[0.0], [1.0], [3.0], [8.0]], 20.0)
SPREAD = plain_clients([1.0, 0.4], np.random.default_rng(0).standard_normal((4, 2)), 2.0)
MASKED = three_masked()
# Two blocks of three fit into each client's budget of four entries.
_SIZES = np.array([2, 1, 2])
_SCORES = np.array([[0.9, 0.8, 0.1], [0.2, 0.7, 0.6], [0.8, 0.1, 0.9], [0.3, 0.4, 0.5]])
_GATES = np.repeat([knapsack(scores, _SIZES, 4) for scores in _SCORES], _SIZES, axis=1)
_RNG = np.random.default_rng(1)
AFFORDED = GatedClients(
    np.exp(_RNG.uniform(-1, 0, (4, 5))), _RNG.standard_normal((4, 5)), _GATES, np.ones(5)
)
SOFT = GatedClients(
    np.ones((4, 2)), _RNG.standard_normal((4, 2)), _RNG.uniform(0.3, 1, (4, 2)), np.full(2, 2.0)
)


def exact(slug: str, theorem: Any, problem: GatedClients, *horizons: int, **more: Any) -> Any:
    """A claim of this module."""
    more = {"noise": Noiseless(), **more}
    return ExactMasks(
        f"fed-{slug}", theorem, problem, horizons=horizons or (1,), oracle=Clients, **more
    )


CLAIMS: tuple[AbstractClaim, ...] = (
    exact("nonconvex", fed.LocalStepsNonconvex(2, 3), SPREAD, 8, 64, noise=PerEntry(0.3)),
    exact("nonconvex-all", fed.LocalStepsNonconvex(4, 1, share=0.3), SPREAD, 8, 64,
          noise=PerEntry(0.3)),
    exact("nonconvex-one", fed.LocalStepsNonconvex(1, 3, share=0.1), FOUR, 64,
          how="both", seeds=8192),
    exact("nonconvex-masks", fed.LocalStepsAlong(2, 3, share=0.2), SOFT, 8, 64,
          noise=PerEntry(0.3)),
    exact("floor-of-any-tau", fed.LocalStepsFloor(4, 3), SPREAD, noise=PerEntry(0.5)),
    exact("floor-of-one-step", fed.LocalStepsFloor(4, 1), SPREAD, noise=PerEntry(0.5)),
    exact("local-steps-law", fed.LocalStepsAt(4, 3), SPREAD, 1, 8, noise=PerEntry(0.5)),
    exact("local-steps-average-noise", fed.LocalStepsAverageNoise(4, 3), SPREAD,
          noise=PerEntry(0.5), expect=Verdict.REFUTED, instead="fed-floor-of-any-tau",
          note="three local steps: the floor is that of one"),
    exact("drift", gate.ClientDrift(3, 8), MASKED),
    exact("drift-path", gate.ClientDriftAt(3, 8), MASKED, 1, 2, 8),
    exact("drift-knapsack", gate.ClientDrift(4, 3), AFFORDED),
    exact("drift-soft-gates", gate.ClientDrift(4, 3), SOFT),
    *(
        exact(f"sampling-floor-{rule}", gate.SamplingFloor(2, 3, 0.1, rule), SPREAD)
        for rule in gate.RULES
    ),
    exact("drift-is-free", gate.DriftIsFree(3, 8), MASKED,
          expect=Verdict.REFUTED, note="eight local steps under unequal curvatures and masks"),
    exact("sampling-is-free", gate.SamplingIsFree(2, 1, 0.3), FOUR,
          expect=Verdict.REFUTED, note="two of four clients a round"),
    Identity("fed-masked-minimizer", masks.MaskedMinimizer()),
    Identity("fed-every-client-is-served", masks.EveryClientIsServed(), expect=Verdict.REFUTED,
             note="two clients pull a coordinate apart", instead="fed-masked-minimizer"),
    Identity("fed-masks-do-not-matter", masks.MasksDoNotMatter(), expect=Verdict.REFUTED,
             note="three masks of two coordinates", instead="fed-masked-minimizer"),
)  # fmt: skip
