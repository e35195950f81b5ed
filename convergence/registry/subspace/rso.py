"""Randomized subspace optimization: the paper's bound, sharper ones, equalities and controls."""

from __future__ import annotations

import numpy as np

from convergence.algorithms.subspace.rso import GaussianFrame
from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerSign
from convergence.parts.projectors import Haar, TopSVD
from convergence.parts.solvers import AGD, GD, ZO, Adam, MomentumGD
from convergence.problems.counterexample import Counterexample
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.statistics import Verdict
from convergence.theorems.subspace import chen2025rso as rso
from convergence.theorems.subspace import chen2025rso_costs as costs
from convergence.theorems.subspace import chen2025rso_identities as identities

X0 = np.random.default_rng(3).standard_normal((6, 5))
FLAT = EntryQuadratic(X0, np.ones((6, 5)))  # ½‖W‖², where 3.6 is an equality
SPREAD = EntryQuadratic.rows(np.linspace(0.1, 1.0, 6), X0)
FAR = EntryQuadratic(6 * np.ones((1, 4)), np.ones((1, 4)))
PURE = Counterexample.pure(n=10, r=4, lam=0.5)

CLAIMS = (
    Claim("rso-exact-law", rso.RSOLaw(), FLAT, horizons=(4, 8), seeds=8192, chunk=512),
    Claim(
        "rso-exact-subproblems",
        rso.RSOExact(),
        FLAT,
        horizons=(8, 12),
        seeds=2048,
        chunk=512,
    ),
    Claim(
        "rso-gaussian-frames-law",
        rso.RSOLawAnyFrame(5, GaussianFrame(), 5),
        FLAT,
        expect=Verdict.REFUTED,
        horizons=(4,),
        seeds=512,
        note="entries N(0, 1/r), as in practice: PᵀP ≠ (m/r)I and the factor is missed",
    ),
    Claim("rso-inexact", rso.RSOInexact(), SPREAD, horizons=(16, 64)),
    Claim(
        "rso-inexact-msgd",
        rso.RSOInexact(inner=MomentumGD(10**5, beta1=0.3)),
        SPREAD,
        horizons=(64,),
    ),
    Claim(
        "rso-inexact-adam",
        rso.RSOInexact(inner=Adam(10**5)),
        SPREAD,
        horizons=(16,),
    ),
    Claim("rso-paper-18", rso.RSOPaper(), SPREAD, horizons=(128,)),
    Claim("rso-accuracy-term-tight", rso.RSOIdle(), FLAT, horizons=(64, 512)),
    Claim("rso-oracle-budget", costs.RSOBudget(eps=1e-6), SPREAD, horizons=(1, 64)),
    Claim("rso-budget-agd", costs.RSOBudgetAGD(eps=1e-6), SPREAD, horizons=(1, 64)),
    Claim("rso-budget-msgd", costs.RSOBudgetMSGD(eps=1e-6), SPREAD, horizons=(1, 64)),
    Claim(
        "rso-adam-floor",
        costs.RSOAdamFloor(1, Haar(), 0.01, Adam(10**5, b1=0.5, b2=0.5)),
        FAR,
        horizons=(1,),
        seeds=1,
    ),
    Claim(
        "rso-budget-adam",
        costs.RSOBudgetAdam(1, eps=0.01),
        FAR,
        horizons=(1,),
        seeds=1,
        expect=Verdict.REFUTED,
        note="Adam's steps of 0.1/√j take a hundred and more to a minimizer 2 away, GD six",
        instead="rso-adam-floor",
    ),
    Claim("rso-budget-zo", costs.RSOBudgetZO(eps=1e-3), SPREAD, horizons=(1,)),
    Claim(
        "rso-budget-sgd",
        costs.RSOBudgetSGD(),
        FLAT,
        Gaussian(1.0),
        horizons=(64,),
    ),
    Identity("rso-conditioning", identities.Conditioning()),
    Identity(
        "rso-conditioning-gaussian",
        identities.ConditioningOfGaussians(),
        expect=Verdict.REFUTED,
        note="entries N(0, 1/r): ‖P‖² > 2m/r at times, and a saddle leaves no convexity",
        instead="rso-conditioning",
    ),
    Identity(
        "rso-conditioning-without-prox",
        identities.ConditioningWithoutProx(),
        expect=Verdict.REFUTED,
        note="η = ∞: the subproblem of a saddle is unbounded below",
        instead="rso-conditioning",
    ),
    Claim(
        "rso-inner-sgd",
        rso.RSOSteps(inner=GD(4, scale=0.1)),
        FLAT,
        Gaussian(1.0),
        horizons=(128,),
    ),
    Claim(
        "rso-inner-msgd",
        rso.RSOSteps(inner=MomentumGD(8, scale=0.5)),
        FLAT,
        Gaussian(1.0),
        horizons=(64,),
    ),
    Claim("rso-inner-agd", rso.RSOSteps(inner=AGD(4)), SPREAD, horizons=(64,)),
    Claim("rso-inner-zo", rso.RSOSteps(inner=ZO(24)), SPREAD, horizons=(64,)),
    Identity("rso-one-step-is-golore", identities.OneStepIsGoLore()),
    Claim(
        "rso-svd-frames-stall",
        rso.RSOStall(4, TopSVD()),
        PURE,
        CornerSign(1.0, 4),
        horizons=(64,),
        seeds=64,
    ),
    Claim(
        "rso-svd-frames-converge",
        rso.AnyFrame(4, TopSVD(), inner=GD(4, scale=0.05)),
        PURE,
        CornerSign(1.0, 4),
        expect=Verdict.REFUTED,
        horizons=(512,),
        seeds=64,
    ),
)
