"""The page of many claims: found again, compared with an earlier run, and honest about slack."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from convergence.cli import main
from convergence.report.looseness import draw, hardly, place
from convergence.report.page import build
from convergence.report.trend import changes
from tests.test_browser import BROWSER, FLAGS, needs_browser
from tests.test_report import claim, document


def test_a_trend_tells_verdicts_first_and_small_moves_not():
    before = document(
        claim("falls"), claim("same"), claim("looser", slack=2.0), claim("moves", slack=1.50),
        claim("gone"),
    )  # fmt: skip
    after = document(
        claim("new"), claim("looser", slack=3.0), claim("moves", slack=1.52), claim("same"),
        claim("falls", "REFUTED", expect="CONSISTENT"),
    )  # fmt: skip
    found = [(c.slug, c.what, c.before, c.after, c.worse) for c in changes(before, after)]
    assert found == [
        ("falls", "verdict", "CONSISTENT", "REFUTED", True),
        ("new", "new", "–", "CONSISTENT", False),
        ("looser", "slack", "2", "3", False),
        ("gone", "gone", "CONSISTENT", "–", False),
    ]
    assert changes(before, before) == []
    page = build(after, before)
    assert 'class="worse"' in page
    assert "What changed since" in page
    assert "What changed since" not in build(after)


def test_what_is_hardly_tested_is_on_the_map():
    claims = [claim("near"), claim("far", slack=50.0), claim("none", slack=None)]
    claims.append(claim("false", "REFUTED", slack=80.0))
    assert [c["slug"] for c in hardly(claims)] == ["far"]
    drawn = draw(claims)
    assert drawn.count("<circle") == 3
    assert 'href="#far"' in drawn
    assert place(1.0) < place(50.0) < place(1e9) == place(1e4)
    assert draw([claim("none", slack=None)]) == ""


def test_faults_of_other_families_are_not_counted():
    assert "Planted faults" not in build(document(claim("mine")))
    assert "Planted faults" in build(document(claim("theirs", family="subspace")))


def test_the_command_compares_two_runs_and_leaves_a_badge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text(json.dumps(document(claim("one"), claim("two"))))
    later = document(claim("one"), claim("two", "REFUTED", expect="CONSISTENT"))
    later["run"]["certificate"] = "c.json"
    Path("c.json").write_text("{}")
    Path("b.json").write_text(json.dumps(later))
    assert main(["report", "a.json", "b.json", "--out", "page"]) == 0
    out = capsys.readouterr().out
    assert "two: verdict CONSISTENT → REFUTED\n1 changes since" in out
    assert 'href="../c.json"' in Path("page/index.html").read_text()
    badge = json.loads(Path("page/badge.json").read_text())
    assert badge["message"] == "1/2 as expected"
    assert badge["color"] == "orange"


@needs_browser
def test_the_address_finds_claims_again(tmp_path: Path):
    claims = [
        claim("alpha-one", slack=30.0),
        claim("alpha-two", slack=1.1),
        claim("beta", "REFUTED", slack=0.1),
    ]
    report = "<pre id='rows'></pre></body>"
    probe = (
        "<script>document.getElementById('rows').textContent = JSON.stringify("
        "[...document.querySelectorAll('#claims tbody tr')].filter(r => !r.hidden)"
        ".map(r => r.dataset.slug))</script>"
    )
    page = build(document(*claims)).replace("</body>", report.replace("</body>", probe + "</body>"))
    page = re.sub(r"script-src [^;]*;", "script-src 'unsafe-inline';", page)  # for the probe
    (tmp_path / "page.html").write_text(page)

    def found(query: str) -> list[str]:
        uri = (tmp_path / "page.html").as_uri() + query
        options = [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
        done = subprocess.run(
            [str(BROWSER), *FLAGS, *options, uri], capture_output=True, text=True, timeout=120
        )
        (rows,) = re.findall(r"<pre id=\"rows\">(.*?)</pre>", done.stdout)
        return json.loads(rows)

    assert found("") == ["alpha-one", "alpha-two", "beta"]
    assert found("#claims?q=alpha&sort=slack") == ["alpha-two", "alpha-one"]
    assert found("#claims?verdict=REFUTED") == ["beta"]
