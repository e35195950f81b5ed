"""An instance as Python source: what a failing example prints and a found violation is saved as."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import equinox as eqx
import numpy as np

from convergence.claims.base import Claim
from convergence.errors import InvalidInput


class Source:
    """Collects the imports that its expressions need."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}

    def name(self, thing: Any) -> str:
        """The name of a class or function, imported from the module that defines it."""
        if "<" in thing.__qualname__ or "." in thing.__qualname__:
            raise InvalidInput(
                f"{thing.__qualname__!r} cannot be imported by name; define it at module level."
            )
        self.imports.setdefault(thing.__module__, set()).add(thing.__qualname__)
        return thing.__qualname__

    def write(self, value: Any) -> str:
        """An expression that evaluates to `value`: modules of arrays, numbers, strings, tuples."""
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
        """The import statements, sorted."""
        return "\n".join(
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self.imports.items())
        )


def script(**values: Any) -> str:
    """A module that assigns each value to its name."""
    source = Source()
    lines = [f"{name} = {source.write(value)}" for name, value in values.items()]
    return "\n".join([source.header(), "", *lines]) + "\n"


def claim_module(story: str, theorem: Any, problem: Any, noise: Any, **more: Any) -> str:
    """A module in the form of those in counterexamples/: the story, the instance, CLAIMS.

    The theorem's class is loaded from its module, and so are those of problem and noise, which may
    be None. kind: the class of the claim; `more`: its other arguments.
    """
    source = Source()
    expect, kind = more.pop("expect"), source.name(more.pop("kind", Claim))
    source.imports["convergence.statistics"] = {"Verdict"}
    parts = {"problem": problem, "noise": noise, "theorem": theorem}
    parts = {name: part for name, part in parts.items() if part is not None}
    lines = [f"{name.upper()} = {source.write(part)}" for name, part in parts.items()]
    if more.get("oracle") is not None:
        more["oracle"] = Raw(source.name(more["oracle"]))
    given = "".join(
        f"        {k}={v.text if isinstance(v, Raw) else source.write(v)},\n"
        for k, v in more.items()
        if v is not None
    )
    return (
        f'"""{story}"""\n\nfrom __future__ import annotations\n\n{source.header()}\n\n'
        + "\n".join(lines)
        + f"\n\nCLAIMS = (\n    {kind}(\n"
        + "".join(f"        {name}={name.upper()},\n" for name in parts)
        + f"        expect=Verdict.{expect.name},\n{given}    ),\n)\n"
    )


@dataclasses.dataclass(frozen=True)
class Raw:
    """Source as it is."""

    text: str
