"""What a user's own problem or noise answers in another form is refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, verify
from convergence.claims.forms import check_law, check_problem, check_samples, check_start
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise import AbstractNoise
from convergence.noise.agents import Levels
from convergence.noise.pair import Pair
from convergence.problems import AbstractProblem
from convergence.shapes import Reals, real
from convergence.statistics import Verdict
from convergence.theorems import SGDNonconvex

CERTIFIED = {"L": 1.0, "Delta": 2.5, "f_star": 0.0, "grad0": 5**0.5, "d": 2}


class Bowl(AbstractProblem):
    """‖x‖²/2 from (1, −2)."""

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.sum(x**2)

    def f_star(self) -> Any:
        return 0.0

    def start(self) -> Any:
        return jnp.array([1.0, -2.0])

    def constants(self) -> Any:
        return Constants(**CERTIFIED)


class Signs(AbstractNoise):
    """±σ/√d an entry."""

    sigma: Reals = eqx.field(converter=real, default=0.5)

    def draw(self, x: Any, key: Any) -> Any:
        return self.sigma / x.size**0.5 * jax.random.rademacher(key, x.shape, x.dtype)

    def constants(self, shape: Any) -> Any:
        return Constants(sigma=float(self.sigma), symmetric=True, additive=True, light_tailed=True)


def half(x: Any) -> Any:
    return 0.5 * jnp.sum(x**2)


def known(**more: Any) -> Any:
    return lambda self: Constants(**CERTIFIED, **more)


def stop(self: Any, x: Any) -> Any:
    raise ValueError("boom")


NUMBER, SHAPE = "a number float64 is needed", "an array float64(2,) is needed"
POINT = "an array that broadcasts to the shape (2,) of the iterate is needed"
FLOATS = "an array of floating-point numbers is needed"
ONLY = "on a number that only runs know (test_forms.py:"
PROBLEMS: list[tuple[str, Any, str]] = [
    ("value", lambda self, x: half(x)[None], "Got an array float64(1,) from Odd.value(x)"),
    ("value", lambda self, x: half(x) + 0j, "Got a number complex128 from Odd.value(x)"),
    (
        "value",
        lambda self, x: half(x).astype(np.float32),
        f"float32 from Odd.value(x), but {NUMBER}",
    ),
    ("value", lambda self, x: (half(x), x), "Got the tuple ("),
    ("value", lambda self, x: None, "Got the NoneType None from Odd.value(x)"),
    ("value", lambda self, x: half(x) if x[0] > 0 else 0.0, ONLY),
    ("value", lambda self, x: 0.5 * np.sum(np.square(x)), ONLY),
    ("value", lambda self, x, y: half(x), "Got TypeError: "),
    ("value", stop, "Got ValueError: boom (test_forms.py:"),
    ("grad", lambda self, x: x[:1], f"Got an array float64(1,) from Odd.grad(x), but {SHAPE}"),
    ("grad", lambda self, x: x[:, None], f"an array float64(2, 1) from Odd.grad(x), but {SHAPE}"),
    ("grad", lambda self, x: jnp.sum(x), f"Got a number float64 from Odd.grad(x), but {SHAPE}"),
    (
        "grad",
        lambda self, x: x.astype(int),
        f"Got an array int64(2,) from Odd.grad(x), but {SHAPE}",
    ),
    ("grad", lambda self, x: [x[0], x[1]], f"from Odd.grad(x), but {SHAPE}"),
    ("start", lambda self: [1.0, -2.0], f"Got [1.0, -2.0] from Odd.start(), but {FLOATS}"),
    (
        "start",
        lambda self: np.array([1, -2]),
        f"Got array([ 1, -2]) from Odd.start(), but {FLOATS}",
    ),
    ("start", lambda self: jnp.ones(2) + 0j, f"from Odd.start(), but {FLOATS}"),
    ("start", lambda self: {"w": jnp.ones(2)}, f"from Odd.start(), but {FLOATS}"),
    ("start", lambda self: jnp.zeros((0, 3)), "but an iterate with entries is needed"),
    ("f_star", lambda self: None, "Got None from Odd.f_star(), but a number is needed"),
    ("f_star", lambda self: jnp.zeros(2), "from Odd.f_star(), but a number is needed"),
    ("x_star", lambda self: jnp.zeros(3), f"from Odd.x_star(), but {POINT}"),
    ("constants", known(x_star=np.zeros(3)), f"from Odd.constants().x_star, but {POINT}"),
    ("constants", lambda self: CERTIFIED, "let the problem return Constants("),
]
LAW = "(chances (K,), values (K, 2)), or None is needed"
NOISES: list[tuple[str, Any, str]] = [
    ("draw", lambda self, x, key: 1j * x, f"complex128(2,) from Odd.draw(x, key), but {SHAPE}"),
    ("draw", lambda self, x, key: x.astype(int), f"int64(2,) from Odd.draw(x, key), but {SHAPE}"),
    ("draw", lambda self, x, key: [0.0, 0.0], "needed, not the list [0.0, 0.0]; give"),
    ("draw", lambda self, x, key: x if x[0] > 0 else -x, ONLY),
    ("atoms", lambda self, shape: np.ones(3), f"1.]) from Odd.atoms(shape), but {LAW}"),
    ("atoms", lambda self, shape: (None, None), f"from Odd.atoms(shape), but {LAW}"),
    ("atoms", lambda self, shape: (np.ones(2) / 2, np.ones((3, 2))), f"but {LAW}"),
    ("atoms", lambda self, shape: (np.ones(2) / 2, np.ones((2, 3))), f"but {LAW}"),
    ("of_unit", lambda self, unit: unit[:1], "an array of shape (2,), or None is needed"),
    ("tail", lambda self, shape: 3, "Got 3 from Odd.tail(shape), but a function of radii"),
    ("tail", lambda self, shape: lambda r: 0.5, "Got 0.5 from Odd.tail(shape)(r), but a chance"),
    ("tail", lambda self, shape: lambda r: r * np.nan, "but a chance for each of the radii r"),
    ("constants", lambda self, shape: {"sigma": 0.5}, "let the noise return Constants("),
]  # fmt: skip


def refused(problem: Any, noise: Any, said: str) -> None:
    claim = Claim("c", SGDNonconvex(scale=0.5), problem, noise, horizons=(4,), seeds=64)
    with pytest.raises(InvalidInput) as error:
        verify(claim)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "method", "said"), PROBLEMS)
def test_a_problem_that_answers_in_another_form(name: str, method: Any, said: str) -> None:
    refused(type("Odd", (Bowl,), {name: method})(), Signs(), said)


@pytest.mark.parametrize(("name", "method", "said"), NOISES)
def test_a_noise_that_answers_in_another_form(name: str, method: Any, said: str) -> None:
    refused(Bowl(), type("Odd", (Signs,), {name: method})(), said)


class Chosen(Bowl):
    """With fields that no program computes with."""

    square: Any = jnp.square
    halved: bool = True
    times: int = 1
    words: Any = eqx.field(static=True, default_factory=lambda: {"a": [1]})

    def value(self, x: Any) -> Any:
        found = jnp.sum(jnp.stack([self.square(x) for _ in range(self.times)]))
        return 0.5 * found if self.halved else found


def test_a_field_that_is_no_array_may_be_branched_on_and_called() -> None:
    report = verify(Claim("c", SGDNonconvex(scale=0.5), Chosen(), Signs(), horizons=(4,), seeds=64))
    assert report.verdict is not Verdict.REFUTED
    refused(Chosen(times=0), Signs(), "from Chosen.value(x)")


def odd(kind: type, **methods: Any) -> Any:
    """An instance of a class whose methods are others."""
    return type("Odd", (kind,), methods)()


def sentence(check: Callable[..., Any], *given: Any) -> str:
    """What a check refuses by."""
    with pytest.raises(InvalidInput) as error:
        check(*given)
    return str(error.value)


def other(found: str, asked: str, needed: str) -> str:
    """The sentence on an answer of another form."""
    needed = needed.removesuffix(" is needed")
    name = asked.split("(")[0]
    return f"Got {found} from Odd.{asked}, but {needed} is needed; let Odd.{name} return that."


def none(self: Any, *given: Any) -> Any:
    raise InvalidInput("none")


def test_a_start_is_an_array_and_its_numbers_are_floating() -> None:
    """Both: a number of NumPy has the dtype alone, whole numbers are an array alone."""
    for x in (np.ones((3, 2)), jnp.ones((3, 2), jnp.float32)):
        assert check_start(odd(Bowl, start=lambda self, x=x: x)) == (3, 2)
    for x in (np.float64(2.0), np.array([1, -2]), [1.0, -2.0]):
        assert sentence(check_start, odd(Bowl, start=lambda self, x=x: x)) == (
            f"Got {x!r} from Odd.start(), but {FLOATS}; return jnp.array([1.0, 2.0]), say."
        )


def test_what_a_problem_answers_and_certifies() -> None:
    c = Constants(**CERTIFIED, x_star=np.zeros(1))
    for methods in ({"x_star": lambda self: 0.0}, {"x_star": none, "f_star": none}):
        check_problem(odd(Bowl, **methods), (2,), c)
    for asked, answer, found, needed in (
        ("value(x)", lambda self, x: x[:1], "an array float64(1,)", NUMBER),
        ("value(x)", lambda self, x: np.float32(1.0), "a number float32", NUMBER),
        ("grad(x)", lambda self, x: x.astype(np.float32), "an array float32(2,)", SHAPE),
        ("x_star()", lambda self: np.zeros(3), "array([0., 0., 0.])", POINT),
        ("f_star()", lambda self: np.zeros(1), "array([0.])", "a number"),
        ("f_star()", lambda self: np.nan, "nan", "a number"),
    ):
        problem = odd(Bowl, **{asked.split("(")[0]: answer})
        assert sentence(check_problem, problem, (2,), c) == other(found, asked, needed)
    said = other("array([0., 0., 0.])", "constants().x_star", POINT)
    assert sentence(check_problem, odd(Bowl), (2,), c.but(x_star=np.zeros(3))) == said


def test_samples_and_the_potential_of_a_noise() -> None:
    """A potential is one number, or refused; a noise that is handed no iterate is not asked."""
    for methods in (
        {}, {"potential": none}, {"potential": lambda self, x, key: jnp.sum(x)},
        {"of_iterate": False, "draw": none},
    ):  # fmt: skip
        check_samples(odd(Signs, **methods), (2,))
    said = sentence(check_samples, Pair([1.0, 0.0, 0.0], 0.5), (2,))
    assert " for an iterate of shape (2,), but samples of that shape are needed, not " in said
    still, long = Pair([1.0, 0.0], 0.5), Pair([1.0, 0.0, 0.0], 0.5)
    check_samples(Levels(still, still, still), (2,))
    for levels in Levels(long, still, still), Levels(still, Levels(still, long, still), still):
        assert sentence(check_samples, levels, (2,)) == said
    for asked, answer, found, needed in (
        ("draw", lambda self, x, key: x.astype(np.float32), "an array float32(2,)", SHAPE),
        ("potential", lambda self, x, key: x, "an array float64(2,)", NUMBER),
        ("potential", lambda self, x, key: np.float32(1.0), "a number float32", NUMBER),
        ("potential", lambda self, x, key: None, "the NoneType None", NUMBER),
    ):
        said = other(found, f"{asked}(x, key)", needed)
        assert sentence(check_samples, odd(Signs, **{asked: answer}), (2,)) == said


class Placed(Bowl):
    """From a point of its own."""

    x0: Any


@pytest.mark.parametrize(
    "start",
    [
        lambda self: self.x0 if jnp.sum(self.x0) > 0 else -self.x0,
        lambda self: np.asarray(self.x0),
        lambda self: jnp.asarray([float(v) for v in self.x0]),
    ],
)
def test_a_start_that_no_trace_knows_is_refused_in_one_sentence(start: Any) -> None:
    said = sentence(check_start, type("Odd", (Placed,), {"start": start})(np.array([1.0, -2.0])))
    assert said.startswith("Got Odd.start() with an `if`, a `float` or a call of NumPy")


def test_the_law_that_a_noise_states() -> None:
    """Of a noise that is `of_unit` of a normal sample, that may not be None."""
    two = np.ones(2) / 2, np.ones((2, 2))
    unit, radii = "an array of shape (2,)", "a chance for each of the radii r, (3,)"
    unsaid = f"{unit}, or None"
    for methods in (
        {}, {"atoms": lambda self, shape: two}, {"tail": lambda self, shape: lambda r: 0 * r},
        {"of_unit": lambda self, u: u}, {"of_unit": lambda self, u: u, "normal": True},
    ):  # fmt: skip
        check_law(odd(Signs, **methods), (2,))
    for asked, answer, found, needed in (
        ("atoms(shape)", lambda self, shape: 3, "3", LAW),
        ("atoms(shape)", lambda self, shape: list(two), f"{list(two)!r}", LAW),
        ("of_unit(unit)", lambda self, u: 3, "3", unsaid),
        ("of_unit(unit)", lambda self, u: np.full(2, np.nan), "array([nan, nan])", unsaid),
        ("tail(shape)", lambda self, shape: 3, "3", "a function of radii, or None"),
        ("tail(shape)(r)", lambda self, shape: lambda r: r[:2], "array([1., 1.])", radii),
    ):  # fmt: skip
        noise = odd(Signs, **{asked.split("(")[0]: answer})
        said = sentence(check_law, noise, (2,))
        assert said == other(" ".join(found.split()), asked, needed)
    noise = odd(Signs, normal=True)
    assert sentence(check_law, noise, (2,)) == other("None", "of_unit(unit)", unit)
