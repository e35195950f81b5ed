"""Who kills a mutant: the unit tests that import its file, then the claims that are made of it.

A parent imports the package once and forks a child for each mutant, which puts the changed code
into the functions before anything is traced. Errors and endless loops kill a mutant as failures do.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import importlib
import inspect
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from tests.campaign.sites import ROOT, Mutant, every

LIMIT = 300  # seconds of computing for one mutant; what takes longer is an endless loop
PATIENCE = 10 * LIMIT  # the same by the clock of a busy machine
TESTS, CLAIMS = 4, 4  # files and claims that judge one mutant, the nearest and cheapest first
# For what every claim runs through.
EVERYDAY = ("adam-constant-gradient", "sgd-ghadimi-lan", "sgd-step-too-large", "galore-converges")
# They start processes, draw or write: slow, and blind to a single token of a method.
FAR = {
    "test_browser", "test_certificate", "test_cli", "test_docs", "test_figures", "test_notebooks",
    "test_pool", "test_plugin", "test_report", "test_store", "test_torch", "test_wheel",
    "test_catalog", "test_digest", "test_floors", "test_methods_judged", "test_mutants",
    "test_mutant_sample", "test_falsify", "test_registry",
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
    that name another one of the file, those of its room, the nearest, the smallest."""
    target = module_of(path)
    files = [f for f in (ROOT / "tests").rglob("test_*.py") if f.stem not in FAR]
    room, beside = path.split("/")[1], public(ROOT / path)

    def rank(f: Path) -> Any:
        told = name not in words(f), not beside & words(f)
        return *told, room not in f.parts, distance(f, target), f.stat().st_size

    found = sorted((f for f in files if distance(f, target) <= 2), key=rank)
    return tuple(f.relative_to(ROOT).as_posix() for f in found[:TESTS])


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


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all that are defined in it."""
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from codes(part)


def functions(module: Any) -> Iterator[Any]:
    """The functions that a module defines, in its classes too, without what wraps them."""
    for thing in list(vars(module).values()):
        inside = list(vars(thing).values()) if isinstance(thing, type) else []
        for held in (thing, *inside):
            held = getattr(held, "fget", None) or getattr(held, "__func__", None) or held
            with contextlib.suppress(ValueError, AttributeError):
                held = inspect.unwrap(held)
            if isinstance(held, FunctionType) and held.__module__ == module.__name__:
                yield held


def plant(mutant: Mutant) -> None:
    """Put the changed code into the functions of the module, and build the catalogue anew."""
    file = str(ROOT / mutant.path)
    changed = {c.co_qualname: c for c in codes(compile(mutant.source(), file, "exec"))}
    for function in functions(importlib.import_module(module_of(mutant.path))):
        if function.__code__.co_filename == file:  # what dataclasses generate has no file
            function.__code__ = changed[function.__qualname__]
    for name in [n for n in sys.modules if n.startswith("convergence.registry")]:
        del sys.modules[name]


class Failures:
    """A plugin of pytest that keeps the names of failures."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.names.append(report.nodeid)


def noticed(mutant: Mutant, files: list[str], slugs: list[str], ill: list[str]) -> list[str]:
    """The first test or claim that notices the mutant. `ill` are those that fail anyway and are
    not asked."""
    import pytest

    plant(mutant)
    failures = Failures()
    if files:
        # The parent has loaded plugins already: their assertions are plain ones.
        options = ["-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        options += [f"--deselect={name}" for name in ill]
        code = pytest.main([*options, *files], plugins=[failures])
        if code not in (0, 5):
            return failures.names or ["a test that no longer loads"]
    from convergence.claims.settings import Settings
    from convergence.registry import registry

    known = {claim.slug: claim for claim in registry()}
    for slug in slugs:
        if slug not in ill and not kept(known[slug], Settings()):
            return [slug]
    return []


def kept(claim: Any, settings: Any) -> bool:
    """Whether a claim gets the verdict it expects, and any verdict at all."""
    try:
        return claim.verify(settings).expected
    except Exception:
        return False


def serve() -> None:
    """Judge the mutants on standard input, a JSON list [name, files, claims] a line."""
    known = {m.name: m for m in every()}
    warm()
    health: dict[str, bool] = {}
    for line in sys.stdin.read().splitlines():
        name, files, slugs = json.loads(line)
        outcome = settled(known[name], files, slugs, health)
        print(json.dumps(outcome, ensure_ascii=False), flush=True)


def settled(
    mutant: Mutant, files: list[str], slugs: list[str], health: dict[str, bool]
) -> dict[str, Any]:
    """The outcome, once its killer has been seen to pass the unchanged file: what fails anyway
    kills nothing."""
    while True:
        ill = [name for name, well in health.items() if not well]
        outcome = judge(mutant, files, slugs, ill)
        by = outcome["by"]
        if by and by[0] not in health and (by[0] in slugs or "::" in by[0]):
            claim = by[0] in slugs
            alone = [] if claim else [by[0]]
            control = judge(mutant.nothing(), alone, [by[0]] if claim else [], [])
            health[by[0]] = not control["by"]
        if not by or health.get(by[0], True):
            return outcome


def warm() -> None:
    """Import all that a child needs. Nothing is computed: JAX's threads do not survive a fork."""
    for name in ("jax", "equinox", "optax", "scipy.stats", "pytest", "hypothesis"):
        importlib.import_module(name)
    for file in sorted((ROOT / "convergence").rglob("*.py")):
        if not {"torch_adapter.py", "__main__.py"} & {file.name}:
            with contextlib.suppress(ImportError):
                importlib.import_module(module_of(file.relative_to(ROOT).as_posix()))


def judge(mutant: Mutant, files: list[str], slugs: list[str], ill: list[str]) -> dict[str, Any]:
    """{"name", "by", "seconds"}: by is empty for a survivor."""
    start = time.monotonic()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            by = noticed(mutant, files, slugs, ill)
        except BaseException as error:
            by = [f"{type(error).__name__}: {str(error)[:80]}"]
        os.write(writer, json.dumps(by).encode())
        os._exit(0)
    os.close(writer)
    by = ["out of time"]
    while time.monotonic() - start < PATIENCE:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            with os.fdopen(reader, "rb") as pipe:
                by = json.loads(pipe.read() or b'["the process died"]')
            break
        time.sleep(0.05)
    else:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
    return {"name": mutant.name, "by": by, "seconds": round(time.monotonic() - start, 1)}


if __name__ == "__main__":
    serve()
