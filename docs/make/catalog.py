"""Writes convergence/registry/index.json, a row a claim, with docs/theorems.md by
`python -m docs.make.gallery`: `convergence list` reads it in place of importing the registry."""

from __future__ import annotations

import json

from convergence.cli.listing import row
from convergence.registry import FAMILIES, claims_in


def text() -> str:
    """The file: a line a claim."""
    modules = [
        f'"{family}/{name}": [\n' + ",\n".join(
            json.dumps(row(claim), ensure_ascii=False) for claim in claims_in(family, name)
        ) + "\n]"
        for family, names in FAMILIES.items() for name in names
    ]  # fmt: skip
    return "{\n" + ",\n".join(modules) + "\n}\n"
