"""Which tests and claims can see a mutant: those that name it, import its file, are made of it."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import re
from pathlib import Path
from typing import Any

from tests.campaign.sites import ROOT

TESTS, CLAIMS = 4, 4  # files and claims that judge one mutant, the nearest and cheapest first
NAMED = 16  # test functions of other files that name what is changed
# For what every claim runs through.
EVERYDAY = ("adam-constant-gradient", "sgd-ghadimi-lan", "sgd-step-too-large", "galore-converges")
# They start processes, draw or write: slow, and blind to a single token of a method.
FAR = {
    "test_browser", "test_certificate", "test_cli", "test_docs", "test_figures", "test_notebooks",
    "test_pool", "test_plugin", "test_report", "test_store", "test_torch", "test_wheel",
    "test_catalog", "test_digest", "test_floors", "test_methods_judged", "test_mutants",
    "test_mutant_sample", "test_falsify", "test_registry", "test_paper_figures",
}  # fmt: skip


def module_of(path: str) -> str:
    """The dotted name of a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """The modules of the package and of the tests that a file names in its imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(name for name in found if name.startswith(("convergence", "tests")))


@functools.cache
def distance(start: Path, target: str) -> int:
    """How many imports lead from a test to a module of the package; 9 if more than three."""
    layer, seen = {start}, set()
    for steps in range(1, 4):
        names = set().union(*(imports(path) for path in layer)) if layer else set()
        if target in names:
            return steps
        seen |= layer
        paths = [ROOT / name.replace(".", "/") for name in names]
        files = {f for p in paths for f in (p.with_suffix(".py"), p / "__init__.py")}
        layer = {path for path in files if path.exists()} - seen
    return 9


@functools.cache
def tests_for(path: str, name: str) -> tuple[str, ...]:
    """The test files that see a class or function of a file: those that name it first, then those
    that name another one of the file, those of its room, the nearest, the smallest. After them the
    test functions of other files that name it."""
    target = module_of(path)
    files = [f for f in (ROOT / "tests").rglob("test_*.py") if f.stem not in FAR]
    room, beside, known = path.split("/")[1], public(ROOT / path), offering(path, name)

    def rank(f: Path) -> Any:
        told = not known & words(f), not beside & words(f)
        return *told, room not in f.parts, distance(f, target), f.stat().st_size

    near = sorted((f for f in files if distance(f, target) <= 2), key=rank)[:TESTS]
    others = sorted((f for f in files if known & words(f) and f not in near), key=rank)
    named = [pair for f in others for pair in enumerate(naming(f, known))]  # of each file the first
    named.sort(key=lambda pair: pair[0])
    return (*(f.relative_to(ROOT).as_posix() for f in near), *(t for _, t in named[:NAMED]))


@functools.cache
def offering(path: str, name: str) -> frozenset[str]:
    """A public name; in place of a private one those of its file that come to it."""
    reach, before = {name}, 0
    while name.startswith("_") and len(reach) > before:
        before = len(reach)
        reach |= {n for own, said in statements_of(ROOT / path) if reach & said for n in own}
    return frozenset(n for n in reach if not n.startswith("_")) or frozenset({name})


@functools.cache
def public(path: Path) -> frozenset[str]:
    """What a file defines for others."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = [n.name for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
    return frozenset(name for name in names if not name.startswith("_"))


@functools.cache
def words(path: Path) -> frozenset[str]:
    """The names in a file."""
    return frozenset(re.findall(r"\w+", path.read_text(encoding="utf-8")))


def parts_of(thing: Any, depth: int = 6) -> set[str]:
    """module:class of an object, of its bases and of its parts."""
    kinds = [c for c in type(thing).__mro__ if c.__module__.startswith("convergence")]
    found = {f"{c.__module__}:{c.__name__}" for c in kinds}
    if found and depth and dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            found |= parts_of(getattr(thing, field.name, None), depth - 1)
    return found


@functools.cache
def made_of() -> tuple[tuple[str, float, frozenset[str], frozenset[str]], ...]:
    """(slug, seed-steps, classes, what their files import) of every claim."""
    from convergence.precision import precision
    from convergence.registry import registry

    found = []
    with precision("float64"):
        known: tuple[Any, ...] = registry()
        for claim in known:
            kinds = parts_of(claim)
            with contextlib.suppress(Exception):
                T = claim.horizons[0]
                problem, noise, c = claim.instance(T)
                theorem = claim.theorem
                for part in (problem, noise, theorem.prescribe(c, T), theorem.metric(c, T)):
                    kinds |= parts_of(part)
            files = {ROOT / f"{kind.split(':')[0].replace('.', '/')}.py" for kind in kinds}
            near = set().union(*(imports(f) for f in files if f.exists()))
            horizon = max(getattr(claim, "horizons", (1,)) or (1,))
            cost = float(horizon * getattr(claim, "seeds", 1))
            found.append((claim.slug, cost, frozenset(kinds), frozenset(near)))
    return tuple(found)


@functools.cache
def claims_for(path: str, name: str) -> tuple[str, ...]:
    """The cheapest claims with an object of that class, or whose files import the function."""
    target, claims = module_of(path), made_of()
    seen = [(cost, slug) for slug, cost, kinds, _ in claims if f"{target}:{name}" in kinds]
    if not seen:
        seen = [(cost, slug) for slug, cost, _, near in claims if f"{target}.{name}" in near]
    return tuple(slug for _, slug in sorted(seen)[:CLAIMS]) or EVERYDAY


def naming(file: Path, names: frozenset[str]) -> list[str]:
    """The test functions of a file in which one of the names stands, or one of the file's that
    tells of it."""
    told = names.union(*(own for own, said in statements_of(file) if names & said))
    return [
        f"{file.relative_to(ROOT).as_posix()}::{test}"
        for own, said in statements_of(file)
        for test in own
        if test.startswith("test_") and told & said
    ]


@functools.cache
def statements_of(file: Path) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """(what it defines, the words in it) of every statement of a file but imports; of a function
    without its name and docstring."""
    found = []
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        parts: list[ast.AST] = [node]
        own: set[str] = set()
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.FunctionDef):
            parts, own = [*node.decorator_list, *node.body], {node.name}
        elif isinstance(node, ast.ClassDef):
            own = {node.name}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            own = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        said = {word for p in parts for word in re.findall(r"\w+", ast.unparse(p))}
        found.append((frozenset(own), frozenset(said)))
    return tuple(found)
