"""Hypothesis strategies: problems, noises, oracles, graphs, compressors, projectors, algorithms.

Only numbers are drawn. Arrays are built from them with NumPy, in few shapes (`VECTORS`,
`MATRICES`), so that few compiled programs serve all examples. Everything drawn prints, when its
example fails, as a module that builds it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

try:
    from hypothesis import note
    from hypothesis import strategies as st
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "convergence.testing.strategies needs hypothesis: pip install hypothesis"
    ) from error

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.sgd import MSGD, SGD
from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nsgd import NSGD, NSGDM
from convergence.algorithms.subspace.projected import Subspace
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto, StudentT
from convergence.noise.two_point import three_point, two_point
from convergence.oracles.base import Oracle
from convergence.parts import compressors as c
from convergence.parts import graphs as g
from convergence.parts import projectors as p
from convergence.problems.base import AbstractProblem
from convergence.problems.counterexample import Counterexample
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.nonconvex import Welsch, log_cosh, quad_cos
from convergence.problems.quadratic import Isotropic, Quadratic, rotation
from convergence.search.render import script

VECTORS = ((2,), (5,))
MATRICES = ((3, 3), (4, 6))
Shape = tuple[int, ...]


class Instance(NamedTuple):
    """What a method is run on, and the method."""

    problem: AbstractProblem
    noise: AbstractNoise
    algorithm: AbstractAlgorithm


def noted(name: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`strategy`, whose value prints as a module if the example fails."""

    def tell(value: Any) -> Any:
        note(script(**{name: value}))
        return value

    return strategy.map(tell)


def positive(low: float = 1e-2, high: float = 1e2) -> st.SearchStrategy[float]:
    """A scale, even in its logarithm; shrinks to 1 where that lies between."""
    exponents = st.floats(float(np.log10(low)), float(np.log10(high)))
    return exponents.map(lambda e: float(10.0**e))


def arrays(shape: Shape) -> st.SearchStrategy[np.ndarray]:
    """Normal entries of a drawn seed and a drawn size: two numbers, whatever the shape."""

    def make(seed: int, size: float) -> np.ndarray:
        return size * np.random.default_rng(seed).standard_normal(shape)

    return st.builds(make, st.integers(0, 2**16), positive(0.1, 10))


def spectra(d: int) -> st.SearchStrategy[np.ndarray]:
    """d curvatures from L down to L/κ, geometric."""
    return st.builds(
        lambda L, kappa: L * np.geomspace(1, 1 / kappa, d), positive(), positive(1, 100)
    )


def shapes(matrices: bool | None = None) -> st.SearchStrategy[Shape]:
    """One of the few shapes."""
    every = {None: VECTORS + MATRICES, True: MATRICES, False: VECTORS}[matrices]
    return st.sampled_from(every)


def problems(shape: Shape | None = None) -> st.SearchStrategy[Any]:
    """Problems of certified constants: convex and not, vectors and matrices."""
    if shape is None:
        return shapes().flatmap(problems)
    x0 = arrays(shape)
    any_shape = [
        st.builds(Isotropic, x0, positive()),
        st.builds(quad_cos, x0, positive(0.1, 10), positive(0.1, 10), positive(0.5, 2)),
        st.builds(log_cosh, x0, positive(0.1, 10), positive(0.5, 2)),
        st.builds(Welsch, x0, positive(0.5, 2)),
    ]
    if len(shape) == 1:
        d = shape[0]
        turned = st.builds(
            lambda x0, h, seed, at: Quadratic(x0, h, rotation(d, seed), at),
            x0, spectra(d), st.integers(0, 2**16), x0,
        )  # fmt: skip
        return noted("problem", st.one_of(*any_shape, turned))
    entry = st.builds(lambda x0, y: EntryQuadratic(x0, np.abs(y)), x0, x0)
    square = st.builds(lambda X: Counterexample(np.zeros((shape[0] - 1,) * 2), X), x0)
    more = [entry, square] if shape[0] == shape[1] else [entry]
    return noted("problem", st.one_of(*any_shape, *more))


