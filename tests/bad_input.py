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
from convergence.problems.quadratic import Isotropic
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


def main() -> None:
    """All of them."""
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
