"""Losses in turn: where Adam climbs."""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.problems.linear import Linear
from convergence.statistics import Verdict
from convergence.theorems.adaptive import online

LINE = Linear([1.0])

CLAIMS = (
    Claim("adam-climbs", online.AdamClimbs(), LINE, horizons=(180, 300), seeds=1),
    Claim("amsgrad-descends", online.AMSGradDescends(), LINE, horizons=(180, 300), seeds=1),
    Claim("adopt-descends", online.ADOPTDescends(), LINE, horizons=(180, 300), seeds=1),
    Claim("adam-climbs-with-momentum", online.AdamClimbsWithMomentum(), LINE, horizons=(40_400,),
          seeds=1),
    Claim(
        "adam-descends", online.AdamDescends(), LINE, horizons=(180,), seeds=1,
        expect=Verdict.REFUTED, instead="adam-climbs",
        note="the convergence of Adam for every β₂, which Reddi, Kale and Kumar refuted",
    ),
)  # fmt: skip
