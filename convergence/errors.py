"""Bad input is one sentence: what was given, what was needed, what to do, and where it stands."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

PACKAGE = Path(__file__).parent
STUMBLES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)  # of bad values
LIBRARIES = tuple(Path(sysconfig.get_path(kind)) for kind in ("stdlib", "purelib", "platlib"))


class InvalidInput(ValueError):
    """Raised for input that cannot be used; the command line answers it with exit code 2."""


class NotWritten(InvalidInput, OSError):
    """Raised for a file that cannot be written: a full disk, a folder for reading alone."""

    def __init__(self, path: Path, error: OSError):
        why = error.strerror or str(error)
        super().__init__(f"{str(path)!r} cannot be written ({why}); choose another place.")


class Unknown(InvalidInput):
    """Raised when a theorem asks for a constant that nothing on the instance certifies."""

    def __init__(self, name: str, known: tuple[str, ...]):
        self.name = name
        listed = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"The constant {name!r} was asked for, but the instance certifies only {listed}; "
            f"use a problem and a noise that vouch for {name!r}."
        )


def shown(value: Any, most: int = 100) -> str:
    """A value for a sentence: its repr, cut where it is long, its type where it has none."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= most else f"{text[:most]}…"


def is_whole(value: Any, least: int, most: int) -> bool:
    """Whether a value is a whole number in a range; neither 8.0 nor True is one."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    return whole and least <= int(value) <= most


def is_share(value: Any) -> bool:
    """Whether a value is a number between 0 and 1, neither of them."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < 1


def require(condition: object, given: str, needed: str, do: str) -> None:
    """Raise `InvalidInput` with the three parts of a useful sentence unless `condition` holds."""
    if not condition:
        given = given if len(given) <= 300 else f"{given[:300]}…"
        raise InvalidInput(
            f"Got {given}, but {needed} is needed; {do}{'' if do[-1:] == '?' else '.'}"
        )


def numbers(value: Any, what: str) -> np.ndarray:
    """An array of floats."""
    import numpy as np

    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        sentence = f"Got {what} {shown(value)}, but an array of numbers is needed; "
        raise InvalidInput(sentence + "give numbers alone, in rows of equal length.") from None


def place(error: BaseException) -> str:
    """The last line of the user's own files that an exception, or else what caused it, passed
    through: `mine.py:14`."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        inside = any(path.is_relative_to(folder) for folder in (PACKAGE, *LIBRARIES))
        if path.is_file() and not inside:
            return f"{path.name}:{frame.lineno}"
    return place(error.__cause__) if error.__cause__ is not None else ""


def made_by(method: Callable[..., Any]) -> str:
    """Where a method of a user's class stands, as ` (mine.py:20)`; nothing for the package's."""
    code = getattr(method, "__code__", None)
    if code is None or Path(code.co_filename).is_relative_to(PACKAGE):
        return ""
    return f" ({Path(code.co_filename).name}:{code.co_firstlineno})"


def told(error: BaseException) -> str:
    """An exception as one line, with its place in the user's files where it has one."""
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, MemoryError) or text.startswith("RESOURCE_EXHAUSTED"):
        return (
            f"no memory is left for it ({text[:160] or 'MemoryError'}); ask for fewer seeds, a "
            "smaller chunk or a smaller instance"
        )
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.strerror}: {str(error.filename)!r}"
    elif not (isinstance(error, InvalidInput) and text):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    at = place(error)
    return f"{text} ({at})" if at and f"({at})" not in text else text


def gist(kind: type) -> str:
    """The first line of a class's docstring, and further ones until a sentence ends."""
    text = (kind.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(re.split(r"(?<=[.:])\n", text)[0].split())
