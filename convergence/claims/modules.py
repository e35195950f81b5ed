"""Claims of a user's file: the module is loaded once, and its CLAIMS are checked."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from convergence.claims.base import AbstractClaim
from convergence.errors import InvalidInput, told
from convergence.files import is_list

LARGEST = 2**24  # bytes of a module


def claims_in(path: Path) -> tuple[AbstractClaim, ...]:
    """The CLAIMS of one file."""
    module = load(path)
    if not hasattr(module, "CLAIMS"):
        raise InvalidInput(
            f"{str(path)!r} has no CLAIMS; a module to verify needs `CLAIMS = (Claim(…), …)`."
        )
    return sound(module.CLAIMS, repr(str(path)))


def sound(claims: Any, where: str) -> tuple[AbstractClaim, ...]:
    """`claims` as a tuple of claims with different slugs, or `InvalidInput`."""
    found = tuple(claims) if is_list(claims) else ()
    if not found or not all(isinstance(claim, AbstractClaim) for claim in found):
        raise InvalidInput(f"CLAIMS of {where} must be a tuple of one Claim or more; mend it.")
    return distinct(found)


def distinct(claims: Sequence[AbstractClaim]) -> tuple[AbstractClaim, ...]:
    """Each claim once; two different ones of one slug are refused, for they would share keys."""
    found: dict[str, AbstractClaim] = {}
    for claim in claims:
        if found.setdefault(claim.slug, claim) is not claim:
            raise InvalidInput(
                f"Two claims are called {claim.slug!r}; rename one, slugs name results and keys."
            )
    return tuple(found.values())


def name_of(place: Path) -> str:
    """The name under which a file, given by its resolved path, is loaded."""
    return f"claims_{place.stem}_{hashlib.blake2b(bytes(place), digest_size=4).hexdigest()}"


def load(path: Path) -> ModuleType:
    """A user's file as a module, imported once; its folder can be imported from."""
    place = path.resolve()
    if not place.is_file():
        raise InvalidInput(f"There is no file {str(path)!r}; check the path.")
    name = name_of(place)
    if name in sys.modules:
        return sys.modules[name]
    if str(place.parent) not in sys.path:
        sys.path.append(str(place.parent))
    if (size := place.stat().st_size) > LARGEST:
        raise InvalidInput(f"{str(path)!r} has {size} bytes and is no module; check the path.")
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{str(path)!r} is no Python file; give one that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        del sys.modules[name]
        raise
    except BaseException as error:
        del sys.modules[name]
        torch = isinstance(error, ImportError) and error.name == "torch"  # of `new --kind torch`
        more = "; `pip install 'convergence-lab[torch]'`" if torch else ""
        raise InvalidInput(f"{str(path)!r} cannot be imported: {told(error)}{more}.") from error
    return module


def file_of(claim: AbstractClaim) -> Path | None:
    """The file that a claim was loaded from by `load`; None for the registry's."""
    files = [module for name, module in list(sys.modules.items()) if name.startswith("claims_")]
    for module in files:
        listed = getattr(module, "CLAIMS", ())
        if is_list(listed) and any(one is claim for one in listed):
            return Path(str(module.__file__))
    return None
