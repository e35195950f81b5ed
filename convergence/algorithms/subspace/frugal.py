"""FRUGAL (arXiv 2411.07837): state where it pays, state-free steps everywhere else."""

from __future__ import annotations

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from convergence.algorithms import coins
from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.constants import Constants
from convergence.errors import require
from convergence.linalg import lift
from convergence.oracles.base import AbstractOracle
from convergence.parts.projectors import AbstractProjector
from convergence.shapes import (
    AbstractModule,
    Count,
    Iterate,
    Key,
    Reals,
    Whole,
    optional,
    real,
    whole,
)

RESIDUALS = ("sgd", "sign", "none")
STATES = ("sgdm", "adam")
BUFFERS = ("average", "code")


class AbstractSplit(AbstractModule):
    """Chooses the stateful part of the space: a projection G ↦ ΠG, redrawn at every refresh."""

    @abstractmethod
    def draw(self, t: Count, G: Iterate, key: Key) -> Array:
        """The data of Π, given the stochastic gradient at the refresh."""

    def part(self, data: Array, G: Iterate) -> Iterate:
        """ΠG; here a mask of coordinates."""
        return data * G


class FixedMask(AbstractSplit):
    """A given set J of coordinates, as a 0/1 array of the iterate's shape."""

    mask: Reals = eqx.field(converter=real)

    def draw(self, t: Count, G: Iterate, key: Key) -> Array:
        return jnp.broadcast_to(jnp.asarray(self.mask, G.dtype), G.shape)


class BernoulliMask(AbstractSplit):
    """Each coordinate with probability p, independent of everything."""

    p: Reals = eqx.field(converter=real, default=0.5)

    def __check_init__(self) -> None:
        require(0 <= float(self.p) <= 1, f"p = {float(self.p):g}", "0 ≤ p ≤ 1", "clip it")

    def draw(self, t: Count, G: Iterate, key: Key) -> Array:
        return (jax.random.uniform(key, G.shape, G.dtype) < self.p).astype(G.dtype)


class TopMask(AbstractSplit):
    """The k coordinates of largest |G|: depends on the noise, which the analysis forbids."""

    k: int = eqx.field(static=True)

    def draw(self, t: Count, G: Iterate, key: Key) -> Array:
        size = jnp.abs(jnp.ravel(G))
        return (jnp.abs(G) >= jnp.sort(size)[size.shape[0] - self.k]).astype(G.dtype)


class Columns(AbstractSplit):
    """ΠG = PPᵀG for a frame from a projector (SVD of the gradient, Haar, random rows)."""

    projector: AbstractProjector
    r: int = eqx.field(static=True)

    def draw(self, t: Count, G: Iterate, key: Key) -> Array:
        return self.projector.frame(t, G, key, self.r)

    def part(self, data: Array, G: Iterate) -> Iterate:
        return lift(data, data.T @ G)


class FrugalState(AbstractState):
    """x, the data of Π, and the moments m, v (v is used by Adam only)."""

    x: Iterate
    split: Array
    m: Iterate
    v: Iterate


