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
from convergence.laws.problems import problem_faults
from convergence.noise.base import AbstractNoise
from convergence.parts.compressors import AbstractCompressor, TopK, largest
from convergence.precision import precision
from convergence.problems.base import AbstractProblem
from convergence.problems.pairs import WeightedPairs, random_pairs
from convergence.problems.quadratic import Isotropic
from convergence.shapes import Reals, real
from convergence.theorems.compression.richtarik2021 import EF21Nonconvex


def accused(faults: Any) -> set[str]:
    return {fault.name for fault in faults}


class Spiky(AbstractNoise):
    """A normal sample and, one time in 10⁵, a spike: its rarest chance, if it is said, is false."""

    q: float | None = eqx.field(static=True, default=None)

    def draw(self, x: Any, key: Any) -> Any:
        a, b = jax.random.split(key)
        rare = jax.random.uniform(b, (), x.dtype) < 1e-5
        return jnp.where(rare, 300.0, 1.0) * jax.random.normal(a, x.shape, x.dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = (shape[0] * (1 + 1e-5 * (9e4 - 1))) ** 0.5
        said = {} if self.q is None else {"q": self.q, "top": 1.0}
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
        (Spiky(q=0.5), {"q", "top"}),
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


@pytest.mark.parametrize("d", [10, 50])
@pytest.mark.parametrize(("part", "names"), [(Shifted(), {"delta"}), (Top(1), set())])
def test_a_compressor_meets_messages_along_every_axis(part: Any, names: set[str], d: int) -> None:
    with precision("float64"):
        faults = part_faults(EF21Nonconvex(part), Isotropic(np.ones(d)))
        assert accused(faults) == names


class Sum(AbstractProblem):
    """(1/n) Σ ½ Σ_j h_ij x_j²: `h` are rows of curvatures; some words or ways are false."""

    h: Reals = eqx.field(converter=real)
    said: tuple[tuple[str, Any], ...] = eqx.field(static=True, default=())
    rows: int | None = eqx.field(static=True, default=None)
    scale: float = eqx.field(static=True, default=1.0)
    turn: int = eqx.field(static=True, default=0)

    @property
    def n(self) -> int:
        return self.rows or self.h.shape[0]

    def grads(self, x: Any) -> Any:
        return jnp.asarray(self.h) * x

    def local(self, X: Any) -> Any:
        return self.scale * jnp.asarray(self.h) * jnp.roll(X, self.turn, axis=0)

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.sum(jnp.mean(jnp.asarray(self.h), axis=0) * x**2)

    def grad(self, x: Any) -> Any:
        return jnp.mean(jnp.asarray(self.h), axis=0) * x

    def start(self) -> Any:
        return jnp.ones(self.h.shape[1])

    def constants(self) -> Constants:
        h = np.asarray(self.h)
        (n, d), mean = h.shape, h.mean(axis=0)
        more = {
            "L_max": np.abs(h).max(), "L_tilde": np.mean(h**2, axis=0).max() ** 0.5,
            "all_convex": bool(h.min() >= 0), **dict(self.said),
        }  # fmt: skip
        return Constants(L=np.abs(mean).max(), quadratic=True, f_star=0.0, Delta=mean.sum() / 2,
                         d=d, R=d**0.5, x_star=np.zeros(d), agents=n, all_quadratic=True,
                         zeta=0.0, **more)  # fmt: skip


class Farther(WeightedPairs):
    """Whose gap is larger than it is beside the center, by `off` times the way to it."""

    off: float = eqx.field(static=True, default=0.0)

    def gap(self, x: Any) -> Any:
        way = x[: -self.samples] - jnp.asarray(self.theta0)
        return super().gap(x) + self.off * jnp.sqrt(jnp.sum(way**2) + 1e-30)


FLAT = np.linspace(0.5, 1.0, 12).reshape(3, 4)
PAIRS = [getattr(random_pairs(4, 3), name) for name in ("k", "g", "e", "theta0", "r")]


@pytest.mark.parametrize(
    ("problem", "names"),
    [
        (Sum(FLAT), set()),
        (Sum(FLAT, scale=2.0), {"local(X)"}),
        (Sum(FLAT, turn=1), {"local(X)"}),  # at a point of all it is what it is said to be
        (Sum(FLAT, rows=2), {"n"}),
        (Farther(*PAIRS), set()),
        (Farther(*PAIRS, off=1e-3), {"gap"}),
    ],
)
def test_what_oracles_and_metrics_ask(problem: Any, names: set[str]) -> None:
    with precision("float64"):
        assert accused(problem_faults(problem)) == names


def narrow(d: int, low: float) -> np.ndarray:
    """Curvatures 1 of four functions, and `low` along one axis of one, which few ways show."""
    h = np.ones((4, d))
    h[1, 3] = low
    return h


@pytest.mark.parametrize("d", [40, 150])
@pytest.mark.parametrize(
    ("low", "said", "names"),
    [
        (-0.1, {}, set()),
        (-0.1, {"all_convex": True}, {"all_convex"}),
        (2.0, {}, set()),
        (2.0, {"L_max": 1.9}, {"L_max"}),
    ],
)
def test_the_curvature_of_one_function(d: int, low: float, said: Any, names: set[str]) -> None:
    with precision("float64"):
        assert accused(problem_faults(Sum(narrow(d, low), tuple(said.items())))) == names


def test_the_joint_curvature_of_functions() -> None:
    with precision("float64"):
        assert accused(problem_faults(Sum(narrow(40, 2.0), (("L_tilde", 1.3),)))) == {"L_tilde"}


class Wide(AbstractProblem):
    """½ Σ h_j x_j² and, of x_0, k⁻² log cosh(k x_0): too large for its Hessian to be formed."""

    h: Reals = eqx.field(converter=real)
    more: tuple[tuple[str, Any], ...] = eqx.field(static=True, default=())
    k: float = eqx.field(static=True, default=0.0)
    split: int = eqx.field(static=True, default=100)

    def value(self, x: Any) -> Any:
        bump = jnp.logaddexp(self.k * x.ravel()[0], -self.k * x.ravel()[0]) - jnp.log(2.0)
        return 0.5 * jnp.sum(jnp.asarray(self.h) * x**2) + bump / (self.k or 1.0) ** 2

    def start(self) -> Any:
        return jnp.ones(self.h.shape[0] if self.h.ndim == 1 else (self.h.shape[0], 15))

    def constants(self) -> Constants:
        h = np.abs(np.asarray(self.h))
        return Constants(L=h.max() + 1.0 * (self.k > 0), **dict(self.more))


GAME = np.concatenate([np.linspace(0.3, 1.0, 100), -np.linspace(0.4, 1.0, 100)])
SADDLE = {"saddle": np.zeros(200), "split": 100, "R_saddle": 200**0.5}
ROWS = np.linspace(0.1, 1.0, 10)[:, None]


class Game(Wide):
    """A saddle at 0."""

    def constants(self) -> Constants:
        return super().constants() | Constants(**SADDLE)


class Rows(Wide):
    """Whose curvatures are those of its rows, or are said to be in another order."""

    flip: bool = eqx.field(static=True, default=False)

    def constants(self) -> Constants:
        h = np.ravel(self.h)[:: -1 if self.flip else 1]
        return super().constants() | Constants(by_rows=True, h=h, m=10, n=15, quadratic=True)


@pytest.mark.parametrize(
    ("problem", "names"),
    [
        (Wide(np.ones(150), (("quadratic", True),)), set()),
        (Wide(np.ones(150), (("quadratic", True),), k=5.0), {"quadratic"}),
        (Wide(np.ones(150), (("rho", 4.0),), k=5.0), set()),
        (Wide(np.ones(150), (("rho", 1.0),), k=5.0), {"rho"}),
        (Game(GAME, (("mu_saddle", 0.3),)), set()),
        (Game(GAME, (("mu_saddle", 0.35),)), {"mu_saddle"}),
        (Rows(ROWS), set()),
        (Rows(ROWS, flip=True), {"h"}),
    ],
)
def test_a_hessian_that_is_too_large_to_be_formed(problem: Any, names: set[str]) -> None:
    with precision("float64"):
        assert accused(problem_faults(problem)) == names


class Shared(AbstractNoise):
    """One normal vector for all agents, or for each its own."""

    own: bool = eqx.field(static=True, default=False)

    def draw(self, x: Any, key: Any) -> Any:
        shape = x.shape if self.own else (1, *x.shape[1:])
        return jnp.broadcast_to(jax.random.normal(key, shape, x.dtype), x.shape)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = float(np.prod(shape)) ** 0.5
        return Constants(sigma=sigma, additive=True, light_tailed=True, independent=True)


@pytest.mark.parametrize(("own", "names"), [(True, set()), (False, {"independent"})])
def test_a_noise_that_agents_share(own: bool, names: set[str]) -> None:
    with precision("float64"):
        assert accused(noise_faults(Shared(own), np.ones((8, 64)))) == names
