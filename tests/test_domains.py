"""Fields of theorems outside the domain of their proof are refused where they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.parts import graphs
from convergence.parts.compressors import Bernoulli, RandK, TopK
from convergence.theorems.compression import (
    beznosikov2020,
    fatkhullin2023,
    richtarik2021,
    stich2018,
)
from convergence.theorems.compression import gao2024econtrol as econtrol
from convergence.theorems.compression import gao2024econtrol_laws as laws
from convergence.theorems.decentralized import (
    alghunaim2022,
    alghunaim2022_sparse,
    cao2024,
    ji2021,
    zhu2024,
)
from convergence.theorems.heavy_tailed import cutkosky2020, hubler2025, lemmas, sun2025
from convergence.theorems.heavy_tailed.shared import Decay

REFUSED: dict[str, Callable[[], Any]] = {
    # A statement about every run takes no expectation over compression.
    "ef21-surely-random": lambda: richtarik2021.EF21Surely(Bernoulli(0.1)),
    "econtrol-surely-random": lambda: econtrol.EControlSurely(RandK(1)),
    "ec-surely-random": lambda: stich2018.ErrorFeedbackSurely(Bernoulli(0.5)),
    # Steps and weights beyond the proof.
    "ef21-long-step": lambda: richtarik2021.EF21Nonconvex(TopK(1), 3.0),
    "ef21-pl-long-step": lambda: richtarik2021.EF21PL(TopK(1), 1.5),
    "econtrol-large-eta": lambda: econtrol.EControlNonconvex(share=0.6),
    "econtrol-pl-other-eta": lambda: econtrol.EControlPL(share=0.1),
    "sgdm-long-step": lambda: fatkhullin2023.EF21SGDMNonconvex(scale=2.0),
    "top1-rounding": lambda: beznosikov2020.TopOneDiverges(100.0),
    "moment-alpha": lambda: sun2025.NSGDMomentum(alpha=1.5),
    "rate-of-another-step": lambda: sun2025.NSGDMomentumRate(scale=0.1),
    "recalled-of-another-step": lambda: cutkosky2020.MomentumFiniteVariance(scale=0.01),
    "budget-of-another-batch": lambda: hubler2025.BatchNSGDBudget(B=3),
    "empty-batch": lambda: hubler2025.BatchNSGD(B=0),
    "decay-of-any-power": lambda: Decay(sun2025.NSGDMomentum(), exponent=0.9),
    # Methods that the proof is not about.
    "follows-sgd-ef21": lambda: fatkhullin2023.FollowsSGD(name="ef21"),
    "small-steps-of-csgd": lambda: laws.SmallStepLimit("csgd"),
    "a-law-of-nothing": lambda: laws.BernoulliLaw("ef22"),
    "unbiased-uncorrected": lambda: alghunaim2022.CorrectedUnbiased("ATC"),
    "unbiased-wrong-tracker": lambda: alghunaim2022.CorrectedUnbiased("ATC-GT", tracker=0.0),
    "energy-uncorrected": lambda: alghunaim2022.Energy("consensus"),
    "moderate-graph-of-extra": lambda: alghunaim2022.ModerateGraph("EXTRA"),
    "moderate-graph-long-step": lambda: alghunaim2022.ModerateGraph("ED", 2.5),
    "slow-root-of-dsgd": lambda: alghunaim2022_sparse.SlowRoot("ATC"),
    "ordering-exchanged": lambda: cao2024.Ordering("consensus", 0.5, worse="diffusion"),
    "ordering-unstable": lambda: cao2024.Ordering("diffusion", 1.2),
    "ordering-at-finite-times": lambda: cao2024.Ordering("diffusion", 0.5, finite=True),
    "escape-exchanged": lambda: cao2024.Escape("diffusion", "consensus"),
    "sparkle-unbiased-uncorrected": lambda: zhu2024.SparkleUnbiased("ATC", "ATC"),
    "sparkle-unbiased-lower": lambda: zhu2024.SparkleUnbiased("ED", "consensus"),
    "sparkle-unbiased-d-soba": lambda: zhu2024.SparkleUnbiased("D-SOBA"),
    "radius-jacobi": lambda: zhu2024.ModeRadius("ED", "ED", jacobi=True),
    "radius-two-graphs": lambda: zhu2024.ModeRadius("ED", "ED", W_lower=graphs.complete(8)),
    "sparkle-lower-graph-in-parts": lambda: zhu2024.SparkleUnbiased(
        "ED", "ED", W_lower=np.kron(np.eye(2), np.full((2, 2), 0.5))),
    "sparkle-lower-graph-directed": lambda: zhu2024.SparkleUnbiased(
        "ED", "ED", W_lower=np.array([[0.9, 0.1], [0.5, 0.5]])),
    "radius-d-soba": lambda: zhu2024.ModeRadius("D-SOBA"),
    "transient-mixed": lambda: zhu2024.SparkleTransient("ED", "ATC"),
    "better-backwards": lambda: zhu2024.Better("ATC-GT", "ATC-GT", versus=("ED", "ED")),
    "stocbio-cold-start": lambda: ji2021.NeumannBias(Q=3, D=0),
    # Laws that a lemma is not about.
    "lemma-uncentered": lambda: lemmas.VonBahrEsseen(law=(1.5, 3, (1.0, 2.0), (0.5, 0.5))),
    "lemma-chances": lambda: lemmas.VonBahrEsseen(law=(1.5, 3, (1.0, -1.0), (0.9, 0.9))),
    "lemma-order": lambda: lemmas.VonBahrEsseen(law=(3.0, 3, (1.0, -1.0), (0.5, 0.5))),
    "lemma-skewed": lambda: lemmas.VonBahrEsseenSymmetric(law=(1.5, 3, (3.0, -1.0), (0.25, 0.75))),
    "lemma-far-point": lambda: lemmas.Clipping(law=(1.5, 1, (1.0, -1.0), (0.5, 0.5), 0.9, 0.0)),
}  # fmt: skip


@pytest.mark.parametrize("build", REFUSED.values(), ids=REFUSED)
def test_a_field_outside_its_domain_is_refused(build: Callable[[], Any]):
    with pytest.raises(InvalidInput, match="needed"):
        build()
