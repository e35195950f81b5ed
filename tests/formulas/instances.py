"""Bounds beside the formulas of their statements, at constants that nothing else picked."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.theorems import Kind
from convergence.vocabulary import VOCABULARY
from tests.formulas.letters import (
    CONSTANTS,
    GRIDS,
    HORIZON,
    LETTERS,
    LETTERS_OF,
    LOW,
    NAMES,
    ONLY_HERE,
    WHOLE,
)
from tests.formulas.reading import Unread, evaluated, plain, stated

STEPS = {"γ", "η", "α"}  # what a statement says of them is said at scale = 1
Seen = Callable[[Any, Constants], Any]
SEEN: dict[str, Seen] = {
    # what a statement speaks of that no constant names
    "moment": lambda t, c: _moment(c),
    "contraction": lambda t, c: t.compressor.contraction(c.d),
    "mixing": lambda t, c: float(np.linalg.norm(_lazy(np.asarray(c.W)), 2)),
    "deviation": lambda t, c: _deviation(c),
    "steepest": lambda t, c: np.abs(c.turns).max(),
    "drift_of_turns": lambda t, c: np.abs(np.cumsum(c.turns - np.mean(c.turns))).max(),
    "farthest": lambda t, c: np.abs(c.x0).max(),
    "farthest_star": lambda t, c: np.abs(c.x_star).max(),
    "nuclear": lambda t, c: np.linalg.norm(np.asarray(c.g), "nuc"),
    "weakest": lambda t, c: t.scales(c)[0],
    "least_value": lambda t, c: c.f_star,
    "curves": lambda t, c: c.curvatures,
    "far": lambda t, c: np.ravel(c.z0)[0],
    "from_rest": lambda t, c: np.linalg.norm(np.asarray(c.x0) - t.rest(c)),
    "from_start": lambda t, c: np.linalg.norm(c.x0),
    "values": lambda t, c: np.linalg.svd(np.asarray(c.g), compute_uv=False),
    "first_curves": lambda t, c: np.asarray(c.client_h)[0],
    "entries": lambda t, c: np.ravel(c.g),
    "at_start": lambda t, c: float(np.sum(c.g * c.x0)),
    "as_printed": lambda t, c: float(t.semantics == "paper"),
    "uncorrected": lambda t, c: float(t.lower == "ATC"),
    "tracked": lambda t, c: float(t.upper.endswith("GT") and t.lower.endswith("GT")),
    "late": lambda t, c: float(t.order == "gauss-seidel"),
    "noise_of_inner": lambda t, c: t.inner.loudness(t.r * c.n),
    "pairs_of_signs": lambda t, c: math.comb(c.batch, c.batch // 2),
}


def _moment(c: Constants) -> tuple[float, float, float]:
    """p, σ and κ."""
    p, sigma = (c.p, c.sigma_p) if "sigma_p" in c else (2.0, c.sigma)
    return p, sigma, 1.0 if c.get("symmetric") else 2 ** (2 - p)


def _theta(T: int) -> float:
    """θ_T of the optimized gradient method."""
    theta = 1.0
    for left in range(T, 0, -1):
        theta = (1 + math.sqrt(1 + (8 if left == 1 else 4) * theta**2)) / 2
    return theta


def _lazy(W: np.ndarray) -> np.ndarray:
    return W - 1 / len(W)


def _deviation(c: Constants) -> float:
    """The root of the mean variance of an agent's sample."""
    return float(c.sigma / c.agents**0.5)


def attribute(t: Any, c: Constants, T: int, path: str) -> Any:
    """`.name[i]` of a theorem, called with what it takes, or `c.name`."""
    name, _, rest = path.partition("[")
    found: Any = t
    if name.startswith("c."):
        found = c[name[2:]]
    elif name == ".last_theta":
        found = _theta(T)
    elif name[1:] in SEEN:
        found = SEEN[name[1:]](t, c)
    else:
        for part in name[1:].split("."):
            found = called(getattr(found, part), c, T)
    return found[int(rest[0])] if rest else found


