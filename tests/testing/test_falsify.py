"""The search finds known errors unaided and keeps them; what is true survives it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims.base import Claim
from convergence.claims.exact import Exact
from convergence.claims.identity import Identity
from convergence.claims.separation import Separation
from convergence.claims.settings import Settings
from convergence.cli import main
from convergence.cli.gather import everything, gather
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import GradNorm
from convergence.noise.gaussian import Gaussian
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agents import slowest
from convergence.problems.quadratic import Isotropic
from convergence.registry import registry
from convergence.search.batches import _axis
from convergence.search.climbing import Evolution, explore
from convergence.search.falsify import Findings, falsify, search_of, sweep
from convergence.search.runs import growth
from convergence.search.variations import variations
from convergence.statistics import Verdict
from convergence.theorems.assumptions import NoNoise
from convergence.theorems.base import Kind
from convergence.theorems.classical.ghadimi2013 import SGDAnyStep, SGDNonconvex
from convergence.theorems.decentralized.alghunaim2022 import AnyGraph, NetworkUnbiased
from convergence.theorems.heavy_tailed import lemmas

SQUARE, NOISE = Isotropic([1.0, -1.0]), Gaussian(1.0)
RING = slowest(graphs.lazy(graphs.ring(8)))
TOO_LARGE = """
from convergence import Claim
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.theorems.classical.ghadimi2013 import SGDAnyStep

