"""The judge: numbers in, verdicts out. NumPy and SciPy in float64, never JAX.

`judge_*` turn samples of a metric into a `Judgement`; the limits, e-values and diagnostics they
are made of are exported beside them. A verdict errs with probability at most alpha,
whatever it says, and where no test is certified to do so the verdict is INCONCLUSIVE.
"""

from convergence.statistics.eprocess import (
    edge,
    log_e_above,
    log_e_below,
    log_wealth,
    log_wealth_path,
)
from convergence.statistics.intervals import (
    bernstein_upper,
    betting_lower,
    betting_upper,
    hoeffding_upper,
    lower_limit,
    student_lower,
    student_upper,
    upper_limit,
)
from convergence.statistics.judges import judge_identity, judge_pathwise
from convergence.statistics.judges_law import judge_exact, judge_separation
from convergence.statistics.judges_mean import judge_expectation, judge_floor
from convergence.statistics.judges_rate import judge_rate
from convergence.statistics.multiple import merge_log_e, share
from convergence.statistics.rates import Curve, Regime, Trend, curve, regime, trend
from convergence.statistics.robust import hill, max_to_sum, median_of_means, tail_note
from convergence.statistics.verdict import Judgement, Row, Sample, Verdict, combine

__all__ = [
    "Curve",
    "Judgement",
    "Regime",
    "Row",
    "Sample",
    "Trend",
    "Verdict",
    "bernstein_upper",
    "betting_lower",
    "betting_upper",
    "combine",
    "curve",
    "edge",
    "hill",
    "hoeffding_upper",
    "judge_exact",
    "judge_expectation",
    "judge_floor",
    "judge_identity",
    "judge_pathwise",
    "judge_rate",
    "judge_separation",
    "log_e_above",
    "log_e_below",
    "log_wealth",
    "log_wealth_path",
    "lower_limit",
    "max_to_sum",
    "median_of_means",
    "merge_log_e",
    "regime",
    "share",
    "student_lower",
    "student_upper",
    "tail_note",
    "trend",
    "upper_limit",
]
