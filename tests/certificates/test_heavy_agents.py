"""What heavy-tailed noise of a user's says of its agents, one by one."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.constants import Constants
from convergence.laws.noises import noise_faults
from convergence.noise.base import AbstractNoise
from convergence.precision import precision
from convergence.shapes import Reals, real

EVEN = np.stack([np.eye(2)] * 3)
SWAPPED = np.stack([np.eye(2), np.diag([1.6, 0.4]), np.eye(2)])
TURNED = np.stack([np.eye(2), np.eye(2), np.array([[1.0, 0.7], [0.7, 1.0]])])
LARGER = np.stack([0.4 * np.eye(2), np.eye(2), 1.6 * np.eye(2)])
FLAT = np.stack([np.eye(2), np.diag([2.0, 0.0]), np.ones((2, 2))])


class Agents(AbstractNoise):
    """Of three agents with covariances C_i by Laplacian or Student's numbers of variance 1."""

    C: Reals = eqx.field(converter=real)
    said: Any = eqx.field(static=True)
    df: float | None = eqx.field(static=True, default=None)

    def draw(self, x: Any, key: Any) -> Any:
        if self.df is None:
            z = jax.random.laplace(key, x.shape, x.dtype) / 2**0.5
        else:
            z = jax.random.t(key, self.df, x.shape, x.dtype) * (1 - 2 / self.df) ** 0.5
        values, ways = jnp.linalg.eigh(self.C)
        roots = (ways * jnp.sqrt(jnp.maximum(values, 0.0))[:, None, :]) @ ways.transpose(0, 2, 1)
        return jnp.einsum("ijk,ik->ij", roots, z)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        total = float(np.trace(np.asarray(self.C), axis1=1, axis2=2).sum())
        more = {"equal_noise": True} if self.said is None else {"covariances": np.array(self.said)}
        return Constants(sigma=total**0.5, additive=True, symmetric=True, **more)


def said(C: np.ndarray) -> tuple[Any, ...]:
    return tuple(tuple(map(tuple, c)) for c in C.tolist())


CASES: dict[str, tuple[Agents, set[str]]] = {
    "alike": (Agents(EVEN, None), set()),
    "alike, no fourth moment": (Agents(EVEN, None, 2.5), set()),
    "one of them larger": (Agents(LARGER, None), {"equal_noise"}),
    "one of them larger, no fourth moment": (Agents(LARGER, None, 2.5), {"equal_noise"}),
    "covariances": (Agents(TURNED, said(TURNED)), set()),
    "covariances, no fourth moment": (Agents(TURNED, said(TURNED), 2.5), set()),
    "covariances of low rank": (Agents(FLAT, said(FLAT)), set()),
    "entries swapped": (Agents(SWAPPED, said(EVEN)), {"covariances"}),
    "a way that is no entry": (Agents(TURNED, said(EVEN)), {"covariances"}),
    "a way without noise": (Agents(EVEN, said(FLAT)), {"covariances"}),
}


@pytest.mark.parametrize("name", CASES)
def test_heavy_noise_of_agents(name: str) -> None:
    noise, names = CASES[name]
    with precision("float64"):
        assert {fault.name for fault in noise_faults(noise, np.ones((3, 2)))} == names
