"""Where a file can be changed by one token, and the changed source.

A mutant is named by file, function, operator and the text that it replaces, not by its line: what
is known of it survives edits elsewhere in the file.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("algorithms", "parts", "noise", "oracles", "metrics", "runner", "statistics", "claims")
# Messages, not behavior; a name that says so keeps what is inside from being touched.
SILENT = {"require", "InvalidInput", "NotImplementedError", "NotAffine", "field", "cast"}
EITHER_WAY = {"max", "min", "maximum", "minimum", "hypot", "logaddexp", "isclose", "allclose"}
CLOCKS = {"t", "T", "j", "k", "b", "age", "clock"}
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`before` becomes `after` in lines `start` to `end` (byte offsets `low`, `high`) of `path`."""

    name: str
    path: str
    line: int
    before: str
    after: str
    span: tuple[int, int]  # byte offsets in the file

    @property
    def top(self) -> str:
        """The class or function of the module in which it stands."""
        return self.name.split("::")[1].split(".")[0]

    @property
    def room(self) -> str:
        """The folder below `convergence`, or "bounds" for those of theorems."""
        room = Path(self.path).parts[1]
        return "bounds" if room == "theorems" else room

    def nothing(self) -> Mutant:
        """The same change undone: a control, which must survive."""
        return dataclasses.replace(self, name=f"{self.path}::control", after=self.before)

    def source(self) -> bytes:
        """The file with the mutant in it."""
        data = (ROOT / self.path).read_bytes()
        low, high = self.span
        # A method that no longer names `super` would have another closure than the one it replaces.
        same = "super()" not in self.before or "super()" in self.after
        after = f"({self.after})" if same else f"({self.after}, super)[0]"
        return data[:low] + after.encode() + data[high:]


def changes(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(operator, replacement) for one expression."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in SWAPS:
            yield "operator", ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow):
            yield "drop-right", node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield "drop-left", node.right
        if isinstance(node.op, ast.MatMult):
            yield "swap", ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        yield "drop-sign", node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
        other = SWAPS[type(node.ops[0])]()
        yield "operator", ast.Compare(node.left, [other], node.comparators)
    elif isinstance(node, ast.BoolOp) and type(node.op) in SWAPS:
        yield "operator", ast.BoolOp(SWAPS[type(node.op)](), node.values)
    elif isinstance(node, ast.IfExp):
        yield "negate", ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield "flip", ast.Constant(not value)
        elif isinstance(value, int):
            yield "plus-one", ast.Constant(value + 1)
        elif isinstance(value, float) and value not in (0.0, float("inf")):
            yield "five-percent", ast.Constant(value * 1.05)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in CLOCKS:
        yield "clock", ast.BinOp(node, ast.Add(), ast.Constant(1))
    elif isinstance(node, ast.Call):
        yield from calls(node)


def calls(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Arguments in the wrong order, and keys used twice."""
    name = ast.unparse(node.func)
    if name.endswith("fold_in"):
        yield "key-reused", node.args[0]
    elif name.endswith("random.split") and len(node.args) <= 2:
        number = ast.unparse(node.args[1]) if len(node.args) == 2 else "2"
        text = f"{ast.unparse(node)}[:1].repeat({number})"
        yield "key-reused", ast.parse(text, mode="eval").body
    elif name.rsplit(".", 1)[-1] in EITHER_WAY and len(node.args) == 2:
        return
    elif len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        swapped = copy.copy(node)
        low = 1 if name.endswith("where") and len(node.args) == 3 else 0
        args = list(node.args)
        args[low], args[low + 1] = args[low + 1], args[low]
        swapped.args = args
        yield "swap", swapped


class _Walk(ast.NodeVisitor):
    """Visits the expressions that run: no annotations, docstrings, decorators or messages."""

    def __init__(self, wanted: Callable[[str], bool]):
        self.wanted = wanted
        self.names: list[str] = []
        self.found: list[tuple[str, ast.expr]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names.append(node.name)
        if self.wanted(".".join(self.names)):
            for statement in node.body:
                self.visit(statement)
        self.names.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self.visit(statement)
        self.names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and self.names:
            self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Errors are tested by their words elsewhere."""

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if not (isinstance(node.value, ast.Name) and node.value.id[:1].isupper()):
            self.visit(node.slice)

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func).rsplit(".", 1)[-1] not in SILENT:
            self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != "strict":  # it tells of lists whose lengths differ, and changes nothing else
            self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        if self.names and isinstance(node, ast.expr) and self.wanted(".".join(self.names)):
            self.found.append((".".join(self.names), node))
        super().generic_visit(node)


def mutants(path: Path) -> list[Mutant]:
    """All mutants of one file; of a theorem, those of its bounds."""
    relative = path.relative_to(ROOT).as_posix()
    theorem = relative.startswith("convergence/theorems")
    text = path.read_text(encoding="utf-8")
    starts, total = [], 0
    for row in text.encode().splitlines(keepends=True):
        starts.append(total)
        total += len(row)
    walk = _Walk(lambda name: not theorem or name.rsplit(".", 1)[-1] == "bound")
    walk.visit(ast.parse(text))
    found, seen = [], Counter[str]()
    for where, node in walk.found:
        low = starts[node.lineno - 1] + node.col_offset
        high = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before = text.encode()[low:high].decode()
        for kind, other in changes(node):
            after = ast.unparse(ast.fix_missing_locations(other))
            if after == ast.unparse(node):  # the two arguments are alike
                continue
            about = f"{relative}::{where}::{kind}::{' '.join(before.split())[:60]}"
            seen[about] += 1
            name = about if seen[about] == 1 else f"{about}::{seen[about]}"
            found.append(Mutant(name, relative, node.lineno, before, after, (low, high)))
    return found


def every() -> list[Mutant]:
    """All mutants of all rooms and of every bound."""
    package = ROOT / "convergence"
    files = [f for room in (*ROOMS, "theorems") for f in sorted((package / room).rglob("*.py"))]
    return [mutant for file in files for mutant in mutants(file)]
