"""Certificates are held against the runs that a verdict rests on."""

from __future__ import annotations

from convergence import Claim, Verdict, verify
from convergence.algorithms.classical.sgd import SGD
from convergence.constants import Constants
from convergence.laws import certificates
from convergence.metrics.pointwise import GradNorm
from convergence.noise.gaussian import Gaussian
from convergence.precision import precision
from convergence.theorems.assumptions import Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical import stochastic_laws
from tests.certificates.liars import Wall


def test_curvature_beyond_L_where_a_refuting_run_leads() -> None:
    """Neither at the start nor on descents is the wall seen; the noise leads there."""
    theorem = stochastic_laws.SGDStronglyConvex()
    with precision("float64"):
        problem = Wall([1.0])
        assert not certificates(problem, Gaussian(40.0))
        fields = {**dict(problem.constants()), "mu": 1.0, "R": 1.0, "convex": True}

    class Sure(Wall):
        def constants(self) -> Constants:
            return Constants(**fields)

    report = verify(Claim("c", theorem, Sure([1.0]), Gaussian(40.0), horizons=(64,), seeds=256))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "along a run" in report.reason


class StaysBelow(AbstractTheorem):
    """Holds of almost anything."""

    kind = Kind.PATHWISE
    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "‖∇f(x_T)‖ ≤ 10⁹ with γ = 1/(50L)"
    assumes = (Smooth(),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(0.02 / c.L)

    def metric(self, c: Constants, T: int) -> GradNorm:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        return 1e9


def test_curvature_beyond_L_where_a_confirming_run_leads() -> None:
    """What is measured keeps the bound, and yet L is not that of where the runs were."""
    near, far = (
        verify(Claim("c", StaysBelow(), Wall([1.0]), Gaussian(s), horizons=(8,), seeds=16))
        for s in (1.0, 4000.0)
    )
    assert near.verdict is Verdict.CONSISTENT, near.reason
    assert far.verdict is Verdict.INAPPLICABLE, far.reason
    assert "along a run" in far.reason
