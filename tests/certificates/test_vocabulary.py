"""One table of names: what is certified and what is asked for stands in it, with one meaning."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import convergence
from convergence.claims.base import AbstractOnInstance, Claim
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.atoms import Atoms
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agents import AgentQuadratics
from convergence.problems.bilevel import reference
from convergence.problems.double_well import double_well
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.workers import unit_workers
from convergence.registry import registry
from convergence.theorems.assumptions import Is
from convergence.theorems.classical.nesterov1983 import AcceleratedConvex
from convergence.vocabulary import KINDS, VOCABULARY

ROOT = Path(convergence.__file__).parent
# Methods of `Constants`; what assumptions see besides.
READS = ("get", "only", "but", "noting", "T", "plain")


def asked(tree: ast.AST) -> set[str]:
    """Names read as c.NAME, c["NAME"], c.get("NAME"), "NAME" in c, Has("NAME") or Is("NAME")."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="c"), attr=name) if name not in READS:
                found.add(name)
            case ast.Subscript(value=ast.Name(id="c"), slice=ast.Constant(value=str(name))):
                found.add(name)
            case ast.Compare(left=ast.Constant(value=str(name)), comparators=[ast.Name(id="c")]):
                found.add(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="c"), attr="get"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                found.add(name)
            case ast.Call(func=ast.Name(id="Has" | "Is"), args=[ast.Constant(value=str(name)), *_]):
                found.add(name)
    return found


def test_what_theorems_ask_for_is_in_the_table() -> None:
    """Every file of theorems and claims; the keyword-only names of tests are not read."""
    files = [*ROOT.glob("theorems/**/*.py"), *ROOT.glob("claims/*.py")]
    names = set().union(*(asked(ast.parse(file.read_text())) for file in files))
    assert len(names) > 60
    assert names <= set(VOCABULARY), sorted(names - set(VOCABULARY))


def test_what_instances_certify_is_in_the_table() -> None:
    """Every instance of the registry, and the table holds no name that nobody certifies."""
    certified: set[str] = set()
    with precision("float64"):
        for claim in registry():
            if isinstance(claim, AbstractOnInstance):
                certified |= set(claim.instance(claim.horizons[-1])[2])
    assert certified <= set(VOCABULARY), sorted(certified - set(VOCABULARY))
    # Levels, whose three noises no claim of the registry parts; and what a claim itself adds.
    elsewhere = {"s_y", "s_z", "s_u", "T", "plain"}
    assert set(VOCABULARY) - certified <= elsewhere


def test_the_table_is_filled_in() -> None:
    for name, entry in VOCABULARY.items():
        assert entry.kind in KINDS, name
        assert entry.meaning, name
        assert entry.by, name


def test_agents_certify_the_iterate_that_a_theorem_sees() -> None:
    """The stack (n, d): its entries, rows, columns, curvature and distance."""
    H = np.stack([np.diag([1.0, 2.0]), np.diag([-9.0, 4.0]), np.diag([12.0, 1.0])])
    centers = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    c = AgentQuadratics(graphs.complete(3), H, centers, 5.0).constants()
    assert (c.d, c.m, c.n, c.agents) == (6, 3, 2, 3)
    assert c.L == 12.0
    assert c.mu == -9.0
    assert not c.convex
    assert not {"f_star", "Delta", "R", "x_star"} & set(c)  # the stack is unbounded below
    H[1] = np.diag([20.0, 4.0])
    c = AgentQuadratics(graphs.complete(3), H, centers, 5.0).constants()
    assert c.L == 20.0
    assert pytest.approx(np.linalg.norm(5.0 - centers)) == c.R
    assert c.R_rms != c.R
    for problem, shape in (
        (reference(graphs.lazy(graphs.ring(4))), (4, 1)),
        (double_well(graphs.ring(5)), (5, 1)),
    ):
        c = problem.constants()
        assert (c.d, c.m, c.n, c.agents) == (shape[0] * shape[1], *shape, shape[0])
    assert "n" not in unit_workers(np.eye(3)[:, :2], [0.0, 0.0]).constants()


def test_a_name_that_two_certify_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'sigma' certified twice"):
        _ = Constants(sigma=1.0) | Constants(sigma=1.0)
    with pytest.raises(InvalidInput, match="certified twice"):
        _ = Isotropic([1.0]).constants() | {"L": 2.0}
    assert Constants(L=1.0).but(L=2.0).L == 2.0
    problem, noise = reference(graphs.complete(4)), PerEntry(1.0)
    assert "p" not in problem.constants() | noise.constants((4, 1))
    law = Atoms([1.0, -1.0], [0.5, 0.5], np.full((4, 1), 0.5), 1.5)
    c = problem.constants() | law.constants((4, 1))
    assert c.p == 1.5
    assert c.upper_d == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"L": -1.0}, "a number ≥ 0"),
        ({"L": float("nan")}, "a number ≥ 0"),
        ({"Delta": -1e-30}, "a number ≥ 0"),
        ({"sigma": "1"}, "a number ≥ 0"),
        ({"R": np.ones(2)}, "a number ≥ 0"),
        ({"mu": float("nan")}, "a number"),
        ({"d": 2.5}, "a whole number"),
        ({"n": -1}, "a whole number"),
        ({"convex": 1}, "True or False"),
        ({"convex": "yes"}, "True or False"),
        ({"spectrum": [1.0, float("nan")]}, "an array"),
        ({"f_star": None}, "a number"),
        ({"chi": float("nan")}, "none of them NaN"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as error:
        Constants(**values)
    assert next(iter(values)) in str(error.value)
    assert "\n" not in str(error.value)


def test_names_of_ones_own_are_free() -> None:
    assert Constants(chi=0.5, law="cauchy").law == "cauchy"


def test_is_reads_a_flag() -> None:
    for c, holds in (
        (Constants(convex=True), True),
        (Constants(convex=False), False),
        (Constants(), False),
    ):
        assert Is("convex").check(Isotropic([1.0]), PerEntry(), c).holds is holds


def test_quadratics_are_convex_where_they_are() -> None:
    """Nesterov's theorem applies to ½‖x‖², and not to a saddle."""
    theorem = AcceleratedConvex()
    for problem, holds in (
        (Isotropic([3.0, 4.0]), True),
        (Quadratic([1.0, 1.0], [2.0, 0.0]), True),
        (Quadratic([1.0, 1.0], [2.0, -1.0]), False),
    ):
        found = [a for a in Claim("a", theorem, problem).check(4) if a.name == "convex"]
        assert found[0].holds is holds
