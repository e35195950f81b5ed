"""Subspace methods reproduce their authors' public code, or differ as their docstrings say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from convergence.algorithms.subspace.frugal import Columns, Frugal
from convergence.algorithms.subspace.gwt import GWT
from convergence.algorithms.subspace.natural_galore import NaturalGaLore
from convergence.algorithms.subspace.projected import Subspace
from convergence.algorithms.subspace.qgalore import QGaLore
from convergence.linalg import top_left
from convergence.parts.momenta import EMA, Optax
from convergence.parts.projectors import TopSVD
from tests.conformance.scripted import (
    ROUND,
    Frames,
    Given,
    Splits,
    Turned,
    apart,
    play,
    recorded,
)

# Where eps = 1e12 and the step 1e12 η stand for "no second moment": |g| / 1e12 is left of it.
NEARLY = 1e-10


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def galore(record: Any, side: str = "std", projector: Any = None) -> Subspace:
    a = record["arguments"]
    frames = np.asarray(record["frames"])
    if frames.shape[1] == a["rank"]:
        frames = frames.swapaxes(1, 2)
    b1, b2 = a["betas"]
    return Subspace(
        projector or Frames(frames, a["update_proj_gap"]),
        a["lr"] * a["scale"],
        a["rank"],
        a["update_proj_gap"],
        Optax(optax.scale_by_adam, b1=b1, b2=b2, eps=a["eps"]),
        side,
    )


@pytest.mark.parametrize("shape", ["tall", "wide", "square"])
def test_galore(shape: str) -> None:
    record = recorded(f"galore-{shape}")
    assert apart(play(galore(record), record), record) < ROUND
    # Its frames are those of `TopSVD`, up to the signs that a projection forgets.
    h, g = np.asarray(record["h"]), np.asarray(record["g"])
    for k, frame in enumerate(record["frames"]):
        t = k * record["arguments"]["update_proj_gap"]
        G, P = h * np.asarray(record["x"][t]) + g[t], np.asarray(frame)
        G, P = (G, P) if shape == "wide" else (G.T, P.T)
        Q = np.asarray(top_left(jnp.asarray(G), P.shape[1]))
        np.testing.assert_allclose(Q @ Q.T, P @ P.T, atol=ROUND)


def test_galore_on_squares_and_its_epsilon() -> None:
    """By default ours projects rows, also on squares, and its Adam adds ε after the bias
    correction: with ε = 0.01 that is 2 % of the largest entry."""
    record = recorded("galore-square")
    rows = galore(record, "left", TopSVD())
    assert apart(play(rows, record), record) > 1e-2
    record = recorded("galore-eps")
    assert 2e-3 < apart(play(galore(record), record), record) < 5e-2


def test_golore() -> None:
    record = recorded("golore-sgd")
    a = record["arguments"]
    frames = Frames(record["frames"], a["update_proj_gap"])
    method = Subspace(frames, a["lr"], a["rank"], a["update_proj_gap"])
    assert apart(play(method, record), record) < ROUND


def test_golore_turns_its_momentum_for_one_step_only() -> None:
    record = recorded("golore-momentum")
    a = record["arguments"]
    frames = Frames(record["frames"], a["update_proj_gap"])

    def distance(momentum: str) -> float:
        inner, eta = EMA(1 - a["betas"][0]), a["lr"] / a["eps"]
        tau = a["update_proj_gap"]
        method = Subspace(frames, eta, a["rank"], tau, inner, momentum=momentum)
        return apart(play(method, record), record)

    assert distance("code") < NEARLY
    assert distance("project") > 1e-2
    assert distance("keep") > 1e-2


def qgalore(record: Any, **more: Any) -> QGaLore:
    a = record["arguments"]
    return QGaLore(
        a["eta"],
        a["rank"],
        a["update_proj_gap"],
        weight_bits=a["weight_bits"],
        frame_bits=a["n_bit"],
        weight_group=a["weight_group"],
        frame_group=a["group_size"],
        threshold=a["cos_threshold"],
        rounding="nearest",
        **more,
    )


@pytest.mark.parametrize("shape", ["tall", "square", "wide"])
def test_q_galore_weights(shape: str) -> None:
    """Each group holds one singular vector: the quantizer is odd where a group straddles 0, so that
    LAPACK's signs do not matter."""
    record = recorded(f"qgalore-{shape}")
    path = play(qgalore(record, schedule="clock", side="std"), record)
    assert apart(path, record) < ROUND
    if shape == "square":
        assert apart(play(qgalore(record), record), record) > 1e-2


