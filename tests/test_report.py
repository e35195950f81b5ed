"""The page of a run: complete, self-contained, and made only from a sound document."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from convergence.cli import main
from convergence.report import plot
from convergence.report.document import read
from convergence.report.page import (
    BIBLIOGRAPHY,
    bibliography,
    build,
    cite,
    command,
    digits,
    instance,
    size,
    typeset,
    value,
)
from tests.test_figures import KINDS, row


def claim(slug: str, verdict: str = "CONSISTENT", **other: Any) -> dict[str, Any]:
    return {
        "slug": slug, "family": "own", "kind": "expectation", "statement": f"E M_T ≤ b_{{{slug}}}",
        "source": "he2025, Theorem 1 (a < b)", "provenance": "derived", "theorem": "Some",
        "metric": "",
        "explanation": "E M ≤ b.\n\nProof. <b>None</b>.", "problem": "Isotropic: (L/2)‖x‖²",
        "noise": "Gaussian: ξ ~ N(0, σ²)", "note": "", "instead": "", "verdict": verdict,
        "expect": verdict, "reason": "because", "slack": 1.5, "power": "inf", "vacuous": False,
        "assumptions": [{"name": "smooth", "holds": True, "value": 1.0, "detail": "found"}],
        "constants": {"L": 1.0, "W": [[1.0, 0.0], [0.0, 1.0]], "R": "inf"},
        "hyper_parameters": {"algorithm": "SGD", "eta": 0.1}, "notes": ["a <note>"],
        "horizons": [row(T, 1 / T, [0.9 / T, 1.1 / T], 1.5 / T) for T in (10, 100, 1000)],
        "alpha": 1e-6, "tier": "quick", "seconds": 0.1, "look": 1,
        "grade": "certified", "proof": None, **other,
    }  # fmt: skip


def document(*claims: dict[str, Any]) -> dict[str, Any]:
    run = {
        "date": "2026-01-01T00:00:00+00:00", "versions": {"jax": "0.8"}, "platform": "cpu",
        "device": "cpu", "devices": 1, "dtype": "float64", "tier": "quick", "seed": 3,
        "seeds": None, "alpha": 1e-3, "asked": len(claims), "interrupted": False, "seconds": 1.0,
        "targets": [],
    }  # fmt: skip
    return {"schema": "convergence-report/1", "run": run, "claims": list(claims), "errors": []}


def rich() -> dict[str, Any]:
    """Every kind, every verdict, an erratum, and words too long for a narrow screen."""
    long = "x" * 300
    return document(
        *(claim(f"kind-{kind}", kind=kind, theorem=f"Theorem{kind.title()}") for kind in KINDS),
        claim("wrong", "REFUTED", statement="printed_", provenance="printed", instead="kind-exact"),
        claim("lonely", "REFUTED", statement="other_", provenance="recalled", instead="elsewhere"),
        claim("false", "REFUTED", note="on purpose", slack=0.1),
        claim("maybe", "INCONCLUSIVE", expect="CONSISTENT", slack=None, power=None),
        claim("not-here", "INAPPLICABLE", horizons=[], slack="nan"),
        claim("by-enumeration", kind="identity", horizons=[], problem="", noise="", slack="inf"),
        claim("tight", slack=1.0), claim("long", note=long, reason=long, constants={long: long}),
        claim("range", kind="pathwise", horizons=[row(5, 1.0, [1.0, 1.0], ["-inf", 2.0])]),
    )  # fmt: skip


class Page(HTMLParser):
    """Identifiers, links, and tags that were never closed."""

    VOID = frozenset({"meta", "link", "br", "input"})

    def __init__(self, text: str):
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [v or "" for k, v in attrs if k in ("href", "src", "srcset", "action")]
        if tag not in self.VOID | {"wbr"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_its_links_lead_somewhere():
    page = Page(build(rich()))
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link == "data:," or link.removeprefix("#") in page.ids, link


def test_the_page_asks_the_network_for_nothing():
    page = build(rich())
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<iframe|<img|<object", page)
    assert re.findall(r"<script[^>]*>", page) == ["<script>"]
    assert "default-src 'none'" in page  # and a browser would not answer one


def test_what_a_document_says_is_text_and_never_markup():
    page = build(
        document(claim("bold", statement="<i>x</i>", reason='"><script>alert(1)</script>'))
    )
    assert "<i>x</i>" not in page
    assert "alert(1)</script>" not in page
    assert "&lt;b&gt;None" in page
    assert "a &lt;note&gt;" in page


def test_everything_about_a_claim_is_told():
    page = build(rich())
    for words in (
        "He et al.", "Theorem 1 (a &lt; b)", "✓ holds: smooth, 1", "Isotropic: (L/2)‖x‖²",
        "[[1, 0], [0, 1]]", "0.9", "∞", "maybe", "expected CONSISTENT", "Not as expected",
        "convergence verify kind-rate --tier quick --seed 3 --alpha 0.001 --dtype float64",
    ):  # fmt: skip
        assert words in page, words
    assert page.count('<svg class="plot"') == sum(bool(c["horizons"]) for c in rich()["claims"])


def test_an_erratum_stands_beside_what_holds():
    errata = build(rich()).split('id="errata"')[1].split('id="statements"')[0]
    assert errata.count('class="pair"') == 2
    assert "As printed" in errata
    assert "As recalled" in errata
    assert "The claim elsewhere, which was not part of this run." in errata
    assert re.search(r"What holds instead.*kind-exact", errata, re.S)
    assert "on purpose" in errata.split("Other refuted")[1]
    assert "None in this run" in build(document(claim("fine")))


def test_hundreds_of_claims_stay_a_small_page():
    many = [claim(f"c{i}", theorem=f"Theorem{i % 150}") for i in range(600)]
    assert len(build(document(*many)).encode()) < 20e6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "rows",
    [
        [row(5, 0.0, [0.0, 0.0], 0.0)],
        [row(5, -1.0, [-2.0, "inf"], 0.0), row(9, -3.0, ["-inf", 1.0], 0.0)],
        [row(5, "nan", ["nan", "nan"], 1.0), row(9, "inf", ["nan", "inf"], 1.0)],
        [row(5, 1e-90, [0.0, 1.0], ["-inf", "inf"]), row(9, 1e90, [0.0, 1.0], [0.5, "inf"])],
        [row(T, 1.0, [0.9, 1.1], 2.0) for T in range(1, 40)],
        [row(1, 1.0, [1.0, 1.0], 1.0 + 2e-16)],
        [row(1, 1.0, [1.0, 1.0], 1.0 + 1e-9), row(2, 1.0, [1.0, 1.0], 1.0 + 1e-9)],
    ],
    ids=["zero", "negative", "not finite", "extreme", "many", "a rounding apart", "almost equal"],
)
def test_odd_numbers_stay_within_the_drawing(kind: str, rows: list[Any]):
    drawn = plot.draw(claim("odd", kind=kind, horizons=rows))
    assert "nan" not in drawn
    assert "inf" not in drawn.split(">", 1)[1]
    _, _, width, height = re.findall(r'viewBox="([^"]*)"', drawn)[0].split()
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", drawn):
        assert 0 <= float(x) <= float(width)
        assert 0 <= float(y) <= float(height)


def test_the_tight_instance_is_drawn_and_named():
    loose, tight = claim("loose"), claim("tight", slack=1.01)
    assert 'class="tight"' in plot.draw(loose, tight)
    assert 'class="tight"' not in plot.draw(tight, tight)
    assert "tight attains the same statement" in plot.caption(loose, tight)


def test_small_things():
    assert typeset("x_t^2 <_{a<b} c^{−1/2}") == (
        "x<sub>t</sub><sup>2</sup> &lt;<sub>a&lt;b</sub> c<sup>−1/2</sup>"
    )
    assert typeset("T^(−2(p−1)/p)") == "T<sup>−2(p−1)/p</sup>"
    assert [digits(v) for v in (None, "inf", "-inf", "nan", 1.23456, -1e-9)] == [
        "–", "∞", "−∞", "–", "1.235", "−1e−09"]  # fmt: skip
    assert value(list(range(9))) == "[0, 1, 2, 3, 4, 5, …]"
    assert instance(claim("a", noise="Noiseless: 0")) == "Isotropic"
    assert [size(claim("a", slack=s)) for s in (1.0, 0.9, 1.5, 9.0, 1e3, None, "inf")] == [
        5, 4, 3, 2, 1, 3, 3]  # fmt: skip
    assert "my file.py" in command(document()["run"] | {"targets": ["my file.py"]}, claim("a"))


def test_every_entry_of_the_bibliography_is_read():
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    works = bibliography(text)
    assert len(works) == len(re.findall("^@", text, re.M))
    for key, work in works.items():
        told = cite(f"{key}, here", works)
        assert work["title"].rstrip(".") in told
        assert told.endswith("here")
        assert not set("{}$\\") & set(told)
    assert cite("nobody, here", works) == "nobody, here"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any):
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "convergence verify --json" in capsys.readouterr().err
    Path("results").mkdir()
    Path("results/report.json").write_text(json.dumps(rich()))
    assert main(["report"]) == 0
    assert Path("results/report/index.html").read_text() == build(rich())
    assert main(["report"]) == 0, "its own page is replaced"
    Path("theirs").mkdir()
    Path("theirs/index.html").write_text("<html>theirs</html>")
    assert main(["report", "--out", "theirs"]) == 2
    assert "something other than a report" in capsys.readouterr().err
    assert Path("theirs/index.html").read_text() == "<html>theirs</html>"
    Path("file").touch()
    with pytest.raises(SystemExit, match="2"):
        main(["report", "--out", "file/in"])
    assert main(["report", "--out", "/proc/nowhere"]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: d.update(schema="convergence-report/0"), "is needed"),
        (lambda d: d.update(claims={}), "claims must be array"),
        (lambda d: d.update(claims=[]), "holds no claims"),
        (lambda d: d["claims"][0].pop("theorem"), "claims[0] must contain ['theorem'] properties"),
        (lambda d: d["claims"][0].update(horizons="none"), "claims[0].horizons must be array"),
        (lambda d: d["claims"].append(3), "must be object"),
    ],
)
def test_a_wrong_document_is_refused(
    spoil: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    found = copy.deepcopy(rich())
    spoil(found)
    (tmp_path / "a.json").write_text(json.dumps(found))
    assert main(["report", str(tmp_path / "a.json"), "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe"])
def test_a_file_without_a_document_is_refused(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "a.json").write_bytes(content)
    assert main(["report", str(tmp_path / "a.json")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_verify_writes_is_what_the_report_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    own = str(Path(__file__).with_name("own.py"))
    main(["verify", own, "--json", "a.json", "--quiet", "--out", "r"])
    found = read(Path("a.json"))
    assert found["run"]["targets"] == [own]
    assert "SGDNonconvex" in build(found)
