"""Exact diffusion on a torus: the same method, the same step, one graph too lively.

Exact diffusion removes the bias of DSGD at a constant step, whatever the agents' functions. It asks
one thing of the graph: every eigenvalue of W above −1/3. Metropolis weights on an even torus break
that: the checkerboard pattern is an eigenvector with eigenvalue (1 − 2 − 2)/5 = −3/5.

On a mode λ the method is z² − 2λ(1 − αh/2)z + λ(1 − αh) = 0. As αh → 0 its roots tend to
λ ± √(λ² − λ); at λ = −3/5 one is −0.6 − 0.98 = −1.58. The checkerboard grows by 1.5719 a step at
αh = 0.01 and no smaller step helps: it makes it worse.

The cure costs nothing: (I + W)/2 has eigenvalues (1 + λ)/2 ≥ 0. An even ring sits on the edge
itself, λ = −1/3: stable, but its last mode keeps noise of order α instead of α². At α = 0.01 the
mean square distance is 58 % above the centralized one, and 50 % remain as α → 0.

    convergence verify counterexamples/exact_diffusion_on_a_torus.py
"""

from __future__ import annotations

from convergence.claims.exact import Exact
from convergence.noise.agents import PerEntry
from convergence.parts import graphs
from convergence.problems.agents import slowest
from convergence.statistics import Verdict
from convergence.theorems.decentralized.alghunaim2022 import (
    CorrectedUnbiased,
    NetworkUnbiased,
    Radius,
    Stability,
    Variance,
)

TORUS, RING = graphs.torus(4), graphs.ring(8)
UNIT = PerEntry(1.0)

CLAIMS = (
    Exact("ed-on-the-torus", NetworkUnbiased("ED", 0.01), slowest(TORUS), UNIT,
          expect=Verdict.REFUTED, horizons=(1,)),
    Exact("ed-radius-on-the-torus", Radius("ED", 0.01), slowest(TORUS), UNIT,
          horizons=(1,)),
    Exact("ed-on-the-lazy-torus", CorrectedUnbiased("ED", 0.01),
          slowest(graphs.lazy(TORUS)), UNIT, horizons=(1,)),
    Exact("ed-noise-on-the-even-ring", Variance("ED", 0.01), slowest(RING), UNIT,
          horizons=(1,)),
    Exact("tracking-on-the-torus", Stability("ATC-GT"), slowest(TORUS), UNIT,
          horizons=(50, 98, 102)),
)  # fmt: skip