class Frugal(AbstractAlgorithm):
    """u = state-full step along ΠG; x_{t+1} = x_t − α u − α_res · residual(G − ΠG).

    stateful: "sgdm", u = m with m ← βm + (1 − β)ΠG, or "adam" on ΠG entry by entry (bias
    correction since the last refresh). residual: "sgd" (the residual itself), "sign", or "none",
    which with a frame from the SVD is GaLore. The split is redrawn every `gap` steps, and with
    reset=True the moments start anew, as in the public code. buffer: "average" as above, or "code",
    m ← βm + ΠG, which every reset seeds with ΠG: the first step is (1 + β)ΠG.

    Differs from the public code in: 1. moments live in the full space, on the range of Π: the same
    for masks, and for frames except that Adam works on entries of PᵀG there; without a reset a
    frame's moments keep their old coordinates there. 2. by default, the buffer.
    """

    alpha: Reals = eqx.field(converter=real)
    split: AbstractSplit
    gap: Whole = eqx.field(converter=whole, default=1)
    beta: Reals = eqx.field(converter=real, default=0.0)
    beta2: Reals = eqx.field(converter=real, default=0.999)
    alpha_res: Reals | None = eqx.field(converter=optional(real), default=None)
    stateful: str = eqx.field(static=True, default="sgdm")
    residual: str = eqx.field(static=True, default="sgd")
    reset: bool = eqx.field(static=True, default=True)
    buffer: str = eqx.field(static=True, default="average")

    def __check_init__(self) -> None:
        require(int(self.gap) >= 1, f"gap = {int(self.gap)}", "gap ≥ 1 steps", "1 redraws always")
        require(0 <= float(self.beta) < 1, f"beta = {float(self.beta):g}", "0 ≤ β < 1", "lower it")
        require(
            self.residual in RESIDUALS, f"residual {self.residual!r}", f"one of {RESIDUALS}", "pick"
        )
        require(self.stateful in STATES, f"{self.stateful!r}", f"one of {STATES}", "pick one")
        require(self.buffer in BUFFERS, f"buffer {self.buffer!r}", f"one of {BUFFERS}", "pick one")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> FrugalState:
        zero = jnp.zeros_like(x0)
        data = jax.eval_shape(self.split.draw, jnp.zeros((), jnp.int32), x0, key)
        return FrugalState(x0, jnp.zeros(data.shape, data.dtype), zero, zero)

    def step(self, t: Count, state: FrugalState, oracle: AbstractOracle, key: Key) -> FrugalState:
        draw, sample = jax.random.split(key)
        G = oracle.grad(state.x, sample)
        data = jax.lax.cond(
            t % self.gap == 0, lambda: self.split.draw(t, G, draw), lambda: state.split
        )
        keep = jnp.where(self.reset & (t % self.gap == 0), 0.0, 1.0).astype(G.dtype)
        down = self.split.part(data, G)
        m = self.beta * keep * state.m + (1 - self.beta) * down
        if self.buffer == "code" and self.stateful == "sgdm":
            seeded = (t % self.gap == 0) if self.reset else (t == 0)
            m = self.beta * jnp.where(seeded, down, state.m) + down
        v = self.beta2 * keep * state.v + (1 - self.beta2) * down**2
        if self.stateful == "adam":
            age = (t % self.gap if self.reset else t) + 1
            m_hat, v_hat = m / (1 - self.beta**age), v / (1 - self.beta2**age)
            u = self.split.part(data, m_hat / (jnp.sqrt(v_hat) + 1e-8))
        else:
            u = m
        res = G - down
        rest = {"sgd": res, "sign": jnp.sign(res), "none": jnp.zeros_like(res)}[self.residual]
        alpha_res = self.alpha if self.alpha_res is None else self.alpha_res
        return FrugalState(state.x - self.alpha * u - alpha_res * rest, data, m, v)


class FrugalSGDM(AbstractAlgorithm):
    """m_j ← (1 − β)g_j + β(m_j if j ∈ J_k else 0);  x_j ← x_j − αm_j if j ∈ J_k, x_j − αg_j else.

    The recursion that is analyzed: coordinates, SGDM on J_k and SGD off it; J_k a mask redrawn
    every `gap` steps (the memory of a coordinate that leaves J_k is used up, not applied).
    """

    alpha: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)
    split: AbstractSplit
    gap: Whole = eqx.field(converter=whole, default=1)

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """A mask only decides whether a step is taken now or, through the momentum, later: what it
        moves is at most one step."""
        kept = (1 - float(self.alpha) * c.L) ** 2
        return coins.projected(1 - kept, 0.5, 0.25)

    def __check_init__(self) -> None:
        require(int(self.gap) >= 1, f"gap = {int(self.gap)}", "gap ≥ 1 steps", "1 redraws always")
        require(0 <= float(self.beta) < 1, f"beta = {float(self.beta):g}", "0 ≤ β < 1", "lower it")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> FrugalState:
        zero = jnp.zeros_like(x0)
        return FrugalState(x0, zero, zero, zero)

    def step(self, t: Count, state: FrugalState, oracle: AbstractOracle, key: Key) -> FrugalState:
        draw, sample = jax.random.split(key)
        g = oracle.grad(state.x, sample)
        J = jax.lax.cond(
            t % self.gap == 0, lambda: self.split.draw(t, g, draw), lambda: state.split
        )
        m = (1 - self.beta) * g + self.beta * J * state.m
        return FrugalState(state.x - self.alpha * (J * m + (1 - J) * g), J, m, state.v)


def half(shape: tuple[int, ...]) -> np.ndarray:
    """The first half of the coordinates, as a mask."""
    size = int(np.prod(shape))
    return (np.arange(size) < size // 2).astype(float).reshape(shape)
