"""Local steps and sampled clients: rounds by hand, reference values, what is not covered."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from convergence.algorithms.federated.averaging import AverageAll, AverageSampled, AverageStored
from convergence.algorithms.federated.gating import AlternatingGates
from convergence.claims.base import Claim
from convergence.claims.exact_masks import ExactMasks
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates, problem_laws
from convergence.metrics.pointwise import DistanceSq
from convergence.moments.masks import exact_moments
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles.clients import Clients, Gated
from convergence.parts.participation import GivenClients, UniformClients, knapsack
from convergence.precision import precision
from convergence.problems.clients import GatedClients, plain_clients
from convergence.problems.gated import GatedLeastSquares
from convergence.problems.quadratic import Isotropic
from convergence.registry.federated.averaging import FOUR, MASKED, SOFT, SPREAD
from convergence.registry.federated.gating import TALL
from convergence.runner.experiment import Experiment
from convergence.statistics import Verdict
from convergence.theorems.base import Moment
from convergence.theorems.federated import chen2023 as gate
from convergence.theorems.federated import mcmahan2017 as fed
from tests.mutants.federated import OverHolders, Repeated, Unmasked
from tests.walks import iterates, walk

PAIR = plain_clients(1.0, [[2.0], [4.0]], 8.0)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        # The second of two clients takes part: from 8 two half-steps lead it to 4 + 4/4 = 5.
        (AverageSampled, (8, 5, 4.25)),
        (AverageAll, (8, 6.5, 5.5625)),  # ½(8 + 5); then ½(6.5 + 4.625)
        (AverageStored, (8, 6.5, 6.3125)),  # ½(8 + 5); then ½(8 + 4.625)
    ],
)
def test_two_rounds_by_hand(rule: Any, path: Any) -> None:
    with jax.enable_x64(True):
        method = rule(0.5, 2, GivenClients(1, [0.0, 1.0]))
        found = iterates(method, PAIR, 2, oracle=Clients)
    assert [float(x[0]) for x in found] == list(path)


def test_the_drift_of_three_clients() -> None:
    """a = ½, τ = 8: limit (.50511939, 1.91115683), minimizer (.18181818, 2.33333333)."""
    with jax.enable_x64(True):
        method = AverageSampled(0.5, 8, UniformClients(3))
        limit = iterates(method, MASKED, 60, oracle=Clients)[-1]
        np.testing.assert_allclose(limit, [0.50511939, 1.91115683], atol=5e-9)
        c = MASKED.constants()
        np.testing.assert_allclose(c.x_star, [2 / 11, 7 / 3], rtol=1e-14)
        gap = float(MASKED.value(jnp.asarray(limit))) - c.f_star
        assert gap == pytest.approx(0.03698597, abs=5e-9)
        assert gate.ClientDrift(3, 8).bound(c, 1) == pytest.approx(0.02118195, abs=5e-9)
    alone = dataclasses.replace(MASKED, gates=np.ones((3, 2))).constants()
    assert np.abs(alone.x_star - c.x_star).min() > 0.2  # the minimizer depends on the masks


def steady(rule: Any, a: float, problem: Any = FOUR, m: int = 2) -> Any:
    return exact_moments(
        Experiment(problem, Clients(problem, Noiseless()), rule(a, 1, UniformClients(m)))
    )


def test_the_floors_of_three_rules() -> None:
    """n = 4, m = 2, w = .3, b = 0, 1, 3, 8: .558823529, .256756757, and 0, from 20."""
    assert steady(AverageSampled, 0.3).steady(DistanceSq()) == pytest.approx(0.558823529, abs=5e-10)
    assert steady(AverageAll, 0.3).steady(DistanceSq()) == pytest.approx(0.256756757, abs=5e-10)
    found = steady(AverageStored, 0.3).expected(DistanceSq(), [10, 50])
    np.testing.assert_allclose(found, [11.94934, 3.756645e-5], rtol=5e-7)
    assert steady(AverageStored, 0.3).radius == pytest.approx(0.7285126, abs=5e-8)


def test_faults_of_rounds() -> None:
    """With replacement the floor is 0.838235, and 0.033333 where the bound says 0. Over the holders
    of a coordinate a round contracts by 0.333663 and 0.381767 instead of 0.555776 and 0.587844.
    Unmasked, the first round leads to (3.557720, 2.121027) instead of (0.224386, 0.787694)."""
    again = AverageSampled(0.3, 1, Repeated(2))
    assert steady_of(FOUR, again) == pytest.approx(0.838235, abs=5e-7)
    two = plain_clients(1.0, [[1.0], [-1.0]], 0.0)
    assert steady_of(two, AverageSampled(0.125, 1, Repeated(2))) == pytest.approx(1 / 30, rel=1e-9)
    assert fed.LocalStepsNonconvex(2).bound(two.constants() | {"sigma": 0.0}, 10) == 0
    limit = np.array([0.50511939, 1.91115683])
    with jax.enable_x64(True):
        for kind, share in (
            (AverageSampled, (0.555776, 0.587844)),
            (OverHolders, (0.333663, 0.381767)),
        ):
            method = kind(0.5, 8, UniformClients(3))
            x = iterates(method, MASKED, 2, oracle=Clients)
            np.testing.assert_allclose((x[2] - limit) / (x[1] - limit), share, atol=2e-6)
        for oracle, point in ((Clients, (0.224386, 0.787694)), (Unmasked, (3.557720, 2.121027))):
            method = AverageSampled(0.5, 8, UniformClients(3))
            found = iterates(method, MASKED, 1, oracle=oracle)[-1]
            np.testing.assert_allclose(found, point, atol=5e-7)


def steady_of(problem: Any, method: Any) -> float:
    """lim E‖θ_r − x*‖² without noise."""
    return exact_moments(Experiment(problem, Clients(problem, Noiseless()), method)).steady(
        DistanceSq()
    )


@pytest.mark.parametrize("tau", [1, 4])
def test_the_floor_does_not_see_tau(tau: int) -> None:
    problem = plain_clients(1.0, [[0.0], [1.0], [3.0], [8.0]], 0.0)
    claim = ExactMasks("own", fed.LocalStepsFloor(4, tau), problem, PerEntry(1.0), oracle=Clients,
                       horizons=(1,))  # fmt: skip
    value, bound, _ = claim.exact(1)
    assert value == pytest.approx(bound, rel=1e-12)
    assert bound == pytest.approx(0.0131579, abs=5e-8)


def test_the_bound_holds_where_it_was_attacked() -> None:
    """Random curvatures, gates, samples and steps, exact second moments, few rounds."""
    rng = np.random.default_rng(0)
    worst = 0.0
    for m, tau in ((1, 1), (2, 3), (3, 3)):
        for _ in range(3):
            problem = GatedClients(
                np.exp(rng.uniform(-2, 0, (3, 1))), 3 * rng.standard_normal((3, 1)),
                rng.uniform(0.2, 1, (3, 1)), 3 * rng.standard_normal(1),
            )  # fmt: skip
            theorem = fed.LocalStepsAlong(m, tau, rng.uniform(0.05, 1))
            claim = ExactMasks(
                "own", theorem, problem, PerEntry(1.0), oracle=Clients, horizons=(9,)
            )
            value, bound, _ = claim.exact(9)
            worst = max(worst, value / bound)
    assert 0.1 < worst <= 1


def test_clients_are_drawn_without_replacement(test_seed: int) -> None:
    """Each of the 10 subsets of 3 out of 5 is as likely: χ² at 1e-6."""
    keys = jax.random.split(jax.random.key(test_seed), 4000)
    drawn = np.asarray(jax.vmap(lambda key: UniformClients(3).draw(key, 5))(keys))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.all(drawn.sum(axis=1) == 3)
    chances, outcomes = UniformClients(3).patterns(5)
    counts = [(drawn == outcome).all(axis=1).sum() for outcome in outcomes]
    assert stats.chisquare(counts, 4000 * chances).pvalue > 1e-6


def test_a_knapsack_is_filled_as_well_as_can_be() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        scores, sizes = rng.uniform(size=6), rng.integers(1, 6, 6)
        budget = int(rng.integers(sizes.min(), 14))
        chosen = knapsack(scores, sizes, budget)
        assert chosen @ sizes <= budget
        every = np.array(list(itertools.product((0, 1), repeat=6)))
        fits = every @ sizes <= budget
        assert chosen @ scores == pytest.approx((every[fits] @ scores).max(), rel=1e-14)


def test_gates_before_parameters() -> None:
    """J = 21.25 promises 20.919174 and falls to 0; in the other order it would fall to 9."""
    problem = GatedLeastSquares([[-1.0, -3.0], [1.0, -3.0]], [-3.0, 3.0], [-1.0, 2.0], [0.5, 0.5])
    with jax.enable_x64(True):
        before, after = walk(AlternatingGates(), problem, 1, oracle=Gated)
        assert float(problem.value(before.x)) == 21.25
        assert float(problem.value(after.x)) == pytest.approx(0, abs=1e-12)
        (theta, g), (theta1, g1) = problem.parts(before.x), problem.parts(after.x)
        gain = float(problem.smoothness(theta) * jnp.sum((g1 - g) ** 2)) / 2
        gain += float(problem.smoothness(g1) * jnp.sum((theta1 - theta) ** 2)) / 2
    assert gain == pytest.approx(20.919174, abs=5e-7)


def test_a_block_without_slope_stays() -> None:
    flat = GatedLeastSquares([[1.0]], [1.0], [0.0], [0.5])
    with jax.enable_x64(True):
        found = iterates(AlternatingGates(), flat, 1, oracle=Gated)[-1]
    assert found.tolist() == [2.0, 0.5]  # θ = 0: the gate has no slope, then θ = ½/¼


@pytest.mark.parametrize(
    ("theorem", "problem", "noise", "says"),
    [
        (fed.LocalStepsNonconvex(5), FOUR, Noiseless(), "no more clients than there are"),
        (fed.LocalStepsNonconvex(2), MASKED, Noiseless(), "zeta_all"),
        (fed.LocalStepsFloor(2), FOUR, Noiseless(), "every client takes part"),
        (fed.LocalStepsFloor(3), MASKED, Noiseless(), "common"),
        (fed.LocalStepsFloor(4), SPREAD, PerEntry([1.0, 2.0]), "isotropic noise"),
        (gate.ClientDrift(2), MASKED, Noiseless(), "every client takes part"),
        (gate.ClientDrift(3), MASKED, PerEntry(1.0), "exact gradients"),
        (gate.SamplingFloor(2), SOFT, Noiseless(), "common"),
        (gate.GatesDescend(), TALL, PerEntry(1.0), "exact gradients"),
    ],
)
def test_what_the_proofs_do_not_cover(theorem: Any, problem: Any, noise: Any, says: str) -> None:
    oracle = Gated if problem is TALL else Clients
    kind: Any = Claim if theorem.quantity is Moment.EXPECTED else ExactMasks
    claim = kind("own", theorem, problem, noise, horizons=(4,), seeds=2, oracle=oracle)
    report = claim.verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert says in report.reason


@pytest.mark.parametrize("name", ["client_h", "client_x", "zeta", "zeta_all", "L_max", "x_star"])
def test_a_false_certificate_is_named(name: str) -> None:
    class Liar(GatedClients):
        def constants(self) -> Constants:
            c = super().constants()
            return c.but(**{name: 0.9 * c[name]})

    fields = {f.name: getattr(SPREAD, f.name) for f in dataclasses.fields(SPREAD)}
    with precision("float64"):
        assert not problem_laws(SPREAD)
        assert not problem_laws(MASKED)
        assert not problem_laws(TALL)
        found = {fault.name for fault in certificates(Liar(**fields), Noiseless())}
    assert ("client_h" if name == "client_x" else name) in found


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: GatedClients(np.ones((2, 2)), np.ones((2, 2)), [[1.0, 0.0]] * 2, np.ones(2)),
         r"masks that no client holds at the coordinates \[1\]"),
        (lambda: GatedClients(np.ones((2, 1)), np.ones((2, 1)), np.full((2, 1), 2.0), np.ones(1)),
         r"gates in \[0, 1\]"),
        (lambda: GatedClients(np.ones((2, 1)), np.ones((3, 1)), np.ones((2, 1)), np.ones(1)),
         "a gate a coordinate"),
        (lambda: plain_clients(-1.0, [[0.0]], 0.0), "h > 0"),
        (lambda: GatedLeastSquares([[1.0]], [1.0], [1.0], [1.5]), r"gates in \[0, 1\]"),
        (lambda: GatedLeastSquares([1.0], [1.0], [1.0], [0.5]), "a gate"),
        (lambda: knapsack([1.0, 2.0], [3, 4], 2), "room for one block"),
        (lambda: knapsack([1.0, 2.0], [3.0, 4.0], 5), "whole size"),
        (lambda: knapsack([1.0, 2.0], [3, 4], True), "round it down"),
        (lambda: knapsack([float("nan"), 2.0], [3, 4], 5), "score ≥ 0"),
        (lambda: knapsack(["a", 2.0], [3, 4], 5), "numbers alone"),
        (lambda: UniformClients(0), "at least one"),
        (lambda: UniformClients(5).patterns(4), "m ≤ n"),
        (lambda: iterates(AverageSampled(0.1, 1, UniformClients(3)), PAIR, 1, oracle=Clients),
         "m ≤ n"),
        (lambda: AverageSampled(0.1, 0, UniformClients(1)), "local step"),
        (lambda: Clients(Isotropic([1.0]), Noiseless()), "made of clients"),
        (lambda: Gated(Isotropic([1.0]), Noiseless()), "with gates"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(build: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        build()
