"""A bilevel problem corrected at one level only: cured of half the disease.

Four agents solve min_x Φ(x) where Φ needs y*(x), the minimizer of a second function they also only
know in parts, and z*(x), the solution of a linear system made of both. Three variables travel over
the graph: x at the upper level, y and z at the lower. Heterogeneity biases each. Is it enough to
correct the level that one cares about, x?

No. If y and z stay uncorrected, every agent evaluates its hypergradient at a lower solution that is
not one, and the corrected x converges exactly to the wrong point. On four scalar agents in round
numbers, ring of four, steps (α, β, γ, θ) = (0.05, 0.1, 0.1, 0.3):

    nothing corrected     bias 3.117e-3
    x corrected           bias 3.080e-3    1.2 % of the bias gone
    y and z corrected     bias 3.508e-4     89 % of the bias gone
    both                  bias 0

The lower level matters more here. That is no law: at (0.2, 0.4, 0.4, 1) correcting x alone takes
away 56 %. What holds on every instance is the last line, in any mixture of corrections.

    convergence verify counterexamples/one_level_corrected.py
"""

from __future__ import annotations

from convergence.claims.exact import Exact
from convergence.noise.agents import PerEntry
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.problems.bilevel import reference
from convergence.statistics import Verdict
from convergence.theorems.decentralized.zhu2024 import OneLevel, SparkleUnbiased

FOUR = reference(graphs.lazy(graphs.ring(4)))


def claim(
    slug: str, theorem: OneLevel | SparkleUnbiased, expect: Verdict = Verdict.CONSISTENT
) -> Exact:
    """One row of the table above."""
    return Exact(
        f"{slug}", theorem, FOUR, PerEntry(1.0), expect=expect, horizons=(1,),
        oracle=BilevelOracle,
    )  # fmt: skip


CLAIMS = (
    claim("nothing-corrected", OneLevel("ATC", "ATC"), Verdict.REFUTED),
    claim("upper-level-corrected", OneLevel("ED", "ATC"), Verdict.REFUTED),
    claim("lower-level-corrected", OneLevel("ATC", "ED"), Verdict.REFUTED),
    claim("both-levels-corrected", SparkleUnbiased("ED", "ED")),
    claim("both-levels-corrected-differently", SparkleUnbiased("ATC-GT", "EXTRA")),
)
