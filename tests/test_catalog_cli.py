"""What there is to build claims of, files to begin with, and claims told by their sides."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convergence import Claim, Verdict, verify
from convergence.cli import main
from convergence.cli.gather import announcement, everything, gather
from convergence.problems import Isotropic
from convergence.registry import claims_in, index, named
from convergence.theorems import SGDNonconvex
from convergence.vocabulary import VOCABULARY, certified, who_certifies
from docs.make import certified as make

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_claims_are_listed_without_jax():
    """Of the registry nothing is imported: `convergence list` takes a third of a second."""
    code = (
        "import sys; sys.modules['jax'] = sys.modules['equinox'] = None; "
        "from convergence.cli import main; sys.exit(main(['list', '--family', 'subspace']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "golore-sgd " in done.stdout


def test_a_claim_is_found_by_its_name_alone(monkeypatch: pytest.MonkeyPatch):
    (found,) = gather(["golore-sgd"])
    assert found in claims_in("subspace", "galore")
    rows = index()["subspace/galore"]
    monkeypatch.setitem(index(), "subspace/galore", rows[:1])  # older than the module
    assert named("golore-sgd") is None
    assert gather(["golore-sgd"]) == (found,)


def asked(said: Said, *arguments: str) -> Any:
    """The JSON that a command prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(said.readouterr().out)


def test_the_catalog_has_every_part(capsys: Said):
    found = asked(capsys, "catalog")
    assert {row["name"] for row in found["constants"]} == set(VOCABULARY)
    assert all(row["what"] for name in ("metrics", "assumptions") for row in found[name])
    assert {r["name"] for k in ("problems", "noises") for r in found[k]} >= set(certified())


@pytest.mark.standard
def test_the_table_of_who_certifies_what_is_that_of_the_registry():
    """Of every problem and noise, those that came since among them."""
    assert certified() == make.found(), "run `python -m docs.make.certified`"


def test_who_certifies_is_asked_by_constant(capsys: Said):
    found = asked(capsys, "catalog", "--certifies", "G")
    names = [row["name"] for row in found["problems"]]
    assert names == [name for name in who_certifies("G") if name in names]
    assert "Huber" in names
    assert "Isotropic" not in names
    for name in names[:1]:
        assert main(["catalog", "problems", "--certifies", "G"]) == 0
        assert name in capsys.readouterr().out
    assert main(["catalog", "--certifies", "g0"]) == 2
    assert main(["catalog", "--certifies", "????????"]) == 2
    assert "convergence catalog constants" in capsys.readouterr().err


def test_inapplicable_names_who_certifies_what_is_missing():
    from convergence.theorems import AbstractTheorem, Has

    class Bounded(SGDNonconvex):
        """A statement that needs bounded gradients."""

        assumes = (Has("G", 0.0),)

    assert issubclass(Bounded, AbstractTheorem)
    report = verify(Claim("needs-g", Bounded(), Isotropic([1.0]), horizons=(4,)))
    assert report.verdict is Verdict.INAPPLICABLE
    assert "Huber" in report.reason or "Chain" in report.reason
    assert "`convergence catalog --certifies G`" in report.reason


@pytest.mark.parametrize("kind", ["claim", "algorithm", "optax", "torch", "rate"])
def test_a_new_file_runs_as_it_is(kind: str, capsys: Said):
    if kind == "torch":
        pytest.importorskip("torch")
    file = f"mine_{kind}.py"
    assert main(["new", f"deep/{file}", "--kind", kind]) == 0
    assert f"convergence verify deep/{file}" in capsys.readouterr().err
    assert main(["verify", f"deep/{file}", "--quiet"]) == 0
    assert main(["new", f"deep/{file}"]) == 2
    assert "a new file" in capsys.readouterr().err


def test_claims_are_listed_by_their_sides_and_readable_in_a_pipe(capsys: Said):
    rows = asked(capsys, "list", "--family", "subspace", "--verdict", "REFUTED")
    assert rows
    assert {(r["family"], r["expect"]) for r in rows} == {("subspace", "REFUTED")}
    both = ["list", "--kind", "rate", "--provenance", "recalled"]
    assert {(r["kind"], r["provenance"]) for r in asked(capsys, *both)} == {("rate", "recalled")}
    theorem = rows[0]["theorem"]
    assert {r["theorem"] for r in asked(capsys, "list", "--theorem", theorem)} == {theorem}
    assert main(["list", "galore-*"]) == 0
    head, *lines, tail = capsys.readouterr().out.splitlines()
    assert head.split() == ["slug", "family", "kind", "provenance", "expect", "theorem"]
    assert tail == f"{len(lines)} claims"
    assert all(len(line.split()) == 6 for line in lines)  # one claim a line, whole words


def test_show_prints_proof_and_reference(capsys: Said):
    (found,) = asked(capsys, "show", "golore-sgd")
    assert "Proof. P_t is independent of G_t" in found["explanation"]
    assert found["reference"].startswith(
        "He et al. Subspace Optimization for Large Language Models"
    )
    assert found["theorem"] == "GoLoreSGD"
    main(["show", "golore-sgd"])
    out = capsys.readouterr().out
    assert "Proof. P_t is independent" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_bare_verify_says_what_it_is_about_to_do():
    claims = everything()
    said = announcement(claims, "quick", Path("results"))
    assert f"{len(claims)} claims of the registry" in said
    assert "there is no folder ./counterexamples here" in said
    assert " min on " in said
    assert "four times the runs" in announcement(claims, "standard", Path("results"))


def test_a_line_of_the_catalog_does_not_break_off(capsys: pytest.CaptureFixture[str]):
    assert main(["catalog", "problems", "noises", "assumptions", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for section in ("problems", "noises", "assumptions"):
        for row in found[section]:
            assert row["what"].endswith((".", ":")), row["name"]
