"""AdaWAC: duality gaps with constants, exact instances, and what its weights do."""

from __future__ import annotations

from typing import Any

from convergence.claims.base import AbstractClaim, Claim
from convergence.claims.identity import Identity
from convergence.oracles.pairs import Pairs
from convergence.problems.pairs import (
    WeightedPairs,
    centered_pairs,
    constant_pairs,
    linear_pairs,
    random_pairs,
)
from convergence.statistics import Verdict
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.games import dong2023 as adawac
from convergence.theorems.games import dong2023_false as false
from convergence.theorems.games import dong2023_regret as regret

RANDOM = random_pairs(4, 2)
# The label of one sample is sparse, of the other dense: the weights go to (1, 0).
TWO = centered_pairs(
    [[1.0, 1.0], [1.0, 1.0]], [[[1.0], [0.0]], [[1.5], [2.0]]], [[1.0, 0.0], [0.0, 2.0]], [1.4], 0.4
)
# l = ½(θ − 1)² and c = ½(θ + 1)² are equal at the saddle θ = 0.
EVEN = centered_pairs([[1.0], [1.0]], [[[1.0]], [[-1.0]]], [[0.0], [0.0]], [0.7], 2.0)


def claim(
    slug: str, theorem: AbstractTheorem, problem: WeightedPairs, *horizons: int, **fields: Any
) -> Claim:
    """A claim of this module."""
    return Claim(f"adawac-{slug}", theorem, problem, horizons=horizons, oracle=Pairs, **fields)


CLAIMS: tuple[AbstractClaim, ...] = (
    claim("gap", adawac.AdaWACGap(), RANDOM, 64, 256, seeds=512),
    claim("gap-gauss-seidel", adawac.AdaWACGap(order="gauss-seidel"), RANDOM, 64, 256, seeds=512),
    claim("gap-near", adawac.AdaWACGap(v=0.1), constant_pairs(4), 4096, seeds=256),
    claim("gap-whole", adawac.AdaWACWholeGap(), RANDOM, 64, 1024),
    claim("gap-whole-tight", adawac.AdaWACWholeGap(v=0.0363), constant_pairs(1), 10_000),
    claim("gap-law", adawac.AdaWACGapLaw(), constant_pairs(4), 64, seeds=16384),
    claim("gap-law-one", adawac.AdaWACGapLaw(), constant_pairs(1), 16, 1024),
    claim("weights-settle", adawac.AdaWACWeightsSettle(), TWO, 16, 256),
    claim("weights-settle-tight", adawac.AdaWACWeightsSettle(), constant_pairs(1), 16, 256),
    claim("energy-never-falls", adawac.AdaWACEnergy(), linear_pairs(), 500, 2000),
    Identity("adawac-weights-regret", regret.WeightsRegret()),
    Identity("adawac-regret-of-no-steps", regret.RegretOfNoSteps(), expect=Verdict.REFUTED,
             note="η = 20: two gains that alternate cost more than ln 2/η",
             instead="adawac-weights-regret"),
    claim("gap-without-n", false.GapWithoutN(), constant_pairs(200), 200, seeds=16,
          expect=Verdict.REFUTED, note="each weight has moved once, on average"),
    claim("weights-always-settle", false.WeightsAlwaysSettle(), EVEN, 64,
          expect=Verdict.REFUTED, note="the saddle is at b = 1/2"),
    claim("last-iterate-comes", false.LastIterateComes(), linear_pairs(), 100,
          expect=Verdict.REFUTED, note="bilinear: the means converge, the iterate does not"),
)  # fmt: skip
