"""Matrix methods on a linear function."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic
from convergence.problems.shifted import Shifted
from convergence.statistics import Verdict
from convergence.theorems.adaptive import matrices, muon
from convergence.theorems.adaptive.shazeer2018 import AdafactorLinear

WIDE = Linear(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, -1.0]]))
TURN = np.eye(3)[[2, 0, 1]]
FULL = Linear(np.array([[2.0, 1.0, -0.5], [0.25, -1.0, 3.0]]))


def claim(slug: str, theorem: Any, problem: Any = WIDE, **more: Any) -> Claim:
    """A claim of this module."""
    return Claim(slug, theorem, problem, horizons=(1, 16), seeds=1, **more)


CLAIMS = (
    claim("shampoo-linear", matrices.ShampooLinear()),
    claim("shampoo-regret", matrices.ShampooRegret(), Isotropic([[2.0, 1.0], [0.5, -1.0]])),
    Claim("shampoo-regret-tight", matrices.ShampooRegret(0.5**0.5), Isotropic([[1.0]], 0.1),
          horizons=(1,), seeds=1),
    Claim("shampoo-regret-halved", matrices.ShampooRegretHalved(0.5**0.5), Isotropic([[1.0]], 0.1),
          horizons=(1,), seeds=1, expect=Verdict.REFUTED, instead="shampoo-regret-tight",
          note="one entry, one step"),
    claim("shampoo-half-linear", matrices.ShampooHalfLinear()),
    claim("shampoo-any-exponent", matrices.ShampooAnyExponent(), expect=Verdict.REFUTED,
          instead="shampoo-linear", note="exponents −½ divide by the singular values"),
    claim("soap-linear", matrices.SOAPLinear()),
    claim("soap-like-adam", matrices.SOAPLikeAdam(), expect=Verdict.REFUTED, instead="soap-linear",
          note="singular vectors that are no axes"),
    claim("adafactor-moment", matrices.FactoredLinear(), FULL),
    claim("adafactor-like-full", matrices.FactoredLikeFull(), FULL, expect=Verdict.REFUTED,
          instead="adafactor-moment", note="|G| of rank two"),
    Claim("adafactor-linear", AdafactorLinear(0.1), FULL, horizons=(1, 64), seeds=1),
    claim("muon-linear", matrices.MuonLinear(), Linear(TURN * 0.7)),
    claim("muon-entries", muon.MuonEntries(), Linear(TURN * 0.7)),
    claim("muon-step", muon.MuonStep(), Shifted(np.diag([1.0, 0.0041114]))),
    Claim("muon-never-rests", muon.MuonNeverRests(), Shifted(TURN * 0.003), horizons=(2, 16),
          seeds=1),
)  # fmt: skip
