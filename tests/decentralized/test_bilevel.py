"""Bilevel quadratics: the closed-form hypergradient, recursions by hand, refusals."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.decentralized.bilevel import SOBA, TTSA, StocBiO
from convergence.algorithms.decentralized.single_level import PrimalDual
from convergence.algorithms.decentralized.sparkle import DSOBA, Sparkle, sparkle
from convergence.errors import InvalidInput
from convergence.metrics.agents import (
    CenterGradSq,
    CenterSquare,
    Consensus,
    MeanSquare,
    TotalSquare,
)
from convergence.moments.affine import analyse
from convergence.moments.tape import NotAffine
from convergence.noise.agents import Levels, PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.parts.strategies import strategy
from convergence.problems.bilevel import BilevelQuadratics, random_bilevel, reference
from convergence.problems.double_well import DoubleWell, double_well
from convergence.runner.experiment import Experiment

RING4 = graphs.lazy(graphs.ring(4))


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def outer(problem: BilevelQuadratics, x):
    """Φ(x) from its definition: the lower minimizer by a linear solve, then the mean of f_i."""
    A, B, b = (jnp.mean(jnp.asarray(v), axis=0) for v in (problem.A, problem.B, problem.b))
    y = jnp.linalg.solve(A, B @ x + b)
    fit = jnp.einsum("keq,q->ke", jnp.asarray(problem.C), y) - problem.d
    away = x - jnp.asarray(problem.r)
    return 0.5 * jnp.mean(jnp.sum(fit**2, 1)) + 0.5 * problem.rho * jnp.mean(jnp.sum(away**2, 1))


@pytest.mark.parametrize("seed", range(4))
def test_the_hypergradient_is_that_of_implicit_differentiation(seed):
    problem = random_bilevel(RING4, 3, 2, hetA=0.4, seed=seed)
    x = np.random.default_rng(seed).standard_normal(3)
    X = jnp.broadcast_to(jnp.asarray(x), (4, 3))
    implicit = jax.grad(lambda x: outer(problem, x))(jnp.asarray(x))
    np.testing.assert_allclose(problem.grad(X)[0], implicit, atol=1e-12)  # two solves, rounding
    excess = outer(problem, jnp.asarray(x)) - outer(problem, problem.x_star())
    assert float(problem.excess(jnp.asarray(x))) == pytest.approx(float(excess), abs=1e-12)
    h = 1e-5
    for e in np.eye(3):
        slope = (outer(problem, x + h * e) - outer(problem, x - h * e)) / (2 * h)
        # Φ is quadratic: central differences are exact up to rounding, eps/h.
        assert float(slope) == pytest.approx(float(implicit @ e), abs=1e-9)


def test_the_reference_instance_has_its_stated_solution():
    H, x, y, z = reference(RING4).solution()
    found = [float(v) for v in (H[0, 0], x[0], y[0], z[0])]
    np.testing.assert_allclose(
        found, [1.32644628, 0.68535826, 0.62305296, -0.34267913], atol=5.1e-9
    )


def test_oracle_directions_vanish_in_the_mean_at_the_solution():
    problem = random_bilevel(RING4, 2, 3, hetA=0.4)
    _, x, y, z = problem.solution()
    X, Y, Z = (jnp.broadcast_to(v, (4, len(v))) for v in (x, y, z))
    for direction in (problem.lower(X, Y), problem.adjoint(X, Y, Z), problem.upper(X, Y, Z)):
        np.testing.assert_allclose(jnp.mean(direction, axis=0), 0, atol=1e-12)


def pair(**changes):
    """Two scalar agents: A = 1, B = 1, C = 1, b = (1, −1), d = (2, 0), r = 0, ϱ = 1."""
    one = np.ones((2, 1, 1))
    fields = {
        "W": graphs.two_node(0.25), "A": one, "B": one, "b": np.array([[1.0], [-1.0]]), "C": one,
        "d": np.array([[2.0], [0.0]]), "r": np.zeros((2, 1)), "rho": 1.0,
    }  # fmt: skip
    return BilevelQuadratics(**(fields | changes))


def two_steps(method):
    problem = pair()
    oracle = BilevelOracle(problem, Noiseless())
    state = method.init(problem.start(), oracle, jax.random.key(0))
    for t in range(2):
        state = method.step(jnp.asarray(t), state, oracle, jax.random.key(t))
    return [np.asarray(getattr(state, name)).ravel() for name in "xyz"]


STEPS: Any = (0.1, 0.5, 0.5, 1.0)
ED4 = strategy("ED", RING4)
# From zero, V = Y − X − b, P = Z − Y + d, U = X + Z; W halves differences around the mean.
# Step 1: V = (−1, 1), P = (2, 0) (Jacobi), U = 0.


def test_d_soba_by_hand():
    # Y = W(.5, −.5) = (.25, −.25); Z = W(−1, 0) = (−.75, −.25); X = 0 with the old H = 0; H = 0.
    # V = (−.75, .75), P = Z − Y + d = (1, 0), U = (−.75, −.25). Y = W(.625, −.625);
    # Z = W(−1.25, −.25) = (−1, −.5); X = W(0 − .1·0) = 0.
    x, y, z = two_steps(DSOBA(graphs.two_node(0.25), *STEPS))
    np.testing.assert_allclose(x, [0, 0], atol=1e-15)
    np.testing.assert_allclose(y, [0.3125, -0.3125], atol=1e-15)
    np.testing.assert_allclose(z, [-1.0, -0.5], atol=1e-15)


def test_soba_by_hand():
    # Means: V = 0, P = 1: Y = 0, Z = −.5, X = 0. Then V = 0, P = −.5 + 1 = .5, U = −.5:
    # Z = −.75, X = .05.
    x, y, z = two_steps(SOBA(0.5, 0.1))
    np.testing.assert_allclose(x, [0.05, 0.05], atol=1e-15)
    np.testing.assert_allclose(y, [0, 0], atol=1e-15)
    np.testing.assert_allclose(z, [-0.75, -0.75], atol=1e-15)


def test_sparkle_in_the_order_of_gauss_and_seidel_by_hand():
    # ED: s⁺ = W s − step W direction − D, D⁺ = D + (I − W)s⁺.
    # Y = W(.5, −.5) = (.25, −.25), D_y = (.125, −.125). P = 0 − Y + d = (1.75, .25):
    # Z = −.5 W(1.75, .25) = −(.6875, .3125), D_z = (−.09375, .09375). U = Z: X = −.1 W Z
    # = .1 (.59375, .40625), D_x = (I − W)X = (.0046875, −.0046875).
    method = sparkle("ED", "ED", graphs.two_node(0.25), STEPS)
    problem = pair()
    oracle = BilevelOracle(problem, Noiseless())
    state = method.init(problem.start(), oracle, jax.random.key(0))
    state = method.step(jnp.asarray(0), state, oracle, jax.random.key(0))
    np.testing.assert_allclose(state.y.ravel(), [0.25, -0.25], atol=1e-15)
    np.testing.assert_allclose(state.z.ravel(), [-0.6875, -0.3125], atol=1e-15)
    np.testing.assert_allclose(state.x.ravel(), [0.059375, 0.040625], atol=1e-15)
    np.testing.assert_allclose(state.dx.ravel(), [0.0046875, -0.0046875], atol=1e-15)


def test_stocbio_by_hand():
    # D = 1, Q = 2, η = .5: Y = .5·mean(b) = 0; Z: −.5·(0 + 1) = −.5, then −.5 − .5·(−.5 + 1) =
    # −.75; X = −.1·(−.75) = .075. Second: Y = 0 + .5·.075 = .0375; Z: −.5(1 − .0375) = −.48125,
    # then −.48125 − .5(−.48125 + .9625) = −.721875; X = .075 − .1(.075 − .721875) = .1396875.
    x, y, z = two_steps(StocBiO(0.1, 0.5, 0.5, D=1, Q=2))
    np.testing.assert_allclose(x, 0.1396875, atol=1e-15)
    np.testing.assert_allclose(y, 0.0375, atol=1e-15)
    np.testing.assert_allclose(z, -0.721875, atol=1e-15)


def test_stocbio_as_coded_by_hand():
    # ∇₂f = −1 and A = 1: terms −½, −¼, their sum −¾, and η = ½ of the last: −.875.
    z = two_steps(StocBiO(0.0, 0.5, 0.5, D=1, Q=2, series="code"))[2]
    np.testing.assert_allclose(z, -0.875, atol=1e-15)


def test_ttsa_averages_to_the_neumann_series():
    problem = pair()
    oracle = BilevelOracle(problem, Noiseless())
    method = TTSA(0.1, 0.5, 0.5, Q=3)
    state = method.init(problem.start(), oracle, jax.random.key(0))
    steps = jax.vmap(lambda key: method.step(jnp.asarray(0), state, oracle, key).z[0, 0])
    found = {round(float(z), 12) for z in steps(jax.random.split(jax.random.key(1), 64))}
    # η Q (1 − η)^k ∇₂f with ∇₂f = −1: k = 0, 1, 2, each seen in 64 draws but for odds of 1e-11.
    assert found == {-1.5, -0.75, -0.375}
    with pytest.raises(NotAffine):
        analyse(Experiment(problem, BilevelOracle(problem, PerEntry(1.0)), method))


def test_steps_of_ttsa_shrink_by_their_own_powers_of_the_clock():
    """x moves alone without β, y alone without α: 1/(t + 1)^{3/5} and 1/(t + 1)^{2/5} of t = 0."""
    oracle, key = BilevelOracle(pair(), Noiseless()), jax.random.key(2)
    for name, power in (("x", 0.6), ("y", 0.4)):
        method = TTSA(0.1 * (name == "x"), 0.5 * (name == "y"), 0.5, Q=3)
        state = method.init(pair().start() + 2.0, oracle, key)
        moved = [
            np.asarray(getattr(method.step(jnp.asarray(t), state, oracle, key), name))
            - np.asarray(getattr(state, name))
            for t in (0, 3, 31)
        ]
        assert np.all(moved[0] != 0)
        np.testing.assert_allclose(moved[1], moved[0] * 4.0**-power, rtol=1e-12)
        np.testing.assert_allclose(moved[2], moved[0] * 32.0**-power, rtol=1e-12)


def test_soba_is_sparkle_on_the_complete_graph_by_jacobi():
    problem = random_bilevel(RING4, 2, 2, hetA=0.3)
    oracle = BilevelOracle(problem, PerEntry(1.0))
    one = analyse(Experiment(problem, oracle, SOBA(0.2, 0.05)))
    method = sparkle("ATC", "ATC", graphs.complete(4), (0.05, 0.2, 0.2, 1.0), jacobi=True)
    two = analyse(Experiment(problem, oracle, method))
    assert one.steady(CenterSquare()) == pytest.approx(two.steady(CenterSquare()), rel=1e-10)


@pytest.mark.parametrize("upper", ["ED", "EXTRA"])
def test_the_error_falls_at_the_spectral_radius(upper):
    problem = random_bilevel(RING4, 2, 2, hetA=0.3)
    method = sparkle(upper, "ED", RING4, (0.2, 0.4, 0.4, 1.0))
    oracle = BilevelOracle(problem, Noiseless())
    radius = analyse(Experiment(problem, oracle, method)).radius
    step = jax.jit(lambda t, state: method.step(t, state, oracle, jax.random.key(0)))
    state = method.init(problem.start() + 1.0, oracle, jax.random.key(0))
    found = []
    for t in range(121):
        found.append(float(MeanSquare().at(problem, state)))
        state = step(jnp.asarray(t), state)
    # The slowest root is real and the next 4 % smaller: 0.96^60 = 0.09 is left over 60 steps.
    assert (found[120] / found[60]) ** (1 / 120) == pytest.approx(radius, rel=1e-3)


def test_levels_carry_their_own_noise():
    problem = pair()
    noise = Levels(PerEntry(0.0), PerEntry(0.0), PerEntry(2.0))
    alone = analyse(Experiment(problem, BilevelOracle(problem, noise), SOBA(0.2, 0.05)))
    both = analyse(Experiment(problem, BilevelOracle(problem, PerEntry(2.0)), SOBA(0.2, 0.05)))
    assert 0 < alone.variance(CenterSquare()) < both.variance(CenterSquare())
    assert noise.constants((2, 1)).s_u == 2.0


def test_metrics_of_a_stack():
    problem = pair()
    state = jax.tree.map(jnp.asarray, SOBA(0.1, 0.1).init(jnp.array([[1.0], [3.0]]),
                         BilevelOracle(problem, Noiseless()), jax.random.key(0)))  # fmt: skip
    star, H = float(problem.x_star()[0]), float(problem.solution()[0][0, 0])
    assert float(TotalSquare().at(problem, state)) == pytest.approx(
        (1 - star) ** 2 + (3 - star) ** 2
    )
    assert float(MeanSquare().at(problem, state)) == pytest.approx(
        ((1 - star) ** 2 + (3 - star) ** 2) / 2
    )
    assert float(Consensus().at(problem, state)) == pytest.approx(1.0)
    assert float(CenterGradSq().at(problem, state)) == pytest.approx((H * (2 - star)) ** 2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pair(A=-np.ones((2, 1, 1))), "strongly convex"),
        (lambda: pair(rho=0.0), "rho > 0"),
        (lambda: pair(b=np.zeros((3, 1))), "2 agents"),
        (lambda: pair(W=np.array([[0.5, 0.5], [0.4, 0.6]])), "doubly stochastic"),
        (lambda: strategy("momentum", RING4), "choose one"),
        (lambda: Sparkle(ED4, ED4, ED4, *STEPS, dual_x=0.1), "range\\(B\\)"),
        (lambda: PrimalDual(strategy("EXTRA", RING4), 0.1, dual=np.eye(4)), "mean over agents"),
        (lambda: two_steps(DSOBA(RING4, *STEPS)), "2 agents and a mixing matrix of 4"),
        (
            lambda: two_steps(sparkle("ED", "EXTRA", graphs.two_node(0.25), STEPS, RING4)),
            "one number of agents",
        ),
        (lambda: DoubleWell(RING4, np.ones((4, 1))), "Σ b = 0"),
        (lambda: double_well(RING4, sharp=1.0, flat=2.0), "sharp > flat"),
        (lambda: PerEntry(-1.0), "s ≥ 0"),
    ],
)
def test_unusable_instances_are_refused(make, says):
    with pytest.raises(InvalidInput, match=says):
        make()


def test_the_well_is_as_smooth_as_it_says():
    problem = double_well(RING4)
    w = jnp.linspace(-4, 4, 4001)
    curve = jax.vmap(jax.grad(jax.grad(lambda v: problem.wells(v))))(w)
    assert float(jnp.max(jnp.abs(curve))) <= problem.constants().L
