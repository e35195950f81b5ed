"""Samples of noises from the random numbers of their keys, and atoms, by formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.draws import normal, radial
from convergence.errors import InvalidInput
from convergence.noise.agents import Levels, OneDraw, PerAgent, PerEntry
from convergence.noise.aligned import Aligned
from convergence.noise.atoms import Atoms, diagonal
from convergence.noise.atoms import even as evenly
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.coin import Coin
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto, Stable, StudentT, truncated_pareto
from convergence.noise.lomax import OneSidedLomax
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.noise.pair import Pair, Points
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import as_order, dyadic, three_point, two_point
from convergence.precision import precision

KEY = jax.random.key(11)
S = np.arange(1.0, 13).reshape(3, 2, 2)
X = np.array([[0.6, -0.8], [2.0, 0.3], [-1.0, 0.5]])
UP = np.array([0.6, 0.8])
CHANCES = np.array([0.0, 0.3, 0.5, 0.2])
VALUES = np.array([9.0, 1.0, 0.4, -2.5])
ROWS = np.array([[1.0, 2.0], [-4.0, 0.5], [3.0, -2.5]])


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    with precision("float64"):
        yield


def normals(*shape: int, key: Any = KEY) -> np.ndarray:
    return np.asarray(normal(key, shape, jnp.float64))


def share(key: Any = KEY, shape: tuple[int, ...] = ()) -> Any:
    return np.asarray(jax.random.uniform(key, shape, jnp.float64))


def along(radius: Callable[[float], float], size: int, shape: tuple[int, ...]) -> np.ndarray:
    """A radius in the direction of normal numbers."""
    u, z = radial(KEY, size, jnp.float64)
    z = np.asarray(z)
    return radius(float(u)) * (z / np.linalg.norm(z)).reshape(shape)


def student() -> np.ndarray:
    one, two = jax.random.split(KEY)
    chi2 = float(jax.random.chisquare(two, 2.5, (), jnp.float64))
    return 1.3 * normals(3, 2, key=one) * math.sqrt(2.5 / chi2)


def stable(a: float) -> float:
    u = share(shape=(2,))
    v, w = math.pi * (u[0] - 0.5), -math.log1p(-u[1])
    return math.sin(a * v) / math.cos(v) ** (1 / a) * (math.cos(v - a * v) / w) ** (1 / a - 1)


def folded(one: Callable[[Any], Any], B: int) -> Any:
    return sum(one(jax.random.fold_in(KEY, b)) for b in range(B)) / B


def rippled(x: np.ndarray, what: str, swell: bool = False) -> Any:
    first, second = jax.random.split(KEY)
    zeta, phase = 2.0 / 6**0.5 * normals(3, 2, key=first), 2 * math.pi * share(second, (3, 2))
    key = jax.random.fold_in(second, 1)
    high = 0.7 * (3.0 * float(normal(key, (), jnp.float64)) if swell else 1.0)
    if what == "draw":
        return zeta + high * np.cos(x + phase)
    return (zeta * x).sum() + high * np.sin(x + phase).sum()


# name: (noise, at, sample)
DRAWS: dict[str, tuple[AbstractNoise, Any, Callable[[], Any]]] = {
    "PerEntry": (PerEntry(np.array([1.0, 2.0])), X, lambda: np.array([1.0, 2.0]) * normals(3, 2)),
    "PerAgent": (PerAgent(S), X, lambda: np.array([s @ u for s, u in zip(S, normals(3, 2))])),
    "OneDraw": (OneDraw(-2.0), X, lambda: -2 * np.tile(normals(2), (3, 1))),
    "Levels": (
        Levels(PerEntry(1.0), PerEntry(2.0), PerEntry(3.0)), X, lambda: 3 * normals(3, 2)
    ),
    "Aligned": (
        Aligned(3.0), 2 * X, lambda: 3 / 3**0.5 * np.outer(normals(3), [0.6, -0.8])
    ),
    "AlignedNear": (
        Aligned(3.0), X / 2, lambda: 3 / 3**0.5 * np.outer(normals(3), [0.6, -0.8])
    ),
    "AlignedAtNothing": (
        Aligned(3.0), 0 * X, lambda: 3 / 3**0.5 * np.outer(normals(3), [1.0, 0.0])
    ),
    "Noiseless": (Noiseless(), X, lambda: 0 * X),
    "Coin": (Coin(0.4, 3.0), X, lambda: ((share() < 0.4) / 0.4 - 1) * X),
    "CoinShows": (Coin(0.95, 3.0), X, lambda: (1 / 0.95 - 1) * X),
    "CoinHides": (Coin(1e-9, 3.0), X, lambda: -X),
    "Diagonal": (
        DiagonalGaussian(np.array([1.0, 9.0])), UP, lambda: np.array([1.0, 3.0]) * normals(2)
    ),
    "Gaussian": (Gaussian(3.0), X, lambda: 3 / 6**0.5 * normals(3, 2)),
    "Pareto": (Pareto(2.5, 1.3), X, lambda: along(lambda u: 1.3 * (1 - u) ** -0.4, 6, (3, 2))),
    "Lomax": (
        Pareto(2.5, 1.3, 1.5, 1.0), X,
        lambda: along(lambda u: 1.3 * ((1 - u) ** -0.4 - 1), 6, (3, 2)),
    ),
    "Truncated": (
        truncated_pareto(1.5, 1.3, 5.0), X,
        lambda: along(lambda u: 1.3 * (1 - u * (1 - 0.26**1.5)) ** (-1 / 1.5), 6, (3, 2)),
    ),
    "StudentT": (StudentT(2.5, 1.3), X, student),
    "StudentTPlane": (
        StudentT(2.5, 1.3), UP,
        lambda: along(lambda u: 1.3 * math.sqrt(2.5 * ((1 - u) ** (-2 / 2.5) - 1)), 2, (2,)),
    ),
    "Stable": (Stable(1.7, UP, 1.3), UP, lambda: 1.3 * stable(1.7) * UP),
    "OneSidedLomax": (
        OneSidedLomax(2.5, UP, 1.3), UP,
        lambda: 1.3 * ((1 - share()) ** -0.4 - 1 - 1 / 1.5) * UP,
    ),
    "CornerSign": (CornerSign(3.0, 2), np.zeros((3, 4)), lambda: corner(
        float(jax.random.rademacher(KEY, (), jnp.float64)))),
    "CornerGaussian": (CornerGaussian(3.0, 2), np.zeros((3, 4)), lambda: corner(
        float(normal(KEY, (), jnp.float64)))),
    "BatchMean": (
        BatchMean(PerEntry(2.0), 3), X, lambda: folded(lambda key: 2 * normals(3, 2, key=key), 3)
    ),
    "Pair": (Pair(UP, 0.4), UP, lambda: UP if share() < 0.4 else -UP / 1.5),
    "PairOften": (Pair(UP, 1 - 1e-9), UP, lambda: UP),
    "PairSeldom": (Pair(UP, 1e-9), UP, lambda: -UP * 1e-9 / (1 - 1e-9)),
    "Points": (Points(ROWS), UP, lambda: ROWS[int(jax.random.randint(KEY, (), 0, 3))]),
    "Ripple": (Ripple(Gaussian(2.0), 0.7), X, lambda: rippled(X, "draw")),
    "RippleOfHeight": (
        Ripple(Gaussian(2.0), 0.7, PerEntry(3.0)), X, lambda: rippled(X, "draw", True)
    ),
}  # fmt: skip


def corner(scalar: float) -> np.ndarray:
    found = np.zeros((3, 4))
    found[1, 2] = found[2, 3] = 3 * scalar
    return found


@pytest.mark.parametrize("name", DRAWS)
def test_a_sample_is_made_of_its_key_so(name: str) -> None:
    noise, at, wanted = DRAWS[name]
    found = noise.draw(jnp.asarray(at), KEY)
    np.testing.assert_allclose(found, wanted(), rtol=1e-11, atol=1e-13)
    unit = None if np.ndim(at) != 2 else noise.of_unit(jnp.asarray(normals(3, 2)))
    if unit is not None and not isinstance(noise, OneDraw):
        np.testing.assert_allclose(unit, found, rtol=1e-11)


def test_samples_are_gradients_of_their_potentials() -> None:
    x, u = jnp.asarray(X), normals(3, 2)
    assert float(PerEntry(2.0).potential(x, KEY)) == pytest.approx(2 * (u * X).sum())
    for swell, noise in (False, None), (True, PerEntry(3.0)):
        found = Ripple(Gaussian(2.0), 0.7, noise).potential(x, KEY)
        assert float(found) == pytest.approx(rippled(X, "value", swell))
    inner = Ripple(Gaussian(2.0), 0.7)
    for moving in Ripple(inner, 0.3), Levels(Gaussian(), Gaussian(), inner):
        slope = jax.grad(moving.potential)(x, KEY)
        np.testing.assert_allclose(slope, moving.draw(x, KEY), rtol=1e-11)
    with pytest.raises(InvalidInput, match="the gradient of no function"):
        Ripple(Aligned(2.0), 0.7).potential(x, KEY)
    batch = folded(lambda key: 2 * (normals(3, 2, key=key) * X).sum(), 3)
    assert float(BatchMean(PerEntry(2.0), 3).potential(x, KEY)) == pytest.approx(batch)
    found = OneDraw(-2.0).of_unit(x)
    np.testing.assert_allclose(found, -2 * np.tile(X[0], (3, 1)))


def told(monkeypatch: pytest.MonkeyPatch, u: float) -> None:
    """Let every uniform number be `u`."""

    def answer(key: Any, shape: Any, dtype: Any, **more: Any) -> Any:
        return jnp.full(shape, u, dtype)

    monkeypatch.setattr(jax.random, "uniform", answer)


def test_atoms_are_hit_where_the_chances_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Atoms(VALUES, CHANCES, UP)
    for u, value in (0.0, 1.0), (0.29, 1.0), (0.3, 0.4), (0.79, 0.4), (0.8, -2.5), (1.0, -2.5):
        told(monkeypatch, u)
        np.testing.assert_array_equal(noise.draw(jnp.zeros(2), KEY), value * UP)
    for u, shown in (0.2, True), (0.4, False):
        told(monkeypatch, u)
        assert bool(Coin(0.4).shown(KEY, jnp.float64)) is shown
        assert bool(jnp.all(Pair(UP, 0.4).draw(jnp.zeros(2), KEY) == UP)) is shown


def test_atoms_as_they_are_told_to_laws() -> None:
    for noise, chances, values in (
        (Atoms(VALUES, CHANCES, UP), CHANCES, np.outer(VALUES, UP)),
        (Pair(UP, 0.4), [0.4, 0.6], [UP, -UP / 1.5]),
        (Points(ROWS), [1 / 3] * 3, ROWS),
        (Noiseless(), [1.0], np.zeros((1, 2))),
    ):  # fmt: skip
        found = noise.atoms((2,))
        assert found is not None
        for one, other in zip(found, (chances, values), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
    assert Gaussian(1.0).atoms((2,)) is None
    assert Gaussian(1.0).tail((2,)) is None
    assert Coin(0.4).of_unit(jnp.zeros(2)) is None


def test_what_atoms_certify() -> None:
    second = 0.3 + 0.5 * 0.16 + 0.2 * 6.25
    found = dict(Atoms(VALUES, CHANCES, UP, 1.5).constants((2,)))
    third = (0.3 + 0.5 * 0.4**1.5 + 0.2 * 2.5**1.5) ** (1 / 1.5)
    assert found == {
        "p": 1.5, "sigma_p": pytest.approx(third), "sigma": pytest.approx(second**0.5),
        "symmetric": False, "additive": True, "q": 0.2, "top": 2.5, "light_tailed": True,
    }  # fmt: skip
    # 25 · 2/50 = 1: five standard deviations, and a little more.
    for chance, light in (0.02, True), (0.0199, False):
        noise = Atoms([5.0, 0.0, -5.0], [chance, 1 - 2 * chance, chance], UP)
        assert noise.constants((2,)).light_tailed is light
    np.testing.assert_allclose(diagonal(4), [0.5] * 4)


def test_laws_that_are_even() -> None:
    for values, chances, wanted in (
        ([1.0, 1.0, -1.0], [0.2, 0.3, 0.5], True), ([1.0, -1.0], [0.5, 0.4], False),
        ([1.0, 2.0, -1.0], [0.4, 0.0, 0.4], True), ([0.0, 0.0], [0.4, 0.6], True),
        ([1.0, -1.0], [0.5, 0.5 + 1.02e-12], False), ([1.0, -1.0], [0.5, 0.5 + 9e-13], True),
        ([1.0], [1e-12], True), ([1.0, 0.0], [1e-11, 1.0], False),
    ):  # fmt: skip
        assert evenly(np.array(values), np.array(chances)) is wanted, (values, chances)


def test_spikes_by_hand() -> None:
    """q = 1/4, p = 2: q + q²/(1 − q) = 1/3, and 1/√q = 2."""
    two, three = two_point(2.0, 2.0, 0.25, UP), three_point(2.0, 3.0, 0.25, UP)
    np.testing.assert_allclose(two.values, [12**0.5, -(12**0.5) / 3, 0.0])
    np.testing.assert_allclose(two.chances, [0.25, 0.75, 0.0])
    np.testing.assert_allclose(three.values, [6.0, 0.0, -6.0])
    np.testing.assert_allclose(three.chances, [0.125, 0.75, 0.125])
    fine = dyadic(1.5, 3.0, 2, UP)
    weight = np.array([1.0, 2**-1.5 / 4])
    chance = weight / weight.sum()
    size = np.array([1.0, 2.0]) * 3 / (chance[0] + chance[1] * 2**1.5) ** (1 / 1.5)
    np.testing.assert_allclose(fine.values, [*size, *-size])
    np.testing.assert_allclose(fine.chances, [*chance / 2, *chance / 2])
    for noise in two, three, fine:
        assert float(noise.p) == (1.5 if noise is fine else 2.0)
        np.testing.assert_array_equal(noise.along, UP)
        again = as_order(noise, 1.25)
        assert float(again.p) == 1.25
        for name in "values", "chances", "along":
            np.testing.assert_array_equal(getattr(again, name), getattr(noise, name))
    for make in two_point, three_point, dyadic:  # unless given: σ = 1 along (1, 1)/√2
        noise = make(1.5)
        np.testing.assert_allclose(noise.along, [0.5**0.5] * 2)
        np.testing.assert_allclose(make(1.5, d=3).along, [3**-0.5] * 3)
        assert noise.moment(1.5) == pytest.approx(1.0)
    assert float(two_point(1.5).chances[0]) == 0.05 == 2 * float(three_point(1.5).chances[0])
    assert len(dyadic(1.5).values) == 80
