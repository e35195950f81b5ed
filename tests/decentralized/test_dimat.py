"""DIMAT: reference values of merges, matchings, what is not covered, false certificates."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.decentralized.dimat import DIMAT
from convergence.claims.base import Claim
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates, problem_laws
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.oracles.probed import Probed
from convergence.parts import graphs
from convergence.parts.matching import best_assignment, permutations, quotient_square
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.problems.units import PermutedNet, UnitQuadratics, five_copies, opposite_pairs
from convergence.registry.decentralized.dimat import HALF, HIDDEN, LINE, NET, PAIR, PATH
from convergence.statistics import Verdict
from convergence.theorems.decentralized import saadati2024 as dimat
from tests.walks import KEY, iterates


def path_of(method: DIMAT, problem: Any, rounds: int) -> np.ndarray:
    """(rounds + 1, n, H, p) the stacks of one run."""
    oracle = (Probed if hasattr(problem, "activations") else Oracle)(problem, Noiseless())

    def run() -> Any:
        start = method.init(problem.start(), oracle, KEY)

        def step(state: Any, t: Any) -> Any:
            after = method.step(t, state, oracle, KEY)
            return after, after.x

        return start.x, jax.lax.scan(step, start, jnp.arange(rounds))[1]

    first, rest = jax.jit(run)()
    return np.concatenate([first[None], rest])


def compiled(function: Any, x: Any) -> np.ndarray:
    """A method of a problem at x."""
    return np.asarray(jax.jit(lambda x: function(x))(x))


def merged(problem: Any, match: str) -> np.ndarray:
    """The stack after one merge."""
    return path_of(DIMAT(problem.W, 0.0, match), problem, 1)[-1]


def test_a_matched_merge_by_hand() -> None:
    """Two agents with units (4, 0) and (0, 2): matched crosswise, w = ¼: 4 → ¾·4 + ¼·2."""
    pair = UnitQuadratics(
        graphs.two_node(0.25), [[[4.0], [0.0]], [[0.0], [2.0]]], np.zeros((2, 1)), ((0, 1), (0, 1))
    )
    with jax.enable_x64(True):
        assert merged(pair, "weights").ravel().tolist() == [3.5, 0.0, 0.0, 2.5]
        assert merged(pair, "none").ravel().tolist() == [3.0, 0.5, 1.0, 1.5]
        step = path_of(DIMAT(pair.W, 0.5), pair, 1)[-1]  # and half of the gradient, h = 1
        assert step.ravel().tolist() == [1.75, 0.0, 0.0, 1.25]


@pytest.mark.parametrize(
    ("match", "errors"),
    [
        ("activations", [0, 0, 0, 0, 0]),
        ("none", [7.315513, 10.237761, 10.179986, 10.237761, 10.237761]),
        ("shift", [2.020915, 2.020915, 1.879936, 8.182441, 8.182441]),
    ],
)
def test_what_a_merge_does_to_copies(match: str, errors: list[float]) -> None:
    with jax.enable_x64(True):
        found = compiled(NET.deviations, jnp.asarray(merged(NET, match)))
    np.testing.assert_allclose(found, errors, atol=5e-7 if any(errors) else 1e-20)


def test_copies_of_a_smooth_net_stay_what_they_are() -> None:
    smooth = five_copies("tanh")
    with jax.enable_x64(True):
        found = compiled(smooth.deviations, jnp.asarray(merged(smooth, "activations")))
        apart = compiled(smooth.deviations, jnp.asarray(merged(smooth, "none")))
    assert float(found.max()) < 1e-20
    assert float(apart.min()) > 0.1


def test_distances_after_a_merge() -> None:
    """The path with weights 1/9: 18, 18, 8 become 10.987654, 20.543210, 5.061728, largest 20.54."""
    with jax.enable_x64(True):
        for x, values in (
            (PATH.start(), (18, 18, 8)),
            (jnp.asarray(merged(PATH, "weights")), (10.987654, 20.543210, 5.061728)),
        ):
            found = compiled(PATH.quotients, x)
            np.testing.assert_allclose(
                sorted(found[np.triu_indices(3, 1)]), sorted(values), atol=5e-7
            )


def test_the_energy_after_a_merge() -> None:
    """W = ((2, 1, 0), (1, 1, 1), (0, 1, 2))/3: V = 22.66667 → 7.703704, at most 15.25926."""
    with jax.enable_x64(True):
        x = LINE.start()
        before, slope = float(compiled(LINE.energy, x)), compiled(LINE.energy_grad, x)
        after = float(compiled(LINE.energy, jnp.asarray(merged(LINE, "weights"))))
        np.testing.assert_allclose(slope, compiled(jax.grad(LINE.energy), x), rtol=1e-12)
    assert (before, after) == pytest.approx((22.66667, 7.703704), abs=5e-6)
    assert before - np.sum(slope**2) / 6 == pytest.approx(15.25926, abs=5e-6)


def test_it_is_diffusion_in_aligned_coordinates() -> None:
    """With noise-free gradients, 20 rounds: the points where gradients are taken follow DSGD."""
    method = DIMAT(HIDDEN.W, 0.1, once=True)
    plain = dataclasses.replace(HIDDEN, orders=((0, 1, 2),) * 5)
    with jax.enable_x64(True):
        path = path_of(method, HIDDEN, 20)
        aligned = np.asarray(jax.vmap(HIDDEN.aligned)(jnp.asarray(path)))
        flat = np.einsum("ij,tjup->tiup", np.asarray(HIDDEN.W), aligned)
        for x, after in itertools.pairwise(flat):
            half = x - 0.1 * np.asarray(plain.grad(jnp.asarray(x)))
            mixed = np.einsum("ij,jup->iup", np.asarray(HIDDEN.W), half)
            np.testing.assert_allclose(mixed, after, atol=1e-14)  # rounding of a few products


@pytest.mark.parametrize("H", [2, 4, 7])
def test_assignments_are_the_best(H: int) -> None:
    """Against all H! permutations; above four units the host is asked."""
    rng = np.random.default_rng(H)
    with jax.enable_x64(True):
        for _ in range(4):
            S = rng.standard_normal((H, H))
            best = np.asarray(jax.jit(best_assignment)(jnp.asarray(S)))
            totals = S[np.arange(H), permutations(H)].sum(axis=1)
            assert S[np.arange(H), best].sum() == pytest.approx(totals.max(), rel=1e-14)
        x, y = rng.standard_normal((2, H, 3))
        least = min(float(np.sum((x - y[p]) ** 2)) for p in permutations(H))
        found = float(quotient_square(jnp.asarray(x), jnp.asarray(y)))
        assert found == pytest.approx(least, rel=1e-12)
        both = jax.vmap(best_assignment)(jnp.asarray(rng.standard_normal((2, H, H))))
        assert both.shape == (2, H)


TWINS = dataclasses.replace(NET, net=np.asarray(NET.net)[[0, 0, 1, 2]])
DEAD = dataclasses.replace(NET, net=np.asarray(NET.net) * [1, 1, 1, 1] - [[0, 0, 9, 0]] + 0.0)
LOST = UnitQuadratics(
    graphs.ring(3), 0.1 * np.random.default_rng(1).standard_normal((3, 3, 2)), np.zeros((3, 2)),
    ((0, 1, 2), (1, 2, 0), (2, 1, 0)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("theorem", "problem", "says"),
    [
        (dimat.MergeKeepsFunction(), TWINS, "unit_correlation"),
        (dimat.MergeKeepsFunction(), DEAD, "unit_spread > 0"),
        (dimat.MergeKeepsFunction(), HIDDEN, "copies"),
        (dimat.AlignedMeanIsKept(), LOST, "aligns"),
        (dimat.TwoAgentsAgree(), PAIR, "w = ½"),
        (dimat.TwoAgentsAgree(), LINE, "two agents"),
    ],
)
def test_what_the_proofs_do_not_cover(theorem: Any, problem: Any, says: str) -> None:
    oracle = Probed if hasattr(problem, "activations") else Oracle
    report = Claim("own", theorem, problem, horizons=(1,), oracle=oracle).verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert says in report.reason


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_copies_keep_their_function_whatever_its_size(scale: float) -> None:
    """1e-20 was less than roundings of a net of size 1e8, and more than one of size 1e-11 is."""
    net = np.asarray(NET.net) * [1, 1, scale, 1]
    grown = dataclasses.replace(NET, grid=scale * np.asarray(NET.grid), net=net)
    for law, verdict in (
        (dimat.MergeKeepsFunction(), Verdict.CONSISTENT),
        (dimat.AveragingKeepsFunction(), Verdict.REFUTED),
    ):
        report = Claim("own", law, grown, horizons=(1, 4), oracle=Probed).verify(Settings())
        assert report.verdict is verdict, report.reason


@pytest.mark.parametrize(
    "name",
    ["risk0_aligned", "Xi0_aligned", "grad0_aligned", "zeta_all", "aligns", "L"],
)
def test_a_false_certificate_is_named(name: str) -> None:
    class Liar(UnitQuadratics):
        def constants(self) -> Constants:
            c = super().constants()
            return c.but(**{name: True if name == "aligns" else 0.9 * c[name]})

    of = LOST if name == "aligns" else HIDDEN
    fields = {f.name: getattr(of, f.name) for f in dataclasses.fields(of)}
    with precision("float64"):
        for problem in (HIDDEN, PATH, HALF, LOST, NET):
            assert not problem_laws(problem)
        assert name in {fault.name for fault in certificates(Liar(**fields), Noiseless())}


def test_a_false_certificate_of_a_net_is_named() -> None:
    class Liar(PermutedNet):
        def start(self) -> Any:
            return 1.1 * super().start()

    fields = {f.name: getattr(NET, f.name) for f in dataclasses.fields(NET)}
    with precision("float64"):
        found = {fault.name for fault in certificates(Liar(**fields), Noiseless())}
    assert {"copies", "unit_spread"} <= found


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: opposite_pairs(np.array([[0.9, 0.1], [0.5, 0.5]]), np.ones((2, 2))),
         "doubly stochastic"),
        (lambda: dataclasses.replace(HIDDEN, orders=((0, 0, 1),) * 5), "5 permutations of 3 units"),
        (lambda: dataclasses.replace(HIDDEN, c=np.zeros((4, 2))), "a target"),
        (lambda: dataclasses.replace(HIDDEN, h=np.asarray(-1.0)), "flip a sign"),
        (lambda: dataclasses.replace(NET, net=np.ones((4, 3))), "outgoing weight"),
        (lambda: dataclasses.replace(NET, phi="gelu"), "choose one"),
        (lambda: DIMAT(graphs.ring(3), 0.1, "best"), "choose one"),
        (lambda: Probed(HIDDEN, Noiseless()), "match by weights"),
        (lambda: iterates(DIMAT(graphs.ring(3), 0.1), Isotropic(np.ones((3, 2))), 1),
         "hidden unit"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(build: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        build()


@pytest.mark.parametrize(
    ("W", "covered"),
    [(np.full((3, 3), 1 / 3), True), (np.full((3, 3), 0.33333333331), False)],
)
def test_weights_that_are_written_with_few_digits_are_refused(W: Any, covered: bool) -> None:
    """Rows that sum to 1 − 9e-11 shrink the agents' mean: true equalities were refuted."""
    if covered:
        assert graphs.check_mixing(W) is not None
        return
    with pytest.raises(InvalidInput, match="write fractions"):
        graphs.check_mixing(W)


@pytest.mark.parametrize(("off", "covered"), [(4e-16, True), (2e-15, False)])
def test_a_mean_that_is_kept_is_kept_to_the_last_digit(off: float, covered: bool) -> None:
    """Of W that misses 1 by 2e-15 five merges were refuted: they multiply the mean by 1 − 1e-14."""
    problem = dataclasses.replace(HIDDEN, W=np.asarray(HIDDEN.W) * (1 - off))
    report = Claim("own", dimat.AlignedMeanIsKept(), problem, horizons=(1, 5)).verify(Settings())
    assert report.verdict is (Verdict.CONSISTENT if covered else Verdict.INAPPLICABLE)