def noises(shape: Shape | None = None, heavy: bool = False) -> st.SearchStrategy[Any]:
    """Noises of certified moments: of finite variance, or `heavy` with a p-th moment, p < 2."""
    if shape is None:
        return shapes().flatmap(lambda s: noises(s, heavy))
    sigma, along = positive(0.1, 10), np.ones(shape) / np.prod(shape) ** 0.5
    if heavy:
        p, chance = st.floats(1.1, 1.9), st.floats(0.02, 0.5)
        return noted("noise", st.one_of(
            st.builds(lambda p, more, s: Pareto(p + more, s, p), p, st.floats(0.05, 1), sigma),
            st.builds(lambda p, more, s: StudentT(p + more, s, p), p, st.floats(0.05, 1), sigma),
            st.builds(lambda p, s, q: three_point(p, s, q, along), p, sigma, chance),
            st.builds(lambda p, s, q: two_point(p, s, q, along), p, sigma, chance),
        ))  # fmt: skip
    return noted("noise", st.one_of(
        st.just(Noiseless()),
        st.builds(Gaussian, sigma),
        st.builds(lambda y: DiagonalGaussian(y**2), arrays(shape)),
        st.builds(lambda s, q: three_point(2.0, s, q, along), sigma, st.floats(0.02, 0.5)),
        st.builds(lambda s, q: two_point(2.0, s, q, along), sigma, st.floats(0.02, 0.5)),
    ))  # fmt: skip


def oracles(shape: Shape | None = None, heavy: bool = False) -> st.SearchStrategy[Any]:
    """A problem seen through a noise of its shape."""
    if shape is None:
        return shapes().flatmap(lambda s: oracles(s, heavy))
    return st.builds(Oracle, problems(shape), noises(shape, heavy))


def graphs(n: int = 8) -> st.SearchStrategy[Any]:
    """Doubly stochastic symmetric n × n mixing matrices with ρ < 1, lazy or not."""
    plain: list[Callable[[int], np.ndarray]] = [g.ring, g.complete, g.star]
    made = st.sampled_from(plain).map(lambda make: make(n))
    both = st.one_of(made.filter(lambda W: g.mixing_rate(W) < 1 - 1e-9), made.map(g.lazy))
    chance = st.floats(0.1, 0.9)
    return st.one_of(both, st.builds(lambda W, t: (1 - t) * W + t * np.eye(n), both, chance))


def compressors(d: int = 5) -> st.SearchStrategy[Any]:
    """δ-contractive compressors of messages of d entries."""
    kept = st.integers(1, d)
    return noted("compressor", st.one_of(
        st.just(c.Exactly()),
        st.builds(c.TopK, kept),
        st.builds(c.RandK, kept),
        st.just(c.ScaledSign()),
        st.builds(c.Bernoulli, st.floats(0.1, 1.0)),
    ))  # fmt: skip


def projectors() -> st.SearchStrategy[Any]:
    """Where a subspace comes from."""
    plain = st.sampled_from((p.TopSVD(), p.Haar(), p.Coordinates()))
    switched = st.builds(lambda at: p.Switch(p.TopSVD(), p.Haar(), at), st.integers(0, 8))
    return noted("projector", st.one_of(plain, switched))


def algorithms(shape: Shape | None = None, eta: float = 1.0) -> st.SearchStrategy[Any]:
    """Methods with steps up to `eta`; subspace methods for matrices only."""
    if shape is None:
        return shapes().flatmap(lambda s: algorithms(s, eta))
    step, weight = positive(1e-3 * eta, eta), st.floats(0.05, 1.0)
    found = [
        st.builds(SGD, step),
        st.builds(MSGD, step, weight),
        st.builds(NSGD, step),
        st.builds(NSGDM, step, weight),
        st.builds(ClippedSGD, step, positive(0.1, 10)),
    ]
    if len(shape) == 2:
        inner = projectors()
        found.append(st.builds(lambda P, e, t: Subspace(P, e, r=2, tau=t), inner, step,
                               st.integers(1, 8)))  # fmt: skip
    return noted("algorithm", st.one_of(*found))


def instances(shape: Shape | None = None, heavy: bool = False) -> st.SearchStrategy[Instance]:
    """A problem, a noise of its shape, and a method with steps up to 1/L."""
    if shape is None:
        return shapes().flatmap(lambda s: instances(s, heavy))
    return st.tuples(problems(shape), noises(shape, heavy)).flatmap(
        lambda pair: algorithms(shape, 1 / pair[0].constants().L).map(
            lambda method: Instance(*pair, method)
        )
    )
