"""Adaptive methods on a linear function, where all that they keep is known."""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.problems.linear import Linear
from convergence.statistics import Verdict
from convergence.theorems.adaptive import linear
from convergence.theorems.adaptive.taniguchi2024 import ADOPTLikeAdam, ADOPTLinear

SLOPES = Linear([2.0, -0.5, 0.125])
T3 = (1, 5, 40)

CLAIMS = (
    Claim("adagrad-linear", linear.AdaGradLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("rmsprop-linear", linear.RMSpropLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("amsgrad-linear", linear.AMSGradLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("adamax-linear", linear.AdaMaxLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("radam-linear", linear.RAdamLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("adabelief-linear", linear.AdaBeliefLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("nadam-linear", linear.NAdamLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("novograd-linear", linear.NovoGradLinear(), SLOPES, horizons=T3, seeds=1),
    Claim("adopt-linear", ADOPTLinear(), SLOPES, horizons=T3, seeds=1),
    Claim(
        "adopt-like-adam",
        ADOPTLikeAdam(),
        SLOPES,
        horizons=T3,
        seeds=1,
        expect=Verdict.REFUTED,
        instead="adopt-linear",
        note="a first step that is none",
    ),
    Claim("lion-linear", linear.LionLinear(), SLOPES, horizons=T3, seeds=1),
)
