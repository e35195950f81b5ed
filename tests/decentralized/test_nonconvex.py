"""DSGD with explicit constants: reference values, what is not covered, and false certificates."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from convergence.claims.exact import Exact
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates, problem_laws
from convergence.noise.agents import OneDraw, PerEntry
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agent_basins import AgentBasins
from convergence.problems.agents import AgentQuadratics, common
from convergence.registry.decentralized.nonconvex import BASINS, FAR, FAST, RING, UNEVEN, pulled
from convergence.statistics import Verdict
from convergence.theorems.decentralized import koloskova2020_nonconvex as dsgd

ROWS = AgentQuadratics(  # row-stochastic alone
    np.array([[0.9, 0.1], [0.5, 0.5]]), np.ones((2, 1, 1)), [[1.0], [-1.0]], directed=True
)

ALONE = dataclasses.replace(FAST, W=np.eye(8), directed=True)


def measured(theorem: Any, problem: Any, noise: Any, T: int) -> float:
    return Exact("own", theorem, problem, noise, horizons=(T,)).exact(T)[0]


class At(dsgd.DSGDNonconvex):
    """Any step."""

    a: Any = 0.1

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.a) / c.L

    def bound(self, c: Constants, T: int) -> float:
        return 0.0


def test_the_speed_up_and_its_transient() -> None:
    """n = 8, ζ² = 2.08, s² = 4, F₀ = 2: T* = 1214.26, and at T = 1215 0.0421760 ≤ 0.1622882."""
    theorem, c = dsgd.DSGDSpeedUp(), FAST.constants() | PerEntry(2.0).constants((8, 1))
    assert theorem.transient(c) == pytest.approx(1214.26, abs=0.005)
    assert theorem.alpha(c, 1215) == pytest.approx(0.0811441, abs=5e-8)
    assert theorem.bound(c, 1215) == pytest.approx(0.1622882, abs=5e-8)
    assert dsgd.DSGDTuned().bound(c, 1215) == pytest.approx(0.1622634, abs=5e-8)
    assert measured(theorem, FAST, PerEntry(2.0), 1215) == pytest.approx(0.0421760, abs=5e-8)


@pytest.mark.parametrize(("T", "value"), [(100, 0.1193092), (1000, 0.02804779)])
def test_averages_on_the_ring_with_unequal_curvatures(T: int, value: float) -> None:
    """At α = min{√(2nF₀/(Ls²T)), (1 − ρ)/(2ρ)}, s² = 4."""
    c = UNEVEN.constants() | PerEntry(2.0).constants((8, 1))
    a = min(dsgd.balanced_step(c, T), dsgd.longest_step(c))
    assert c.risk0 == pytest.approx(1.2, rel=1e-14)  # one solve of a mean
    assert measured(At(a=a), UNEVEN, PerEntry(2.0), T) == pytest.approx(value, rel=5e-7)


@pytest.mark.parametrize(("T", "value"), [(100, 2.779), (1000, 0.8788)])
def test_the_bound_with_the_last_value_in_place_of_the_infimum(T: int, value: float) -> None:
    """2(J(x̄_0) − E J(x̄_T))/(αT) + … + κ · the mean of ζ_t², at the steps above."""
    c = UNEVEN.constants() | PerEntry(2.0).constants((8, 1))
    share = min(dsgd.balanced_step(c, T) * c.L / dsgd.longest_step(c), 1.0)
    theorem = dsgd.DSGDDescent(share)
    average = measured(At(a=share * dsgd.longest_step(c)), UNEVEN, PerEntry(2.0), T)
    held = measured(theorem, UNEVEN, PerEntry(2.0), T)
    # held = average − κ mean ζ² + 2 E[J(x̄_T) − inf J]/(αT), and the bound moves to the right.
    assert theorem.bound(c, T) - held + average == pytest.approx(value, rel=5e-4)


@pytest.mark.parametrize(("a", "value"), [(0.1, 1.929268e-2), (0.05, 5.302920e-3)])
def test_heterogeneity_moves_the_mean(a: float, value: float) -> None:
    pair = pulled(graphs.lazy_complete(2, 0.2), [1.0, 0.2], [1.0, -1.0])
    assert measured(At(a=a), pair, Noiseless(), 1000) == pytest.approx(value, rel=5e-7)


@pytest.mark.parametrize(("n", "floor"), [(2, 0.0263158), (8, 0.0065789), (32, 0.0016447)])
def test_the_floor_is_one_nth_unless_all_share_one_sample(n: int, floor: float) -> None:
    many = common(graphs.lazy_complete(n, 0.5), [1.0], np.zeros((n, 1)))
    law = dsgd.DSGDCenterLaw()
    assert measured(law, many, PerEntry(1.0), 400) == pytest.approx(floor, abs=5e-8)
    assert measured(law, many, OneDraw(1.0), 400) == pytest.approx(0.0526316, abs=5e-8)


def test_the_bound_holds_where_it_was_attacked() -> None:
    """Random quadratics, unequal curvatures, W without symmetry, exact second moments: the mean of
    ‖∇J‖² less κ times the heterogeneity met on the way stays below the other terms."""
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(12):
        n = 5
        W = sum(w * np.eye(n)[rng.permutation(n)] for w in rng.dirichlet(np.ones(4)))
        if graphs.mixing_rate(W) > 0.99:
            continue
        h = np.exp(rng.uniform(-3, 0, n))
        problem = pulled(W, h, rng.standard_normal(n), rng.standard_normal((n, 1)), directed=True)
        claim = Exact("own", dsgd.DSGDNonconvexAlong(0.9), problem, PerEntry(0.3), horizons=(40,))
        value, bound, _ = claim.exact(40)
        worst = max(worst, value / bound)
    assert 0.02 < worst <= 1


def verdict(theorem: Any, problem: Any, noise: Any, T: int = 100) -> Any:
    return Exact("own", theorem, problem, noise, horizons=(T,)).verify(Settings())


@pytest.mark.parametrize(
    ("theorem", "problem", "noise", "says"),
    [
        (dsgd.DSGDNonconvex(), ROWS, PerEntry(1.0), "doubly stochastic W"),
        (dsgd.DSGDCenterLaw(), ROWS, PerEntry(1.0), "doubly stochastic W"),
        (dsgd.DSGDNonconvex(), RING, OneDraw(1.0), "independent agents"),
        (dsgd.DSGDNonconvex(), RING, Gaussian(1.0), "independent agents"),  # certifies no such law
        (dsgd.DSGDNonconvex(), FAR, PerEntry(1.0), "zeta_all"),  # no bound for all x
        (dsgd.DSGDSpeedUp(), FAST, PerEntry(2.0), "past the transient"),
        (dsgd.DSGDSpeedUp(), FAST, Noiseless(), "sigma > 0"),
        (dsgd.DSGDSpeedUp(), ALONE, PerEntry(1.0), "doubly stochastic W"),  # ρ = 1
        (dsgd.DSGDCenterLaw(), UNEVEN, PerEntry(1.0), "common"),
        (dsgd.DSGDCenterLaw(), common(graphs.complete(3), [1.0, 2.0], np.zeros((3, 2))),
         PerEntry(1.0), "one Hessian hI"),
    ],
)  # fmt: skip
def test_what_the_proofs_do_not_cover(theorem: Any, problem: Any, noise: Any, says: str) -> None:
    report = verdict(theorem, problem, noise)
    assert report.verdict is Verdict.INAPPLICABLE
    assert says in report.reason


@pytest.mark.parametrize("name", ["risk0", "Xi0", "zeta_all", "G_mean"])
def test_a_false_certificate_is_named(name: str) -> None:
    class Liar(AgentBasins):
        def constants(self) -> Constants:
            c = super().constants()
            return c.but(**{name: 0.9 * c[name]})

    start = 0.8 + np.arange(12.0).reshape(6, 2) / 20
    fields = {f.name: getattr(BASINS, f.name) for f in dataclasses.fields(BASINS)} | {"x0": start}
    with precision("float64"):
        assert not problem_laws(AgentBasins(**fields))
        assert name in {fault.name for fault in certificates(Liar(**fields), Noiseless())}


def test_shared_noise_is_not_certified_as_independent() -> None:
    class Liar(OneDraw):
        def constants(self, shape: tuple[int, ...]) -> Constants:
            return super().constants(shape).but(independent=True)

    found = certificates(RING, Liar(1.0))
    assert {fault.name for fault in found} == {"independent"}
    assert not certificates(RING, OneDraw(1.0))


def test_pulls_that_do_not_cancel_are_refused() -> None:
    with pytest.raises(InvalidInput, match="subtract their mean"):
        AgentBasins(graphs.ring(3), np.ones((3, 1)))
    with pytest.raises(InvalidInput, match="a row of W"):
        AgentBasins(graphs.ring(3), np.zeros((4, 1)))
    with pytest.raises(InvalidInput, match="doubly stochastic"):
        AgentBasins(np.array([[0.9, 0.1], [0.5, 0.5]]), np.zeros((2, 1)))
