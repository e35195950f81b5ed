"""Keeping the largest rows is not keeping the gradient: CE-LoRA's backward pass on three rows.

Fit one number θ to three targets −1, −1, 1 by least squares: f(θ) = ½Σ(θ − y_i)². The gradient is
a sum of three terms, one a row, and the answer is their mean, −1/3. To save work, keep only the
largest term of the backward product at every step.

At θ > 0 the largest residual belongs to a target at −1 and pulls down with strength θ + 1; at θ < 0
it belongs to the target at 1 and pulls up with strength 1 − θ. So θ settles at 0, halfway between
the extreme targets: this is the subgradient method for max|θ − y_i|, whose minimizer is the
Chebyshev center. There the true gradient is 3θ + 1 = 1, and no smaller step changes that. A rate of
O(1/√T), "the same as LoRA", needs an assumption: that what is dropped stays a fixed fraction below
what is left. Here the dropped part is 2 and the gradient is 1.

Two cures. Sample one row with probability proportional to its size and divide by it: unbiased, and
θ reaches −1/3 up to noise. Or split the layer's leading direction off and keep it exactly
(Double-LoRA): here the layer has rank one, and nothing is left to be dropped.

    convergence verify counterexamples/celora_topk_stalls.py
"""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.noise.base import Noiseless
from convergence.oracles.layer import Layer
from convergence.parts.matrix_products import CRS
from convergence.problems.regression import three_rows
from convergence.statistics import Verdict
from convergence.theorems.estimators import chen2025celora as celora
from convergence.theorems.estimators.liu2023wta_sgd import SampledSGD

ROWS, FAR = three_rows(), three_rows(5.0)

CLAIMS = (
    Claim("top-row-is-no-descent", celora.LikeLoRA(1), ROWS, Noiseless(), expect=Verdict.REFUTED,
          horizons=(16, 64, 256, 1024), seeds=2, oracle=Layer,
          instead="top-row-stalls-at-the-center"),
    Claim("top-row-stalls-at-the-center", celora.TopOneStalls(1, scale=0.01), ROWS, Noiseless(),
          horizons=(64, 1024), seeds=1, oracle=Layer),
    Claim("sampled-row-converges", SampledSGD(CRS(1)), FAR, Noiseless(), horizons=(16, 128),
          seeds=1024, oracle=Layer, expect=Verdict.INCONCLUSIVE,
          note="true; nothing certifies the tails of what the sampled rows carry on"),
    Claim("split-row-is-exact", celora.MeasuredErrors(1, 1, scale=0.5), ROWS, Noiseless(),
          horizons=(16,), seeds=1, oracle=Layer),
)  # fmt: skip
