"""Fields of wrong types and ranges, each of which must be refused in a sentence.

A program, `python -m tests.bad_input`, since annotations are checked under pytest, which is another
way to refuse them.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

import numpy as np

from convergence import Claim, Settings, verify
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.gaussian import Gaussian
from convergence.problems.huber import Huber
from convergence.problems.quadratic import Isotropic
from convergence.registry import registry
from convergence.shapes import AbstractModule
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from tests.own import GOOD


class Unspeakable:
    """A value that has neither a repr nor an equality."""

    def __repr__(self) -> str:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # pyright: ignore[reportAssignmentType]


STRANGE: list[Any] = [
    float("nan"), float("inf"), -1, 0, 2.5, 8.0, 1e300, 2**31, 10**30, "", "8", b"a", [], (), {},
    [1], (4.5,), ("a",), (None,), (True,), (2**31,), 1j, np.array([1, 2]), np.array([]),
    np.array("a"), object(), Unspeakable(), int, lambda: 0, ..., Exception("x"), "x" * 10**5,
    "\ud800", {"full": (4.5,)}, {"huge": (3,)}, None, True,
]  # fmt: skip
FINE: dict[str, tuple[Any, ...]] = {
    "slug": ("8",), "theorem": (), "problem": (int,), "noise": (int,), "expect": (),
    "horizons": ([1],), "seeds": (), "chunk": (), "more": ({},), "margin": (), "oracle": (int,),
}  # fmt: skip
BOUNDS: list[Any] = [
    "a", None, 1j, True, float("nan"), (2.0, 1.0), (1.0, 2.0, 3.0), (), np.ones(3), 10**400,
]  # fmt: skip


def refused(what: str, make: Any, *given: Any, **named: Any) -> None:
    """It is, in a sentence of bounded length."""
    said = ""
    try:
        make(*given, **named)
    except InvalidInput as error:
        said = str(error)
    assert 0 < len(said) < 500, f"{what}: {said or 'it passed'}"


def fine(value: Any, known: tuple[Any, ...]) -> bool:
    """Whether a value is one of those, or a function of T where one may stand."""
    if int in known and callable(value) and not isinstance(value, Unspeakable):
        return True
    return any(type(value) is type(item) and value == item for item in known)


class Odd(SGDNonconvex):
    """A bound that is none."""

    says: Any = None

    def bound(self, c: Any, T: int) -> Any:
        return Odd.says


def parts(value: Any, found: dict[type, Any]) -> None:
    """An instance of each class of the package's that stands in a claim, by its class."""
    kind = type(value)
    if not isinstance(value, AbstractModule) or kind in found:
        return
    found[kind] = value
    for field in dataclasses.fields(value):
        parts(getattr(value, field.name, None), found)


def fields() -> None:
    """One bad argument to the constructor of each: it is made, or refused in a sentence."""
    found: dict[type, Any] = {}
    for claim in registry():
        for name in ("theorem", "problem", "noise"):
            parts(getattr(claim, name, None), found)
    assert len(found) > 400
    for kind, value in found.items():
        names = [field.name for field in dataclasses.fields(value) if field.init]
        good = {name: getattr(value, name) for name in names}
        for name in names:
            for bad in ([1.0], [], np.ones((2, 3, 2)), "x", None, object()):
                with contextlib.suppress(InvalidInput):  # anything else that is raised fails
                    kind(**{**good, name: bad})
    refused("a list", Huber, [1.0])
    refused("nothing", Huber)
    refused("a misspelled field", Huber, 1.0, RR=1.0)


def main() -> None:
    """All of them."""
    fields()
    for name in ("tier", "seed", "alpha", "claims", "seeds", "dtype", "look"):
        for value in STRANGE:
            allowed = {"seeds": (None,), "seed": (0, 2**31)}.get(name, ())
            if not fine(value, allowed):
                refused(name, Settings, **{name: value})
    for name, known in FINE.items():
        for value in STRANGE:
            if not fine(value, known):
                refused(name, dataclasses.replace, GOOD, **{name: value})
    for name in ("L", "d", "convex", "x_star"):
        for value in STRANGE:
            with contextlib.suppress(InvalidInput):  # anything else that is raised fails
                Constants(**{name: value})
    for made in (3, None, "x", Gaussian(1.0)):
        refused("a problem", verify, dataclasses.replace(GOOD, problem=lambda T, made=made: made))
    for Odd.says in BOUNDS:
        claim = Claim("odd", Odd(0.1), Isotropic(np.ones(3)), Gaussian(1.0))
        refused(f"the bound {Odd.says!r}", claim.bound, 4)
    refused("no claim", verify, 3)
    refused("no setting", verify, GOOD, sedes=3)


if __name__ == "__main__":
    main()
