"""The pages and files that the site has for statements: all of one shape, and the files run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from convergence.claims.base import AbstractClaim
from convergence.cli import main
from convergence.registry import named
from docs.make import methods, statements

ROWS = [row for family in methods.SCOPE for row in methods.rows(family)]


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Every page and file."""
    return dict(statements.pages())


def sections(page: str) -> dict[str, str]:
    """The headings of a page with what stands below each; code has none of them."""
    _, *parts = re.split(r"^## (\w+)\n", page, flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def thin(page: str) -> list[str]:
    """The parts of the shape that a page lacks, or has without content."""
    found = sections(page)
    empty = r"^```\w+\n\s*```$|`\(|: *\.\n"
    return [
        name
        for name in statements.SHAPE
        if not found.get(name, "").strip() or re.search(empty, found[name], re.M)
    ]


def test_every_statement_has_a_page_of_one_shape(written: dict[str, str]) -> None:
    assert len({statements.place(row) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        page = written[f"{statements.place(row)}.md"]
        assert tuple(sections(page)) == statements.SHAPE, row.tightest
        assert not thin(page), row.tightest
        assert f"convergence verify {row.tightest}\n" in page
        assert row.theorem.source.locus in sections(page)["References"]
    assert len(written) == 2 * len(ROWS) + 1


def test_a_page_without_a_part_is_noticed(written: dict[str, str]) -> None:
    page = written["ogmconvex.md"]
    text = sections(page)["Instance"]
    assert thin(page.replace(text, "\n")) == ["Instance"]
    assert thin(page.replace("## Run\n", "")) == ["Run"]
    emptied = re.sub(r"```text\n.*?```", "```text\n\n```", text, count=1, flags=re.S)
    assert thin(page.replace(text, emptied)) == ["Instance"]


def test_commands_name_claims(written: dict[str, str]) -> None:
    for name, page in written.items():
        if name.endswith(".md") and name != "index.md":
            run = re.findall(r"^convergence [\w-]+ ([\w-]+)$", sections(page)["Run"], re.M)
            assert run, name
            assert all(named(slug) is not None for slug in run), name


def test_links_lead_to_pages(written: dict[str, str]) -> None:
    table = statements.linked(methods.PAGE.read_text(encoding="utf-8"))
    found = re.findall(r"\]\(statements/(\w+\.md)\)", table)
    listed = re.findall(r"^- \[\w+\]\((\w+\.md)\)", written["index.md"], re.M)
    assert len(found) == len(ROWS)
    assert found == listed
    assert set(found) <= set(written)


def test_files_make_the_claims_that_they_show(written: dict[str, str]) -> None:
    for row in ROWS:
        source = written[f"{statements.place(row)}.py"]
        space: dict[str, Any] = {"__name__": f"copied_{statements.place(row)}"}
        exec(compile(source, statements.place(row), "exec", dont_inherit=True), space)
        (claim,) = space["CLAIMS"]
        assert isinstance(claim, AbstractClaim)
        assert type(claim.theorem) is type(row.theorem)
        assert all(f"{part}: " in source for part in statements.SHAPE), row.tightest


@pytest.mark.parametrize("name", ["reshuffled", pytest.param("ogmconvex", marks=pytest.mark.full)])
def test_a_file_runs_as_it_stands(
    name: str, written: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.py").write_text(written[f"{name}.py"], encoding="utf-8")
    assert main(["verify", f"{name}.py", "--quiet"]) == 0
