"""Digits of DSGD and DIMAT that were computed by other programs: long runs, controls, faults."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.decentralized.dimat import DIMAT
from convergence.claims.exact import Exact
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.oracles.probed import Probed
from convergence.parts import graphs
from convergence.problems.agents import AgentQuadratics, common
from convergence.registry.decentralized.dimat import LINE, NET, PATH
from convergence.registry.decentralized.nonconvex import FAR, UNEVEN, pulled
from convergence.theorems.decentralized import koloskova2020_false as false
from convergence.theorems.decentralized import koloskova2020_nonconvex as dsgd
from convergence.theorems.decentralized.saadati2024_identities import spread
from tests.decentralized.test_dimat import compiled
from tests.decentralized.test_nonconvex import At, measured
from tests.mutants.dimat import InPlace, Inverse, OneLayer, RunningSum, again
from tests.mutants.dsgd import FirstAgent


@pytest.mark.parametrize(
    ("T", "value"),
    [(10_000, 0.008796233), pytest.param(100_000, 0.002774523, marks=pytest.mark.full)],
)
def test_long_averages_on_the_ring(T: int, value: float) -> None:
    c = UNEVEN.constants() | PerEntry(2.0).constants((8, 1))
    a = min(dsgd.balanced_step(c, T), dsgd.longest_step(c))
    assert measured(At(a=a), UNEVEN, PerEntry(2.0), T) == pytest.approx(value, rel=5e-7)


@pytest.mark.parametrize(("a", "limit"), [(0.1, 0.0199308), (0.05, 0.005625)])
def test_where_the_mean_of_two_agents_rests(a: float, limit: float) -> None:
    """(I − W + aWH)x = aWc, and (0.6 x̄)²; at a = 0.05 x = (0.0625, −0.3125)."""
    W, H, c = graphs.lazy_complete(2, 0.2), np.diag([1.0, 0.2]), np.array([1.0, -1.0])
    x = np.linalg.solve(np.eye(2) - W + a * W @ H, a * W @ c)
    assert (0.6 * x.mean()) ** 2 == pytest.approx(limit, abs=5e-8)
    pair = pulled(W, np.diag(H), c)
    end = Exact("own", At(a=a), pair, Noiseless(), horizons=(1,)).exact
    assert end(4000)[0] - end(2000)[0] == pytest.approx((limit - end(2000)[0]) / 2, rel=1e-2)
    claim = Exact("own", At(a=0.1), pair, PerEntry(0.01), horizons=(1000,))
    assert claim.exact(1000)[0] == pytest.approx(1.929435e-2, rel=5e-7)


def test_the_speed_up_before_its_transient() -> None:
    """T = 6932, α = 0.0263142709: 25.92954 against 0.0526285."""
    theorem = false.SpeedUpAtOnce()
    c = FAR.constants() | PerEntry(1.0).constants((2, 1))
    assert theorem.alpha(c, 6932) == pytest.approx(0.0263142709, abs=5e-11)
    assert theorem.bound(c, 6932) == pytest.approx(0.0526285, abs=5e-8)
    assert measured(theorem, FAR, PerEntry(1.0), 6932) == pytest.approx(25.92954, abs=5e-6)


def test_faults_of_diffusion() -> None:
    """A step of α/n: 0.227847 > 0.1. W row-stochastic alone: 0.403588 > 0.016965."""
    square = common(graphs.complete(4), [1.0], np.zeros((4, 1)), x0=1.0)
    assert measured(At(a=0.25), square, Noiseless(), 10) == pytest.approx(0.227847, abs=5e-7)
    rows = AgentQuadratics([[0.9, 0.1], [0.5, 0.5]], np.ones((2, 1, 1)), [[1.0], [-1.0]], 0.0, True)
    assert measured(At(a=0.05), rows, Noiseless(), 1000) == pytest.approx(0.403588, abs=5e-7)
    wide = common(graphs.ring(8), [1.0], np.zeros((8, 1)))

    class AtOne(dsgd.DSGDCenterLaw):
        def metric(self, c: Any, T: int) -> Any:
            return FirstAgent()

    found = Exact("own", AtOne(0.1), wide, PerEntry(1.0), horizons=(400,)).exact(400)[0]
    assert found == pytest.approx(0.0104905, abs=5e-8)


def pushed(problem: Any, kind: Any, match: str, oracle: Any) -> Any:
    """The stack after one merge by a faulty method."""
    method: Any = again(kind)(DIMAT(problem.W, 0.0, match))
    asked, key = oracle(problem, Noiseless()), jax.random.key(0)

    def once() -> Any:
        return method.step(jnp.asarray(0), method.init(problem.start(), asked, key), asked, key).x

    return jax.jit(once)()


def test_controls_of_matched_averaging() -> None:
    """One gossip step of weight 1/9 between units ±δ: 18, 18, 8 → 10.88889, 22.22222, 8.22222; with
    a fourth agent at (1, −3) the sum of all goes from 70 to 71.7778."""
    delta = np.array([[1.0, 0], [1.0, 3], [1.0, -3], [1.0, -3]])

    def quotients(d: np.ndarray) -> np.ndarray:
        i, j = np.triu_indices(4, 1)
        return 2 * np.minimum(*(np.sum((d[i] + sign * d[j]) ** 2, axis=1) for sign in (1, -1)))

    moved = delta.copy()  # ⟨δ_1, δ_2⟩ > 0: matched as they are
    moved[:2] = [[8 / 9, 1 / 9], [1 / 9, 8 / 9]] @ delta[:2]
    before, after = quotients(delta), quotients(moved)
    assert list(before[[0, 1, 3]]) == [18, 18, 8]
    np.testing.assert_allclose(after[[0, 1, 3]], [10.88889, 200 / 9, 8.22222], atol=5e-6)
    assert (before.sum(), after.sum()) == pytest.approx((70, 71.7778), abs=5e-5)


def test_what_alignment_is_worth() -> None:
    """Copies of one net: J at the plain mean 11.697867 and Ξ₀ = 11.844; 0 and 0 when aligned."""
    x = np.asarray(NET.start())
    with jax.enable_x64(True):
        mean = jnp.broadcast_to(jnp.asarray(x.mean(axis=0)), x.shape)
        off = compiled(NET.deviations, mean)
    back = np.stack([one[np.argsort(order)] for one, order in zip(x, NET.orders)])
    np.testing.assert_allclose(off, 11.697867, atol=5e-7)
    assert spread(x) == pytest.approx(11.844, abs=5e-4)
    assert spread(back) == 0


@pytest.mark.parametrize(
    ("kind", "errors"),
    [
        (Inverse, [2.020915, 2.020915, 2.020915, 0, 0]),
        (OneLayer, [15.9555, 15.6894, 14.6415, 7.2199, 7.2199]),
    ],
)
def test_faults_of_merges(kind: Any, errors: list[float]) -> None:
    with jax.enable_x64(True):
        found = compiled(NET.deviations, pushed(NET, kind, "activations", Probed))
    np.testing.assert_allclose(found, errors, atol=6e-5)  # the last digits known


def test_faults_of_the_order_of_merges() -> None:
    """In place on the path: 11.336077, 20.371014, 5.133093. To the running sum: V = 17.77778, above
    the 15.25926 that is granted."""
    with jax.enable_x64(True):
        moved = compiled(PATH.quotients, pushed(PATH, InPlace, "weights", Oracle))
        energy = compiled(LINE.energy, pushed(LINE, RunningSum, "weights", Oracle))
    known = [5.133093, 11.336077, 20.371014]
    np.testing.assert_allclose(sorted(moved[np.triu_indices(3, 1)]), known, atol=5e-7)
    assert float(energy) == pytest.approx(17.77778, abs=5e-6)
