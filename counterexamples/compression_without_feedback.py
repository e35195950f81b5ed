"""Compressing gradients without feedback can walk uphill, at every step size.

Three workers, three coordinates: f_i(x) = ⟨a_i, x⟩² + ¼‖x‖² with a_1 = (−3, 2, 2) and its
rotations. Each sends only the entry of its gradient of largest modulus. At x = (t, t, t) the
first worker's gradient is t(−5.5, 4.5, 4.5): it sends −5.5t in the first coordinate. The others do
likewise in theirs, and the mean of the messages is −(11/6)x, although the mean gradient is +(7/6)x.
Every entry sent is honest and the largest of its vector, and x grows by 1 + 11γ/6 a step for EVERY
γ > 0. For a single worker nothing of the kind can happen: the largest entry of ∇f is a descent
direction.

What a message leaves out must not be lost. Error feedback adds it to the next one, EF21 sends
differences of gradients, EControl does both with one message; all three converge here.

Error feedback has a limit of its own. Where workers disagree, Σ∇f_i = 0 does not make the ∇f_i
zero, and what is left out of them keeps x away from x* by an amount of the order γζ/δ.

    convergence verify counterexamples/compression_without_feedback.py
"""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.exact_masks import ExactMasks
from convergence.noise.base import Noiseless
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import Bernoulli, TopK
from convergence.problems.workers import opposed_workers, unit_workers
from convergence.statistics import Verdict
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.compression import (
    beznosikov2020,
    gao2024econtrol,
    richtarik2021,
    stich2018,
)

OPPOSED = opposed_workers(1e-3)
DISAGREE = unit_workers([[1.0], [-1.0], [0.5], [-0.5]], np.ones(1))


def once(
    slug: str,
    theorem: AbstractTheorem,
    expect: Verdict = Verdict.CONSISTENT,
    T: tuple[int, ...] = (64, 1024),
) -> Claim:
    """One deterministic run on the three opposed workers."""
    return Claim(
        slug, theorem, OPPOSED, Noiseless(), expect=expect, horizons=T, seeds=1, oracle=Workers
    )


CLAIMS = (
    once("top1-walks-uphill", beznosikov2020.TopOneDiverges(), T=(16, 64)),
    once("top1-is-no-descent", beznosikov2020.CompressionIsHarmless(), Verdict.REFUTED, (16, 64)),
    once("feedback-converges", stich2018.ErrorFeedbackSurely(TopK(1))),
    once("ef21-converges", richtarik2021.EF21Surely(TopK(1))),
    once("econtrol-converges", gao2024econtrol.EControlSurely(TopK(1))),
    ExactMasks("feedback-needs-agreement",
               stich2018.ErrorFeedbackIgnoresHeterogeneity(Bernoulli(0.1)), DISAGREE, Noiseless(),
               expect=Verdict.REFUTED, horizons=(2000,), oracle=Workers),
)  # fmt: skip
