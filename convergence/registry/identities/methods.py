"""Identities, closed forms and counts, each checked without a run."""

from __future__ import annotations

from convergence.claims.identity import Identity
from convergence.statistics import Verdict
from convergence.statistics.scoring import scores, trapezoid_scores
from convergence.theorems.identities import dahl2023 as algoperf

REFUTED = Verdict.REFUTED

CLAIMS = (
    Identity("algoperf-score-properties", algoperf.ScoreProperties(scores, trapezoid_scores)),
    Identity(
        "algoperf-order-of-two", algoperf.OrderOfTwo(scores), expect=REFUTED,
        note="A above B, until C enters the field: publish the field with a score",
    ),
)  # fmt: skip
