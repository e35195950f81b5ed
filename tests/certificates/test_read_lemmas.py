"""Options that users give a released optimizer, laws and lemmas at sizes that are used."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from convergence import Claim, Verdict, verify
from convergence.audit import audit
from convergence.claims.identity import Identity
from convergence.errors import InvalidInput
from convergence.noise.two_point import two_point
from convergence.problems.quadratic import Isotropic
from convergence.theorems.heavy_tailed.hubler2025 import BatchNSGDBudget
from convergence.theorems.heavy_tailed.lemmas import (
    Clipping,
    VonBahrEsseen,
    VonBahrEsseenSymmetric,
)
from convergence.theorems.heavy_tailed.shared import Certified

RATE = {"learning_rate": 0.01}


def outcomes(optimizer: Any, *laws: str, **more: Any) -> dict[str, str]:
    """Law → what it says; `more` goes to `audit`."""
    return {cell.law: str(cell.outcome) for cell in audit(optimizer, laws=laws, **more).cells}


def held(optimizer: Any, *laws: str, **more: Any) -> None:
    """Nothing is called broken."""
    assert "breaks" not in outcomes(optimizer, *laws, **more).values()


TORCH = [
    ("SGD", {"momentum": 0.9, "nesterov": True}, "S2 S21 R6"),
    ("SGD", {"momentum": 0.9, "dampening": 0.5}, "S2 S21 R6"),
    ("RMSprop", {"centered": True}, "S2 S5"),
    ("RMSprop", {"momentum": 0.9}, "W0"),
    ("Adagrad", {"lr_decay": 0.1}, "S2 S3"),
    ("AdamW", {"amsgrad": True}, "W1 W2 W3 S1"),
    ("AdamW", {"eps": 0.1}, "W2 W3"),
    ("Adam", {"eps": 0.1}, "W1 W2"),
    ("AdamW", {"betas": (0.99, 0.9999)}, "S12 S12i"),
    ("Adam", {"fused": True}, "U3t U20"),  # through memory that gradients and parameters share
    ("SGD", {"lr": 1.0}, "R6 S12 S21"),  # which is at 0 after the first of the steps that rehearse
]


@pytest.mark.parametrize(("name", "options", "laws"), TORCH)
def test_an_option_that_makes_another_method_breaks_no_promise(name, options, laws):
    torch = pytest.importorskip("torch")
    held(getattr(torch.optim, name), *laws.split(), options=options)


OPTAX = [
    (optax.adam, {"nesterov": True}, "S1 S10 S19 S20"),
    (optax.rmsprop, {"initial_scale": 1.0}, "S2 S5"),
    (optax.rmsprop, {"bias_correction": True}, "S2"),
    (optax.adam, {"eps_root": 1e-3}, "S1 S10 S19 S20"),
    (optax.adabelief, {"b2": 0.9999}, "S12"),
    (optax.adabelief, {"eps_root": 1e-8}, "S11"),
    (optax.optimistic_gradient_descent, {"alpha": 0.5}, "C15"),
    (optax.adam, {"mu_dtype": jnp.bfloat16}, "S1 S12 S19 S20"),
    (optax.sgd, {"momentum": 0.9, "accumulator_dtype": jnp.bfloat16}, "S12 S12w S21 R6"),
]


@pytest.mark.parametrize(("factory", "options", "laws"), OPTAX)
def test_options_of_transformations(factory, options, laws):
    held(factory, *laws.split(), options={**RATE, **options})


def test_polyaks_step_times_a_factor():
    held(optax.polyak_sgd, "K2", options={"scaling": 0.5})


def test_a_mask_is_asked_about_by_one_law():
    def matrices(params: Any) -> Any:
        return jax.tree.map(lambda p: p.ndim > 1, params)

    options = {**RATE, "weight_decay": 0.1, "mask": matrices}
    row = audit(optax.adamw, options=options, laws=["W0", "W1", "W3", "W6", "U28"])
    assert {str(cell.outcome) for cell in row.cells} == {"keeps"}
    assert any("without its mask" in note for note in row.notes)


def test_a_partial_application_is_its_function_with_options():
    row = audit(functools.partial(optax.adam, 0.01, b1=0.8), laws=["S1"])
    assert (row.name, row.options) == ("adam", {"learning_rate": 0.01, "b1": 0.8})
    assert not row.broken


@pytest.mark.parametrize("rate", [np.float32(0.01), jnp.float32(0.01), np.array(0.01)])
def test_a_rate_may_be_a_scalar_of_anyones(rate):
    found = outcomes(optax.adam, "S1", "S20", options={"learning_rate": rate})
    assert set(found.values()) == {"keeps"}


def test_a_schedule_is_no_rate_to_measure_steps_by():
    rates = optax.linear_schedule(0.1, 0.01, 100)
    held(optax.adam, "S1", "S10", "S20", "U2s", options={"learning_rate": rates})
    held(optax.adam(1e-2), "S1", "S10", family="adam")


def test_a_decay_within_a_finished_transformation():
    held(optax.adamw(1e-2), "S13", "S13f")
    held(optax.adamw(1e-2), "S7", family="adamw")
    coupled = optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1))
    held(coupled, "S5", "S7", "S13", "R6", family="sgd")
    assert set(outcomes(optax.adam(1e-2), "S13", "S13f").values()) == {"keeps"}
    with pytest.raises(InvalidInput, match="b1 for a finished transformation"):
        audit(optax.adam(1e-2), options={"b1": 0.5})


@pytest.mark.parametrize(
    ("made", "like"),
    [
        (optax.adamw(1e-2), "adamw"),
        (optax.adamw(1e-2, weight_decay=0.1), "adamw"),
        (optax.lion(1e-3, weight_decay=0.1), "lion"),
        (optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1)), "sgd"),
    ],
)
def test_the_decay_of_a_finished_transformation_is_that_of_its_reference(made, like):
    assert outcomes(made, "P", like=like) == {"P": "keeps"}
    assert outcomes(made, "P", like="adam") == {"P": "breaks"}


def test_a_schedule_that_begins_at_0():
    rates = optax.warmup_cosine_decay_schedule(0.0, 1e-3, 10, 100)
    held(optax.adamw, "S4z", "S13", options={"learning_rate": rates})
    held(optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rates)), "S4z", "S13", "S13f")


@pytest.mark.parametrize("lemma", [VonBahrEsseen, VonBahrEsseenSymmetric])
def test_an_equality_of_very_many_summands_is_no_violation(lemma):
    many = lemma(law=(2.0, 100_000, (1, -1), (0.5, 0.5)))
    assert verify(Identity("many", many)).verdict is Verdict.CONSISTENT
    twice = lemma(law=(1.5, 3, (-1, -1, 1), (0.25, 0.25, 0.5)))
    assert verify(Identity("twice", twice)).verdict is Verdict.CONSISTENT


@pytest.mark.parametrize(
    ("lemma", "more"),
    [(VonBahrEsseen, (2.5,)), (Clipping, (1, math.inf)), (Clipping, (1, math.nan))],
)
def test_a_law_of_no_numbers_is_refused(lemma, more):
    n, *turn = more
    with pytest.raises(InvalidInput):
        lemma(law=(1.5, n, (1, -1), (0.5, 0.5), 0.0, *turn))


def test_a_certified_run_of_batches_that_nobody_can_draw():
    """p = 1.2 asks for a batch of 1.4e12 at T = 10⁴."""
    noise, bowl = two_point(1.2, 1.0, 0.01), Isotropic(np.array([1.0, 0.0]))
    claim = Claim("of", Certified(BatchNSGDBudget()), bowl, noise, horizons=(10_000,), seeds=8)
    assert verify(claim).verdict is Verdict.INAPPLICABLE


def test_who_maximizes_is_asked_minimizing():
    torch = pytest.importorskip("torch")
    up = torch.optim.SGD([torch.nn.Parameter(torch.ones(3))], lr=0.1, maximize=True)
    row = audit(up, laws=["S4", "U5", "S2", "U14"])
    assert not row.broken
    assert any("maximize=False" in note for note in row.notes)
