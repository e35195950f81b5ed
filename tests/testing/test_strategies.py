"""The strategies draw what obeys the laws, in few shapes, and print what they drew."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import Phase, given, settings

from convergence.algorithms.optax_adapter import FromOptax
from convergence.errors import InvalidInput
from convergence.laws import problem_laws
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import Oracle
from convergence.parts.graphs import check_mixing
from convergence.precision import precision
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import Isotropic
from convergence.search.render import script
from convergence.testing import strategies as kit

FEW = settings(max_examples=5)

# The type checker that tests put on every annotation inspects one random item of a container, with
# the module `random`; hypothesis sees its state change while it draws.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


@FEW
@given(kit.problems())
def test_problems_obey_their_laws(problem: AbstractProblem):
    with precision("float64"):
        assert not problem_laws(problem)


@FEW
@given(kit.noises((5,)), kit.noises((5,), heavy=True))
def test_noises_certify_a_moment_and_keep_the_shape(light: Any, heavy: Any):
    assert light.constants((5,)).sigma >= 0
    assert 1 < heavy.constants((5,)).p < 2
    assert heavy.constants((5,)).sigma_p > 0
    with precision("float64"):
        for noise in (light, heavy):
            assert noise.draw(jnp.zeros(5), jax.random.key(0)).shape == (5,)


@FEW
@given(kit.instances())
def test_instances_make_a_step_and_are_written_as_source(instance: kit.Instance):
    problem, noise, method = instance
    oracle, key = Oracle(problem, noise), jax.random.key(0)
    state = method.init(problem.start(), oracle, key)
    after = method.step(jnp.zeros((), jnp.int32), state, oracle, key)
    assert after.x.shape == problem.start().shape in kit.VECTORS + kit.MATRICES
    space: dict[str, Any] = {}
    exec(script(problem=problem, noise=noise, method=method), space)
    again = (space["problem"], space["noise"], space["method"])
    assert jax.tree.structure(again) == jax.tree.structure(tuple(instance))
    for one, two in zip(jax.tree.leaves(again), jax.tree.leaves(tuple(instance)), strict=True):
        np.testing.assert_array_equal(one, two)


@FEW
@given(kit.oracles((2,)), kit.compressors(5))
def test_oracles_and_compressors(oracle: Oracle, compressor: Any):
    assert oracle.grad(jnp.ones(2), jax.random.key(0)).shape == (2,)
    assert 0 < compressor.contraction(5) <= 1
    assert compressor(jnp.ones((3, 5)), jax.random.key(0)).shape == (3, 5)


@given(kit.graphs())
def test_graphs_mix(W: np.ndarray):
    check_mixing(W)


@FEW
@given(kit.projectors())
def test_projectors_draw_frames(projector: Any):
    G = jnp.asarray(np.random.default_rng(0).standard_normal((4, 6)), jnp.float32)
    P = projector.frame(jnp.zeros((), jnp.int32), G, jax.random.key(0), 2)
    # Eight roundings of float32 in a product of unit vectors.
    np.testing.assert_allclose(P.T @ P, np.eye(2), atol=float(8 * np.finfo(np.float32).eps))


def test_a_failing_example_prints_a_module():
    @settings(phases=[Phase.generate, Phase.shrink], database=None, max_examples=20)
    @given(kit.noises((2,)))
    def fails(noise: AbstractNoise) -> None:
        assert noise.constants((2,)).sigma == 0

    with pytest.raises(AssertionError) as caught:
        fails()
    printed = "\n".join(caught.value.__notes__)
    assert "noise = " in printed
    assert "from convergence.noise" in printed


def test_what_has_no_source_is_refused():
    class Local(Isotropic):
        """Defined in a function."""

    with pytest.raises(InvalidInput, match="imported by name"):
        script(problem=Local([1.0]))
    with pytest.raises(InvalidInput, match="not built from its fields"):
        script(method=FromOptax(abs))
    with pytest.raises(InvalidInput, match="cannot be written"):
        script(thing=object())
