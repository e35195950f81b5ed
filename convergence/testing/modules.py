"""Claims of a user's file, found without the command line."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from convergence.errors import InvalidInput


def claims_in(path: Path) -> tuple[Any, ...]:
    """The tuple `CLAIMS` of a Python file; `InvalidInput` says why there is none."""
    place = path.resolve()
    if not place.is_file():
        raise InvalidInput(f"There is no file {str(path)!r} to take claims from; check the path.")
    name = f"claims_{place.stem}_{hashlib.blake2b(bytes(place), digest_size=4).hexdigest()}"
    module = sys.modules.get(name)
    if module is None:
        spec = importlib.util.spec_from_file_location(name, place)
        if spec is None or spec.loader is None:
            raise InvalidInput(f"{str(path)!r} is no Python file; give one that ends in .py.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            told = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise InvalidInput(f"{str(path)!r} cannot be imported: {told}") from error
    if not hasattr(module, "CLAIMS"):
        raise InvalidInput(f"{str(path)!r} has no CLAIMS; give it `CLAIMS = (Claim(…), …)`.")
    return sound(module.CLAIMS, str(path))


def sound(claims: Any, where: str) -> tuple[Any, ...]:
    """`claims` as a tuple of claims with different slugs, or `InvalidInput`."""
    found = tuple(claims) if isinstance(claims, tuple | list) else ()
    if not found or not all(hasattr(c, "verify") and hasattr(c, "slug") for c in found):
        raise InvalidInput(f"CLAIMS of {where} must be a tuple of one claim or more; mend it.")
    slugs = [claim.slug for claim in found]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise InvalidInput(f"Two claims of {where} are called {slug!r}; rename one.")
    return found
