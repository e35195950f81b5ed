"""Statements about methods that ship, and instances that their proofs do not cover."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.noise.gaussian import Gaussian
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import random_workers, tight_frame, unit_workers
from convergence.registry.classical.sums import UNEVEN
from convergence.theorems.adaptive import feedback, matrices
from convergence.theorems.classical import defazio2014 as sums
from convergence.theorems.classical import vaswani2019 as armijo
from convergence.theorems.parameter_free import defazio2023 as dadapt
from convergence.theorems.parameter_free import pathwise
from tests.conditions import Case, named

APART = unit_workers([[1.0], [-1.0]], np.array([3.0]))
CASES = [
    Case("separate quadratics", sums.SVRGLaw(), random_workers(3, 2)),
    Case("exact gradients", sums.SVRGLaw(), UNEVEN, Gaussian(1.0)),
    Case("common", sums.SAGALaw(), UNEVEN),
    Case("zeta", sums.SGDInterpolation(), APART),
    Case("zeta", armijo.ArmijoInterpolation(), APART),
    Case("round functions", armijo.ArmijoRound(), tight_frame()),
    Case("zeta", feedback.FeedbackInterpolation(), APART),
    Case("G", feedback.FeedbackConvex(), Isotropic(np.ones(2))),
    Case("gap of σ/‖G‖_F", matrices.SOAPLinear(), Linear(np.eye(2))),
    Case("m", matrices.ShampooRegret(), Isotropic(np.ones(2))),
    Case("slopes", pathwise.COCOBLinear(), Linear([1.0, 0.0])),
    Case("exact gradients", dadapt.DAdaptationDistance(), Isotropic(np.ones(2)), Gaussian(1.0)),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_beyond_the_proof_is_not_judged(case: Case) -> None:
    assert case.failed in case.failing()
