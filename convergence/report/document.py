"""The JSON of `convergence verify --json`, read back and checked before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convergence.claims.report import SCHEMA
from convergence.errors import InvalidInput, shown
from convergence.files import read_json
from convergence.schemas import wrong

ADVICE = "make one with `convergence verify --json FILE`"


def read(path: Path) -> dict[str, Any]:
    """The document of a file; `InvalidInput` says what is wrong with it."""
    found = parse(path, ADVICE)
    schema = found.get("schema")
    if schema != SCHEMA:
        raise InvalidInput(
            f"{str(path)!r} has the schema {shown(schema)} and {SCHEMA!r} is needed; {ADVICE}."
        )
    formed(found, "report", path, ADVICE)
    if not found["claims"]:
        raise InvalidInput(f"{str(path)!r} holds no claims; {ADVICE}.")
    return found


def formed(found: Any, form: str, path: Path, advice: str) -> None:
    """Raise `InvalidInput` unless what a file holds has a form of `convergence.schemas`."""
    if fault := wrong(found, form):
        raise InvalidInput(
            f"{str(path)!r} has another form than is written: {fault}; an older version made it, "
            f"or it was altered; {advice}."
        )


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
