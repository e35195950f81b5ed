"""Constants of an instance: all that a theorem sees. `VOCABULARY` says what each name means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from convergence.errors import InvalidInput, Unknown, require, shown
from convergence.vocabulary import KINDS, VOCABULARY


def _checked(name: str, value: Any) -> Any:
    """The value as a host number or array, refused where it cannot be what its name means."""
    kind = VOCABULARY[name].kind if name in VOCABULARY else None
    if kind is None and not isinstance(value, float | np.floating):
        return value  # a name of the user's own
    if kind == "flag":
        _held(isinstance(value, bool | np.bool_), name, value, kind)
        return bool(value)
    found = _array(value)
    if kind is None or kind == "array":
        good = found.dtype.kind in "fiub" and not np.any(np.isnan(found))
        _held(good, name, value, kind or "number", ", none of them NaN")
        return value
    _held(not np.ma.is_masked(value), name, value, kind)
    whole = found.dtype.kind in "iu"
    good = found.ndim == 0 and (whole or (found.dtype.kind == "f" and kind != "size"))
    good = good and not np.isnan(found) and (kind == "number" or found >= 0)
    _held(good, name, value, kind)
    return int(found) if whole and kind == "size" else float(found)


def _held(good: object, name: str, value: Any, kind: str, more: str = "") -> None:
    """Refuse a value that is not `good`."""
    if not good:
        require(False, f"{name} = {shown(value)}", KINDS[kind] + more, _mend(name))


def _array(value: Any) -> np.ndarray:
    """The value as an array; one of Python objects where it cannot be one of numbers."""
    try:
        return np.asarray(value)
    except Exception:
        return np.array(None)


def _mend(name: str) -> str:
    if name not in VOCABULARY:
        return f"certify {name} only where it is known"
    return f"it means: {VOCABULARY[name].meaning}"


class Constants(Mapping[str, Any]):
    """An immutable record of named constants, read as `c.L` or `c["L"]`.

    Values are host floats, integers, flags or NumPy arrays; what cannot be (a negative L, a NaN)
    is refused. Reading a name that nothing certifies raises `Unknown(name)`. `a | b` joins what two
    parties certify, and refuses a name that both do; `a.but(L=2.0)` is `a` with other values.
    """

    _noted: ClassVar[set[str] | None] = None

    def __init__(self, **values: Any):
        checked = {name: _checked(name, value) for name, value in values.items()}
        object.__setattr__(self, "_values", checked)

    def __getitem__(self, name: str) -> Any:
        if self._noted is not None:
            self._noted.add(name)
        try:
            return self._values[name]
        except (KeyError, TypeError):
            raise Unknown(name, tuple(self._values)) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Constants are immutable; `but({name}=…)` builds a new record.")

    def get(self, name: str, default: Any = None) -> Any:
        """The constant, or `default` where nothing certifies it."""
        if self._noted is not None:
            self._noted.add(name)
        return self._values.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __or__(self, other: Mapping[str, Any]) -> Constants:
        good = isinstance(other, Mapping)
        require(good, f"Constants | {shown(other)}", "two records of them", "write Constants(…)")
        twice = sorted(set(self._values) & set(other))
        if twice:
            raise InvalidInput(
                f"Got {twice[0]!r} certified twice, as {self[twice[0]]!r} and {other[twice[0]]!r}, "
                "but one meaning a name is needed; rename one of them, or use `but` to replace it."
            )
        return Constants(**{**self._values, **dict(other)})

    def but(self, **values: Any) -> Constants:
        """This record with other values for some names."""
        return Constants(**{**self._values, **values})

    def noting(self, names: set[str]) -> Constants:
        """This record, which adds to `names` each one that it is asked for."""
        found = self.but()
        object.__setattr__(found, "_noted", names)
        return found

    def only(self, *names: str) -> dict[str, Any]:
        """Those of the names that are certified, with their values."""
        return {name: self._values[name] for name in names if name in self._values}

    def __repr__(self) -> str:
        return f"Constants({', '.join(f'{k}={v!r}' for k, v in self._values.items())})"
