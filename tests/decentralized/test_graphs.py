"""Mixing matrices: closed-form spectra against LAPACK, sample values, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.parts import graphs

TOL = 1e-12  # eigenvalues of a symmetric matrix of norm 1 from LAPACK: a few hundred ulp

CASES = [
    ("complete", graphs.complete(5), (5,)),
    ("lazy_complete", graphs.lazy_complete(6, 0.3), (6, 0.3)),
    ("two_node", graphs.two_node(0.9), (2, 0.9)),
    ("ring", graphs.ring(8), (8,)),
    ("ring", graphs.ring(9), (9,)),
    ("adjusted_ring", graphs.adjusted_ring(20, 0.6), (20, 0.6)),
    ("torus", graphs.torus(4), (4,)),
    ("torus", graphs.torus(5), (5,)),
    ("hypercube", graphs.hypercube(4), (4,)),
    ("star", graphs.star(7), (7,)),
]


@pytest.mark.parametrize(("name", "W", "arguments"), CASES)
def test_closed_form_spectrum_is_that_of_lapack(name, W, arguments):
    found = np.sort(np.linalg.eigvalsh(W))[::-1]
    stated = graphs.spectrum(name, *arguments)
    np.testing.assert_allclose(found, stated, atol=TOL)
    graphs.check_mixing(W)
    assert graphs.mixing_rate(W) == pytest.approx(np.max(np.abs(stated[1:])), abs=TOL)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_laziness_halves_the_distance_of_every_eigenvalue_to_one(case):
    name, W, arguments = case
    found = np.sort(np.linalg.eigvalsh(graphs.lazy(W)))[::-1]
    np.testing.assert_allclose(found, (1 + graphs.spectrum(name, *arguments)) / 2, atol=TOL)


def test_sample_values():
    second = [graphs.spectrum("ring", n)[1] for n in (8, 16, 20, 32)]
    # Hand values of (1 + 2cos(2π/n))/3 to six digits: half a unit of the last is the tolerance.
    np.testing.assert_allclose(second, [0.804738, 0.949253, 0.967371, 0.987190], atol=5e-7)
    assert graphs.spectrum("torus", 4)[1] == pytest.approx(0.6, abs=TOL)
    assert graphs.spectrum("torus", 5)[1] == pytest.approx(0.723607, abs=5e-7)
    assert graphs.spectrum("torus", 4)[-1] == pytest.approx(-0.6, abs=TOL)
    assert graphs.spectrum("ring", 8)[-1] == pytest.approx(-1 / 3, abs=TOL)
    assert graphs.spectrum("hypercube", 4)[-1] == pytest.approx((1 - 4) / (1 + 4), abs=TOL)


@pytest.mark.parametrize("n", [4, 6, 8, 16, 20, 32, 40])
def test_exponential_graph_has_its_known_rate_at_even_n(n):
    W = graphs.check_mixing(graphs.exponential(n), symmetric=False)
    tau = np.ceil(np.log2(n))
    assert graphs.mixing_rate(W) == pytest.approx(1 - 2 / (1 + tau), abs=TOL)


@pytest.mark.parametrize("n", [5, 9, 21])
def test_exponential_graph_is_strictly_faster_at_odd_n(n):
    tau = np.ceil(np.log2(n))
    assert graphs.mixing_rate(graphs.exponential(n)) < 1 - 2 / (1 + tau) - 1e-3


@pytest.mark.parametrize(
    ("W", "says"),
    [
        (np.array([[0.5, 0.5], [0.4, 0.6]]), "doubly stochastic"),
        (np.eye(3), "connect the graph"),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), "lazy"),
        (np.eye(1), "n ≥ 2"),
        (graphs.exponential(8), "symmetric"),
        (np.ones((2, 3)) / 3, "n × n"),
        (np.full((2, 2), np.nan), "not finite"),
        ([[np.inf, -np.inf], [-np.inf, np.inf]], "not finite"),
        ([["a", "b"], ["c", "d"]], "numbers alone"),
        ([[1.0, 0.0], [1.0]], "equal length"),
    ],
)
def test_unusable_mixing_matrices_are_refused(W, says):
    with pytest.raises(InvalidInput, match=says):
        graphs.check_mixing(W)


def test_disconnected_and_asymmetric_adjacency_are_refused():
    with pytest.raises(InvalidInput, match="connect"):
        graphs.metropolis(np.kron(np.eye(2), np.ones((2, 2))))
    with pytest.raises(InvalidInput, match="reverse edges"):
        graphs.metropolis([[0, 1], [0, 0]])
    with pytest.raises(InvalidInput, match="closed-form"):
        graphs.spectrum("petersen", 10)
