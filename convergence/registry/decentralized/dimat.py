"""DIMAT: merges of permuted networks, and what they keep, decrease and do not decrease."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.claims.identity import Identity
from convergence.oracles.probed import Probed
from convergence.parts import graphs
from convergence.problems.units import UnitQuadratics, five_copies, opposite_pairs
from convergence.statistics import Verdict
from convergence.theorems.decentralized import saadati2024 as dimat
from convergence.theorems.decentralized import saadati2024_identities as identities

NET = five_copies()
# A path 1-2-3: agents 2 and 3 match in the swapped order, each with 1 in the given one.
PATH = opposite_pairs(
    np.array([[8.0, 1, 0], [1, 7, 1], [0, 1, 8]]) / 9, [[1.0, 0], [1.0, 3], [1.0, -3]]
)
LINE = opposite_pairs(
    np.array([[2.0, 1, 0], [1, 1, 1], [0, 1, 2]]) / 3, [[0.0, 5], [-2.0, -4], [-4.0, 1]]
)
PAIR = opposite_pairs(graphs.two_node(0.2), [[1.0, 0.5], [-2.0, 1.0]])
HALF = opposite_pairs(graphs.two_node(0.5), [[1.0, 0.5], [-2.0, 1.0]])
_RNG = np.random.default_rng(0)
_UNITS = 3 * _RNG.standard_normal((3, 2))
_ORDERS = ((0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (1, 0, 2))
HIDDEN = UnitQuadratics(
    graphs.ring(5), _UNITS + 0.3 * _RNG.standard_normal((5, 3, 2)),
    0.5 * _RNG.standard_normal((5, 2)), _ORDERS, 1.0, 0.3,
)  # fmt: skip


def claim(slug: str, theorem: Any, problem: Any, **fields: Any) -> Claim:
    """A claim of this module: nothing is drawn, one run says all."""
    return Claim(f"dimat-{slug}", theorem, problem, seeds=1, chunk=1, **fields)


CLAIMS: tuple[AbstractClaim, ...] = (
    claim("keeps-the-function", dimat.MergeKeepsFunction(), NET, horizons=(1, 8),
          oracle=Probed),
    claim("descends", dimat.MatchedAveragingDescends(), LINE, horizons=(1, 4)),
    claim("descends-two", dimat.MatchedAveragingDescends(), PAIR, horizons=(1, 4)),
    claim("two-agents-agree", dimat.TwoAgentsAgree(), HALF, horizons=(1,)),
    claim("keeps-the-aligned-mean", dimat.AlignedMeanIsKept(), HIDDEN, horizons=(1, 5)),
    claim("nonconvex", dimat.AlignedNonconvex(), HIDDEN, horizons=(8, 128)),
    Identity("dimat-plain-mean-is-lost", identities.PlainMeanIsLost()),
    Identity("dimat-spectrum-is-kept", identities.SpectrumIsKept()),
    claim("averaging-keeps-the-function", dimat.AveragingKeepsFunction(), NET,
          horizons=(1,), oracle=Probed, expect=Verdict.REFUTED, note="five orders of four units"),
    claim("any-order-keeps-the-function", dimat.AnyOrderKeepsFunction(), NET,
          horizons=(1,), oracle=Probed, expect=Verdict.REFUTED, note="each neighbor is shifted"),
    claim("largest-distance-falls", dimat.LargestDistanceFalls(), PATH, horizons=(1,),
          expect=Verdict.REFUTED, note="18 becomes 20.54"),
    Identity("dimat-align-to-the-first", identities.AlignToFirst(), expect=Verdict.REFUTED,
             note="three agents with two units"),
    Identity("dimat-matching-is-consistent", identities.MatchingIsConsistent(),
             expect=Verdict.REFUTED, note="three agents with two units"),
)  # fmt: skip
