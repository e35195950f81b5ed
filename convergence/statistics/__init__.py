"""The judge: numbers in, verdicts out. NumPy and SciPy in float64, never JAX.

`judge_*` turn samples of a metric into a `Judgement`; the limits, e-values and diagnostics they
are made of are exported beside them. A verdict errs with probability at most alpha, whatever it
says: by limits that are certified, or by asymptotic ones, and it says by which. Where neither is
to be had the verdict is INCONCLUSIVE.
"""

from convergence.statistics.asymptotic import (
    asymptotic_lower,
    asymptotic_upper,
    refusal,
    student_upper,
)
from convergence.statistics.catoni import catoni_lower, catoni_upper
from convergence.statistics.eprocess import (
    edge,
    log_e_above,
    log_e_below,
    log_wealth,
    log_wealth_path,
)
from convergence.statistics.exponents import judge_exponents
from convergence.statistics.intervals import (
    bernstein_upper,
    betting_lower,
    betting_upper,
    hoeffding_upper,
)
from convergence.statistics.judges import judge_identity, judge_pathwise
from convergence.statistics.judges_exact import judge_exact
from convergence.statistics.judges_mean import judge_expectation, judge_floor
from convergence.statistics.judges_rate import judge_rate
from convergence.statistics.judges_separation import judge_separation
from convergence.statistics.limits import Limit, lower_limit, upper_limit
from convergence.statistics.multiple import look, merge_log_e, share
from convergence.statistics.rates import Curve, Regime, Trend, curve, objection, regime, trend
from convergence.statistics.robust import hill, max_to_sum, median_of_means, tail_note
from convergence.statistics.verdict import (
    Grade,
    Judgement,
    Row,
    Sample,
    Verdict,
    combine,
    weakest,
)

__all__ = [
    "Curve",
    "Grade",
    "Judgement",
    "Limit",
    "Regime",
    "Row",
    "Sample",
    "Trend",
    "Verdict",
    "asymptotic_lower",
    "asymptotic_upper",
    "bernstein_upper",
    "betting_lower",
    "betting_upper",
    "catoni_lower",
    "catoni_upper",
    "combine",
    "curve",
    "edge",
    "hill",
    "hoeffding_upper",
    "judge_exact",
    "judge_expectation",
    "judge_exponents",
    "judge_floor",
    "judge_identity",
    "judge_pathwise",
    "judge_rate",
    "judge_separation",
    "log_e_above",
    "log_e_below",
    "log_wealth",
    "log_wealth_path",
    "look",
    "lower_limit",
    "max_to_sum",
    "median_of_means",
    "merge_log_e",
    "objection",
    "refusal",
    "regime",
    "share",
    "student_upper",
    "tail_note",
    "trend",
    "upper_limit",
    "weakest",
]