def test_q_galore_schedule() -> None:
    """The gap doubles from the refresh at 10 on; the next is at the next multiple of it."""
    record = recorded("qgalore-schedule")
    assert record["refreshes"] == [0, 2, 4, 6, 8, 10, 12, 16, 32]
    for schedule, expected in (
        ("clock", record["refreshes"]),
        ("elapsed", [0, 2, 4, 6, 8, 10, 14, 22]),
    ):
        assert refreshes(qgalore(record, schedule=schedule, side="std"), record) == expected


def refreshes(method: QGaLore, record: Any) -> list[int]:
    """The steps at which ours renews its frame."""
    g, found = jnp.asarray(record["g"]), []
    key = jax.random.key(0)
    state = method.init(jnp.asarray(record["x"][0]), Given(0.0, g[0]), key)
    step = jax.jit(lambda t, s, g: method.step(t, s, Given(0.0, g), key))
    for t in range(len(g)):
        after = step(jnp.asarray(t, jnp.int32), state, g[t])
        if int(after.refreshes) > int(state.refreshes):
            found.append(t)
        state = after
    return found


def test_natural_galore() -> None:
    """One-sided, the frame held: the same. Two-sided, as the public code's integer rank means:
    another method."""
    for name, same in (("one-sided", True), ("two-sided", False)):
        record = recorded(f"natural-galore-{name}")
        a = record["arguments"]
        method = NaturalGaLore(
            TopSVD(),
            a["lr"] / a["eps"],
            2,
            a["update_proj_gap"],
            a["lambda_damping"],
            a["natural_history"],
        )
        distance = apart(play(method, record), record)
        # The part of R outside the history is divided by λ = 1e-3: its rounding counts 1000-fold.
        assert distance < 1e-9 if same else distance > 1e-2


def frugal(record: Any, split: Any, **more: Any) -> Frugal:
    a = record["arguments"]
    adam = "betas" in a
    beta, beta2 = a["betas"] if adam else (a["momentum"], 0.999)
    return Frugal(
        a["lr"],
        split,
        a["update_gap"],
        beta,
        beta2,
        a["lr"] * a["inactive_lr_scale"],
        "adam" if adam else "sgdm",
        a["inactive_update_rule"].split("_")[0],
        a["reset_statistics"],
        **more,
    )


@pytest.mark.parametrize("name", ["adam", "momentum"])
def test_frugal_on_columns(name: str) -> None:
    record = recorded(f"frugal-{name}")
    split = Splits(record["splits"], record["arguments"]["update_gap"])
    assert apart(play(frugal(record, split, buffer="code"), record), record) < ROUND
    if name == "momentum":
        assert apart(play(frugal(record, split), record), record) > 1e-2


def test_frugal_on_frames() -> None:
    """Momentum in the full space is the same; Adam, which divides entry by entry, is not."""
    record = recorded("frugal-frames")
    split = Turned(record["splits"], record["arguments"]["update_gap"])
    assert apart(play(frugal(record, split, buffer="code"), record), record) < ROUND
    record = recorded("frugal-frames-adam")
    assert apart(play(frugal(record, Columns(TopSVD(), 2)), record), record) > 1e-2


@pytest.mark.parametrize("level", [1, 2])
def test_gwt(level: int) -> None:
    record = recorded(f"gwt-level{level}")
    a = record["arguments"]
    method = GWT(a["lr"], level, a["scale"], *a["betas"], eps=a["eps"])
    assert apart(play(method, record), record) < ROUND
