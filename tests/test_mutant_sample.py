"""A sample of all single-token mutants, another one every day, and the places where they stand."""

from __future__ import annotations

import ast
import datetime
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaign import near, page, sites
from tests.mutants.__main__ import main

LEAST = 0.8  # of a sample of 200 mutants that is killed: three errors below the score when drawn


def test_every_mutant_is_a_program() -> None:
    """Also that names are distinct, so that an outcome belongs to one mutant."""
    found = sites.every()
    assert len({m.name for m in found}) == len(found) > 8000
    for mutant in found[::200]:
        assert ast.dump(ast.parse(mutant.source())) != ast.dump(
            ast.parse((sites.ROOT / mutant.path).read_bytes())
        ), mutant.name


def test_operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operator on one line, and nothing in messages, annotations or docstrings."""
    file = tmp_path / "convergence/parts/one.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        'def f(x: "Array[2]", t) -> int:\n'
        '    """One 1."""\n'
        '    require(x > 0, f"x = {x + 1}", "x > 0", "raise it")\n'
        "    key, other = jax.random.split(x)\n"
        "    zip(x, x, strict=True)\n"
        "    return where(x < 2.0, -x @ t, g(x, key))\n"
    )
    monkeypatch.setattr(sites, "ROOT", tmp_path)
    changed = {(m.before, m.after) for m in sites.mutants(file)}
    assert changed == {
        ("jax.random.split(x)", "jax.random.split(x)[:1].repeat(2)"),
        ("where(x < 2.0, -x @ t, g(x, key))", "where(x < 2.0, g(x, key), -x @ t)"),
        ("x < 2.0", "x <= 2.0"),
        ("2.0", "2.1"),
        ("-x @ t", "t @ -x"),
        ("-x", "x"),
        ("t", "t + 1"),
        ("g(x, key)", "g(key, x)"),
    }


def test_a_method_keeps_its_closure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code replaces code in place, and has to name `super` where the old one does."""
    file = tmp_path / "convergence/parts/one.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "class A(B):\n    def bound(self, c):\n        return super().bound(c) + self.rest(c)\n"
    )
    monkeypatch.setattr(sites, "ROOT", tmp_path)
    [dropped] = [m for m in sites.mutants(file) if m.after == "self.rest(c)"]
    body = compile(dropped.source(), "one.py", "exec").co_consts[0]
    [method] = [part for part in body.co_consts if hasattr(part, "co_freevars")]
    assert method.co_freevars == ("__class__",)


def test_tests_that_name_what_is_changed_come_first() -> None:
    file = sites.ROOT / "tests/statistics/test_rates.py"
    names = near.offering("convergence/statistics/judges_rate.py", "_decide")
    assert names == {"judge_rate"}
    found = near.naming(file, names)
    assert found
    assert all(test.startswith("tests/statistics/test_rates.py::test_") for test in found)
    assert not near.naming(file, frozenset({"no_such_name"}))


def test_what_notices_a_mutant_passes_the_unchanged_file() -> None:
    """In the process that judges, else nothing that notices one would count."""
    path = "convergence/statistics/multiple.py"
    mutant = next(m for m in sites.every() if m.path == path)
    test = "tests/statistics/test_by_hand.py::test_slopes_of_a_band"
    asked = [mutant.nothing(), [test], [], []]
    read = f"pickle.loads({pickle.dumps(asked)!r})"
    program = f"import pickle; from tests.campaign.judge import noticed; print(noticed(*{read}))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, timeout=240, cwd=sites.ROOT,
    )  # fmt: skip
    assert run.stdout.splitlines()[-1] == "[]", run.stdout


def test_a_bound_that_differs_from_its_statement_is_noticed() -> None:
    """As far as bounds are noticed before any test or claim runs."""
    from tests.campaign.judge import reads_otherwise

    path = "convergence/theorems/classical/ghadimi2013.py"
    found = [m for m in sites.every() if m.path == path and m.top == "SGDNonconvex"]
    assert found
    assert not reads_otherwise(found[0], [])  # nothing was planted


def test_declared_equivalents_exist() -> None:
    names = {m.name for m in sites.every()}
    assert set(page.equivalents()) <= names


@pytest.mark.full
def test_a_sample_of_mutants_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = tmp_path / "mutants.jsonl"
    today = datetime.date.today().isoformat()
    command = ["mutants", "--sample", "200", "--seed", today, "--results", str(results)]
    monkeypatch.setattr("sys.argv", command)
    main()
    found = page.outcomes(results)
    same = page.equivalents()
    alive = [name for name, row in found.items() if not row["by"] and name not in same]
    assert len(found) == 200
    assert 1 - len(alive) / len(found) >= LEAST, "\n".join(alive)
