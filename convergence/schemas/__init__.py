"""The form of every JSON that the package writes, and whether something that is read has it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema

HERE = Path(__file__).parent


@functools.cache
def checker(form: str, part: str | None) -> Callable[[Any], Any]:
    """What raises unless its argument has the form, or that of a part of it."""
    schema = json.loads((HERE / f"{form}.schema.json").read_text(encoding="utf-8"))
    if part is not None:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return fastjsonschema.compile(schema, use_default=False, use_formats=False)


def wrong(content: Any, form: str, part: str | None = None) -> str:
    """The first thing that is wrong with the content, as `claims[3].slug must be string`; empty if
    it has the form."""
    try:
        checker(form, part)(content)
    except fastjsonschema.JsonSchemaValueException as error:
        said = error.message.removeprefix("data")
        return ("it" + said if said[:1] == " " else said.removeprefix("."))[:300]
    except RecursionError:
        return "it is nested too deeply"
    return ""
