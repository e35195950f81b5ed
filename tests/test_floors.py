"""The floor plan in the docstring of `convergence/__init__.py` is enforced here."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

import convergence

ROOT = Path(convergence.__file__).parent
FILES = sorted(p for p in ROOT.rglob("*.py") if p.parent != ROOT or not p.stem.startswith("__"))

MACHINE = {
    "parts", "problems", "noise", "algorithms", "runner", "statistics", "moments", "laws", "proofs",
    "claims", "digest", "records", "store",
}  # fmt: skip


@functools.cache
def tree(path: Path) -> ast.Module:
    """A module, parsed once."""
    return ast.parse(path.read_text())


def plan() -> dict[str, int]:
    """Each room's floor: the indented lines of the docstring, ground first."""
    lines = [x for x in (convergence.__doc__ or "").splitlines() if x.startswith("    ")]
    return {
        room: floor for floor, text in enumerate(lines) for room in text.replace("|", " ").split()
    }


FLOORS = plan()


def imported(tree: ast.AST) -> set[str]:
    """The rooms that a module imports, also inside functions; `if TYPE_CHECKING` counts."""
    rooms = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        rooms |= {n.split(".")[1] for n in names if n.startswith("convergence.")}
    return rooms


def allowed(room: str, other: str) -> bool:
    """Whether `room` may import `other`: itself, a lower floor, or a fellow of the ground."""
    if room == other or FLOORS[other] < FLOORS[room]:
        return not (room == "algorithms" and other == "problems")
    return FLOORS[room] == FLOORS[other] == 0


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_a_room_imports_only_from_floors_below():
    wrong = []
    for path in FILES:
        room, place = room_of(path), path.relative_to(ROOT)
        for other in {room, *imported(tree(path))} - {"__version__"}:
            if room not in FLOORS or other not in FLOORS:
                wrong.append(f"{place}: {room} or {other} has no place in the floor plan")
            elif not allowed(room, other):
                wrong.append(f"{place}: {room} must not import {other}")
    assert not wrong, "\n".join(wrong)


def test_the_plan_names_only_rooms_that_exist():
    rooms = {room_of(path) for path in FILES}
    assert set(FLOORS) <= rooms


@pytest.mark.parametrize(
    ("room", "other"),
    [
        ("algorithms", "problems"),
        ("algorithms", "metrics"),
        ("theorems", "runner"),
        ("runner", "statistics"),
        ("statistics", "theorems"),
        ("noise", "oracles"),
        ("parts", "problems"),
        ("claims", "store"),
        ("figures", "cli"),
    ],
)
def test_the_walls_stand(room: str, other: str):
    assert not allowed(room, other)


def test_no_file_is_longer_than_300_lines():
    files = [*FILES, *Path(__file__).parent.rglob("*.py")]
    lengths = {path: len(path.read_text().splitlines()) for path in files}
    assert {str(p): n for p, n in lengths.items() if n > 300} == {}


def classes() -> list[tuple[Path, ast.ClassDef]]:
    """Every public class that a module defines."""
    return [
        (path, node)
        for path in FILES
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def test_a_public_class_has_a_name_of_its_own():
    places: dict[str, list[str]] = {}
    for path, node in classes():
        places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_class_is_either_abstract_or_final():
    """In the rooms of the machine no concrete class descends from a concrete one."""
    known = {
        node.name
        for path, node in classes()
        if not node.name.startswith("Abstract") and room_of(path) != "errors"
    }
    wrong = [
        f"{node.name}({ast.unparse(base)})"
        for path, node in classes()
        if room_of(path) in MACHINE
        for base in node.bases
        if ast.unparse(base).partition("[")[0].rpartition(".")[2] in known
    ]
    assert wrong == []


def test_fields_of_numbers_are_typed():
    """`Reals` and `Whole`, which `real` and `whole` make."""
    loose = re.compile(r"(Any|object)\b.* = eqx\.field\(\s*converter=(optional\()?(real|whole)\b")
    assert [str(path) for path in FILES if loose.search(path.read_text())] == []


@pytest.mark.parametrize("module", ["convergence", "convergence.statistics", "convergence.cli"])
def test_modules_that_must_not_import_jax(module: str):
    code = f"import sys, {module}; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_catalogue_needs_no_more_of_scipy():
    """Half a second that `convergence list` and `show` would wait for."""
    code = (
        "import sys; from convergence.registry import registry; registry(); "
        "print([m for m in sys.modules if m in ('matplotlib', 'hypothesis', 'scipy.linalg', "
        "'scipy.optimize', 'scipy.special', 'scipy.stats')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_public_face():
    for name in ("Claim", "Report", "Settings", "Verdict", "verify"):
        assert getattr(convergence, name).__name__ == name
        assert name in dir(convergence)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = convergence.nothing
