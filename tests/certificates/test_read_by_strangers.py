"""What a class of a user's says truly and was called false, and what it said falsely and passed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws.asked import oracle_faults
from convergence.laws.noises import noise_faults
from convergence.laws.problems import problem_faults
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import Isotropic
from convergence.shapes import Reals, real
from convergence.theorems import GradientDescentValue, SGDNonconvex
from tests.certificates.test_looked_closer import Sum, narrow

X = np.array([1.0, -0.5, 0.3])
ENTRY = 87  # of 100, which the one way along which a look adds entries up hardly shows


class Own(AbstractProblem):
    """A function of a user's, with what is certified of it."""

    x0: Reals = eqx.field(converter=real)
    of: Callable[[Any], Any] = eqx.field(static=True)
    said: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def value(self, x: Any) -> Any:
        return self.of(x)

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def f_star(self) -> float:
        return dict(self.said)["f_star"]

    def constants(self) -> Constants:
        d = np.size(self.x0)
        arrays = {
            k: np.broadcast_to(v, (d,)) for k, v in self.said if k in ("x_star", "curvatures")
        }
        return Constants(d=d, **{**dict(self.said), **arrays})

    def but(self, **values: Any) -> Own:
        return Own(self.x0, self.of, tuple({**dict(self.said), **values}.items()))


def own(x0: Any, of: Any, Delta: float, grad0: float, star: float = 0.0, **more: Any) -> Own:
    way = float(np.linalg.norm(np.asarray(x0) - star))
    known = {"L": 1.0, "f_star": 0.0, "convex": True, "x_star": star, "R": way}
    return Own(x0, of, tuple({**known, "Delta": Delta, "grad0": grad0, **more}.items()))


def log_cosh(y: np.ndarray) -> float:
    """To all digits, of small y."""
    return float(np.sum(y**2 / 2 - y**4 / 12 + y**6 / 45))


def beside(center: float, size: float, of: Any, **more: Any) -> Own:
    """A start so far from a minimizer at which terms as large as the center's cancel."""
    x0 = center + size * X
    y = x0 - center
    return own(x0, of, 0.5 * float(y @ y), float(np.linalg.norm(y)), center, **more)


def tanh(size: float, of: Any, half: float = 1.0) -> Own:
    """Σ half⁻² log cosh(half x), written otherwise."""
    y = size * X
    grad0 = float(np.linalg.norm(np.tanh(half * y))) / half
    return own(y, of, log_cosh(half * y) / half**2, grad0)


def softplus(x: Any) -> Any:
    return 2 * jnp.sum(jax.nn.softplus(x) + jax.nn.softplus(-x) - 2 * jnp.log(2.0))


