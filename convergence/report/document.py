"""The JSON of `convergence verify --json`, read back and checked before anything is made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from convergence.claims.report import SCHEMA
from convergence.errors import InvalidInput

NEEDED = {
    "slug": str, "family": str, "kind": str, "statement": str, "source": str, "provenance": str,
    "theorem": str, "explanation": str, "problem": str, "noise": str, "note": str, "instead": str,
    "verdict": str, "expect": str, "reason": str, "vacuous": bool, "alpha": float,
    "assumptions": list, "constants": dict, "hyper_parameters": dict, "horizons": list,
    "notes": list,
}  # fmt: skip
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
        entry = claim if isinstance(claim, dict) else {}
        missing = [key for key, kind in NEEDED.items() if not isinstance(entry.get(key), kind)]
        if missing:
            raise InvalidInput(
                f"A claim of {str(path)!r} lacks {', '.join(missing)}, so an older version made "
                f"it; {ADVICE}."
            )
    if not found["claims"]:
        raise InvalidInput(f"{str(path)!r} holds no claims; {ADVICE}.")
    return found


def parse(path: Path, advice: str) -> dict[str, Any]:
    """The JSON object of a file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {str(path)!r}; {advice}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{str(path)!r} cannot be read ({error}); {advice}.") from error
    except ValueError as error:
        raise InvalidInput(f"{str(path)!r} is no JSON ({error}); {advice}.") from error
    if not isinstance(found, dict):
        raise InvalidInput(f"{str(path)!r} holds no JSON object; {advice}.")
    return found
