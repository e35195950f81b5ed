"""Attention weights and the directions of their support vector machines."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.oracles.scaled import Scaled
from convergence.problems.attention import Attention, KeyQuery, three_tokens, two_inputs
from convergence.statistics import Verdict
from convergence.theorems.attention import directions
from convergence.theorems.attention import tarzanagh2023 as svm
from convergence.theorems.base import AbstractTheorem

REFUTED = Verdict.REFUTED

START = [[0.5, -0.2], [0.1, 0.4]]
PAIR = Attention([[[1.0, 2.0], [0.0, 1.0]]], [[1.0, -0.5]], [[1.0, 0.0]], START)
UNIT = Attention([[[1.0], [0.0]]], [[1.0]], [[1.0, 0.0]], [[0.0]])
# Three pairs with orthonormal queries and differences of unequal lengths, no W symmetric.
PAIRS = Attention(
    [[[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.5]],
     [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]],
    np.eye(3), [[1.0, 0.0], [0.3, 0.0], [2.0, -1.0]], np.zeros((3, 3)),
)  # fmt: skip
ONE_SIDED = KeyQuery(PAIR, [np.zeros((2, 2)), [[1.0, 0.3], [-0.4, 0.8]]])
REFERENCE_KQ = KeyQuery(two_inputs(), 0.1 * np.random.default_rng(7).standard_normal((2, 3, 3)))


def descent(
    slug: str, theorem: AbstractTheorem, problem: Any, T: tuple[int, ...], **more: Any
) -> Claim:
    """A claim about one run without noise, with gradients in log space."""
    return Claim(slug, theorem, problem, horizons=T, seeds=1, oracle=Scaled, **more)


CLAIMS = (
    descent("attention-exact-direction", svm.ExactDirection(), PAIR, (1, 64, 2048)),
    descent(
        "attention-plain-like-normalized", svm.PlainLikeNormalized(), PAIR, (64,), expect=REFUTED,
        note="⟨W_k, u⟩ of plain gradient descent grows like ln k",
    ),
    descent("attention-growth-law", svm.GrowthLaw(0.5), UNIT, (10, 100, 1000, 10000)),
    descent("attention-growth-law-long-steps", svm.GrowthLaw(4.0), PAIR, (10, 1000)),
    descent("attention-pairs-law", svm.DecoupledLaw(), PAIRS, (1, 16, 256)),
    descent("attention-loss-and-direction-tight", svm.LossForDirectionLaw(), PAIR, (16, 1024)),
    descent("attention-loss-and-direction", svm.LossForDirectionLaw(), two_inputs(), (16, 1024)),
    descent(
        "attention-loss-and-direction-plain", svm.LossForDirectionLaw(1.0, method="plain"),
        two_inputs(), (16, 1024),
    ),
    descent(
        "attention-selects-locally", svm.WhichToken(), three_tokens(svm.THRESHOLD + 0.01),
        (30, 3000), note="the token selected is not the best one, and rounding must not stop it",
    ),
    descent(
        "attention-selects-globally", svm.WhichToken(), three_tokens(svm.THRESHOLD - 0.01),
        (30, 3000),
    ),
    descent(
        "attention-always-best-token", svm.AlwaysBestToken(),
        three_tokens(svm.THRESHOLD + 0.01), (30,), expect=REFUTED,
        note="from above w* = 0.78656 the token at 3 is selected, with half the score",
        instead="attention-selects-locally",
    ),
    descent("attention-key-query-tight", svm.KeyQueryBalance(0.5), ONE_SIDED, (1,)),
    descent("attention-key-query-balance", svm.KeyQueryBalance(0.01), REFERENCE_KQ, (10, 1000)),
    Identity("attention-gradient-in-log-space", directions.GradientInLogSpace()),
    Identity("attention-separators", directions.Separators()),
    Identity(
        "attention-other-tokens", directions.OtherTokens(), expect=REFUTED,
        note="with tokens 2 and 1 as the best the correlation is −2/(3√7) = −0.252",
    ),
    Identity("attention-regularization-path", directions.RegularizationPath()),
    Identity("attention-two-norms", directions.TwoNorms()),
    Identity(
        "attention-one-direction", directions.OneDirection(), expect=REFUTED,
        note="d_1, d_2 at 60°: correlation cos 30° = 0.866", instead="attention-two-norms",
    ),
)  # fmt: skip
