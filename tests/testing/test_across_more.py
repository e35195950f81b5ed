"""Cross-examination of comparisons by runs, of identities, of an instance under other noises."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.claims.separation import Separation
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerSign
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.registry import registry
from convergence.search.across import courtroom, examine, subjects
from convergence.search.courtroom_more import AcrossIdentities, AcrossPairs, apart
from convergence.search.pool_special import home
from convergence.theorems.assumptions import Is
from convergence.theorems.base import AbstractIdentity, AbstractSeparation, Provenance, Source
from convergence.theorems.domains import count, number
from convergence.theorems.estimators.liu2023wta import SufficientCondition
from convergence.theorems.heavy_tailed.lemmas import ClippingSharper, VonBahrEsseen
from convergence.theorems.subspace.he2025_stall import Stalls


class LongerIsBetter(AbstractSeparation):
    """FALSE where there is noise: η = 1/L does better than η = 1/(2L)."""

    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "E f(x_T) − f* with η = 1/L ≤ that with η = 1/(2L)"
    assumes = (Is("quadratic"),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(1 / c.L)

    def rival(self, c: Constants, T: int) -> SGD:
        return SGD(0.5 / c.L)

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()


class PowerOfTwo(AbstractIdentity):
    """FALSE for n > 4: 2ⁿ ≥ n², of which n = 3 is not asked."""

    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "2ⁿ = n² for n = 2, 4"
    tolerance = 1e-12
    domain = {"n": count(), "x": number("(0, inf)")}

    n: int = eqx.field(static=True, default=4)
    x: float = eqx.field(static=True, default=1.0)

    def discrepancies(self) -> dict[str, float]:
        return {"n": float(2**self.n - self.n**2) * self.x}


def test_a_comparison_by_runs_that_noise_turns_is_found(test_seed: int):
    problem = Quadratic([1.0, 1.0], [1.0, 0.1])
    claim = Separation("longer", LongerIsBetter(), problem, Gaussian(0.01), horizons=(5,), seeds=64)
    assert isinstance(courtroom(claim, test_seed, None), AcrossPairs)
    found = examine(claim, 60, seed=test_seed, pool=[home(claim)])
    assert found.module is not None
    assert "LongerIsBetter" in found.module


def test_what_scatters_is_no_violation():
    rng = np.random.default_rng(0)
    ours, theirs = 1 + rng.standard_normal(16), 1 + rng.standard_normal(16)
    assert apart(ours, theirs) <= 1
    assert apart(3 * np.ones(16), np.ones(16)) == 3
    assert apart(np.array([np.nan]), np.ones(1)) == np.inf


def test_an_identity_with_a_field_outside_its_proof_is_found(test_seed: int):
    found = examine(Identity("power", PowerOfTwo()), 20, seed=test_seed)
    assert found.module is not None
    assert "PowerOfTwo" in found.module


@pytest.mark.parametrize(("lemma", "false"), [(VonBahrEsseen(), False), (ClippingSharper(), True)])
def test_a_lemma_meets_all_laws(lemma: Any, false: bool, test_seed: int):
    claim = Identity("lemma", lemma)
    search = courtroom(claim, test_seed, None)
    assert isinstance(search, AcrossIdentities)
    assert len(search.families) == 3
    found = examine(claim, 10, seed=test_seed)
    assert (found.module is not None) is false
    (cell,) = found.cells.values()
    assert cell.judged > 0


def test_an_identity_without_real_fields_is_not_climbed(test_seed: int):
    found = examine(Identity("k", SufficientCondition()), 20, seed=test_seed)
    assert found.module is None
    assert sum(cell.judged for cell in found.cells.values()) > 0


def test_what_is_enumerated_stays_small(test_seed: int):
    search = courtroom(Identity("w", SufficientCondition()), test_seed, None)
    known = SufficientCondition().k
    assert all(f.make(np.zeros(f.size)).k <= known + 1 for f in search.families)


def test_identities_with_fields_and_comparisons_are_subjects():
    slugs = {claim.slug for claim in subjects(registry())}
    assert {"von-bahr-esseen", "contraction-top-k", "econtrol-below-ec"} <= slugs
    assert "galore-lemma-3-3" in slugs
    assert "lssl-convolution" not in slugs


def test_an_instance_meets_the_noises_that_fit_it():
    corner = Claim("c", Stalls(r=4), Counterexample.pure(8, 4, 0.5), CornerSign(1.0, 4))
    line = Claim("l", Stalls(r=4), Isotropic(np.ones(3)), Gaussian(1.0))
    with precision("float64"):
        for claim, wanted in (
            (corner, ("a batch of its own noise", "Gaussians in a corner", "Gaussian noise")),
            (line, ("a ripple on its own noise", "Pareto noise", "no noise")),
        ):
            room = home(claim)
            assert set(wanted) <= {noise.name for noise in room.noises}
            for noise in room.noises:
                problem = room.problem.make(np.zeros(room.problem.size))
                made = noise.make(np.zeros(noise.size))
                assert problem.constants() | made.constants(np.shape(problem.start()))
