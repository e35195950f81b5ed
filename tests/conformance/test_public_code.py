"""Methods reproduce their authors' public code, or differ as their docstrings say.

Each record is a run of the public code of `repository` at `commit` on given gradients h x + g_t:
the arguments, the random choices that it made, and its iterates. Only numbers are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from convergence.algorithms.classical.sgd import MSGD
from convergence.algorithms.compression.ef21 import EF21
from convergence.algorithms.decentralized.bilevel import LowerState, StocBiO
from convergence.algorithms.estimators.sophia import SophiaG
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.zeroth_order import zo_sgd
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.parts.compressors import TopK
from convergence.parts.matrix_products import WTA
from tests.conformance.scripted import (
    FOLDER,
    ROUND,
    GivenLOZO,
    GivenLOZOM,
    apart,
    play,
    recorded,
)


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def test_every_record_says_how_it_was_made() -> None:
    records = sorted(FOLDER.glob("*.json"))
    assert len(records) >= 30
    for path in records:
        record = recorded(path.stem)
        assert record["repository"].startswith("https://")
        for field in ("commit", "file", "arguments", "notes"):
            assert record[field]
        assert record["versions"]["python"]


def test_sophia() -> None:
    record = recorded("sophia-g")
    a = record["arguments"]

    def distance(semantics: str) -> float:
        method = SophiaG(
            a["lr"],
            a["rho"],
            *a["betas"],
            k=a["hess_interval"],
            B=a["bs"],
            decay=a["weight_decay"],
            semantics=semantics,
        )
        return apart(play(method, record), record)

    assert distance("code") < ROUND
    assert distance("paper") > 1e-2


def test_mezo() -> None:
    """With the recorded directions in place of ours."""
    record = recorded("mezo")
    a = record["arguments"]

    class Recorded(ZOSGD):
        u: Any = None

        def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(zo_sgd, "normal", lambda *_: jnp.asarray(self.u))
                return super().step(t, state, oracle, key)

    def each(method: Any, t: int) -> Any:
        return dataclasses.replace(method, u=jnp.asarray(record["U"][t]))

    path = play(Recorded(a["lr"], a["zo_eps"]), record, each)
    # Differences of values of order 1 over 2e-2.
    assert apart(path, record) < 1e-11


@pytest.mark.parametrize("name", ["wide", "tall", "momentum", "momentum-nu1"])
def test_lozo(name: str) -> None:
    """At each redraw the public code moves along a direction that it did not measure."""
    record = recorded(f"lozo-{name}")
    a = record["arguments"]
    momentum = "beta1" in a
    more = {"beta": a["beta1"]} if momentum else {}

    def each(method: Any, t: int) -> Any:
        where = (jnp.asarray(record["V"][t]), jnp.asarray(record["U"][t]))
        return eqx.tree_at(lambda m: (m.V, m.U), method, where)

    def distance(semantics: str) -> float:
        kind: Any = GivenLOZOM if momentum else GivenLOZO
        method = kind(
            a["lr"],
            a["step_interval"],
            a["rank"],
            a["zo_eps"],
            divide=False,
            semantics=semantics,
            V=record["V"][0],
            U=record["U"][0],
            **more,
        )
        return apart(play(method, record, each), record)

    assert distance("code") < 1e-11
    assert distance("paper") > 1e-2


def test_ef21() -> None:
    record = recorded("ef21")
    a = record["arguments"]
    A, b = jnp.asarray(record["A"]), jnp.asarray(record["b"])

    def grads(x: Any, key: Any = None) -> Any:
        return jnp.einsum("nij,ni->nj", A, A @ x - b) / A.shape[1]

    oracle: Any = SimpleNamespace(n=a["n_workers"], grads=grads)
    method, key = EF21(a["stepsize"], TopK(a["k"])), jax.random.key(0)
    state = method.init(jnp.asarray(record["x"][0]), oracle, key)
    step = jax.jit(lambda t, state: method.step(t, state, oracle, key))
    path = [np.asarray(state.x)]
    for t in range(len(record["x"]) - 1):
        state = step(jnp.asarray(t), state)
        path.append(np.asarray(state.x))
    assert apart(np.stack(path), record) < ROUND


@pytest.mark.parametrize("Q", [1, 4])
def test_stocbio_series(Q: int) -> None:
    """outer_update = Bᵀz of the public code. The paper's z is another."""
    record = recorded(f"stocbio-Q{Q}")
    A, B, v = (jnp.asarray(record[name]) for name in ("A", "B", "grad_fy"))
    oracle = SimpleNamespace(
        lower=lambda x, y, key: jnp.zeros_like(y),
        adjoint=lambda x, y, z, key: z @ A - v,
        upper=lambda x, y, z, key: jnp.zeros_like(x),
    )

    def update(series: str) -> Any:
        method = StocBiO(0.1, 0.1, record["arguments"]["eta"], D=1, Q=Q, series=series)
        y = jnp.asarray(record["y"])[None]
        state = LowerState(jnp.zeros((1, 2)), y, jnp.zeros_like(y))
        step = jax.jit(lambda: method.step(jnp.asarray(0), state, oracle, jax.random.key(0)).z)
        return step()[0] @ B

    np.testing.assert_allclose(update("code"), record["outer_update"], atol=ROUND)
    assert np.max(np.abs(update("paper") - np.asarray(record["outer_update"]))) > 0.1


def test_wta_crs() -> None:
    """The same sure rows and the same weights of the drawn ones. The code adds 1e-8 to norms."""
    record = recorded("wta-crs")
    R, W = jnp.asarray(record["R"]).T, jnp.asarray(record["W"])
    method = WTA(int(record["arguments"]["sample_ratio"] * len(W)))
    inside = np.flatnonzero(np.asarray(jax.jit(lambda: method.split(R, W)[0])()))
    estimate = jax.jit(lambda draws: method.estimate(R, W, draws))
    for case in record["cases"]:
        assert inside.tolist() == case["sure"]
        draws = jnp.asarray(case["draws"] + [0] * (method.k - len(case["draws"])))
        ours = estimate(draws)
        np.testing.assert_allclose(ours, case["estimate"], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["adam", "sgd-momentum", "sgd-nesterov"])
def test_optax(name: str) -> None:
    record = recorded(f"optax-{name}")
    a = dict(record["arguments"])
    made = FromOptax(getattr(optax, a.pop("transformation")), **a)
    assert apart(play(made, record), record) < ROUND


def test_torch() -> None:
    """torch's buffer m ← βm + g is 1/(1 − β) times our average; its Adam is optax's."""
    record = recorded("torch-sgd-momentum")
    a = record["arguments"]
    ours = MSGD(a["lr"] / (1 - a["momentum"]), 1 - a["momentum"])
    assert apart(play(ours, record), record) < ROUND
    for name, factory in (("adam", optax.adam), ("adamw", optax.adamw)):
        record = recorded(f"torch-{name}")
        a = record["arguments"]
        more = {"weight_decay": a["weight_decay"]} if name == "adamw" else {}
        b1, b2 = a["betas"]
        ours = FromOptax(factory, learning_rate=a["lr"], b1=b1, b2=b2, eps=a["eps"], **more)
        assert apart(play(ours, record), record) < ROUND
