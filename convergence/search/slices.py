"""The part of a user's file or notebook that some of its names need, as source of its own."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from convergence.claims.modules import name_of
from convergence.errors import LIBRARIES, PACKAGE, InvalidInput

BLOCKS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Statement(NamedTuple):
    """One statement of a module's top level: its text and the names that it binds and reads."""

    node: ast.stmt
    text: str
    binds: frozenset[str]
    reads: frozenset[str]


def is_own(module: str) -> bool:
    """Whether a module is a user's file or notebook that cannot be imported from elsewhere: what
    was loaded by its path, `__main__`, or a file beside it. A package's modules can be."""
    place = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__":
        return True
    if place is None:
        return False
    path = Path(place).resolve()
    if module == name_of(path):
        return True
    known = any(path.is_relative_to(folder) for folder in (PACKAGE, *LIBRARIES))
    return "." not in module and path.name != "__init__.py" and not known


def texts(module: str) -> list[str]:
    """The source of a module, or the cells of a notebook in the order in which they ran."""
    found = sys.modules[module]
    if isinstance(cells := vars(found).get("In"), list):
        return [str(cell) for cell in cells]
    place = getattr(found, "__file__", None)
    if place is None:
        raise InvalidInput(
            "What was defined at the prompt has no source to keep; define it in a file or notebook."
        )
    return [Path(place).read_text(encoding="utf-8")]


def statements(text: str) -> list[Statement]:
    """Those of a text that parses; a notebook's failed cells do not."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    lines, found = text.splitlines(), []
    for node in tree.body:
        marks = [d.lineno for d in node.decorator_list] if isinstance(node, BLOCKS) else []
        words = "\n".join(lines[min([node.lineno, *marks]) - 1 : node.end_lineno])
        inside = list(ast.walk(node))
        reads = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        if isinstance(node, ast.AugAssign):
            reads |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        found.append(Statement(node, words, binds(node), frozenset(reads)))
    return found


def binds(node: ast.AST) -> frozenset[str]:
    """The names that a statement binds, those of its branches among them."""
    if isinstance(node, BLOCKS):
        return frozenset({node.name})
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset(a.asname or a.name.split(".")[0] for a in node.names)
    if isinstance(node, ast.Name):
        return frozenset({node.id} if isinstance(node.ctx, ast.Store) else ())
    return frozenset().union(*map(binds, ast.iter_child_nodes(node)))


def cut(module: str, names: Iterable[str], seen: set[tuple[str, str]] | None = None) -> str:
    """The statements of an own module that define `names` and all that these read, in order.

    Of several statements that bind a name the last one counts, and those before that it reads.
    What comes from a file beside it is cut out of that file in turn.
    """
    seen = set() if seen is None else seen
    every = [s for text in texts(module) for s in statements(text)]
    kept: set[int] = set()
    waiting = [(name, len(every)) for name in names]
    while waiting:
        name, before = waiting.pop()
        place = next((i for i in range(before - 1, -1, -1) if name in every[i].binds), None)
        if place is None:  # a class may be used above its definition, inside a function
            place = next((i for i, s in enumerate(every) if name in s.binds), None)
        if place is not None and place not in kept:
            kept.add(place)
            again = isinstance(every[place].node, ast.AugAssign)
            waiting += [
                (n, place if again and n == name else len(every)) for n in every[place].reads
            ]
    parts = [(every[i], _text(every[i], seen)) for i in sorted(kept)]
    tall = [isinstance(s.node, BLOCKS) for s, _ in parts]
    gaps = ["\n\n\n" if a or b else "\n" for a, b in zip(tall, [*tall[1:], False], strict=True)]
    return "".join(text + gap for (_, text), gap in zip(parts, gaps, strict=True) if text).strip()


def _text(statement: Statement, seen: set[tuple[str, str]]) -> str:
    """The statement, or what it imports from a file of the user's own."""
    node = statement.node
    if not (isinstance(node, ast.ImportFrom) and node.module and not node.level):
        return statement.text
    if node.module not in sys.modules or not is_own(node.module):
        return statement.text
    new = [a for a in node.names if (node.module, a.name) not in seen]
    seen |= {(node.module, a.name) for a in new}
    parts = [cut(node.module, [a.name for a in new], seen)] if new else []
    parts += [f"{a.asname} = {a.name}" for a in node.names if a.asname and a.asname != a.name]
    return "\n".join(filter(None, parts))


def bound_in(text: str) -> frozenset[str]:
    """All names that a text binds at its top level."""
    return frozenset().union(*(s.binds for s in statements(text)))
