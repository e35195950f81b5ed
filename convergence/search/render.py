"""An instance as Python source: what a failing example prints and a found violation is saved as."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np

from convergence.claims.modules import load, name_of
from convergence.errors import InvalidInput


def is_file(module: str) -> bool:
    """Whether a module is a user's file that was loaded by its path."""
    place = getattr(sys.modules.get(module), "__file__", None)
    return place is not None and module == name_of(Path(place).resolve())


def _word(module: str) -> str:
    """A name for a file, which may be called anything."""
    return re.sub(r"\W", "_", module)


class Script:
    """Collects the imports that its expressions need."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.files: set[str] = set()

    def name(self, thing: Any) -> str:
        """The name of a class or function, imported from the module that defines it."""
        if "<" in thing.__qualname__ or "." in thing.__qualname__:
            raise InvalidInput(
                f"{thing.__qualname__!r} cannot be imported by name; define it at module level."
            )
        if is_file(thing.__module__):  # a file that the user named is no module elsewhere
            self.files.add(thing.__module__)
            return f"{_word(thing.__module__)}.{thing.__qualname__}"
        self.imports.setdefault(thing.__module__, set()).add(thing.__qualname__)
        return thing.__qualname__

    def write(self, value: Any) -> str:
        """An expression that evaluates to `value`: modules of arrays, numbers, strings, tuples."""
        if isinstance(value, enum.Enum):
            return f"{self.name(type(value))}.{value.name}"
        if value is None or isinstance(value, bool | int | str):
            return repr(value)
        if isinstance(value, tuple):
            inside = ", ".join(self.write(v) for v in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        if isinstance(value, float | np.floating) or (
            np.ndim(value) == 0 and hasattr(value, "item")
        ):
            return self.number(np.asarray(value).item())
        if hasattr(value, "tolist"):
            return self.nested(np.asarray(value).tolist())
        if isinstance(value, eqx.Module):
            return self.module(value)
        if inspect.isclass(value) or inspect.isfunction(value):
            return self.name(value)
        raise InvalidInput(f"A {type(value).__name__} cannot be written as source.")

    def number(self, value: Any) -> str:
        """A number in full precision."""
        if isinstance(value, float) and not np.isfinite(value):
            return f'float("{value}")'
        return repr(value)

    def nested(self, value: Any) -> str:
        """A nested list of numbers."""
        if isinstance(value, list):
            return f"[{', '.join(self.nested(v) for v in value)}]"
        return self.number(value)

    def module(self, value: eqx.Module) -> str:
        """`Class(field=…, …)`, for classes that are built from their fields."""
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        wanted = list(inspect.signature(type(value)).parameters)
        if wanted != fields:
            raise InvalidInput(
                f"{type(value).__name__} is not built from its fields and cannot be written."
            )
        given = ", ".join(f"{name}={self.write(getattr(value, name))}" for name in fields)
        return f"{self.name(type(value))}({given})"

    def header(self) -> str:
        """The import statements, sorted, and the user's files by their path."""
        if self.files:
            self.imports.setdefault("pathlib", set()).add("Path")
            self.name(load)
        lines = [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self.imports.items())
        ]
        lines += [
            f"{_word(name)} = load(Path({str(Path(sys.modules[name].__file__ or '').resolve())!r}))"
            for name in sorted(self.files)
        ]
        return "\n".join(lines)


def script(**values: Any) -> str:
    """A module that assigns each value to its name."""
    written = Script()
    lines = [f"{name} = {written.write(value)}" for name, value in values.items()]
    return "\n".join([written.header(), "", *lines]) + "\n"


def claim_module(story: str, claim: Any) -> str:
    """A module in the form of those in counterexamples/: the story, the instance, CLAIMS.

    The theorem's class is loaded from its module, and so are those of problem and noise, where the
    claim has any. Of its other fields only those are given that are not the default.
    """
    written = Script()
    own = {f.name: getattr(claim, f.name) for f in dataclasses.fields(claim) if not usual(claim, f)}
    parts = {name: own.pop(name) for name in ("problem", "noise", "theorem") if name in own}
    lines = [f"{name.upper()} = {written.write(part)}" for name, part in parts.items()]
    given = {name: name.upper() for name in parts} | {k: written.write(v) for k, v in own.items()}
    kind = written.name(type(claim))
    story = story.replace("\\", "\\\\")
    return (
        f'"""{story}"""\n\nfrom __future__ import annotations\n\n{written.header()}\n\n'
        + "\n".join(lines)
        + f"\n\nCLAIMS = (\n    {kind}(\n"
        + "".join(f"        {name}={value},\n" for name, value in given.items())
        + "    ),\n)\n"
    )


def usual(claim: Any, field: dataclasses.Field) -> bool:
    """Whether a field has its default value."""
    made, value = field.default_factory, getattr(claim, field.name)
    default = field.default if made is dataclasses.MISSING else made()
    return value is default or (isinstance(value, int | float | str | dict) and value == default)
