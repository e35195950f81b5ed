"""Noise of n agents: a stated root times unit normals, so that exact moments can be computed."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import require
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Reals, Scalar, real


class PerEntry(AbstractNoise):
    """ξ = s ⊙ u with u ~ N(0, I): each entry of a stack (n, d) has its own standard deviation.

    s: a number, or an array that broadcasts to the iterate. E‖ξ‖² = Σ s² after broadcasting.
    """

    normal = True

    s: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        low = float(np.min(self.s))
        require(low >= 0, f"a standard deviation {low:g}", "s ≥ 0", "flip its sign")

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return self.of_unit(normal(key, x.shape, x.dtype))

    def of_unit(self, unit: Iterate) -> Iterate:
        return jnp.asarray(self.s, unit.dtype) * unit

    def constants(self, shape: tuple[int, ...]) -> Constants:
        s = np.atleast_1d(np.broadcast_to(np.asarray(self.s), shape))
        same = bool(np.all(s == s.flat[0]))
        return Constants(
            sigma=float(np.sqrt(np.sum(s**2))), s=float(np.max(s)), symmetric=True,
            additive=True, light_tailed=True, independent=True,
            isotropic_noise=same, equal_noise=bool(np.all(s == s[:1])),
        )  # fmt: skip


class PerAgent(AbstractNoise):
    """ξ_k = S_k u_k with u_k ~ N(0, I_d): covariance R_k = S_k S_kᵀ for agent k.

    S: (n, d, d). E‖ξ‖² = Σ_k ‖S_k‖_F².
    """

    normal = True

    S: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        shape = np.shape(self.S)
        require(
            len(shape) == 3 and shape[1] == shape[2],
            f"roots S of shape {shape}",
            "(n, d, d)",
            "stack one square root of a covariance an agent",
        )

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return self.of_unit(normal(key, x.shape, x.dtype))

    def of_unit(self, unit: Iterate) -> Iterate:
        return jnp.einsum("kij,kj->ki", jnp.asarray(self.S, unit.dtype), unit)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        S = np.asarray(self.S)
        return Constants(
            sigma=float(np.sqrt(np.sum(S**2))), covariances=np.einsum("kij,klj->kil", S, S),
            symmetric=True,
            additive=True, light_tailed=True, independent=True,
            equal_noise=bool(np.all(S[:1] == S)),
        )  # fmt: skip


class OneDraw(AbstractNoise):
    """ξ_k = s u for every agent k, with ONE u ~ N(0, I_d): all agents see the same sample.

    E‖ξ_k‖² = s² d, so that E‖ξ‖² = n d s²; the mean over agents has the variance of one of them.
    """

    normal = True

    s: Reals = eqx.field(converter=real, default=1.0)

    def draw(self, x: Iterate, key: Key) -> Iterate:
        one = normal(key, x.shape[1:], x.dtype)
        return jnp.broadcast_to(jnp.asarray(self.s, x.dtype) * one, x.shape)

    def of_unit(self, unit: Iterate) -> Iterate:
        return jnp.broadcast_to(jnp.asarray(self.s, unit.dtype) * unit[0], unit.shape)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        require(bool(shape), "a number as iterate", "a stack of agents", "give it the shape (n, d)")
        return Constants(
            sigma=float(abs(self.s) * np.prod(shape) ** 0.5), symmetric=True, additive=True,
            light_tailed=True, independent=shape[0] == 1,
        )  # fmt: skip


class Levels(AbstractNoise):
    """Separate noises of the lower gradient, the adjoint equation and the upper gradient.

    As a noise of its own it is that of the upper level. Certifies s_y, s_z, s_u, where each is the
    same for every entry, s where all three are equal, and the properties that all three share; a
    moment only where there is no noise at all: those of three levels are three numbers.

    lower: the shape (n, q) of the lower iterates, where it is not that of the upper ones.
    """

    y: AbstractNoise
    z: AbstractNoise
    u: AbstractNoise
    lower: tuple[int, ...] | None = eqx.field(static=True, default=None, kw_only=True)

    def levels(self, shape: tuple[int, ...]) -> dict[str, tuple[AbstractNoise, tuple[int, ...]]]:
        """Each noise, and the shape of what it is added to; shape: that of the upper iterate."""
        below = shape if self.lower is None else self.lower
        return {"y": (self.y, below), "z": (self.z, below), "u": (self.u, shape)}

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return self.u.draw(x, key)

    def potential(self, x: Iterate, key: Key) -> Scalar:
        return self.u.potential(x, key)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        levels = {name: part.constants(at) for name, (part, at) in self.levels(shape).items()}
        found: dict[str, Any] = {f"s_{name}": c["s"] for name, c in levels.items() if "s" in c}
        if len(found) == 3 and len(set(found.values())) == 1:
            found["s"] = found["s_u"]
        if all(c.get("sigma") == 0 for c in levels.values()):
            found["sigma"] = 0.0
        shared = (
            "symmetric", "additive", "light_tailed", "isotropic_noise", "equal_noise",
            "independent",
        )  # fmt: skip
        found |= {name: all(c.get(name) is True for c in levels.values()) for name in shared}
        return Constants(**found)
