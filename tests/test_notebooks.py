"""The notebooks run from a fresh kernel, their controls work, and their text forms agree."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from convergence.figures.style import panels

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIMIT = 120  # seconds for a cell; a whole notebook takes about ten on an idle core

HIDE = "import sys\n\nsys.modules['ipywidgets'] = None"
MOVE = """
import gc
import ipywidgets
import jax

compiled = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, seconds, **more: compiled.append(name) if "backend_compile" in name else None
)
moved = 0
for box in [thing for thing in gc.get_objects() if type(thing) is ipywidgets.VBox]:
    *knobs, image = box.children
    for knob in knobs:
        if isinstance(knob, ipywidgets.SelectionSlider) and knob.description != "r":
            before = image.value
            knob.value = next(v for _, v in knob.options[::-1] if v != knob.value)
            assert image.value != before, f"{knob.description} changes nothing"
            moved += 1
assert moved
assert not compiled, f"moving {moved} sliders compiled {len(compiled)} programs"
"""


def execute(path: Path, before: str = "", after: str = "") -> list[dict[str, Any]]:
    """Every output of the notebook between two cells of our own, in a kernel started for it."""
    notebook = nbformat.read(path, as_version=4)
    own = {"jupyter": {"source_hidden": True}}
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before, metadata=own))
    notebook.cells.append(nbformat.v4.new_code_cell(after, metadata=own))
    place = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=LIMIT, kernel_name="python3", resources=place)
    paths = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    client.execute(env={**os.environ, "PYTHONPATH": paths})
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def said(outputs: list[dict[str, Any]], stream: str = "stdout") -> str:
    """All that was printed."""
    return "".join(o["text"] for o in outputs if o.get("name") == stream)


def pictures(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each displayed picture can be shown as."""
    return [o["data"] for o in outputs if "image/png" in o.get("data", {})]


def test_there_are_six():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_text_form_agrees_and_no_output_is_kept(path: Path):
    kept, text = nbformat.read(path, as_version=4), jupytext.read(path.with_suffix(".py"))
    assert [(c.cell_type, c.source) for c in kept.cells] == [
        (c.cell_type, c.source) for c in text.cells
    ], "run `jupytext --sync notebooks/*.py`"
    for cell in kept.cells:
        if cell.cell_type == "code":
            assert not cell.outputs, "clear the outputs before committing"
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_its_sliders_move_without_compiling(path: Path):
    outputs = execute(path, after=MOVE)
    assert said(outputs, "stderr") == ""
    assert any("application/vnd.jupyter.widget-view+json" in data for data in pictures(outputs))
    printed = said(outputs)
    if path.stem.startswith("01"):
        assert "CONSISTENT · " in printed
    if path.stem.startswith("04"):
        assert "CLAIMS = (" in printed  # the violation that the search has found


def test_without_widgets_one_sentence_and_a_still_picture():
    outputs = execute(NOTEBOOKS[0], before=HIDE)
    assert said(outputs, "stderr") == ""
    assert said(outputs).count("ipywidgets is not installed") == 3  # once for each picture
    found = pictures(outputs)
    assert len(found) == 3
    assert not any("application/vnd.jupyter.widget-view+json" in data for data in found)


def test_a_page_made_without_a_screen_has_still_pictures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STILL", "1")
    monkeypatch.syspath_prepend(ROOT / "notebooks")
    import _play  # type: ignore[import-not-found]

    shown: list[Any] = []
    monkeypatch.setattr(_play, "display", lambda data, raw: shown.append(data))
    _play.play(lambda T: panels(1, 1, (2.0, 2.0))[0], T=(1, (1, 2)))
    assert set(shown[0]) == {"image/png", "text/plain"}


def test_a_page_needs_no_network_and_shows_formulas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT / "notebooks")
    import _page  # type: ignore[import-not-found]

    code = _page.typeset("`$a$` is $b$, [![badge](https://elsewhere/x.svg)][there]")
    assert code.startswith("`$a$` is <math")
    assert "elsewhere" not in code
    for path in NOTEBOOKS:
        text = _page.page(nbformat.read(path, as_version=4))
        body = re.sub(r"<style.*?</style>|<pre.*?</pre>|<code.*?</code>", "", text, flags=re.S)
        assert not re.search(r"<script|<link|<img|@import|src=", body)
        assert "<math" in body
        assert "$" not in body
        assert not re.search(r"merror|\\\\[a-z]+", body)  # a command that it does not know


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_says_how_long_it_takes_and_ends_with_exercises(path: Path):
    first, *_, last = nbformat.read(path, as_version=4).cells
    assert "minutes to read and play" in first.source
    assert f"notebooks/{path.name}\n" in first.source
    assert last.source.startswith("## Exercises\n\n1. ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_picture_comes_before_thirty_lines_of_plotting(path: Path):
    """In one line, by the package: no axes are made before the first `play`."""
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    first = next(k for k, cell in enumerate(code) if "play(" in cell)
    assert "plot_run(" in code[first]
    assert not any("panels(" in cell for cell in code[: first + 1])


def test_a_control_must_be_able_to_take_its_first_value(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT / "notebooks")
    import _play  # type: ignore[import-not-found]

    from convergence.errors import InvalidInput

    with pytest.raises(InvalidInput, match="'sigma', but one of"):
        _play.play(lambda sigma: None, sigma=(2.0, (0.0, 1.0)))
