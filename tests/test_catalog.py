"""The registry, and the lists that name things, agree with the code."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from pathlib import Path

import pytest
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font

import convergence
from convergence.claims.base import AbstractOnInstance
from convergence.precision import precision
from convergence.registry import FAMILIES, registry
from convergence.statistics import Verdict
from convergence.theorems.base import Kind, Provenance
from docs.make import rooms

ROOT = Path(__file__).parents[1]
SAY = "run `python -m docs.make.rooms`"
CLAIMS = registry()
GLYPHS = {"\n", *map(chr, FT2Font(findfont("DejaVu Sans")).get_charmap())}
BIB = ROOT / "convergence/theorems/references.bib"


def test_slugs_are_distinct_and_readable():
    slugs = [claim.slug for claim in CLAIMS]
    assert len(set(slugs)) == len(slugs)
    for slug in slugs:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug), slug
        assert len(slug) <= 45, f"{slug} does not fit the table"


def test_every_module_of_the_catalogue_is_listed():
    files = (ROOT / "convergence/registry").glob("*/*.py")
    found = {(p.parent.name, p.stem) for p in files if re.search(r"^CLAIMS\b", p.read_text(), re.M)}
    assert found == {(family, name) for family, names in FAMILIES.items() for name in names}
    assert {claim.family for claim in CLAIMS} == set(FAMILIES)


def test_a_claim_says_what_it_claims():
    for claim in CLAIMS:
        statement = claim.theorem.statement
        assert statement, claim.slug
        assert not set(statement) - GLYPHS, f"{claim.slug}: a figure would show a box"
        assert claim.theorem.provenance in set(Provenance), claim.slug
        assert claim.kind in set(Kind), claim.slug
        assert claim.theorem.source.locus, claim.slug
        stated = inspect.getdoc(type(claim.theorem)) or ""
        assert stated.strip(), f"{claim.slug}: a theorem has its statement in its docstring"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_claim_describes_itself(family: str):
    kinds = {type(claim): claim for claim in CLAIMS if claim.family == family}
    for claim in kinds.values():
        with precision("float64"):
            about = claim.describe()
        assert about["statement"] == claim.theorem.statement
        assert ("tolerance" in about) != ("horizons" in about)


def test_every_source_is_in_the_bibliography():
    entries = set(re.findall(r"^@\w+\{([^,\s]+),", BIB.read_text(), re.M))
    theorems = [getattr(claim, "theorem", None) for claim in CLAIMS]
    assert {t.source.key for t in theorems if t is not None} - entries == set()


def test_what_a_source_gets_wrong_is_corrected_by_a_claim():
    known = {claim.slug: claim for claim in CLAIMS}
    for claim in CLAIMS:
        wrong = claim.expect is Verdict.REFUTED
        if wrong and re.search(r"as (printed|recalled)", claim.theorem.statement):
            assert claim.instead, f"{claim.slug} needs `instead`"
        if claim.instead:
            assert wrong
            assert known[claim.instead].expect is Verdict.CONSISTENT


def test_every_tier_has_horizons_in_order():
    for claim in CLAIMS:
        if isinstance(claim, AbstractOnInstance):
            for horizons in (claim.horizons, *claim.more.values()):
                assert sorted(set(horizons)) == list(horizons), claim.slug


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert project["version"] == convergence.__version__
    assert f"version: {convergence.__version__}\n" in citation
    assert f"## {convergence.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert project["license"] in citation


@pytest.mark.parametrize("room", rooms.ROOMS)
def test_a_room_offers_the_public_names_of_its_modules(room: str):
    offered = rooms.offers(room)
    names = [name for found in offered.values() for name in found]
    assert sorted({n for n in names if names.count(n) > 1}) == [], "two things have one name"
    written = (ROOT / f"convergence/{room}/__init__.pyi").read_text()
    nodes = [n for n in ast.parse(written).body if isinstance(n, ast.ImportFrom)]
    found = {(n.module, alias.name) for n in nodes for alias in n.names}
    assert found == {(m, n) for m, of in offered.items() for n in of}, SAY
    module = importlib.import_module(f"convergence.{room}")
    assert all(getattr(module, name).__name__ == name for name in names)


def test_the_folder_of_a_family_says_which_file_holds_what():
    for folder in rooms.folders():
        assert (folder / "__init__.py").read_text() == rooms.contents(folder), SAY
