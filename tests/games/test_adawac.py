"""AdaWAC: reference values, the multiplicative form, what is not covered, false certificates."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from convergence.algorithms.games.adawac import AdaWAC, Weighted
from convergence.claims.base import Claim
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates, problem_laws
from convergence.metrics.games import SaddleEnergy
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.pairs import Pairs
from convergence.precision import precision
from convergence.problems.pairs import (
    WeightedPairs,
    centered_pairs,
    constant_pairs,
    linear_pairs,
    random_pairs,
)
from convergence.problems.quadratic import Isotropic
from convergence.registry.games.adawac import EVEN, RANDOM, TWO
from convergence.statistics import Verdict
from convergence.theorems.games import dong2023 as adawac
from tests.walks import KEY, walk


def states(method: Any, problem: Any, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """x (steps + 1, …) and s of one run."""
    with jax.enable_x64(True):
        oracle = Pairs(problem, Noiseless())

        def step(state: Any, t: Any) -> Any:
            after = method.step(t, state, oracle, jax.random.fold_in(KEY, t))
            return after, (after.x, after.s)

        start = method.init(problem.start(), oracle, KEY)
        _, (x, s) = jax.jit(lambda: jax.lax.scan(step, start, jnp.arange(steps)))()
        return np.concatenate([start.x[None], x]), np.concatenate([start.s[None], s])


def test_one_step_by_hand() -> None:
    """l = θ, c = −θ from θ = ½, b = ½, η = ½: s = ½·(2·½) = ½; θ stays with the old weight, and
    goes to ½ − ½(2b − 1), 2b − 1 = tanh ¼, with the new one. A ball of ¹⁄₁₆ stops it."""
    for order, theta in (("jacobi", 0.5), ("gauss-seidel", 0.5 - 0.5 * np.tanh(0.25))):
        x, s = states(AdaWAC(0.5, 0.5, 10.0, order), linear_pairs(), 1)
        assert s[1, 0] == 0.5
        assert x[1, 0] == pytest.approx(theta, rel=1e-15)
        assert x[1, 1] == pytest.approx(1 / (1 + np.exp(-0.5)), rel=1e-15)
    near, _ = states(AdaWAC(0.5, 0.5, 1 / 16, "gauss-seidel"), linear_pairs(), 1)
    assert near[1, 0] == 0.5 - 1 / 16


def test_log_odds_are_the_multiplicative_weights() -> None:
    """b⁺ = b e^{ηl}/(b e^{ηl} + (1 − b) e^{ηc}) for the sample alone, as the code has it."""
    path, _ = states(AdaWAC(0.1, 0.3, 5.0), RANDOM, 12)
    moved = 0
    with jax.enable_x64(True):
        for before, after in itertools.pairwise(path):
            theta, b = before[:-4], before[-4:]
            l, c = map(np.asarray, RANDOM.losses(jnp.asarray(theta)))
            new = b * np.exp(0.3 * l) / (b * np.exp(0.3 * l) + (1 - b) * np.exp(0.3 * c))
            hit = after[-4:] != b
            assert hit.sum() == 1
            np.testing.assert_allclose(after[-4:][hit], new[hit], rtol=1e-14)
            moved |= 1 << int(np.argmax(hit))
    assert moved.bit_count() > 1


@pytest.mark.parametrize(
    ("order", "theta", "b"),
    [("jacobi", 1.5000000013907, 1.002675e-10), ("gauss-seidel", 1.5000000011598, 1.036243e-10)],
)
def test_two_samples_settle(order: str, theta: float, b: float) -> None:
    """From θ = 0, η_θ = η_b = .05, all samples a step: θ* = 1.5, b* = (1, 0)."""
    problem = dataclasses.replace(TWO, theta0=np.zeros(1), r=np.asarray(100.0))
    last = states(AdaWAC(0.05, 0.05, 100.0, order, whole=True), problem, 400)[0][-1]
    assert last[0] == pytest.approx(theta, abs=1e-13)
    assert last[2] == pytest.approx(b, rel=1e-6)


def test_the_means_converge_where_the_weights_do_not_settle() -> None:
    """l = ½(θ − 1)², c = ½(θ + 1)² from θ = .7 and b = ½, η = .02: means (0, .499125)."""
    path, _ = states(AdaWAC(0.02, 0.02, 100.0), EVEN, 20_000)
    means = path[:-1].mean(axis=0)
    assert means[0] == pytest.approx(0, abs=1e-3)
    assert means[1] == pytest.approx(0.499125, abs=1e-6)
    np.testing.assert_allclose(path[-1], [0, 0.5], atol=1e-12)


@pytest.mark.parametrize(
    ("order", "energies"),
    [("jacobi", (1.25, 26.27277, 71.74747, 166.7324)),
     ("gauss-seidel", (1.25, 1.232684, 1.297396, 1.313589))],
)  # fmt: skip
def test_the_energy_of_the_bilinear_game(order: str, energies: Any) -> None:
    x, s = states(AdaWAC(0.1, 0.1, 1e4, order), linear_pairs(), 2000)
    metric: Any = SaddleEnergy(0.1, 0.1)
    with jax.enable_x64(True):
        ends = [Weighted(jnp.asarray(x[t]), jnp.asarray(s[t])) for t in (0, 500, 1000, 2000)]
        found = [float(metric.at(linear_pairs(), state)) for state in ends]
    np.testing.assert_allclose(found, energies, rtol=5e-7)


@pytest.mark.parametrize(
    ("n", "T", "gap"),
    [(1, 16, 0.0899705), (4, 64, 0.0899083), (50, 50, 0.3415350), (200, 200, 0.3401554)],
)
def test_the_exact_gap(n: int, T: int, gap: float) -> None:
    c = constant_pairs(n).constants()
    assert adawac.AdaWACGapLaw().bound(c, T) == pytest.approx(gap, abs=5e-8)


@pytest.mark.parametrize("order", ["jacobi", "gauss-seidel"])
def test_the_bound_of_the_gap_by_hand(order: str) -> None:
    """(2rG + D√(2n log 2))/√T at the best steps, and ½rη_bE more where θ steps late."""
    c = Constants(samples=2, ball=3.0, G_pair=0.5, D_pair=2.0, E_pair=1.5)
    root = (4 * np.log(2)) ** 0.5  # √(2n log 2), and η_b = 2√(2n log 2/T)/D
    late = {"jacobi": 0.0, "gauss-seidel": 0.5 * 3.0 * (2 * root / 4 / 2.0) * 1.5}
    found = adawac.AdaWACGap(order=order).bound(c, 16)
    assert found == pytest.approx((3.0 + 2.0 * root) / 4 + late[order], rel=1e-12)


def test_faults_seen_by_the_exact_gap() -> None:
    """One sample, T = 16: 0.910029 with the sign of the weights' step turned (0.089971), 0.058726
    averaged after the step. Four, T = 64: 0.264207 with a step divided by n (0.089908), 0.082104.
    With the step of a bound without n the gap of n = T = 200 would be 0.4795."""

    def law(n: int, T: int, share: float = 1.0, first: int = 0) -> float:
        """(1/T) Σ_t Σ_k P(Bin(t, 1/n) = k)/(1 + e^{ηk}), t from `first`."""
        eta = share * (8 * n * np.log(2) / T) ** 0.5
        t = np.arange(first, first + T)[:, None]
        k = np.arange(T + 1)
        return float(np.sum(stats.binom.pmf(k, t, 1 / n) / (1 + np.exp(eta * k))) / T)

    assert law(1, 16) == pytest.approx(
        adawac.AdaWACGapLaw().bound(constant_pairs(1).constants(), 16)
    )
    assert law(1, 16, -1.0) == pytest.approx(0.910029, abs=5e-7)
    assert law(1, 16, first=1) == pytest.approx(0.058726, abs=5e-7)
    assert law(4, 64, 1 / 4) == pytest.approx(0.264207, abs=5e-7)
    assert law(4, 64, first=1) == pytest.approx(0.082104, abs=5e-7)
    assert law(200, 200, 200**-0.5) == pytest.approx(0.4795, abs=5e-5)


def test_the_gap_is_a_maximum_less_a_minimum() -> None:
    """Against a grid of θ in the ball; 2e-4 is what its spacing costs."""
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 401)] * 2), -1).reshape(-1, 2)
    grid = grid[np.sum(grid**2, axis=1) <= 1]
    with jax.enable_x64(True):
        problem = random_pairs(3, 2, seed=5)
        b, theta = jnp.asarray(rng.uniform(size=3)), jnp.asarray([0.3, -0.2])
        l, c = problem.losses(theta)
        low = jax.vmap(lambda u: problem.value(jnp.concatenate([u, b])))(jnp.asarray(grid))
        found = float(problem.gap(jnp.concatenate([theta, b])))
        assert found == pytest.approx(float(jnp.mean(jnp.maximum(l, c)) - low.min()), abs=2e-4)


@pytest.mark.parametrize(
    ("theorem", "problem", "noise", "says"),
    [
        (adawac.AdaWACGapLaw(), RANDOM, Noiseless(), "losses that θ does not move"),
        (adawac.AdaWACWeightsSettle(), EVEN, Noiseless(), "delta_least > 0"),
        (adawac.AdaWACEnergy(), EVEN, Noiseless(), "seesaw"),
        (adawac.AdaWACEnergy(), linear_pairs(r=1.0), Noiseless(), "no projection"),
        (adawac.AdaWACGap(), RANDOM, Gaussian(1.0), "exact gradients"),
        (adawac.AdaWACGap(), constant_pairs(2, 0.0), Noiseless(), "D_pair > 0"),
    ],
)
def test_what_the_proofs_do_not_cover(theorem: Any, problem: Any, noise: Any, says: str) -> None:
    claim = Claim("own", theorem, problem, noise, horizons=(64,), seeds=2, oracle=Pairs)
    report = claim.verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert says in report.reason


@pytest.mark.parametrize("name", ["G_pair", "D_pair", "E_pair", "delta_least", "delta_here"])
def test_a_false_certificate_is_named(name: str) -> None:
    class Liar(WeightedPairs):
        def constants(self) -> Constants:
            c = super().constants()
            return c.but(**{name: (1.3 if name.startswith("delta") else 0.7) * c[name]})

    fields = {f.name: getattr(TWO, f.name) for f in dataclasses.fields(TWO)}
    with precision("float64"):
        assert not problem_laws(TWO)
        assert not problem_laws(RANDOM)
        assert not problem_laws(linear_pairs())
        assert name in {fault.name for fault in certificates(Liar(**fields), Noiseless())}


def test_only_a_seesaw_is_certified_as_one() -> None:
    class Liar(WeightedPairs):
        def constants(self) -> Constants:
            return super().constants().but(seesaw=True)

    fields = {f.name: getattr(EVEN, f.name) for f in dataclasses.fields(EVEN)}
    assert "seesaw" in {fault.name for fault in certificates(Liar(**fields), Noiseless())}


def test_bad_pairs_are_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="convex"):
        centered_pairs([[-1.0], [1.0]], np.zeros((2, 1, 1)), np.zeros((2, 1)), [0.0], 1.0)
    with pytest.raises(InvalidInput, match="two losses"):
        WeightedPairs(np.zeros((2, 3)), np.zeros((2, 2, 1)), np.zeros((2, 3)), np.zeros(1))
    with pytest.raises(InvalidInput, match="r > 0"):
        constant_pairs(2, r=0.0)
    with pytest.raises(InvalidInput, match="two losses a sample"):
        walk(AdaWAC(0.1, 0.1, 1.0), Isotropic([1.0]), 1, oracle=Pairs)
    with pytest.raises(InvalidInput, match="gauss-seidel"):
        AdaWAC(0.1, 0.1, 1.0, "sor")