def called(thing: Any, c: Constants, T: int) -> Any:
    """A method with the arguments that it takes."""
    if not hasattr(thing, "__func__") and not inspect.isfunction(thing):
        return thing
    for arguments in ((c, T), (c,), (T,), ()):
        try:
            return thing(*arguments)
        except TypeError:
            continue
    raise Unread(f"{thing} takes other arguments")


class Letters:
    """What letters mean in a statement on an instance."""

    def __init__(
        self, theorem: Any, c: Constants, T: int, written: dict[str, str], told: dict[str, str]
    ):
        self.theorem, self.c, self.T, self.written, self.told = theorem, c, T, written, told
        self.known: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        if name not in self.known:
            self.known[name] = self.find(name)
        return self.known[name]

    def find(self, name: str) -> Any:
        if "." in name:
            return attribute(self.theorem, self.c, self.T, name)
        if name in self.written:
            return self.read(self.written[name])
        if name in HORIZON:
            return self.T
        if name in self.told and name not in STEPS:
            return self.read(self.told[name])
        method = None
        for attr in NAMES.get(name, ()):
            if hasattr(self.theorem, attr):
                return called(getattr(self.theorem, attr), self.c, self.T)
            method = method or self.theorem.prescribe(self.c, self.T)
            if hasattr(method, attr):
                return getattr(method, attr)
        for key in CONSTANTS.get(name, ()):
            if key in self.c:
                return self.c[key]
        if name in self.told:
            return self.read(self.told[name])
        raise Unread(f"who is {name}?")

    def read(self, text: str) -> Any:
        """A formula, or an array where it is an attribute alone."""
        if re.fullmatch(r"c?\.[A-Za-z][\w.]*(\[\d\])?", text):
            return attribute(self.theorem, self.c, self.T, text)
        return evaluated(text, self)


def formula(theorem: Any, c: Constants, T: int, other: str = "") -> float:
    """What the statement of a theorem says the bound is, or another formula with its letters."""
    written = LETTERS.get(type(theorem).__name__, "")
    of = type(theorem).__module__.split(".")[2]
    rhs, *lines = [part.strip() for part in written.split(";")]
    told: dict[str, str] = {}
    if not rhs:
        rhs, said = stated(theorem.statement)
        told = dict(said)
    rhs = other or rhs
    lines = [*LETTERS_OF.get(of, "").split(";"), *lines]
    more = {plain(a).strip(): b.strip() for a, s, b in (x.partition("=") for x in lines) if s}
    letters = Letters(theorem, c, T, more, told)
    for case in rhs.split("||"):
        guard, _, rhs = case.strip().removeprefix("[").partition("]")
        if "||" not in written or not case.strip().startswith("["):
            rhs = case
        elif not evaluated(guard, letters) > 1e-12:
            continue
        break
    return evaluated(rhs, letters)


def moved(theorem: Any, c: Constants, seed: int) -> tuple[Any, Constants]:
    """The theorem and the constants with every number moved by up to a third."""
    rng = np.random.default_rng(seed)
    values = {}
    for name, value in c.items():
        kind = VOCABULARY[name].kind if name in VOCABULARY else ""
        if kind in ("magnitude", "number") and isinstance(value, float) and value >= 0:
            values[name] = (value or 0.2) * rng.uniform(0.75, 1.3)
    for name in ("p", "q", "shown", "u_chance"):
        values.pop(name, None)
    for field in dataclasses.fields(theorem):
        value = getattr(theorem, field.name, None)
        if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind == "f":
            with contextlib.suppress(InvalidInput):  # its domain may be one value
                other = float(value) * rng.uniform(0.8, 0.99)
                theorem = dataclasses.replace(theorem, **{field.name: other})
    return theorem, c.but(**values)


