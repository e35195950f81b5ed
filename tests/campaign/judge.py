"""Who kills a mutant: the unit tests that import its file, then the claims that are made of it.

A parent imports the package once and forks a child for each mutant, which puts the changed code
into the functions before anything is traced. Errors and endless loops kill a mutant as failures do.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from tests.campaign.near import module_of, naming, offering
from tests.campaign.sites import ROOT, Mutant, every

LIMIT = 300  # seconds of computing for one mutant; what takes longer is an endless loop
PATIENCE = 10 * LIMIT  # the same by the clock of a busy machine


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
    """The first test or claim that notices the mutant, the cheapest asked first: the formula of a
    bound's statement, tests that name what is changed, claims, then the rest of the test files.
    `ill` are those that fail anyway and are not asked."""
    plant(mutant)
    said = reads_otherwise(mutant, ill) if mutant.room == "bounds" else ""
    if said:
        return [said]
    names = offering(mutant.path, mutant.top)
    named = [test for f in files if "::" not in f for test in naming(ROOT / f, names)]
    named += [f for f in files if "::" in f]
    failed = failing(named, ill) or unexpected(slugs, ill)
    return [failed] if failed else [f for f in [failing(files, [*ill, *named])] if f]


def failing(tests: list[str], ill: list[str]) -> str:
    """The first of the tests, files or functions, that fails; those in `ill` are left out."""
    import pytest

    if not tests:
        return ""
    failures = Failures()
    # The parent has loaded plugins already: their assertions are plain ones.
    options = ["-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    options += [f"--deselect={name}" for name in ill]
    code = pytest.main([*options, *tests], plugins=[failures])
    if code in (0, 5):
        return ""
    return failures.names[0] if failures.names else "a test that no longer loads"


def unexpected(slugs: list[str], ill: list[str]) -> str:
    """The first of the claims that does not get the verdict it expects."""
    from convergence.claims.settings import Settings
    from convergence.registry import registry

    known = {claim.slug: claim for claim in registry()} if slugs else {}
    asked = (slug for slug in slugs if slug not in ill)
    return next((slug for slug in asked if not kept(known[slug], Settings())), "")


def reads_otherwise(mutant: Mutant, ill: list[str]) -> str:
    """The test of the statements of a family that the changed bound fails: it is not what they
    print, does not scale with the units, or is no law of its method."""
    from convergence.precision import precision
    from tests.formulas import instances, laws, test_formulas, test_laws, test_units

    family, module = Path(mutant.path).parts[2], module_of(mutant.path)
    made = {
        name
        for name, claims in instances.statements().items()
        for kind in type(claims[0].theorem).__mro__
        if (kind.__module__, kind.__name__) == (module, mutant.top)
    }
    for tests in (test_formulas, test_units):
        test = f"{tests.__name__.replace('.', '/')}.py::{tests.BOUND}[{family}]"
        if test not in ill and tests.differences(family, made):
            return test
    with precision("float64"):
        asked = [claims for name, claims in laws.laws().items() if name in made]
        test = f"tests/formulas/test_laws.py::{test_laws.LAW}[{family}]"
        return test if any(text for claims in asked for text in laws.differences(claims, 0)) else ""


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
