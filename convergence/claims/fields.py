"""What a claim is built from, looked at when it is built: each mistake is one sentence."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import numpy as np

from convergence.claims.forms import check_law, check_problem, check_samples, check_start
from convergence.claims.settings import MOST
from convergence.constants import Constants
from convergence.errors import (
    STUMBLES,
    InvalidInput,
    is_share,
    is_whole,
    require,
    shown,
)
from convergence.files import is_list
from convergence.laws.origin import ours
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.statistics import Verdict
from convergence.theorems.base import (
    AbstractIdentity,
    AbstractSeparation,
    AbstractTheorem,
    Kind,
    Moment,
    Provenance,
    Source,
)
from convergence.tiers import TIERS
from convergence.vocabulary import VOCABULARY

LONGEST_NAME = 200
LONGEST = 2**31 - 2  # the clock counts in int32, and steps once beyond the last


def check_fields(claim: Any) -> None:
    """Refuse a claim on an instance whose fields are none."""
    where = f"in claim {shown(claim.slug)}"
    check_words(claim)
    check_statement(claim, where)
    check_part(claim.problem, AbstractProblem, "problem", where)
    check_part(claim.noise, AbstractNoise, "noise", where)
    check_part(claim.oracle, type, "oracle", where)
    more: Any = claim.more
    mapping = isinstance(more, Mapping)
    tiers: list[Any] = list(claim.more) if mapping else [more]
    require(
        mapping and all(tier in TIERS for tier in tiers),
        f"more = {shown(more)} {where}",
        f"a mapping from tiers ({', '.join(TIERS)}) to horizons",
        "write more={'full': (1000,)}",
    )
    for horizons in (claim.horizons, *(claim.more[tier] for tier in tiers)):
        check_horizons(horizons, where)
    check_whole(claim.seeds, "seeds", where)
    check_whole(claim.chunk, "chunk", where)
    require(
        is_share(claim.margin),
        f"margin = {shown(claim.margin)} {where}",
        "a relative margin 0 < margin < 1",
        "0.05 is the default",
    )


def counts(claim: Any) -> dict[str, Any]:
    """Numbers of a claim as Python's own: NumPy's have a width, and bounds take powers of T."""
    more = {tier: tuple(map(int, horizons)) for tier, horizons in claim.more.items()}
    own = {"horizons": tuple(map(int, claim.horizons)), "more": more}
    return {**own, "seeds": int(claim.seeds), "chunk": int(claim.chunk)}


def check_words(claim: Any) -> None:
    """The fields of any claim: its name and the verdict that it expects."""
    require(
        isinstance(claim.slug, str)
        and claim.slug.strip() != ""
        and claim.slug.isprintable()
        and len(claim.slug) <= LONGEST_NAME,
        f"the slug {shown(claim.slug)}",
        f"a name of at most {LONGEST_NAME} letters, digits and hyphens",
        "choose one; records and keys are named by it",
    )
    where = f"in claim {shown(claim.slug)}"
    require(
        isinstance(claim.expect, Verdict),
        f"expect = {shown(claim.expect)} {where}",
        "a Verdict",
        f"write {meant(claim.expect, Verdict)}, or leave it out for Verdict.CONSISTENT",
    )
    for name in ("note", "instead", "family"):
        value = getattr(claim, name)
        require(isinstance(value, str), f"{name} = {shown(value)} {where}", "text", "quote it")


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
        f"use Identity({shown(claim.slug)}, {name}(…))",
    )
    known = isinstance(theorem, AbstractTheorem)
    require(
        known,
        "" if known else f"the theorem {shown(theorem)} {where}",  # a repr takes long
        "an instance of a subclass of AbstractTheorem",
        "see docs/adding.md",
    )
    for field, kind in (("kind", Kind), ("provenance", Provenance), ("source", Source)):
        value = getattr(theorem, field, None)
        require(
            isinstance(value, kind),
            f"{field} = {value!r} of {name} {where}",
            f"a {kind.__name__}",
            f"write {meant(value, kind)}",
        )
    if not claim.compares:
        require(
            not isinstance(theorem, AbstractSeparation),
            f"the separation theorem {name} {where}",
            "a statement about one method",
            "use Separation in place of Claim",
        )
    solves = getattr(claim, "solves", False)
    if claim.compares and not solves:
        require(
            isinstance(theorem, AbstractSeparation),
            f"the theorem {name} {where}",
            "a separation of two methods by their runs",
            "use Claim, or Exact for a statement on exact moments",
        )
    stated: Any = claim.theorem
    what: Moment = stated.quantity
    settled = " of steps that have settled" * (stated.settled is not None)
    one = claim.compares or stated.kind is not Kind.SEPARATION
    require(
        solves or (what is Moment.EXPECTED and not settled and one),
        f"{name}, which is about the {what}{settled}, {where}",
        "a statement that runs up to T can judge",
        "use Exact in its place",
    )


def check_part(value: Any, kind: type, name: str, where: str) -> None:
    """A problem or a noise, or a function of the horizon that makes one."""
    made = isinstance(value, type) and issubclass(value, AbstractProblem | AbstractNoise)
    if isinstance(value, kind) and not made:
        return  # before its repr is made, which costs more than all that is looked at here
    class_ = value.__name__ if isinstance(value, type) else ""
    require(not made, f"the class {class_} as {name} {where}", "an instance", f"write {class_}(…)")
    require(
        callable(value),
        f"{name} = {shown(value)} {where}",
        "one, or a function that makes it",
        "see docs/adding.md",
    )


def constants_of(problem: Any, noise: Any, T: int) -> Constants:
    """What the two parts of an instance certify together; refused where one of them is none."""
    parts = (("problem", problem, AbstractProblem), ("noise", noise, AbstractNoise))
    for name, part, kind in parts:
        if not isinstance(part, kind):
            at = f"{shown(part)} as {name} at T = {T}"
            require(False, at, f"a {name}", f"let the function of T return a {name}")
    try:
        shape = check_start(problem)
        found = problem.constants(), noise.constants(shape)
    except InvalidInput:
        raise
    except STUMBLES as error:
        raise InvalidInput(
            f"Got {shown(problem)} under {shown(noise)}, but fields of shapes that fit each other "
            f"are needed to certify its constants ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:160]}); mend the fields."
        ) from error
    for (name, part, _), c in zip(parts, found, strict=True):
        if not isinstance(c, Constants):
            at = f"{shown(c)} from constants() of {type(part).__name__}"
            require(False, at, "Constants", f"let the {name} return Constants(…)")
    for part, c, asked in ((problem, found[0], ()), (noise, found[1], (shape,))):
        check_same(part, c, asked)
    check_problem(problem, shape, found[0])
    check_samples(noise, shape)
    check_law(noise, shape)
    return found[0] | found[1]


def check_same(part: Any, c: Constants, asked: tuple[Any, ...]) -> None:
    """Refuse a user's `constants` that answers otherwise when it is asked again: what is looked at
    would not be what a bound is made of."""
    if ours(part):
        return
    again = part.constants(*asked)
    known = [name for name in {*c, *again} if name in VOCABULARY]
    odd = [n for n in sorted(known) if not np.array_equal(c.get(n, ()), again.get(n, ()))]
    require(
        not odd,
        f"{', '.join(odd)} from {type(part).__name__}.constants(), another each time",
        "the same constants each time",
        "compute them from the fields alone",
    )


def check_horizons(horizons: Any, where: str) -> None:
    """A tuple of whole numbers T ≥ 1 that the clock can count."""
    one = is_whole(horizons, 1, LONGEST)
    require(
        is_list(horizons) and len(horizons) > 0,
        f"horizons = {shown(horizons)} {where}",
        "a tuple of horizons T ≥ 1",
        f"write horizons=({horizons},)" if one else "give at least one, as in (64,)",
    )
    for T in horizons:
        require(
            is_whole(T, 1, LONGEST),
            f"the horizon T = {shown(T)} {where}",
            f"a whole number 1 ≤ T ≤ {LONGEST}",
            "give whole numbers of steps",
        )


def check_whole(value: Any, name: str, where: str) -> None:
    """A whole number, at least one."""
    require(
        is_whole(value, 1, MOST),
        f"{name} = {shown(value)} {where}",
        f"a whole number, one or more and at most {MOST}",
        "ask for another number",
    )


def meant(value: Any, kind: type) -> str:
    """How the member of an enumeration that a word names is written."""
    if issubclass(kind, enum.Enum):
        for member in kind if isinstance(value, str) else ():
            if str(value).strip().lower() in (member.name.lower(), str(member.value).lower()):
                return f"{kind.__name__}.{member.name}"
        return f"{kind.__name__}.{next(iter(kind)).name}"
    return f"{kind.__name__}(…)"
