"""What a claim is built from, looked at when it is built: each mistake is one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from convergence.errors import require
from convergence.files import is_list
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.statistics import Verdict
from convergence.theorems.base import AbstractIdentity, AbstractSeparation, AbstractTheorem

LONGEST = 2**31 - 2  # the clock counts in int32, and steps once beyond the last


def check_fields(claim: Any) -> None:
    """Refuse a claim on an instance whose fields are none."""
    where = f"in claim {claim.slug!r}"
    check_words(claim)
    check_statement(claim, where)
    check_part(claim.problem, AbstractProblem, "problem", where)
    check_part(claim.noise, AbstractNoise, "noise", where)
    check_part(claim.oracle, type, "oracle", where)
    require(
        isinstance(claim.more, Mapping),
        f"more = {claim.more!r} {where}",
        "a mapping from tiers to horizons",
        "write more={'full': (1000,)}",
    )
    for horizons in (claim.horizons, *claim.more.values()):
        check_horizons(horizons, where)
    check_whole(claim.seeds, "seeds", where)
    check_whole(claim.chunk, "chunk", where)
    require(
        isinstance(claim.margin, int | float) and 0 < claim.margin < 1,
        f"margin = {claim.margin!r} {where}",
        "a relative margin 0 < margin < 1",
        "0.05 is the default",
    )


def check_words(claim: Any) -> None:
    """The fields of any claim: its name and the verdict that it expects."""
    require(
        isinstance(claim.slug, str) and claim.slug.strip() != "",
        f"the slug {claim.slug!r}",
        "a name in letters, digits and hyphens",
        "choose one; records and keys are named by it",
    )
    where = f"in claim {claim.slug!r}"
    require(
        isinstance(claim.expect, Verdict),
        f"expect = {claim.expect!r} {where}",
        "a Verdict",
        "write Verdict.REFUTED, or leave it out for Verdict.CONSISTENT",
    )
    for name in ("note", "instead", "family"):
        value = getattr(claim, name)
        require(isinstance(value, str), f"{name} = {value!r} {where}", "text", "quote it")


def check_statement(claim: Any, where: str) -> None:
    """The theorem is an instance of a class that this type of claim can judge."""
    theorem = claim.theorem
    name = theorem.__name__ if isinstance(theorem, type) else type(theorem).__name__
    require(
        not isinstance(theorem, type),
        f"the class {name} as theorem {where}",
        "an instance of it",
        f"write {name}()",
    )
    require(
        not isinstance(theorem, AbstractIdentity),
        f"the identity {name} {where}",
        "a statement about runs",
        f"use Identity({claim.slug!r}, {name}(…))",
    )
    require(
        isinstance(theorem, AbstractTheorem),
        f"the theorem {theorem!r} {where}",
        "an instance of a subclass of AbstractTheorem",
        "see docs/adding.md",
    )
    if not claim.compares:
        require(
            not isinstance(theorem, AbstractSeparation),
            f"the separation theorem {name} {where}",
            "a statement about one method",
            "use Separation in place of Claim",
        )


def check_part(value: Any, kind: type, name: str, where: str) -> None:
    """A problem or a noise, or a function of the horizon that makes one."""
    made = isinstance(value, type) and issubclass(value, AbstractProblem | AbstractNoise)
    class_ = value.__name__ if isinstance(value, type) else ""
    require(not made, f"the class {class_} as {name} {where}", "an instance", f"write {class_}(…)")
    require(
        isinstance(value, kind) or callable(value),
        f"{name} = {value!r} {where}",
        "one, or a function that makes it",
        "see docs/adding.md",
    )


def check_horizons(horizons: Any, where: str) -> None:
    """A tuple of whole numbers T ≥ 1 that the clock can count."""
    require(
        is_list(horizons) and len(horizons) > 0,
        f"horizons = {horizons!r} {where}",
        "a tuple of horizons T ≥ 1",
        "give at least one, as in (64,)",
    )
    for T in horizons:
        require(
            not isinstance(T, bool) and isinstance(T, Integral) and 1 <= int(T) <= LONGEST,
            f"the horizon T = {T!r} {where}",
            f"a whole number 1 ≤ T ≤ {LONGEST}",
            "give whole numbers of steps",
        )


def check_whole(value: Any, name: str, where: str) -> None:
    """A whole number, at least one."""
    require(
        not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 1,
        f"{name} = {value!r} {where}",
        "a whole number, one or more",
        "ask for more",
    )
