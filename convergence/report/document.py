"""The JSON of `convergence verify --json`, read back and checked before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convergence.claims.report import SCHEMA, missing
from convergence.errors import InvalidInput
from convergence.files import read_json

ADVICE = "make one with `convergence verify --json FILE`"


def read(path: Path) -> dict[str, Any]:
    """The document of a file; `InvalidInput` says what is wrong with it."""
    found = parse(path, ADVICE)
    schema = found.get("schema")
    if schema != SCHEMA:
        raise InvalidInput(
            f"{str(path)!r} has the schema {schema!r} and {SCHEMA!r} is needed; {ADVICE}."
        )
    if not isinstance(found.get("run"), dict) or not isinstance(found.get("claims"), list):
        raise InvalidInput(f"{str(path)!r} lacks `run` or `claims`; {ADVICE}.")
    for claim in found["claims"]:
        lacking = missing(claim if isinstance(claim, dict) else {})
        if lacking:
            raise InvalidInput(
                f"A claim of {str(path)!r} lacks {', '.join(lacking)}, so an older version made "
                f"it, or it was altered; {ADVICE}."
            )
    if not found["claims"]:
        raise InvalidInput(f"{str(path)!r} holds no claims; {ADVICE}.")
    return found


def parse(path: Path, advice: str) -> dict[str, Any]:
    """The JSON object of a file."""
    try:
        found = read_json(path)
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {str(path)!r}; {advice}.") from None
    except OSError as error:
        raise InvalidInput(f"{str(path)!r} cannot be read ({error}); {advice}.") from error
    except ValueError as error:
        raise InvalidInput(f"{str(path)!r} is no JSON ({error}); {advice}.") from error
    if not isinstance(found, dict):
        raise InvalidInput(f"{str(path)!r} holds no JSON object; {advice}.")
    return found
