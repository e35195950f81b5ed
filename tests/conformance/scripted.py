"""The choices of a recorded run, played again to a method of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.subspace.frugal import AbstractSplit
from convergence.algorithms.zeroth_order.lozo import LOZO, LOZOM, AbstractLOZO
from convergence.linalg import lift
from convergence.oracles.base import AbstractOracle
from convergence.oracles.zeroth import central
from convergence.parts.projectors import AbstractProjector
from convergence.shapes import Reals, real

FOLDER = Path(__file__).parent
# A dozen steps of a few dozen float64 operations each, on contractions.
ROUND = 1e-12


def recorded(name: str) -> Any:
    """The record of that name."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


class Given(AbstractOracle):
    """∇F = h x + g entry by entry, whatever the sample."""

    h: Any
    g: Any

    def value(self, x: Any, key: Any) -> Any:
        return jnp.sum(self.h * x * x / 2 + self.g * x)

    def grad(self, x: Any, key: Any) -> Any:
        return self.h * x + self.g


class Frames(AbstractProjector):
    """The k-th frame from step kτ on."""

    frames: Reals = eqx.field(converter=real)
    tau: int = eqx.field(static=True)

    def frame(self, t: Any, G: Any, key: Any, r: int) -> Any:
        return jnp.asarray(self.frames)[t // self.tau]


class Splits(AbstractSplit):
    """The k-th mask from step kτ on."""

    masks: Reals = eqx.field(converter=real)
    tau: int = eqx.field(static=True)

    def draw(self, t: Any, G: Any, key: Any) -> Any:
        return jnp.asarray(self.masks)[t // self.tau]


class Turned(Splits):
    """The k-th frame acting on columns: ΠG = GQQᵀ, Q the transpose of what is recorded."""

    def part(self, data: Any, G: Any) -> Any:
        return G @ data.T @ data


class _Drawn(AbstractLOZO):
    """V and U of the step as recorded."""

    V: Reals = eqx.field(converter=real, default=None)
    U: Reals = eqx.field(converter=real, default=None)

    def factor(self, x: Any, key: Any) -> Any:
        return jnp.asarray(self.V)

    def estimate(self, x: Any, V: Any, oracle: Any, key: Any) -> Any:
        U = jnp.asarray(self.U)
        return central(oracle, x, lift(U, V.T), key, self.eps), U


class GivenLOZO(_Drawn, LOZO):
    """LOZO with recorded draws."""


class GivenLOZOM(_Drawn, LOZOM):
    """LOZO-M with recorded draws."""


def play(method: Any, record: Any, each: Any = None) -> np.ndarray:
    """(T + 1, …) the iterates of ours under the recorded gradients. `each(method, t)` replaces the
    method of step t by one of the same structure."""
    h, g = jnp.asarray(record["h"]), jnp.asarray(record["g"])
    key = jax.random.key(0)
    first = each(method, 0) if each else method
    state = first.init(jnp.asarray(record["x"][0]), Given(h, g[0]), key)

    @eqx.filter_jit
    def step(method: Any, t: Any, state: Any, g: Any) -> Any:
        return method.step(t, state, Given(h, g), key)

    path = [np.asarray(state.x)]
    for t in range(len(g)):
        now = each(method, t) if each else method
        state = step(now, jnp.asarray(t, jnp.int32), state, g[t])
        path.append(np.asarray(state.x))
    return np.stack(path)


def apart(path: np.ndarray, record: Any) -> float:
    """The largest distance of an entry from the recorded one, relative to the largest entry."""
    known = np.asarray(record["x"])
    assert path.shape == known.shape
    return float(np.max(np.abs(path - known)) / np.max(np.abs(known)))
