"""What GaLore's paper prints, what an explicit instance does to it, and what is true instead."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.problems.gradient_form import GradientForm, ScalarFactors
from convergence.problems.quadratic import rotation
from convergence.statistics import Verdict
from convergence.theorems.subspace import zhao2024


def _fixed() -> GradientForm:
    """N = 1, generic spectra; P, Q the two leading singular subspaces of A (W_0 = 0)."""
    rng = np.random.default_rng(1)
    QB, QC = rotation(5, 1), rotation(4, 2)
    A = rng.standard_normal((5, 4))
    U, _, Vt = np.linalg.svd(A)
    B = QB @ np.diag(np.linspace(0.5, 1.5, 5)) @ QB.T
    C = QC @ np.diag(np.linspace(0.6, 1.4, 4)) @ QC.T
    return GradientForm(A[None], B[None], C[None], np.zeros((5, 4)), U[:, :2], Vt[:2].T)


FIXED = _fixed()
EDGE = GradientForm(  # E2: η λ_max = 2 keeps R_t from 0 while W stays bounded
    np.ones((1, 2, 2)), np.diag([1, 0.5])[None], np.diag([1, 0.475])[None], np.zeros((2, 2))
)
LIPSCHITZ = ScalarFactors(  # the factor 2 that the statement drops
    1.1, [0.0, 1.0, 1.05, 2.05], [0.0, 1.0, 0.95, 1.95], [0.0, 1.0, 0.95, 1.95], 1.0, 0.5
)
BOUNDED = ScalarFactors(  # ‖C‖ ≤ L_C D fails
    1.1, [0.0, 1.0, 1.1, 2.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.9, 0.9], 1.0, 0.5
)
NO_PRODUCT = GradientForm(  # a minimal eigenspace that is no product subspace
    np.stack([np.diag([1.8, 1.4])] * 4),
    np.stack(
        [
            np.diag([3.76, 3.92]),
            np.diag([3.92, 3.88]),
            0.04 * np.array([[1.0, -1.0], [-1.0, 1.0]]),
            0.04 * np.ones((2, 2)),
        ]
    ),
    np.stack(
        [
            np.diag([1.0, 0.0]),
            np.diag([0.0, 1.0]),
            np.ones((2, 2)),
            np.array([[1.0, -1.0], [-1.0, 1.0]]),
        ]
    ),
    np.zeros((2, 2)),
)
LARGE_STEP = GradientForm(  # N = 1, product eigenspace, η(λ_max + λ₂) > 2
    np.eye(2)[None], np.diag([0.1, 1.0])[None], np.diag([0.5, 1.0])[None], np.zeros((2, 2))
)

ONE = {"family": "subspace", "seeds": 1}  # a deterministic run

CLAIMS = (
    Claim(
        "galore-lemma-3-3-as-printed",
        zhao2024.LowRank(0.9),
        NO_PRODUCT,
        expect=Verdict.REFUTED,
        horizons=(1, 2, 3, 6),
        instead="galore-lemma-3-3",
        **ONE,
    ),
    Claim(
        "galore-lemma-3-3", zhao2024.LowRankCorrected(0.9), NO_PRODUCT, horizons=(1, 2, 3, 6), **ONE
    ),
    Claim(
        "galore-lemma-3-3-without-step-condition",
        zhao2024.LowRank(1.9),
        LARGE_STEP,
        expect=Verdict.REFUTED,
        horizons=(1,),
        instead="galore-lemma-3-3-with-step-condition",
        **ONE,
    ),
    Claim(
        "galore-lemma-3-3-with-step-condition",
        zhao2024.LowRankWithConditions(0.5),
        LARGE_STEP,
        horizons=(1, 2, 3, 6),
        note="a product eigenspace and η(λ_max + λ₂) ≤ 2: the lemma as printed is right here",
        **ONE,
    ),
    Claim(
        "galore-theorem-3-8-as-printed",
        zhao2024.FixedProjection(2.0),
        EDGE,
        expect=Verdict.REFUTED,
        horizons=(1, 4, 16, 64),
        note="no step condition: ‖R_t‖ does not even tend to 0",
        instead="galore-theorem-3-8",
        **ONE,
    ),
    Claim(
        "galore-theorem-3-8-lipschitz-factor",
        zhao2024.FixedProjection(0.5),
        LIPSCHITZ,
        expect=Verdict.REFUTED,
        horizons=(1,),
        note="the factor 2 of eq. (70) is missing in eq. (11)",
        instead="galore-theorem-3-8-lipschitz-corrected",
        **ONE,
    ),
    Claim(
        "galore-theorem-3-8-unbounded-factor",
        zhao2024.FixedProjection(0.5),
        BOUNDED,
        expect=Verdict.REFUTED,
        horizons=(1,),
        note="the proof uses ‖C‖ ≤ L_C D, which the statement does not assume",
        instead="galore-theorem-3-8-unbounded-corrected",
        **ONE,
    ),
    Claim(
        "galore-theorem-3-8",
        zhao2024.FixedProjectionCorrected(2.0),
        EDGE,
        horizons=(1, 4, 16, 64),
        **ONE,
    ),
    Claim(
        "galore-theorem-3-8-lipschitz-corrected",
        zhao2024.FixedProjectionCorrected(0.5),
        LIPSCHITZ,
        horizons=(1, 2, 4),
        **ONE,
    ),
    Claim(
        "galore-theorem-3-8-unbounded-corrected",
        zhao2024.FixedProjectionCorrected(0.5),
        BOUNDED,
        horizons=(1, 2, 4),
        **ONE,
    ),
    Claim(
        "galore-fixed-projection-rate",
        zhao2024.FixedProjectionRate(),
        FIXED,
        horizons=(5, 10),
        **ONE,
    ),
)