@functools.cache
def statements() -> dict[str, list[Any]]:
    """The claims of each statement with a bound, by the name of its class."""
    from convergence.registry import registry

    found: dict[str, list[Any]] = {}
    for claim in registry():
        if hasattr(claim, "horizons") and claim.kind is not Kind.SEPARATION:
            found.setdefault(type(claim.theorem).__name__, []).append(claim)
    about = [claim for claims in found.values() for claim in claims if hasattr(claim.theorem, "of")]
    for claim in about:  # what has no claim but through what is said of it
        theorem: Any = claim.theorem
        if type(theorem.of).__name__ not in found:
            found[type(theorem.of).__name__] = [dataclasses.replace(claim, theorem=theorem.of)]
    return found


def family(name: str) -> str:
    """The family of a statement."""
    return type(statements()[name][0].theorem).__module__.split(".")[2]


FAMILIES = (
    "adaptive", "attention", "classical", "compression", "decentralized", "estimators",
    "federated", "games", "heavy_tailed", "parameter_free", "subspace", "zeroth_order",
)  # fmt: skip
CONSTANTS_OF: dict[str, Constants] = {}


def constants_of(claim: Any) -> Constants:
    """What the instance of a claim certifies at its first horizon, found once."""
    if claim.slug not in CONSTANTS_OF:
        CONSTANTS_OF[claim.slug] = claim.instance(claim.horizons[0])[2]
    return CONSTANTS_OF[claim.slug]


def chosen(claims: Any) -> list[Any]:
    """Up to four claims of a statement, and one for each choice that its fields leave."""
    found = list(claims[:: -(-len(claims) // 4)])
    seen = {choice for claim in found for choice in choices(claim.theorem)}
    for claim in claims:
        if choices(claim.theorem) - seen:
            found.append(claim)
            seen |= choices(claim.theorem)
    return found


def choices(theorem: Any) -> set[tuple[str, Any]]:
    """The words and truth values among the fields of a theorem."""
    values = ((field.name, getattr(theorem, field.name)) for field in dataclasses.fields(theorem))
    return {(name, value) for name, value in values if isinstance(value, bool | str)}


def instances(claims: Any) -> Iterator[tuple[Any, Constants, int]]:
    """Theorem, constants and horizon of claims of a statement, as they are and moved, there at
    other horizons: after whole periods, one step before another ends, and at the first."""
    name = type(claims[0].theorem).__name__
    sums = "Σ_{" in LETTERS.get(name, "") or "Π_{" in LETTERS.get(name, "")
    for claim in chosen(claims):
        T, last = claim.horizons[0], min(claim.horizons[-1], 64 if sums else 2**31)
        c = constants_of(claim)
        yield claim.theorem, c, T
        late, long, early = 3 * T - 1, max(last, T), 1
        others = (3 * T, long, T) if name in WHOLE else (late, long, early)
        for seed, other in enumerate(others, 1):
            yield *moved(claim.theorem, c, seed), T if name in ONLY_HERE else other


def difference(theorem: Any, c: Constants, T: int) -> str:
    """How bound and formula differ, empty where they agree."""
    bound, name = theorem.bound(c, T), type(theorem).__name__
    said, low = formula(theorem, c, T), LOW.get(name)
    if not isinstance(bound, tuple):
        bound = (None, bound)
    elif not math.isfinite(bound[1]):
        bound = (None, bound[0])
    pairs = [(said, bound[1])]
    if bound[0] is not None:
        pairs.append((formula(theorem, c, T, low) if low else said, bound[0]))
    loose = GRIDS.get(name, 0.0)
    for want, found in pairs:
        close = (1 - 1e-9) * abs(want) <= abs(found) <= (1 + loose + 1e-9) * abs(want)
        if not (close and want * found >= 0):
            return f"{name} at T={T}: the statement says {want!r}, the bound is {found!r}"
    return ""
