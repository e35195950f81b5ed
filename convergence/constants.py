"""Constants of an instance: L, mu, Delta, R, sigma, p, rho, m, n, d …: all that a theorem sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from convergence.errors import Unknown


class Constants(Mapping[str, Any]):
    """An immutable record of named constants, read as `c.L` or `c["L"]`.

    Values are host floats, integers or NumPy arrays. Reading a name that nothing certifies raises
    `Unknown(name)`. `a | b` joins two records; the right one wins.
    """

    def __init__(self, **values: Any):
        object.__setattr__(self, "_values", dict(values))

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise Unknown(name, tuple(self._values)) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Constants are immutable; build a new record to change {name!r}.")

    def get(self, name: str, default: Any = None) -> Any:
        """The constant, or `default` where nothing certifies it."""
        return self._values.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __or__(self, other: Mapping[str, Any]) -> Constants:
        return Constants(**{**self._values, **dict(other)})

    def __repr__(self) -> str:
        return f"Constants({', '.join(f'{k}={v!r}' for k, v in self._values.items())})"
