"""Faults of released optimizers, re-told: the audit catches each and passes its right version.

Those that are not an optimizer's (gradient estimates, error feedback, benchmark functions) have
their tests where those are judged.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest

from convergence.audit import audit
from tests.audit import faults as f
from tests.audit import optimizers as o
from tests.audit.caught import check


def in_single(inner: Any) -> Any:
    """A transformation of bfloat16 parameters around a copy of them in float32."""

    def up(tree: Any) -> Any:
        return jax.tree.map(lambda v: v.astype(jnp.float32), tree)

    def init(params: Any) -> Any:
        return up(params), inner.init(up(params))

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        copy, memory = state
        moves, memory = inner.update(up(updates), memory, copy)
        copy = optax.apply_updates(copy, moves)
        return jax.tree.map(lambda a, b: a - b.astype(jnp.float32), copy, params), (copy, memory)

    return optax.GradientTransformation(init, update)


# what the fault is, the law that catches it, faulty, right, and what `audit` is told of both
ROWS: tuple[tuple[str, str, Any, Any, dict[str, Any]], ...] = (
    ("Adam without bias correction", "S1", o.AdamWithoutCorrection, o.Adam, {"family": "adam"}),
    ("sign of Nesterov's momentum", "R6", f.NesterovWithWrongSign, f.Inertia,
     {"family": "nesterov"}),
    ("velocity v + μg", "R6", f.VelocityThatKeepsAll, f.HeavyBall, {"family": "heavy-ball"}),
    ("Rprop a step late", "P", f.RpropLate, f.Rprop, {"like": "rprop"}),
    ("Rprop a step late, as shipped", "P", optax.rprop, f.Rprop, {"like": "rprop"}),
    ("Rprop a step late, unaided", "S4z", optax.rprop, f.Rprop, {}),
    ("AdaBelief's error about m_{t−1}", "S11", f.AdaBeliefOfOldMean, f.AdaBelief,
     {"family": "adabelief"}),
    ("schedule-free judged at y", "A1", f.ScheduleFreeAtY, f.ScheduleFree,
     {"family": "schedule-free"}),
    ("micro-gradients summed", "U9", o.AccumulatingSum, o.Accumulating, {}),
    ("clipped before unscaling", "U15", o.ClippedBeforeUnscaling, o.Clipped, {}),
    ("weight decay ignored", "U7d", o.AdamWithoutDecay, o.Adam, {}),
    ("rate inside the momentum", "U2", o.RateInsideMomentum, o.Momentum, {}),
    ("complex gradients squared", "U8", o.AdamSquaringComplex, o.Adam, {}),
    ("a step counter for all parameters", "U10", o.AdamWithSharedCounter, o.Adam, {}),
    ("state that is not saved", "S8", o.AdamOutsideState, o.Adam, {}),
    ("bfloat16 swallows updates", "U6", optax.sgd(1e-3), in_single(optax.sgd(1e-3)), {}),
    ("Sophia's curvature clamped", "S10", f.SophiaClampingCurvature, f.Sophia,
     {"family": "sophia"}),
    ("FISTA's inertia off by one", "P", f.FistaOffByOne, f.Fista, {"like": "fista"}),
    ("FISTA from the extrapolated point", "P", f.FistaFromExtrapolated, f.Fista,
     {"like": "fista"}),
    ("Adam's printed theorem", "C1", o.Adam, f.AMSGrad, {"family": "adam"}),
    ("heavy ball on strongly convex f", "C10", f.HeavyBall, o.Local, {"family": "heavy-ball"}),
    ("a way back by the wrong shape", "U3", o.TallOnly, o.AnyShape, {}),
    ("ε unused", "S13", o.AdamWithoutDamping, o.Adam, {}),
    ("a first step of 0", "S4z", o.Warmup, o.WarmupFromOne, {}),
)  # fmt: skip


@pytest.mark.parametrize(("what", "law", "faulty", "right", "told"), ROWS, ids=[r[0] for r in ROWS])
def test_a_public_fault_is_caught(what: str, law: str, faulty: Any, right: Any, told: dict):
    check(law, faulty, right, told)


def test_steps_of_several_calls_are_counted_as_one():
    accumulating = optax.MultiSteps(optax.sgd(0.1), 4)
    told: dict[str, Any] = {"like": "sgd", "laws": ["P", "S4z"]}
    assert not audit(accumulating, every=4, **told).broken
    assert [cell.law for cell in audit(accumulating, **told).broken] == ["S4z"]
