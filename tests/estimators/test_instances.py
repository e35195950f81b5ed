"""Instances of estimated gradients by hand: an adapter below a layer, spikes of curvature."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from convergence.noise.base import Noiseless
from convergence.oracles.layer import Layer
from convergence.problems.separable import spiked
from convergence.problems.two_layer import TwoLayer

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
