"""Writes what every room offers, `convergence/<room>/__init__.pyi`, and which file of a family
holds what, in its folder's docstring: `python -m docs.make.rooms`.

A room offers the classes and functions of its modules, loaded when first asked for; type checkers
read the same file.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2] / "convergence"
ROOMS = (
    "parts", "problems", "noise", "oracles", "algorithms", "metrics", "theorems", "runner",
    "moments", "claims", "search",
)  # fmt: skip
FAMILIES = {
    "classical": "Textbook methods: gradient descent, SGD, momentum, acceleration.",
    "adaptive": "Methods that scale their steps by past gradients, by signs or by norms.",
    "parameter_free": "Methods without a step to tune: by distance, by betting, schedule-free.",
    "subspace": "Methods that step within a subspace: GaLore, GoLore, RSO, FRUGAL and others.",
    "heavy_tailed": "Methods under heavy-tailed noise: normalized, clipped, variance-reduced.",
    "zeroth_order": "Methods that see values alone.",
    "estimators": "Methods with their own estimate of a gradient or a curvature.",
    "compression": "Methods whose agents send compressed messages.",
    "federated": "Methods of clients and a server: local steps, sampled clients, masks and gates.",
    "games": "Methods for min–max problems: descent–ascent, extragradient, optimism, AdaWAC.",
    "decentralized": "Methods of agents on a graph, on one level and on two.",
    "identities": "Statements that need no run: exact formulas, closed forms, counts.",
    "attention": "Softmax attention: where its training leads, and approximations of it.",
}
HEAD = "# Written by `python -m docs.make.rooms`.\n"


def modules(folder: Path) -> list[Path]:
    """The modules of a folder and those below it."""
    return [path for path in sorted(folder.rglob("*.py")) if path.name != "__init__.py"]


def public(path: Path) -> list[str]:
    """The classes and functions that a module defines."""
    body = ast.parse(path.read_text()).body
    kinds = (ast.ClassDef, ast.FunctionDef)
    return sorted(n.name for n in body if isinstance(n, kinds) and not n.name.startswith("_"))


def offers(room: str) -> dict[str, list[str]]:
    """Module → public names, for every module of a room that has some.

    A function that is called like a module beside it (`run` of runner/run.py) is left to that
    module: which of the two the room's attribute means would hang on what was imported before.
    """
    folder = ROOT / room
    beside = {path.stem for path in folder.glob("*")}
    found = {}
    for path in modules(folder):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        names = [name for name in public(path) if name not in beside]
        if names:
            found[module] = names
    return found


def stub(room: str) -> str:
    """The text of a room's stub."""
    lines = [
        f"from .{module} import {', '.join(f'{name} as {name}' for name in names)}"
        for module, names in offers(room).items()
    ]
    return HEAD + "\n".join(lines) + "\n"


def contents(folder: Path) -> str:
    """The `__init__` of a family's folder: what it is, and which file holds what."""
    lines = []
    for path in modules(folder):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
        lines += textwrap.wrap(f"{path.stem}: {first}", 96, subsequent_indent="    ")
    return f'"""{FAMILIES[folder.name]}\n\n' + "\n".join(lines) + '\n"""\n'


def folders() -> list[Path]:
    """The folders of families."""
    return [
        ROOT / room / family
        for room in ("algorithms", "theorems")
        for family in FAMILIES
        if (ROOT / room / family).is_dir()
    ]


if __name__ == "__main__":
    for room in ROOMS:
        (ROOT / room / "__init__.pyi").write_text(stub(room))
    for folder in folders():
        (folder / "__init__.py").write_text(contents(folder))
    for command in (("check", "--fix", "--select", "I"), ("format",)):
        subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", ROOT], check=True)