CLAIMS = (Claim("big", SGDAnyStep(scale=2.2), Isotropic([1.0, -1.0]), Gaussian(), horizons=(16,)),)
"""

# The type checker that tests put on every annotation inspects one random item of a container, with
# the module `random`; hypothesis sees its state change while it draws.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


class NeverGrows(SGDAnyStep):
    """FALSE beyond 2/L: ‖∇f(x_T)‖ ≤ ‖∇f(x_0)‖ for gradient descent with every γ > 0."""

    kind = Kind.PATHWISE
    statement = "‖∇f(x_T)‖ ≤ ‖∇f(x_0)‖ for every γ > 0 (false beyond 2/L)"
    assumes = (NoNoise(),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(self.gamma(c, T))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        return c.grad0


def reproduced(found: Findings, folder: Path) -> bool:
    """Whether a fresh judgement of the module kept gives the REFUTED that it expects."""
    assert found.module is not None, found
    file = folder / "kept.py"
    file.write_text(found.module)
    (claim,) = gather([str(file)])
    return claim.expect is claim.verify(Settings(seed=1)).verdict is Verdict.REFUTED


def test_a_violation_is_found_kept_and_verified_again(
    tmp_path: Path, test_seed: int, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "paper.py").write_text(TOO_LARGE)
    out = tmp_path / "found"
    seed = ["--seed", str(test_seed)]
    assert (
        main(["falsify", str(tmp_path / "paper.py"), "--budget=1", "--out", str(out), *seed]) == 1
    )
    assert "VIOLATED" in capsys.readouterr().out
    kept = out / "big_violated.py"
    # The module expects REFUTED, and that is what a fresh judgement of it finds.
    assert main(["verify", str(kept), "--out", str(tmp_path / "results"), "--jobs=1"]) == 0


def test_the_step_beyond_which_a_statement_fails_is_located(tmp_path: Path, test_seed: int):
    claim = Claim("never-grows", NeverGrows(scale=0.5), SQUARE, horizons=(16,), seeds=1)
    found = falsify(claim, budget=60, seed=test_seed)
    (value,) = re.findall(r"violated from scale = (\S+) on", found.edge)
    # Four grids of 16 over a factor 10⁴ leave a factor 10^(4/15⁴), below 1 + 1e-3.
    assert 2 <= float(value) < 2.01
    text = found.module
    assert text is not None
    assert "from tests.testing.test_falsify import NeverGrows" in text


def test_the_constant_one_of_von_bahr_and_esseen_falls(tmp_path: Path, test_seed: int):
    claim = Identity("one", lemmas.VonBahrEsseenOne())
    found = falsify(claim, budget=30, seed=test_seed)
    assert 1.02 < found.ratio < 2
    assert reproduced(found, tmp_path)


@pytest.mark.parametrize(
    "lemma", [lemmas.VonBahrEsseen(), lemmas.VonBahrEsseenSymmetric(), lemmas.Clipping()]
)
def test_true_lemmas_survive_and_are_attained(lemma: Any, test_seed: int):
    found = falsify(Identity("true", lemma), budget=1.5, seed=test_seed)
    assert found.module is None
    assert 0.9 < found.ratio <= 1 + lemmas.TOLERANCE


def test_a_law_violates_by_what_enumeration_says():
    """p = 1.2 and twenty summands from `two_points(q)`, whose sums count successes."""
    q, p, n = 0.0025, 1.2, 20
    law = lemmas.plain(p, n, *lemmas.two_points(q))
    left, right = lemmas.sum_moment(q, n, p), n * lemmas.one_moment(q, p)
    assert left / right > 1.1  # rare spikes, nq = 0.05
    assert lemmas.VonBahrEsseenOne().ratio(law) == pytest.approx(left / right, rel=1e-12)
    given = lemmas.VonBahrEsseenOne(law=law).discrepancies()
    assert given["the given law"] == pytest.approx(left / right - 1, rel=1e-9)


def test_exact_diffusion_is_undone_by_the_torus(tmp_path: Path, test_seed: int):
    claim = Exact("any-graph", AnyGraph("ED", 0.01), RING, horizons=(1,))
    found = falsify(claim, budget=40, seed=test_seed)
    assert found.family == "agents on a torus of 16"
    assert "spectral radius is 1.57" in found.reason
    assert reproduced(found, tmp_path)


def test_tracking_survives_all_graphs(test_seed: int):
    claim = Exact("tracking", AnyGraph("ATC-GT", 0.01), RING, horizons=(1,))
    found = falsify(claim, budget=4, seed=test_seed)
    assert found.module is None
    assert 0.9 < found.ratio <= 1


def test_a_true_bound_survives_and_its_tightness_is_told(test_seed: int):
    claim = Claim("gl", SGDNonconvex(), SQUARE, NOISE, horizons=(16,))
    found = falsify(claim, budget=2, seed=test_seed)
    assert found.module is None
    assert found.candidates >= 16
    # The bound is loose by f(x_T) − f* alone, which some candidates make a small part of it.
    assert 0.3 < found.ratio < 1.1


@pytest.mark.standard
def test_galore_stalls_on_a_generic_quadratic(tmp_path: Path, test_seed: int):
    """The stall is found from a claim about isotropic noise, where the rate holds."""
    (claim,) = gather(["galore-isotropic-converges"])
    found = falsify(claim, budget=120, seed=test_seed)
    assert reproduced(found, tmp_path)


def test_a_sample_of_the_registry_survives(test_seed: int):
    """A claim expected CONSISTENT of each kind of search; `full` takes all of them."""
    slugs = ("galore-stalls", "ef21-top-k", "agents-radius-ed", "nsgdm-certificate",
             "flat-excess-risk-diffusion")  # fmt: skip
    found = list(sweep([c for c in registry() if c.slug in slugs], 5, seed=test_seed))
    assert [(f.slug, f.reason, f.error) for f in found if f.module or f.error] == []
    assert len(found) == len(slugs)
    assert all(f.ratio > 0 for f in found)  # each has had an admissible instance


@pytest.mark.full
def test_no_consistent_claim_is_violated_in_ten_minutes(test_seed: int):
    claims = [c for c in everything() if c.expect is Verdict.CONSISTENT]
    found = list(sweep(claims, 600, seed=test_seed))
    assert [(f.slug, f.reason, f.error) for f in found if f.module or f.error] == []
    assert len(found) > len(claims) / 2


def test_what_is_expected_to_be_refuted_is_not_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = TOO_LARGE.replace("horizons=(16,)", "horizons=(16,), expect=Verdict.REFUTED")
    text = text.replace("import Claim", "import Claim, Verdict")
    (tmp_path / "paper.py").write_text(text)
    out = ["--out", str(tmp_path / "found")]
    assert main(["falsify", str(tmp_path / "paper.py"), "--budget=1", *out]) == 0
    said = capsys.readouterr().out
    assert "refuted, as expected" in said
    assert "varied: instances like its own" in said


def test_what_has_nothing_to_search_is_refused(test_seed: int):
    with pytest.raises(InvalidInput, match="names no noise law"):
        falsify(Identity("haar", _haar()))
    (law,) = gather(["golore-sgd-law"])
    with pytest.raises(InvalidInput, match="nothing else has a ratio"):
        falsify(law)
    separation = next(c for c in registry() if type(c) is Separation)
    with pytest.raises(InvalidInput, match="of kind separation"):
        search_of(separation)
    moving = Exact("moving", NetworkUnbiased("ED"), lambda T: RING, horizons=(1,))
    with pytest.raises(InvalidInput, match="on one undirected graph"):
        search_of(moving)
    assert list(sweep([law, separation], 1, seed=test_seed)) == []


def _haar() -> Any:
    from convergence.theorems.subspace.wen2025 import HaarOrthonormal

    return HaarOrthonormal()


def test_variations_keep_what_must_be_kept():
    size, make = variations(RING)
    again = make(np.zeros(size))
    np.testing.assert_array_equal(again.W, RING.W)
    np.testing.assert_allclose(make(np.ones(size)).H, np.e * RING.H)
    size, make = variations(dataclasses.replace(SQUARE, L=2.0))
    assert size == 3
    np.testing.assert_allclose(make(np.log([2.0, 3.0, 4.0])).x0, [2.0, -3.0])


def test_a_transient_is_no_growth():
    """Rows at T = 1, 4, 16 for a stall (√T), a transient, a divergence, no admissible instance."""
    rows = np.array([[1.0, 1.0, 1.0, -np.inf], [2.0, 3.0, 2.0, 1.0], [4.0, 3.0, np.inf, 1.0]])
    found = growth(rows, (1, 4, 16))
    np.testing.assert_allclose(found[:2], [4.0, 1.0])
    assert found[2] == np.inf
    assert np.isnan(found[3])


def test_candidates_that_overflow_are_left_out():
    (claim,) = gather(["galore-theorem-3-8-unbounded-corrected"])
    search = search_of(claim)
    with precision("float64"):
        for family in search.families:
            search.scores(family, np.linspace(-300.0, 300.0, 64)[:, None] * np.ones(family.size))


def test_shared_integers_are_not_batched():
    """A period that is batched would take both branches of every refresh."""
    assert _axis(np.array(4), np.array(4)) is None
    assert _axis(np.array(4), np.array(5)) == 0
    assert _axis(np.array(4.0), np.array(4.0)) == 0


def test_hypothesis_and_evolution_climb():
    """−‖z − (1, …, 1)‖² has its top far from the center; both phases come near."""

    def score(points: np.ndarray) -> np.ndarray:
        return np.exp(-np.sum((points - 1.0) ** 2, axis=1))

    seen: list[float] = []
    explore(lambda points: seen.append(best := float(score(points).max())) or best, 4, 30, 0)
    assert max(seen) > 0.2
    climber = Evolution(np.zeros(12), 0.5, np.random.default_rng(0))
    for _ in range(60):
        points = climber.ask()
        climber.tell(points, score(points))
    assert float(score(climber.mean[None])[0]) > 0.99


def test_a_bad_budget_is_one_sentence(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["falsify", "sgd-ghadimi-lan", "--budget=-1"])
    assert "a time of more than 0 s is needed" in capsys.readouterr().err
