"""From targets to claims: slugs and globs of the registry, files and folders with CLAIMS."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from convergence.claims.base import AbstractClaim
from convergence.cli.parser import is_path
from convergence.errors import InvalidInput

COUNTEREXAMPLES = Path("counterexamples")


def gather(targets: Sequence[str]) -> tuple[AbstractClaim, ...]:
    """The claims that `targets` name, in order, each once; all known ones without targets."""
    found: list[AbstractClaim] = []
    known: tuple[AbstractClaim, ...] | None = None
    for text in targets:
        if is_path(text):
            found += from_path(Path(text))
        else:
            known = everything() if known is None else known
            found += pick(text, known)
    if not targets:
        found = list(everything())
    return distinct(found)


def everything() -> tuple[AbstractClaim, ...]:
    """The registry, then ./counterexamples where there is such a folder."""
    try:
        from convergence.claims import registry

        found = list(registry())
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(f"The registry cannot be imported: {told(error)}.") from error
    if COUNTEREXAMPLES.is_dir():
        found += from_path(COUNTEREXAMPLES, empty=True)
    return distinct(found)


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
    if not path.is_dir():
        return claims_of(path)
    found: list[AbstractClaim] = []
    files = [f for f in sorted(path.glob("*.py")) if not f.name.startswith(("_", "conftest"))]
    for file in files:
        module = load(file)
        if hasattr(module, "CLAIMS"):
            found += claims_of(file)
        else:
            print(f"convergence: {file} has no CLAIMS and was passed over", file=sys.stderr)
    if not found and not empty:
        raise InvalidInput(
            f"No file of the folder {str(path)!r} has a tuple CLAIMS; give one that does."
        )
    return found


def claims_of(path: Path) -> list[AbstractClaim]:
    """The CLAIMS of one file."""
    claims = getattr(load(path), "CLAIMS", None)
    if claims is None:
        raise InvalidInput(
            f"{str(path)!r} has no CLAIMS; a module to verify needs `CLAIMS = (Claim(…), …)`."
        )
    if not isinstance(claims, tuple | list) or not all(hasattr(c, "verify") for c in claims):
        raise InvalidInput(
            f"CLAIMS of {str(path)!r} holds something other than claims; make it a tuple of Claim."
        )
    return list(claims)


def load(path: Path) -> ModuleType:
    """A user's file as a module, imported once; its folder can be imported from."""
    place = path.resolve()
    name = f"claims_{place.stem}_{hashlib.blake2b(bytes(place), digest_size=4).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    if str(place.parent) not in sys.path:
        sys.path.append(str(place.parent))
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{str(path)!r} is no Python file; give one that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InvalidInput(f"{str(path)!r} cannot be imported: {told(error)}.") from error
    return module


def told(error: BaseException) -> str:
    """An exception as one line."""
    text = " ".join(str(error).split()).rstrip(".")
    return text if isinstance(error, InvalidInput) and text else f"{type(error).__name__}: {text}"


def distinct(claims: Sequence[AbstractClaim]) -> tuple[AbstractClaim, ...]:
    """Each claim once; two different ones of one slug are refused, for they would share keys."""
    found: dict[str, AbstractClaim] = {}
    for claim in claims:
        if found.setdefault(claim.slug, claim) is not claim:
            raise InvalidInput(
                f"Two claims are called {claim.slug!r}; rename one, slugs name results and keys."
            )
    return tuple(found.values())
