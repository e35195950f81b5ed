"""Instances of estimated gradients by hand: an adapter below a layer, spikes of curvature."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.layer import Layer
from convergence.problems.quadratic import Isotropic
from convergence.problems.separable import spiked
from convergence.problems.two_layer import TwoLayer
from convergence.theorems.estimators.yao2024ist import BlockLaw

EXACT = 1e-12  # a few operations in float64 on numbers of order 1


def test_an_adapter_pulls_the_product_back() -> None:
    """f = ½(2·3(w + BA) − y)² with scalars: ∂f/∂B = 6A·r, ∂f/∂A = 6B·r; ∇²f within its bound."""
    problem = TwoLayer([[2.0]], [[0.5]], [[3.0]], [[1.0]], [[0.25, 4.0]])
    x = problem.start()
    assert np.allclose(problem.grad(x), [[6 * 4.0 * 8.0, 6 * 0.25 * 8.0]], rtol=EXACT)  # r = 8
    c = problem.constants()
    assert c.stretch == 6
    assert c.Delta == 32
    assert not c.collinear
    H = np.asarray(jax.jacfwd(lambda z: problem.grad(z[None])[0])(x[0]))
    assert np.linalg.norm(H, 2) <= 36 * (0.25**2 + 4**2) + 6 * 8
    layered = Layer(problem, Noiseless())
    R, V = layered.factors(x)
    assert np.allclose(layered.through(x, R @ V), problem.grad(x), rtol=EXACT)


def test_spikes_are_where_the_method_looks() -> None:
    """Half a Newton step leads from each center to the next, with f″ = 2 there."""
    problem, x = spiked(6, 1e-2), spiked(6, 1e-2).start()
    for center in np.asarray(problem.centers):
        assert np.allclose(x, center, rtol=1e-5)  # a few roundings of float32
        x = x - problem.grad(x) / 4
    assert problem.constants().Delta == pytest.approx(float(problem.value(problem.start())))


def test_what_a_block_began_with_is_owed_where_too_few_runs_leave_it_undrawn() -> None:
    """One run in four million does not draw the last block, and holds a fortieth of the mean."""
    law, start = BlockLaw((0.0, 0.0, 0.0, -1.2)), Isotropic(np.full((4, 3), 12**-0.5))
    late, T = (1 - law.chances()[3]) ** 160, 160
    assert 1e-7 < late < 1e-6
    noise = Gaussian((10 * late) ** 0.5)
    for slug in ("undrawn", "undrawn-again", "undrawn-once-more"):
        claim = Claim(slug, law, start, noise, horizons=(T,), seeds=16384, margin=0.2)
        assert claim.tickets(T)["unseen"] == pytest.approx(late / 4, rel=1e-9)
        assert 0.01 < claim.tickets(T)["unseen"] / float(claim.bound(T)) < 0.05
        assert verify(claim).verdict is not Verdict.REFUTED
