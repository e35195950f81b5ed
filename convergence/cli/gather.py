"""From targets to claims: slugs and globs of the registry, files and folders with CLAIMS."""

from __future__ import annotations

import difflib
import fnmatch
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convergence.cli.values import is_path
from convergence.errors import InvalidInput, shown, told
from convergence.registry import indexed, named, registry
from convergence.workers import cores

if TYPE_CHECKING:
    from convergence.claims.base import AbstractClaim

COUNTEREXAMPLES = Path("counterexamples")
CORE_SECONDS = 0.46  # a claim at tier quick: 1119 took 253 s on two cores


def gather(targets: Sequence[str]) -> tuple[AbstractClaim, ...]:
    """The claims that `targets` name, in order, each once; all known ones without targets."""
    from convergence.claims.modules import distinct

    found: list[AbstractClaim] = []
    known: tuple[AbstractClaim, ...] | None = None
    for text in targets:
        if is_path(text):
            found += from_path(Path(text))
        elif claim := named(text):
            found.append(claim)
        else:
            known = everything() if known is None else known
            found += pick(text, known)
    if not targets:
        found = list(everything())
    return distinct(found)


def trusted(targets: Sequence[str], arguments: Namespace) -> list[str]:
    """The targets that a certificate names, as far as they may be imported: a file is a program,
    and that of a stranger is run only where the user names it, or trusts those of this folder."""
    slugs = [text for text in targets if not is_path(text)]
    if arguments.targets:
        return [*slugs, *arguments.targets]
    files = [text for text in targets if is_path(text)]
    strange = beyond(files)
    if strange or (files and not arguments.trust):
        trust = "" if strange else ", or trust those below the working directory with --trust"
        raise InvalidInput(
            f"{str(arguments.file)!r} names {', '.join(map(shown, strange or files))}, and what a "
            f"certificate names is not run unasked; name it after the certificate{trust}."
        )
    return list(targets)


def beyond(files: Iterable[str]) -> list[str]:
    """Those that are not below the working directory, or are folders with a file that is not: a
    link may lead anywhere."""
    here, found = Path.cwd().resolve(), list[str]()
    for text in files:
        path = Path(text)
        every = [path, *path.glob("*.py")] if path.is_dir() else [path]
        if not all(one.resolve().is_relative_to(here) for one in every):
            found.append(text)
    return found


def sharers(targets: Sequence[str], claims: Sequence[AbstractClaim]) -> int:
    """How many claims share alpha: all that a whole run would judge, where some of it is asked for
    by slug. Looking at one claim of many is no reason to err more often on it."""
    if all(is_path(text) for text in targets) and targets:
        return len(claims)
    known = {row["slug"] for row in indexed()} | {claim.slug for claim in stories()}
    return len(known | {claim.slug for claim in claims})


def everything() -> tuple[AbstractClaim, ...]:
    """The registry, then ./counterexamples where there is such a folder."""
    from convergence.claims.modules import distinct

    try:
        found = registry()
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(f"The registry cannot be imported: {told(error)}.") from error
    return distinct([*found, *stories()])


def stories() -> list[AbstractClaim]:
    """The claims of ./counterexamples, where there is such a folder."""
    found = from_path(COUNTEREXAMPLES, empty=True) if COUNTEREXAMPLES.is_dir() else []
    for claim in found:
        claim.join("counterexamples")
    return found


def pick(text: str, known: Sequence[AbstractClaim]) -> list[AbstractClaim]:
    """The claims whose slug is `text` or matches it as a glob."""
    found = [c for c in known if fnmatch.fnmatchcase(c.slug, text)]
    if found:
        return found
    raise unknown(text, [c.slug for c in known], "claim", "`convergence list` shows them all")


def unknown(text: str, known: Iterable[str], what: str, otherwise: str) -> InvalidInput:
    """The error for a name that nothing has, with the nearest that something does."""
    near = difflib.get_close_matches(text, list(known), 1, 0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"{otherwise}."
    return InvalidInput(f"No {what} is called {text!r}; {hint}")


def from_path(path: Path, empty: bool = False) -> list[AbstractClaim]:
    """The CLAIMS of a file, or of every file of a folder that has some (or may be `empty`)."""
    from convergence.claims.modules import claims_in, load

    if not path.is_dir():
        return list(claims_in(path))
    found: list[AbstractClaim] = []
    files = [f for f in sorted(path.glob("*.py")) if not f.name.startswith(("_", "conftest"))]
    for file in files:
        module = load(file)
        if hasattr(module, "CLAIMS"):
            found += claims_in(file)
        else:
            print(f"convergence: {file} has no CLAIMS and was passed over", file=sys.stderr)
    if not found and not empty:
        raise InvalidInput(
            f"No file of the folder {str(path)!r} has a tuple CLAIMS; give one that does."
        )
    return found


def announcement(claims: Sequence[AbstractClaim], tier: str, out: Path) -> str:
    """What a run without targets is about to do, and how long it takes from nothing."""
    stories = sum(claim.family == "counterexamples" for claim in claims)
    here = f"and {stories} of ./{COUNTEREXAMPLES}" if COUNTEREXAMPLES.is_dir() else (
        f"(there is no folder ./{COUNTEREXAMPLES} here)"
    )  # fmt: skip
    minutes = max(1, round(len(claims) * CORE_SECONDS / cores() / 60))
    more = {"quick": "", "standard": ", and more for four times", "full": ", and more for 32 times"}
    return (
        f"{len(claims) - stories} claims of the registry {here}, tier {tier}: about {minutes} min "
        f"on {cores()} cores{more[tier]}{' the runs' * (tier != 'quick')}; what {out}/ holds is "
        "not run again, and Ctrl-C keeps what is finished"
    )
