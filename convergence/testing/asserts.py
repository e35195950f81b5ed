"""`assert_converges`: somebody's optimizer against the bound of a theorem, in one call.

assert_converges(
    optax.sgd(0.1),
    theorem=SGDNonconvex(scale=0.1),
    problem=Isotropic([1.0, -1.0]),
    noise=Gaussian(1.0),
)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import optax

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.torch_adapter import from_optimizer
from convergence.claims.base import Claim
from convergence.claims.report import Report
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput, require
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.oracles.base import AbstractOracle, Oracle
from convergence.problems.base import AbstractProblem
from convergence.statistics import Verdict
from convergence.statistics.verdict import Row, said
from convergence.theorems.base import AbstractAbout, AbstractTheorem, Kind

Method = Any  # an algorithm, an optimizer of optax or torch, or (Constants, T) -> one of them


def as_algorithm(method: Any) -> AbstractAlgorithm:
    """An algorithm as it is, an optimizer of optax or torch adapted; else `InvalidInput`."""
    if isinstance(method, AbstractAlgorithm):
        return method
    if isinstance(method, optax.GradientTransformation | optax.MultiSteps):
        return FromOptax(method)
    torch = sys.modules.get("torch")  # whoever has an optimizer has imported it
    if torch is not None and all(hasattr(method, n) for n in ("step", "zero_grad")):
        return from_optimizer(method)
    raise InvalidInput(
        f"Got {method!r}, but an algorithm or an optimizer of optax or torch is needed; for "
        "steps that depend on the horizon give a function of (constants, T) that returns one."
    )


def finished(method: Any) -> bool:
    """Whether it is a method already, not a function that makes one."""
    return not callable(method) or isinstance(
        method, AbstractAlgorithm | optax.GradientTransformation
    )


def check_method(method: Any) -> None:
    """Refuse what makes a method of hyper-parameters in place of the method."""
    module = str(getattr(method, "__module__", ""))
    name = getattr(method, "__name__", "")
    torch = isinstance(method, type) and hasattr(method, "zero_grad")
    package = "torch.optim" if torch else module.partition(".")[0]
    for made, here in (
        ("FromTorch(torch.optim.{0}, lr=1e-2)", torch),
        ("optax.{0}(1e-2), or lambda c, T: optax.{0}(1 / c.L)", package == "optax"),
        ("{0}(…), or lambda c, T: {0}(…)", isinstance(method, type)),
    ):
        require(
            not (here and name and not finished(method)),
            f"{package}.{name}, which makes a method" if package else f"{name}, a class",
            "a method, or a function of (constants, T) that returns one",
            f"write {made.format(name)}",
        )


class Judged(AbstractAbout):
    """The statement of `of`, its metric and its bound, for another method than it prescribes.

    Assumptions, source and provenance are those of `of`: whether its hyper-parameters are
    the method's is for whoever puts the two together to see to.
    """

    method: Method

    def __check_init__(self) -> None:
        require(
            self.of.kind not in (Kind.SEPARATION, Kind.IDENTITY),
            f"a statement of kind {self.of.kind}",
            "one about a single method",
            "choose a theorem with a bound",
        )

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        made = self.method if finished(self.method) else self.method(c, T)
        return as_algorithm(made)


def claim_about(
    method: Method,
    theorem: AbstractTheorem,
    problem: AbstractProblem | Callable[[int], AbstractProblem],
    noise: AbstractNoise | Callable[[int], AbstractNoise] = Noiseless(),
    oracle: Callable[[AbstractProblem, AbstractNoise], AbstractOracle] = Oracle,
    **more: Any,
) -> Claim:
    """The claim that `theorem`'s bound holds for `method`; `more` as in `Claim`.

    The theorem's almost-sure ceiling is that of its own method and is left out: CONSISTENT then
    needs a noise of certified light tails.
    """
    check_method(method)
    if finished(method):
        as_algorithm(method)
    more.setdefault("slug", f"own-{type(theorem).__name__.lower()}")
    return Claim(
        theorem=Judged(theorem, method), problem=problem, noise=noise, oracle=oracle, **more
    )


def assert_converges(
    method: Method,
    *,
    theorem: AbstractTheorem,
    problem: AbstractProblem | Callable[[int], AbstractProblem],
    noise: AbstractNoise | Callable[[int], AbstractNoise] = Noiseless(),
    alpha: float = 1e-3,
    tier: str = "quick",
    seed: int = 0,
    dtype: str = "float64",
    vacuous: bool = False,
    **more: Any,
) -> Report:
    """Raise `AssertionError` unless `theorem`'s bound is CONSISTENT with what `method` does.

    method: an algorithm, an optimizer of optax or torch, or a function of (constants, T) to one,
    where the steps follow the theorem's. A pass is wrong with probability at most
    `alpha`; share it yourself among several calls. A bound that holds without running is no test
    and is refused unless `vacuous`. `more`: horizons, seeds, slug, oracle, margin, as in `Claim`.
    """
    __tracebackhide__ = True  # a failing test shows the user's line, not these
    claim = claim_about(method, theorem, problem, noise, **more)
    report = claim.verify(Settings(tier=tier, alpha=alpha, seed=seed, dtype=dtype))
    again = (
        f"seed={seed}, alpha={alpha:g}, tier={tier!r}, dtype={dtype!r}, "
        f"horizons={claim.horizons}, seeds={claim.plan(Settings(tier=tier))[1]}"
    )
    if report.verdict is not Verdict.CONSISTENT:
        raise AssertionError(f"{told(report)}\n  again:     {again}")
    if report.vacuous and report.kind == str(Kind.EXPECTATION) and not vacuous:
        raise AssertionError(
            f"{told(report)}\n  but the bound says no more than holds without running: ask for "
            f"longer horizons or another instance, or pass vacuous=True\n  again:     {again}"
        )
    return report


def method_text(hyper: dict[str, Any]) -> str:
    """`optax.adam(learning_rate=0.01)`: a method with its numbers, long arrays left out."""
    if "algorithm" not in hyper:  # nothing was run
        return "the method"
    short = {k: v for k, v in hyper.items() if k != "algorithm" and np.size(v) <= 4}
    listed = (
        f"{k}={np.asarray(v).tolist()!r}" if hasattr(v, "dtype") else f"{k}={v!r}"
        for k, v in short.items()
    )
    return f"{hyper['algorithm']}({', '.join(listed)})"


def measured(row: Row) -> str:
    """The value that is judged, and the range of all of them beside it where they differ."""
    low, high = row.interval
    more = f" of runs from {low:.4g} to {high:.4g}" if isinstance(row.bound, tuple) else ""
    return f"{row.estimate:.6g}{more if low != high else ''}"


def told(report: Report) -> str:
    """Verdict, statement, reason, slack and each horizon of a report, a line each."""
    judgement = report.judgement
    slack = judgement.slack if judgement else None
    lines = [
        f"{report.verdict} for {method_text(report.hyper)}",
        f"  statement: {report.statement}  ({report.source}, {report.provenance})",
        f"  reason:    {report.reason}",
        f"  slack:     {'none' if slack is None else f'{slack:.3g}'}",
        *(f"  note:      {note}" for note in report.notes),
    ]
    for row in judgement.rows if judgement else ():
        lines.append(f"  T = {row.T}: measured {measured(row)}, bound {said(row.bound)}")
    return "\n".join(lines)
