"""A notebook as one page that needs no network: `python _page.py NOTEBOOK.ipynb …`.

It is run, with still pictures in place of controls, and its formulas become MathML, which browsers
set by themselves; `jupyter nbconvert --to html` leaves them to a script from the network.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from latex2mathml.converter import convert
from nbclient import NotebookClient
from nbconvert import HTMLExporter

IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
FORMULA = re.compile(r"(`[^`]*`)|\$\$(.+?)\$\$|\$(.+?)\$", re.S)


def typeset(text: str) -> str:
    """Markdown with its formulas, but not its code, as MathML, and with words for images."""

    def one(found: re.Match[str]) -> str:
        code, block, inline = found.groups()
        if code:
            return code
        return convert(block or inline, display="block" if block else "inline")

    return FORMULA.sub(one, IMAGE.sub(r"\1", text))


def page(notebook: Any) -> str:
    """The HTML of a notebook that has run."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = typeset(cell.source)
    text, _ = HTMLExporter().from_notebook_node(notebook)
    return re.sub(r"<script\b.*?</script>", "", text, flags=re.S)  # nothing on it moves


if __name__ == "__main__":
    os.environ["STILL"] = "1"
    for path in map(Path, sys.argv[1:]):
        opened = nbformat.read(path, as_version=4)
        NotebookClient(opened, resources={"metadata": {"path": str(path.parent)}}).execute()
        path.with_suffix(".html").write_text(page(opened), encoding="utf-8")
        print(path.with_suffix(".html"))
