"""Classes of a user's own that certify what is false: no claim on them is refuted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.laws import certificates, origin
from convergence.laws.noises import noise_faults
from convergence.noise.agents import Levels, PerEntry
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto, StudentT
from convergence.noise.lomax import OneSidedLomax
from convergence.noise.matrix import BatchMean
from convergence.noise.ripple import Ripple
from convergence.oracles.finite_workers import Workers
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agents import AgentQuadratics, heterogeneous
from convergence.problems.boxed import Boxed
from convergence.problems.counterexample import Counterexample
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic
from convergence.problems.saddle import SaddleQuadratic, bilinear
from convergence.problems.workers import opposed_workers
from convergence.theorems.adaptive import cycles, sign
from convergence.theorems.adaptive.smooth import SignDescentSmooth
from convergence.theorems.classical import (
    coordinates,
    drori2014,
    ghadimi2013,
    kim2024,
    kingma2015,
    quadratic_laws,
    simple_sets,
    stochastic_laws,
    taylor2018,
)
from convergence.theorems.decentralized import koloskova2020_nonconvex as dsgd
from convergence.theorems.games import daskalakis2018, korpelevich1976
from convergence.theorems.parameter_free.pathwise import CoinLinear
from convergence.theorems.subspace import he2025_stall
from convergence.vocabulary import VOCABULARY
from tests.certificates.liars import (
    Bowl,
    Flat,
    Halved,
    Loud,
    Low,
    NotMonotone,
    NotNormal,
    NotOpposed,
    NotTwoPoint,
    NotUnit,
    NoValley,
    OneForAll,
    OtherAtoms,
    OtherStar,
    OtherValues,
    Strong,
    TwiceItsAtoms,
    TwiceItsRoot,
)


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


def claim(
    theorem: Any, problem: Any, noise: Any = Noiseless(), T: int = 8, seeds: int = 64, **more: Any
) -> Claim:
    return Claim("c", theorem, problem, noise, horizons=(T,), seeds=seeds, **more)


ONE, TWO = Isotropic([1.0]), Isotropic([1.0, 1.0])
THREE = np.stack([v * np.eye(2) for v in (0.5, 1.0, 1.5)])
PULLS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
CROWD = AgentQuadratics(graphs.complete(8), np.ones((8, 1, 1)), np.zeros((8, 1)), 0.1)
FALSE: dict[str, Callable[[], Any]] = {
    "R of an isotropic function": lambda: claim(cycles.AdamCycle(), Bowl([1.0], 2.0)),
    "R of a sphere": lambda: claim(cycles.SAMCycle(), Bowl([1.0, 1.0], 0.6)),
    "f* below the infimum, R": lambda: claim(
        drori2014.GradientDescentConvex(), Low([2.0, 1.0]), T=400
    ),
    "f* below the infimum, mu": lambda: claim(
        coordinates.GreedyCoordinateDescent(), Strong([1.0, -2.0]), T=200
    ),
    "f* of the contraction": lambda: claim(taylor2018.ValueContraction(), Strong([1.0]), T=100),
    "R too small on a flat bottom": lambda: claim(
        kim2024.GradientDescentValue(), Flat([1.0, 0.5], 0.6), T=10
    ),
    "another f* for the metric": lambda: claim(
        drori2014.GradientDescentConvex(), OtherStar([2.0, 1.0]), T=20
    ),
    "a valley that is none": lambda: claim(sign.SignInAValley(), NoValley([5 * 2.0**-7, 0.0]), T=8),
    "Hessians that are not I": lambda: claim(
        stochastic_laws.Sampled(), NotUnit([1.0, 1.0], THREE, PULLS), T=6, oracle=Workers
    ),
    "monotone at the start": lambda: claim(
        korpelevich1976.ExtragradientMonotone(), NotMonotone([1.2, 1.0]), T=400
    ),
    "atoms of another size": lambda: claim(quadratic_laws.BatchLaw(), ONE, TwiceItsAtoms()),
    "a root of another size": lambda: claim(quadratic_laws.BatchLaw(), TWO, TwiceItsRoot()),
    "agents that share a draw": lambda: claim(dsgd.DSGDCenterLaw(), CROWD, OneForAll(), T=64),
    "a corner that is no sign": lambda: claim(
        he2025_stall.Stalls(r=4, tau=5), Counterexample.pure(10, 4, 0.5), NotTwoPoint(), T=100
    ),
    "a loud oracle": lambda: claim(
        ghadimi2013.SGDNonconvex(), Isotropic(np.ones(4)), Gaussian(1.0), T=64, oracle=Loud
    ),
    "a biased oracle": lambda: claim(
        stochastic_laws.SGDStronglyConvex(), TWO, Gaussian(0.1), oracle=Halved
    ),
    "values of another function": lambda: claim(
        ghadimi2013.SGDNonconvex(), TWO, Gaussian(1.0), oracle=OtherValues
    ),
}


@pytest.mark.parametrize("make", FALSE.values(), ids=FALSE)
def test_a_false_certificate_of_an_own_class_decides_nothing(make: Callable[[], Any]) -> None:
    report = verify(make())
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "certificates" in report.reason


@pytest.mark.parametrize(
    ("noise", "problem", "name"),
    [(OtherAtoms(), ONE, "atoms"), (NotNormal(), TWO, "of_unit"), (OneForAll(), CROWD, "indepen")],
)
def test_what_a_class_says_of_its_law_is_held_against_its_samples(
    noise: Any, problem: Any, name: str
) -> None:
    assert any(fault.name.startswith(name) for fault in certificates(problem, noise))


def test_what_no_look_can_check_is_not_believed_of_an_own_class() -> None:
    """`opposed_workers` itself passes."""
    found = certificates(NotOpposed([1.0, 1.0], THREE, PULLS), Noiseless())
    assert any("no look at NotOpposed can check it" in str(fault) for fault in found)
    assert not certificates(opposed_workers(), Noiseless())


@pytest.mark.parametrize("name", ["lam", "lam_min", "U", "hessians", "mean_mu", "common"])
def test_what_agents_say_of_their_graph_and_curvature(name: str) -> None:
    true = heterogeneous(graphs.lazy(graphs.ring(4)), 2, seed=1)
    said = True if name == "common" else 1.1 * np.asarray(true.constants()[name])

    class Lying(AgentQuadratics):
        def constants(self) -> Constants:
            return super().constants().but(**{name: said})

    assert not certificates(true, Noiseless())
    found = certificates(Lying(true.W, true.H, true.c), Noiseless())
    assert name in {fault.name for fault in found}


def test_every_name_is_looked_at_or_taken_on_the_word_of_a_class_of_the_package() -> None:
    laws = "".join(p.read_text() for p in Path(origin.__file__).parent.glob("*.py"))
    seen = {name for name in VOCABULARY if re.search(rf"[\".]{name}\b", laws)}
    left = set(VOCABULARY) - seen - set(origin.TAKEN) - {"T", "plain"}
    assert not left, f"check {sorted(left)}, or name them in `TAKEN` of convergence/laws/origin.py"
    assert set(origin.TAKEN) <= set(VOCABULARY)


def test_large_instances_are_looked_at() -> None:
    """Beyond the size up to which Hessians are formed nothing true is refused."""
    for problem in (
        Isotropic(np.ones(200)),
        Isotropic(np.ones((15, 20))),
        Boxed(np.zeros(200), 1.0, -1.0),
        bilinear(np.eye(73), np.ones(146)),
    ):
        assert not certificates(problem, Noiseless()), type(problem)
    over = SaddleQuadratic(0.1 * np.eye(73), np.eye(73), 0.1 * np.eye(73), np.ones(146))

    class TooMonotone(SaddleQuadratic):
        def constants(self) -> Constants:
            return super().constants().but(mu_saddle=0.2)

    found = certificates(TooMonotone(over.P, over.A, over.Q, over.z0), Noiseless())
    assert "mu_saddle" in {fault.name for fault in found}


def test_statements_at_their_corners() -> None:
    """Another start, a number beyond float64, an undefined bound, eigenvalues that meet."""
    line = claim(kingma2015.AdamLinear(), Linear([1.0, 2.0], [3.0, 1.0]), T=4)
    assert verify(line).verdict is Verdict.CONSISTENT
    far = verify(claim(CoinLinear(), Linear([1.0]), T=2000))
    assert far.verdict is Verdict.INCONCLUSIVE
    assert "beyond float64" in far.reason
    rest = verify(claim(SignDescentSmooth(), Isotropic([0.0, 0.0])))
    assert rest.verdict is Verdict.INAPPLICABLE
    assert "a defined bound" in rest.reason
    assert (
        verify(claim(cycles.FromageFactor(), Isotropic([1.0, 0.0], 1e-9), T=4)).verdict
        is Verdict.CONSISTENT
    )
    edges = (
        (daskalakis2018.OptimisticRadius(0.5), bilinear(np.eye(1), np.ones(2))),
        (stochastic_laws.HeavyBallEdge(beta=1 - 1e-7), ONE),
    )
    for theorem, problem in edges:
        report = verify(Exact("c", theorem, problem, horizons=(1,)))
        assert report.verdict is Verdict.INCONCLUSIVE, report.reason
        assert "what float64 resolves" in report.reason


def test_the_mean_of_noises_that_move_has_their_mean_for_a_potential() -> None:
    noise, x = BatchMean(Ripple(Gaussian(0.1), 3.0), 2), jnp.array([0.3, -1.2])
    for k in range(3):
        key = jax.random.key(k)
        slope = jax.grad(lambda y, key=key: noise.potential(y, key))(x)
        np.testing.assert_allclose(slope, noise.draw(x, key), rtol=1e-12, atol=1e-12)


def test_levels_of_a_users_own_are_looked_at_as_any_noise() -> None:
    """What their parts certify is no word for what the class adds to it, nor for what it draws."""

    class Quiet(Levels):
        def constants(self, shape: tuple[int, ...]) -> Constants:
            return super().constants(shape) | {"sigma": 1.0}

    class Louder(Levels):
        def draw(self, x: Any, key: Any) -> Any:
            return 1.3 * super().draw(x, key)

    class Same(Levels):
        """What `Levels` are, by another name."""

    calm, loud, each = Gaussian(1.0), Gaussian(1.3), PerEntry(1.0)
    assert not noise_faults(Quiet(calm, calm, calm), np.ones((3, 2)))
    for noise in Quiet(calm, calm, loud), Louder(each, each, each):
        assert noise_faults(noise, np.ones((3, 2)))
    assert not noise_faults(Same(calm, calm, calm), np.ones((3, 2)))


def test_projections_begin_inside_the_box() -> None:
    """`ConditionalGradientConvex` needs x_0 in C: a box that certifies otherwise is refused."""

    class Outside(Boxed):
        def start(self) -> Any:
            return jnp.full(2, 5.0)

    theorem = simple_sets.ConditionalGradientConvex()
    report = verify(claim(theorem, Outside([0.5, 0.5], 1.0, -1.0), T=4))
    assert report.verdict is Verdict.INAPPLICABLE


def test_moments_that_samples_hide_are_read_off_the_tail() -> None:
    """A tail index of 1.6: 2¹⁶ draws tell nothing of a p-th moment that is off by 2 %."""
    true = (Pareto.of(1.5), StudentT(1.6, 2.0, 1.5), OneSidedLomax.of(1.5, [1.0, 0.0]))
    for noise in true:
        assert not certificates(TWO, noise)
        kind: Any = type(noise)

        class Lower(kind):
            def constants(self, shape: tuple[int, ...]) -> Constants:
                c = super().constants(shape)
                return c.but(sigma_p=0.98 * c.sigma_p)

        low = object.__new__(Lower)
        for name, value in vars(noise).items():
            object.__setattr__(low, name, value)
        found = certificates(TWO, low)
        assert any("by its tail" in str(fault) for fault in found), kind
