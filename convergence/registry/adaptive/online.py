"""Losses in turn: where Adam climbs."""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.oracles.finite_workers import Workers
from convergence.problems.in_turn import LossesInTurn
from convergence.problems.linear import Linear
from convergence.statistics import Verdict
from convergence.theorems.adaptive import losses, online

LINE = Linear([1.0])
CLIMB = LossesInTurn([6.0, -1.0, -1.0])

CLAIMS = (
    Claim("adam-climbs", online.AdamClimbs(), LINE, horizons=(180, 300), seeds=1),
    Claim("amsgrad-descends", online.AMSGradDescends(), LINE, horizons=(180, 300), seeds=1),
    Claim("adopt-descends", online.ADOPTDescends(), LINE, horizons=(180, 300), seeds=1),
    Claim("adam-climbs-with-momentum", online.AdamClimbsWithMomentum(), LINE, horizons=(40_400,),
          seeds=1),
    Claim("amsgrad-descends-with-momentum", online.AMSGradDescendsWithMomentum(), LINE,
          horizons=(202_000,), seeds=1),
    Claim(
        "adam-descends", online.AdamDescends(), LINE, horizons=(180,), seeds=1,
        expect=Verdict.REFUTED, instead="adam-climbs",
        note="the convergence of Adam for every β₂, which Reddi, Kale and Kumar refuted",
    ),
    Claim("adam-descends-with-momentum", online.AdamDescendsWithMomentum(), LINE,
          horizons=(202,), seeds=1, expect=Verdict.REFUTED, instead="adam-climbs-with-momentum",
          note="the mean slope is not what Adam follows"),
    Claim("amsgrad-climbs-with-momentum", online.AMSGradClimbsWithMomentum(), LINE,
          horizons=(101,), seeds=1, expect=Verdict.REFUTED,
          instead="amsgrad-descends-with-momentum", note="the largest moment is kept"),
    Claim(
        "adam-in-turn", losses.AdamInTurn(), CLIMB, horizons=(192,), seeds=1, oracle=Workers,
        expect=Verdict.REFUTED, instead="amsgrad-in-turn",
        note="that Adam's regret is O(√T) for every β₂",
    ),
    Claim("amsgrad-in-turn", losses.AMSGradInTurn(), CLIMB, horizons=(192,), seeds=1,
          oracle=Workers),
)  # fmt: skip
