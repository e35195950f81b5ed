"""An instance as Python source: what a failing example prints and a found violation is saved as."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import sys
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import numpy as np

from convergence.errors import InvalidInput
from convergence.search.slices import bound_in, cut, is_own


class Script:
    """Collects what its expressions need: imports, and the parts of the user's own files."""

    def __init__(self, aliases: Mapping[tuple[str, str], str] | None = None) -> None:
        self.imports: dict[str, set[str]] = {}
        self.own: dict[str, set[str]] = {}
        self.aliases = aliases or {}

    def name(self, thing: Any) -> str:
        """The name of a class or function, imported from the module that defines it; what a file
        or notebook of the user's own defines is copied from there."""
        if "<" in thing.__qualname__ or "." in thing.__qualname__:
            raise InvalidInput(
                f"{thing.__qualname__!r} cannot be imported by name; define it at module level."
            )
        module, name = str(thing.__module__), str(thing.__qualname__)
        if is_own(module):
            self.own.setdefault(module, set()).add(name)
            return name
        self.imports.setdefault(module, set()).add(name)
        return self.aliases.get((module, name), name)

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

    def copied(self) -> str:
        """The user's definitions, and all that they read."""
        return "\n\n".join(cut(module, sorted(names)) for module, names in self.own.items())

    def clashes(self) -> dict[tuple[str, str], str]:
        """Other names for imports whose name means something else in what is copied."""
        taken = bound_in(self.copied())
        return {
            (module, name): f"{name}_"
            for module, names in self.imports.items()
            for name in names & taken
            if not any(vars(sys.modules[own]).get(name) is vars(sys.modules[module])[name]
                       for own in self.own)
        }  # fmt: skip

    def header(self) -> str:
        """The import statements, sorted, and what is copied."""
        lines = []
        for module, names in sorted(self.imports.items()):
            new = [(name, self.aliases.get((module, name))) for name in sorted(names)]
            words = [f"{name} as {alias}" if alias else name for name, alias in new]
            lines.append(f"from {module} import {', '.join(words)}")
        return "\n\n".join(filter(None, ("\n".join(lines), self.copied())))


def script(**values: Any) -> str:
    """A module that assigns each value to its name."""
    source = Script()
    lines = [f"{name} = {source.write(value)}" for name, value in values.items()]
    return "\n".join([source.header(), "", *lines]) + "\n"


def claim_module(story: str, claim: Any) -> str:
    """A module in the form of those in counterexamples/: the story, the instance, CLAIMS.

    It stands alone: classes of packages are imported, those of the user's own file or notebook
    copied. Of the claim's fields only those are given that are not the default.
    """
    source = Script()
    body = claim_source(claim, source)
    if clashes := source.clashes():
        source = Script(clashes)
        body = claim_source(claim, source)
    story = story.replace("\\", "\\\\")
    return f'"""{story}"""\n\nfrom __future__ import annotations\n\n{source.header()}\n\n{body}'


def claim_source(claim: Any, source: Script) -> str:
    """The instance and CLAIMS."""
    own = {f.name: getattr(claim, f.name) for f in dataclasses.fields(claim) if not usual(claim, f)}
    kind = source.name(type(claim))
    parts = {name: own.pop(name) for name in ("problem", "noise", "theorem") if name in own}
    written = {name: source.write(part) for name, part in parts.items()}
    rest = {name: source.write(value) for name, value in own.items()}
    taken = bound_in(source.copied())
    names = {name: name.upper() + "_" * (name.upper() in taken) for name in parts}
    return (
        "\n".join(f"{names[name]} = {text}" for name, text in written.items())
        + f"\n\nCLAIMS = (\n    {kind}(\n"
        + "".join(f"        {name}={value},\n" for name, value in {**names, **rest}.items())
        + "    ),\n)\n"
    )


def usual(claim: Any, field: dataclasses.Field) -> bool:
    """Whether a field has its default value."""
    made, value = field.default_factory, getattr(claim, field.name)
    default = field.default if made is dataclasses.MISSING else made()
    return value is default or (isinstance(value, int | float | str | dict) and value == default)
