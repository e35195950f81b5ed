"""The page of a run in a browser: nothing to complain about, and nothing sticks out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from convergence.report.page import build
from tests.test_report import rich

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--virtual-time-budget=5000",
)  # fmt: skip

PROBE = """<script>
document.querySelectorAll("details").forEach(d => d.open = true);
const page = document.documentElement, wide = [...document.querySelectorAll("body *")].filter(
  e => !e.closest(".wide, .skip") && e.getBoundingClientRect().right > innerWidth + 1);
parent.postMessage(JSON.stringify([innerWidth, page.scrollWidth, wide.map(e => e.tagName)]), "*");
</script></body>"""
# A window has a least width, a frame has none.
FRAME = """<!doctype html><title></title><script>onmessage = e => document.title = e.data</script>
<iframe src="page.html" style="border: 0; height: 800px; width: {width}px"></iframe>"""


def browse(page: str, width: int, tmp_path: Path) -> tuple[Any, str]:
    """(inner width, width of the content, tags that stick out), and what the console said."""
    probe = PROBE.removeprefix("<script>").partition("</script>")[0]
    allowed = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    page = page.replace("script-src ", f"script-src 'sha256-{allowed}' ")
    (tmp_path / "page.html").write_text(page.replace("</body>", PROBE))
    file = tmp_path / "frame.html"
    file.write_text(FRAME.format(width=width))
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom"]
    found = subprocess.run(
        [str(BROWSER), *FLAGS, *options, file.as_uri()], capture_output=True, text=True, timeout=120
    )
    title = re.findall(r"<title>(\[.*?\])</title>", found.stdout)
    assert title, found.stderr[-2000:]
    return json.loads(title[0]), "\n".join(x for x in found.stderr.splitlines() if "CONSOLE" in x)


needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium found on this machine")


@needs_browser
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_shows_it_without_complaint(width: int, tmp_path: Path):
    (inner, content, wide), console = browse(build(rich()), width, tmp_path)
    assert inner == width
    assert content <= width, wide
    assert wide == []
    assert console == ""


@needs_browser
def test_the_browser_would_complain(tmp_path: Path):
    page = build(rich()).replace(
        "</main>",
        "<hr width=999><img src='https://example.invalid/x.png'></main>",
    )
    (_, content, wide), console = browse(page, 400, tmp_path)
    assert content > 400
    assert "HR" in wide
    assert "Content Security Policy" in console


@needs_browser
@pytest.mark.parametrize(
    "foreign",
    [
        "<script>console.error('ran')</script>",
        "<img src=x onerror=\"console.error('ran')\">",
        "<svg onload=\"console.error('ran')\"></svg>",
        "<script src='data:text/javascript,console.error(1)'></script>",
        "<style>* { display: none }</style>",
        "<p style='position: fixed'>over all</p>",
        "<iframe srcdoc=\"<script>console.error('ran')</script>\"></iframe>",
    ],
)
def test_nothing_runs_but_the_page_s_own_script(foreign: str, tmp_path: Path):
    """Were a name to get through as markup, the browser would still not run it."""
    _, console = browse(build(rich()).replace("</main>", f"{foreign}</main>"), 400, tmp_path)
    assert "ran" not in [line.split('"')[1] for line in console.splitlines() if '"' in line]
    assert "Content Security Policy" in console
