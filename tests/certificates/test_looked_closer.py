"""What a few looks missed: each is false in one place, and the same without the lie is believed."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.constants import Constants
from convergence.laws.noises import noise_faults
from convergence.laws.parts import part_faults
from convergence.noise.base import AbstractNoise
from convergence.parts.compressors import AbstractCompressor, RandK, TopK, largest
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.theorems.compression.richtarik2021 import EF21Nonconvex


def accused(faults: Any) -> set[str]:
    return {fault.name for fault in faults}


class Spiky(AbstractNoise):
    """A normal sample and, one time in 10⁵, a spike: its rarest chance, if it is said, is false."""

    q: float | None = eqx.field(static=True, default=None)
    top: float | None = eqx.field(static=True, default=None)

    def draw(self, x: Any, key: Any) -> Any:
        a, b = jax.random.split(key)
        rare = jax.random.uniform(b, (), x.dtype) < 1e-5
        return jnp.where(rare, 300.0, 1.0) * jax.random.normal(a, x.shape, x.dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = (shape[0] * (1 + 1e-5 * (9e4 - 1))) ** 0.5
        said = {name: v for name, v in (("q", self.q), ("top", self.top)) if v is not None}
        return Constants(sigma=sigma, symmetric=True, additive=True, **said)


class Signs(AbstractNoise):
    """±6, each with a chance of `drawn`/2, and else 0; said to be of a chance `q`/2."""

    q: float = eqx.field(static=True, default=0.05)
    drawn: float = eqx.field(static=True, default=0.05)

    def draw(self, x: Any, key: Any) -> Any:
        u = jax.random.uniform(key, (), x.dtype)
        sign = jnp.where(u < self.drawn / 2, 1.0, jnp.where(u < self.drawn, -1.0, 0.0))
        return jnp.full(x.shape, 6.0) * sign

    def atoms(self, shape: tuple[int, ...]) -> Any:
        six = np.full(shape, 6.0)
        return np.array([self.q / 2, self.q / 2, 1 - self.q]), np.stack([six, -six, 0 * six])

    def constants(self, shape: tuple[int, ...]) -> Constants:
        size = 6.0 * float(np.prod(shape)) ** 0.5
        return Constants(sigma=size * self.q**0.5, symmetric=True, additive=True, q=self.q / 2,
                         top=size)  # fmt: skip


@pytest.mark.parametrize(
    ("noise", "names"),
    [
        (Spiky(), set()),
        (Spiky(q=0.5), {"q"}),
        (Spiky(q=0.5, top=1.0), {"q", "top"}),
        (Signs(), set()),
        (Signs(drawn=0.02), {"atoms"}),
    ],
)
def test_the_rarest_chance_of_a_law_that_lists_no_atoms(noise: Any, names: set[str]) -> None:
    with precision("float64"):
        assert accused(noise_faults(noise, np.ones(3))) == names


class Shifted(AbstractCompressor):
    """The largest entry of all but the last."""

    random = False

    def __call__(self, V: Any, key: Any) -> Any:
        return largest(jnp.abs(V).at[..., -1].set(-1.0), 1) * V

    def contraction(self, d: int) -> float:
        return 1 / d


class Top(TopK):
    """Top-k by another name."""


class Rand(RandK):
    """Entries at random by another name."""


@pytest.mark.parametrize("d", [10, 50])
@pytest.mark.parametrize(
    ("part", "names"), [(Shifted(), {"delta"}), (Top(1), set()), (Rand(1), set())]
)
def test_a_compressor_meets_messages_along_every_axis(part: Any, names: set[str], d: int) -> None:
    with precision("float64"):
        faults = part_faults(EF21Nonconvex(part), Isotropic(np.ones(d)))
        assert accused(faults) == names