TRUE: dict[str, Own] = {
    **{
        f"log cosh from {size}": tanh(size, lambda x: jnp.sum(jnp.logaddexp(x, -x) - jnp.log(2.0)))
        for size in (1e-12, 1e-8, 1e-5)
    },
    "entries that are alike": own(
        np.full(100, 1e-8), lambda x: jnp.sum(jnp.logaddexp(x, -x) - jnp.log(2.0)), 5e-15, 1e-7
    ),
    "softplus": tanh(1e-5, softplus, 0.5),
    "an expanded square": beside(
        0.0, 1e-6, lambda x: jnp.sum(0.5 * (1 + x) ** 2 - x - 0.5), mu=1.0
    ),
    "an offset": beside(0.0, 1e-3, lambda x: 0.5 * jnp.sum(x**2) + 1e9, f_star=1e9),
    "a start far off": beside(1e6, 1e-5, lambda x: 0.5 * jnp.sum((x - 1e6) ** 2), mu=1.0),
    "a square expanded far off": beside(
        1e6, 1e-3, lambda x: jnp.sum(0.5 * x**2 - 1e6 * x + 0.5e12), mu=1.0
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_beside_a_minimizer_is_not_accused_of_rounding(name: str) -> None:
    with precision("float64"):
        assert problem_faults(TRUE[name]) == []


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize(("lie", "share"), [("Delta", 2.0), ("Delta", 0.3), ("R", 0.9), ("L", 0.9)])
def test_what_is_false_there_is_still_seen(name: str, lie: str, share: float) -> None:
    one = TRUE[name]
    with precision("float64"):
        assert problem_faults(one.but(**{lie: share * dict(one.said)[lie]}))


def claim(problem: Any, noise: Any = None, theorem: Any = None) -> Claim:
    noise = Noiseless() if noise is None else noise
    return Claim("c", theorem or GradientDescentValue(), problem, noise, horizons=(9,), seeds=64)


@pytest.mark.parametrize("name", ["log cosh from 1e-08", "an expanded square", "a start far off"])
def test_a_run_beside_a_minimizer_is_judged(name: str) -> None:
    report = verify(claim(TRUE[name]))
    assert report.verdict is Verdict.CONSISTENT, report.reason


def pulls(x0: float, mu_PL: float) -> Own:
    """x² + 3 sin²x, which pulls the least, by 0.1755…, near ±2.2."""
    value = float(x0**2 + 3 * np.sin(x0) ** 2)
    slope = float(abs(2 * x0 + 3 * np.sin(2 * x0)))

    def f(x: Any) -> Any:
        return jnp.sum(x**2 + 3 * jnp.sin(x) ** 2)

    return own([x0], f, value, slope, L=8.0, convex=False, mu_PL=mu_PL)


def large(d: int, **more: Any) -> Own:
    """Σ √(1 + x²) − 1, from where its slopes are small."""
    x = np.full(d, 1e-3)
    Delta = float(np.sum(x**2 / (1 + np.sqrt(1 + x**2))))

    def f(x: Any) -> Any:
        return jnp.sum(jnp.sqrt(1 + x**2) - 1)

    return own(x, f, Delta, float(np.linalg.norm(x / np.sqrt(1 + x**2))), **more)


FALSE: dict[str, tuple[Any, set[str]]] = {
    "a pull between points": (pulls(40.0, 0.5), {"mu_PL"}),
    "the least pull": (pulls(40.0, 0.175), set()),
    "a slope of many entries": (large(150, G=0.5 * 150**0.5), {"G"}),
    "the steepest of many entries": (large(150, G=150**0.5), set()),
    "a radius of many entries": (large(150, radius=0.5), {"radius"}),
    "curvatures of many entries": (
        large(150, curvatures=1.0, mu_star=1.0, condition=1.0),
        {"curvatures", "mu_star", "condition"},
    ),
    "a joint curvature": (Sum(narrow(150, 2.0), (("L_tilde", 1.3),)), {"L_tilde"}),
    "the joint curvature": (Sum(narrow(150, 2.0), (("L_tilde", 1.3229),)), set()),
}


def kinked(star: float) -> Own:
    """Σ|x|, which is not smooth where it is the least."""
    at, value = np.array([star, 0.0]), 4.0 - star
    way = float(np.linalg.norm(np.array([3.0, -1.0]) - at))
    more = {"x_star": tuple(at.tolist()), "R": way, "f_star": star, "G": 2**0.5, "L": np.inf}
    return own([3.0, -1.0], lambda x: jnp.sum(jnp.abs(x)), value, 2**0.5, **more)


FALSE |= {
    "a kink": (kinked(0.0), set()),
    "beside a kink": (kinked(1e-3), {"x_star"}),
}


@pytest.mark.parametrize("name", FALSE)
def test_what_few_looks_miss(name: str) -> None:
    problem, names = FALSE[name]
    with precision("float64"):
        assert {fault.name for fault in problem_faults(problem)} == names


class Heavy(AbstractNoise):
    """Laplacian entries of variance 1, or of a `law`; one is off 0, or they are uneven."""

    off: float = eqx.field(static=True, default=0.0)
    uneven: float = eqx.field(static=True, default=0.0)
    law: str = eqx.field(static=True, default="laplace")
    said: tuple[str, ...] = eqx.field(static=True, default=("symmetric",))

    def draw(self, x: Any, key: Any) -> Any:
        k = jnp.arange(x.size)
        y = jax.random.laplace(key, x.shape, x.dtype) / 2**0.5
        if self.law == "skew":
            y = jnp.where(k == ENTRY, jax.random.exponential(key, x.shape, x.dtype) - 1, y)
        if self.law == "rare":  # which few draws may not show, along one entry
            q = 3e-3
            u = jax.random.uniform(key, (), x.dtype)
            spike = jnp.where(u < q, ((1 - q) / q) ** 0.5, -((q / (1 - q)) ** 0.5))
            y = jnp.where(k == 0, x.size**0.5 * spike, 0.0)
        y = y * jnp.sqrt(1 + self.uneven * (-1.0) ** k)
        return y + self.off * x.size**0.5 * (k == ENTRY)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        flags = dict.fromkeys(self.said, True)
        return Constants(sigma=float(np.prod(shape)) ** 0.5, additive=True, **flags)


@pytest.mark.parametrize(
    ("noise", "names"),
    [
        (Heavy(), set()),
        (Heavy(0.2), {"mean"}),
        (Heavy(0.05), {"mean"}),
        (Heavy(0.2, said=()), {"mean"}),
        (Heavy(law="rare", said=()), set()),
        (Heavy(law="skew", said=()), set()),
        (Heavy(law="skew"), {"symmetric"}),
        (Heavy(said=("symmetric", "isotropic_noise")), set()),
        (Heavy(uneven=0.9, said=("symmetric", "isotropic_noise")), {"isotropic_noise"}),
    ],
)
def test_single_entries_of_heavy_noise(noise: Any, names: set[str]) -> None:
    with precision("float64"):
        assert {fault.name for fault in noise_faults(noise, np.ones(100))} == names


class Biased(Oracle):
    """Whose answers are off in one entry, by a fifth of σ."""

    off: float = eqx.field(static=True, default=0.2)

    def grad(self, x: Any, key: Any) -> Any:
        return super().grad(x, key) + self.off * x.size**0.5 * (jnp.arange(x.size) == ENTRY)


@pytest.mark.parametrize(("off", "names"), [(0.0, set()), (0.2, {"mean"})])
def test_single_entries_of_answers(off: float, names: set[str]) -> None:
    bowl, noise = Isotropic(np.ones(100)), Gaussian(0.9 * 10.0)
    c = Constants(sigma=10.0, additive=True)
    with precision("float64"):
        found = {fault.name for fault in oracle_faults(Biased(bowl, noise, off), bowl, c)}
    assert found & {"mean"} == names


COUNT = itertools.count()


class FickleBowl(Isotropic):
    """Another Δ each time."""

    def constants(self) -> Constants:
        known = super().constants()
        return known.but(Delta=known.Delta / (1 + next(COUNT)))


class FickleNoise(Gaussian):
    """Another σ each time."""

    def constants(self, shape: tuple[int, ...]) -> Constants:
        known = super().constants(shape)
        return known.but(sigma=known.sigma / (1 + next(COUNT)))


@pytest.mark.parametrize(
    ("problem", "noise", "name"),
    [
        (FickleBowl(np.ones(2)), Gaussian(1.0), "Delta"),
        (Isotropic(np.ones(2)), FickleNoise(1.0), "sigma"),
    ],
)
def test_constants_that_are_others_each_time(problem: Any, noise: Any, name: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^Got {name} from .*another each time"):
        verify(claim(problem, noise, SGDNonconvex()))
