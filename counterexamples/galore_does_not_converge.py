"""Why GaLore can stand still: a 2 × 2 matrix and a coin.

    f(X) = ½(x₁₁² + x₁₂²),    X_0 = [[½, 0], [0, 0]],    noise: ±1 in the lower right corner.

Every stochastic gradient is [[½, 0], [0, ±1]]. GaLore of rank 1 looks for the direction in which it
is largest, and that is always the second row: the noise is louder than the gradient. It then
updates the second row, on which f does not even depend. The first row is never touched:
‖∇f(X_t)‖² = ¼ for ever, whatever the step, the refresh period or the optimizer inside. A quieter
gradient or a louder noise makes no difference; only |gradient| > |noise| would.

A direction drawn at random, as GoLore does, hits the first row half of the time on average. Its
E‖∇f(X_t)‖² follows an exact recursion down to a floor of the order of the step. Two samples a
refresh are enough as well: half of the time the coins cancel, and GaLore sees the gradient.

    convergence verify counterexamples/galore_does_not_converge.py
"""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.noise.matrix import BatchMean, CornerSign
from convergence.problems.counterexample import Counterexample
from convergence.theorems.subspace.he2025 import GoLoreCounterexampleLaw
from convergence.theorems.subspace.he2025_stall import EvenBatchLaw, Stalls

TINY = Counterexample.pure(n=2, r=1, lam=0.5)
COIN = CornerSign(1.0, 1)
PAIR = BatchMean(COIN, 2)

CLAIMS = (
    Claim("tiny-galore-stalls", Stalls(r=1, tau=10), TINY, COIN, horizons=(1000,), seeds=16),
    Claim("tiny-golore-law", GoLoreCounterexampleLaw(r=1), TINY, COIN,
          horizons=(10, 40), seeds=32768, margin=0.1),
    Claim("tiny-galore-with-two-samples", EvenBatchLaw(r=1, tau=10, eta=0.5), TINY, PAIR,
          horizons=(20,), seeds=49152, margin=0.15),
)  # fmt: skip
