"""Every block of code in README.md and docs/ runs, and the pages agree with the code.

The blocks of a page run in order in an empty folder. `python` runs as one program, in one
namespace; a block whose first line is a comment with a path, `# mine.py`, is a file and is saved.
`sh` runs line by line: `convergence …` and `pytest …` as they stand. `text` and `json` are not
code.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from convergence.cli import main
from convergence.registry import INDEX, registry
from convergence.statistics import Verdict
from docs.make import catalog, errata, gallery, readme
from tests.testing.test_plugin import pytest_in

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
CODE, PROSE = {"python", "sh"}, {"text", "json"}
# Not run here, each for its reason; a `make` target must exist all the same.
ELSEWHERE = {
    "make verify": "runs the whole registry, minutes of work",
    "make test": "runs this test",
    "make notebooks": "opens a browser; test_notebooks.py executes what it shows",
    "pip install '.[falsify]'": "test_wheel.py installs the package",
    "pip install 'convergence-lab[falsify]'": "asks the package index",
}


class Block(NamedTuple):
    """A fenced block: its language ("" if it has none), its lines, and where it begins."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text()
    found = re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S)
    return [Block(m[1].strip(), m[2], text[: m.start()].count("\n") + 1) for m in found]


def saved_as(block: Block) -> str | None:
    """The path that a block is to be saved under, if it is a file."""
    found = re.match(r"# (\S+\.py)\n", block.text)
    return found[1] if found else None


def commands(block: Block) -> list[str]:
    """The lines of a shell block without comments."""
    lines = (re.sub(r"\s+#.*", "", line).strip() for line in block.text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def perform(command: str) -> None:
    """One line of a shell block."""
    if command in ELSEWHERE:
        if command.startswith("make"):
            dry = [*command.split(), "--dry-run"]
            assert subprocess.run(dry, cwd=ROOT, capture_output=True).returncode == 0, command
        return
    program, *arguments = shlex.split(command)
    if program == "pytest":
        done = pytest_in(Path.cwd(), *arguments)
        assert done.returncode == 0, done.stdout
        return
    assert program == "convergence", f"{command!r} is not run; say in ELSEWHERE why"
    assert main(arguments) == 0, command


def run_through(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the blocks of a page in order in an empty folder; what they print."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _run_through(page, folder, monkeypatch)
    return printed.getvalue()


def _run_through(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    program = ModuleType(f"page_{page.stem}")  # classes look for the module that defines them
    monkeypatch.setitem(sys.modules, program.__name__, program)
    left: set[str] = set()  # files that no command has used
    for block in blocks(page):
        if block.language == "sh":
            for command in commands(block):
                perform(command)
                left = {file for file in left if Path(file).stem not in command}
        elif block.language == "python" and (file := saved_as(block)):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(block.text)
            left.add(file)
        elif block.language == "python":
            lines = "\n" * block.line  # so that a traceback names the line of the page
            exec(compile(lines + block.text, page.name, "exec", dont_inherit=True), vars(program))
    assert not left, f"no command of {page.name} runs {sorted(left)}"


def look_through(page: Path) -> None:
    """Every block has a language, and none hides code from `run_through`."""
    fences = re.findall(r"^ *```", page.read_text(), re.M)
    assert len(fences) == 2 * len(blocks(page)), "a fence is indented or never closed"
    for block in blocks(page):
        assert block.language in CODE | PROSE, f"{page.name}:{block.line}: {block.language!r}"
        if block.language in PROSE:
            assert not re.search(r"^(from [\w.]+ )?import \w", block.text, re.M), "that is Python"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    printed = run_through(page, tmp_path, monkeypatch)
    if page.name == "README.md":
        shown = [block.text for block in blocks(page) if block.language == "text"]
        assert shown
        for text in shown:
            assert timeless(text) <= timeless(printed), "show what is printed"


def timeless(text: str) -> set[str]:
    """Lines of a table without their times, and without the widths that hang on them."""
    without = re.sub(r"\b[\d.]+ ?s\b", "", text)
    return {" ".join(line.split()) for line in without.splitlines()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_has_a_language(page: Path):
    look_through(page)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert False\n```\n",
        "```python\n# unused.py\nx = 1\n```\n",
        "```sh\nrm nothing\n```\n",
        "```sh\nconvergence figures\n```\n",
    ],
    ids=["wrong", "unused", "another program", "exit code"],
)
def test_code_that_fails_is_noticed(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(AssertionError):
        run_through(tmp_path / "page.md", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "text",
    ["```\nx\n```\n", "```c\nx;\n```\n", "```text\nimport jax\n```\n", "  ```sh\n  make\n  ```\n"],
    ids=["none", "unknown", "hidden", "indented"],
)
def test_a_block_that_would_not_run_is_noticed(text: str, tmp_path: Path):
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(AssertionError):
        look_through(tmp_path / "page.md")


def test_the_gallery_shows_the_theorems_as_they_are():
    assert gallery.PAGE.read_text() == gallery.page(), "run `python -m docs.make.gallery`"


def test_the_index_of_the_registry_is_that_of_its_claims():
    assert INDEX.read_text() == catalog.text(), "run `python -m docs.make.gallery`"


def test_the_errata_are_those_of_the_registry():
    assert errata.PAGE.read_text() == errata.page(), "run `python -m docs.make.gallery`"
    wrong = [claim for claim in registry() if claim.expect is Verdict.REFUTED]
    assert len(re.findall("^### ", errata.page(), re.M)) == len(wrong)


@pytest.mark.standard
def test_the_counts_of_the_readme_are_those_of_the_registry():
    text = readme.README.read_text()
    assert readme.written(text) == text, "run `python -m docs.make.readme`"


def test_the_pages_link_to_what_exists():
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", prose):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_readme_links_to_every_page():
    links = set(re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()))
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= links


def test_no_key_is_listed_twice_on_the_json_page():
    for table in re.split(r"\n(?!\|)", (ROOT / "docs/json.md").read_text()):
        keys = [k for cell in re.findall(r"^\| ([^|]+) \|", table, re.M) for k in cell.split(", ")]
        assert len(keys) == len(set(keys)), table


def test_the_json_page_names_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    main(["verify", str(Path(__file__).with_name("own.py")), "--json", "a.json", "--quiet"])
    document = json.loads(Path("a.json").read_text())
    page = (ROOT / "docs/json.md").read_text()
    claim = document["claims"][0]
    for key in (*document, *document["run"], *claim, *claim["horizons"][0]):
        assert re.search(rf"[`{{ \"]{key}[`,}}\"]", page), f"docs/json.md does not explain {key}"
