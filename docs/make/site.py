"""Writes the sources of the site and builds it: `python -m docs.make.site [--build]`.

The pages of docs/; beside them, from the registry, a page a family with its statements, proofs and
claims, one a statement about a method that ships, and the constants; the API, from docstrings.
"""

from __future__ import annotations

import inspect
import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import equinox as eqx

from convergence.figures.style import VERDICTS
from convergence.registry import FAMILIES, registry
from convergence.report import plot
from convergence.report.looseness import slack_of
from convergence.report.page import instance, typeset
from convergence.report.references import BIBLIOGRAPHY, bibliography, cite
from convergence.vocabulary import VOCABULARY, who_certifies
from docs.make import rooms
from docs.make import statements as examples

ROOT = Path(__file__).parents[2]
SOURCE, SITE = ROOT / "results/site-source", ROOT / "results/site"
REPORT = ROOT / "results/report.json"
LINK = r"\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)"
GUIDE = {
    "The first hour": "first_hour.md",
    "Explore": "explore.md",
    "Add your own": "adding.md",
    "Audit optimizers": "audit.md",
    "In tests and CI": "testing.md",
    "Read a run": "report.md",
    "What a verdict means": "verdicts.md",
    "Questions": "faq.md",
}
RECORDS = {
    "All theorems": "theorems.md",
    "Methods that ship": "methods.md",
    "Statement by statement": "statements/index.md",
    "Cross-examination": "cross_examination.md",
    "Errata": "errata.md",
    "Mutants": "mutants.md",
    "The exact worst case": "worst_cases.md",
    "A rate without a theorem": "rates.md",
    "JSON": "json.md",
    "Many machines": "scale.md",
    "Reliability": "reliability.md",
}
STYLE = """
.formula { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Serif", serif;
  font-size: 1.05rem; padding: .5rem .8rem; border-left: .2rem solid var(--md-accent-fg-color);
  background: var(--md-code-bg-color); overflow-wrap: anywhere; }
.proof { white-space: pre-wrap; font-size: .75rem; overflow-wrap: anywhere; }
.md-typeset table:not([class]) { font-size: .7rem; }
.md-typeset h3.claim { font-size: inherit; margin: 0; }
.run { margin: 1em 0; max-width: 32rem; } .plot { width: 100%; height: auto; display: block; }
.plot text { font: 11px system-ui, sans-serif; fill: var(--md-default-fg-color); }
.plot path { fill: none; stroke: var(--md-default-fg-color); }
.plot .grid, .plot .unit { stroke: var(--md-default-fg-color--lighter); }
.plot .band { fill: #3b93cc; stroke: none; opacity: .3; } .plot .whisker { stroke: #3b93cc; }
.plot .mean { stroke: #3b93cc; stroke-width: 2; } .plot circle.mean { fill: #3b93cc; stroke: none; }
.plot .bound { stroke: #d55e00; stroke-width: 2; stroke-dasharray: 6 3; }
.plot circle.ratio { fill: var(--md-default-fg-color); }
"""


def outside(page: Path) -> str:
    """A page of the repository; what links to files that are no pages leads to a list of them."""

    def target(found: re.Match[str]) -> str:
        whole = (page.parent / found[1]).resolve()
        if whole.is_relative_to(ROOT / "docs"):
            return f"]({whole.relative_to(ROOT / 'docs')}{found[2] or ''})"
        first = whole == ROOT / "README.md"
        return "](index.md)" if first else f"](source.md#{spot(whole.relative_to(ROOT))})"

    return re.sub(LINK, target, page.read_text(encoding="utf-8"))


def spot(path: Path) -> str:
    """The anchor of a file on the list of files."""
    return re.sub(r"[^a-z0-9]+", "-", str(path).lower()).strip("-")


def statements(family: str) -> list[tuple[Any, list[Any]]]:
    """The theorems of a family with their claims."""
    found: dict[tuple[str, str], tuple[Any, list[Any]]] = {}
    for claim in registry():
        if claim.family == family:
            key = type(claim.theorem).__name__, claim.theorem.statement
            found.setdefault(key, (claim.theorem, []))[1].append(claim)
    return list(found.values())


def family_page(family: str, judged: dict[str, Any], works: Any) -> str:
    """Statement → proof → instances → verdicts → figure → how to repeat."""
    parts = ["---\nsearch:\n  boost: 4\n---\n"]  # found before the code behind it
    parts += [f"# {family.replace('_', ' ').capitalize()}\n", f"{purpose(family)}\n"]
    found = statements(family)
    names = [type(theorem).__name__ for theorem, _ in found]
    for theorem, claims in found:
        source = f"{theorem.source.key}, {theorem.source.locus}"
        parts += [
            f"## {heading(theorem, claims, names)} {{ #{anchor(theorem)} }}\n",
            f"{theorem.provenance} · {cite(source, works)}\n",
            f'<p class="formula">{typeset(theorem.statement)}</p>\n',
            '??? note "Statement and proof"\n\n'
            f'    <div class="proof">{oneline(inspect.getdoc(type(theorem)) or "")}</div>\n',
            "| claim | instance | verdict | slack | power | T |\n|---|---|---|---|---|---|\n"
            + "\n".join(row(claim, judged.get(claim.slug)) for claim in claims)
            + "\n",
            figure([judged[claim.slug] for claim in claims if claim.slug in judged]),
            f"```sh\nconvergence verify {' '.join(c.slug for c in claims[:4])}\n```\n",
        ]
    return "\n".join(parts)


def heading(theorem: Any, claims: Sequence[Any], names: Sequence[str]) -> str:
    """The name of a statement, with its first claim where several have that name."""
    name = type(theorem).__name__
    return name if names.count(name) == 1 else f"{name} · {claims[0].slug}"


def figure(reports: Sequence[Any]) -> str:
    """The claim whose instance comes nearest to the bound; nothing where nothing was run."""
    run = [(abs(math.log(s)), r) for r in reports if r["horizons"] and (s := slack_of(r))]
    if not run:
        return ""
    report = min(run, key=lambda pair: pair[0])[1]
    words = f"<code>{report['slug']}</code>. {escape(plot.caption(report, None))}"
    picture = plot.draw(report)
    return f'<figure class="run">{picture}<figcaption>{words}</figcaption></figure>\n'


def row(claim: Any, report: Any) -> str:
    """One claim: found where a run is at hand, else expected. Its name is a heading, by which the
    search finds it."""
    verdict = report["verdict"] if report else str(claim.expect)
    glyph = VERDICTS[verdict][2]
    word = f"{glyph} {verdict}" + ("" if report else " (expected)")
    slack, power = (number(report[k]) if report else "–" for k in ("slack", "power"))
    horizons = getattr(claim, "horizons", ())
    T = f"{min(horizons)}–{max(horizons)}" if horizons else "–"
    made = (getattr(claim, side, None) for side in ("problem", "noise"))
    named = [type(thing).__name__ for thing in made if isinstance(thing, eqx.Module)]
    on = instance(report) if report else " · ".join(n for n in named if n != "Noiseless") or "–"
    slug = f'<h3 class="claim" id="claim-{claim.slug}"><code>{claim.slug}</code></h3>'
    return f"| {slug} | {on} | {word} | {slack} | {power} | {T} |"


def number(value: Any) -> str:
    """Three digits."""
    return "–" if value is None else f"{float(value):.3g}"


def oneline(text: str) -> str:
    """Text inside an indented block of HTML: no line may end the block."""
    text = escape(text, quote=False).replace("\n", "<br>")
    return re.sub(r"[_*\[\]`\\]", lambda sign: f"&#{ord(sign[0])};", text)


def anchor(theorem: Any) -> str:
    """The place of a statement on its page."""
    words = f"{type(theorem).__name__}-{theorem.statement}".lower()
    return re.sub(r"[^a-z0-9]+", "-", words)[:60].strip("-")


def purpose(family: str) -> str:
    """What a family is about."""
    return rooms.FAMILIES.get(family, "")


def glossary() -> str:
    """Every constant: unit, meaning, and who certifies it."""
    lines = ["# Constants\n", "What a theorem sees of an instance; units in those of f and x.\n",
             "| name | unit | meaning | certified by |", "|---|---|---|---|"]  # fmt: skip
    for name, entry in sorted(VOCABULARY.items(), key=lambda item: item[0].lower()):
        who = ", ".join(who_certifies(name)[:6]) or entry.by
        meaning = entry.meaning.replace("|", "\\|")
        lines.append(f"| `{name}` | {entry.unit} | {meaning} | {who} |")
    return "\n".join(lines) + "\n"


def reference() -> dict[str, str]:
    """A page a room of the package, for mkdocstrings."""
    found = {}
    for room in (*rooms.ROOMS, "testing", "statistics", "figures", "laws", "audit"):
        modules = sorted(
            ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for path in (ROOT / "convergence" / room).rglob("*.py")
            if path.stem != "__init__" and not path.stem.startswith("_")
        )
        blocks = [f"::: {name}\n" for name in modules]
        found[f"api/{room}.md"] = f"# convergence.{room}\n\n" + "\n".join(blocks)
    return found


def configuration(pages: Sequence[str], api: Sequence[str]) -> str:
    """mkdocs.yml."""
    nav = [
        {"Home": "index.md"},
        {"Guide": [{name: file} for name, file in GUIDE.items()]},
        {"Families": [{Path(p).stem.replace("_", " "): p} for p in pages]},
        {"Records": [{name: file} for name, file in RECORDS.items()] + [{"Audit": "audited.md"}]},
        {"Constants": "constants.md"},
        {"API": [{Path(p).stem: p} for p in api]},
        {"Source": "source.md"},
    ]
    dark = {"scheme": "slate", "media": "(prefers-color-scheme: dark)", "primary": "black",
            "toggle": {"icon": "material/weather-night", "name": "Light"}}  # fmt: skip
    light = {"scheme": "default", "media": "(prefers-color-scheme: light)", "primary": "white",
             "toggle": {"icon": "material/weather-sunny", "name": "Dark"}}  # fmt: skip
    content = {
        "site_name": "convergence", "site_description": "Take a convergence theorem at its word.",
        "docs_dir": "pages", "site_dir": str(SITE), "use_directory_urls": False, "strict": True,
        "nav": nav, "not_in_nav": "statements/*.md",
        "theme": {"name": "material", "font": False, "palette": [light, dark],
                  "features": ["navigation.tabs", "navigation.top", "search.suggest",
                               "content.code.copy", "toc.follow"]},
        "plugins": ["search", {"mkdocstrings": {"handlers": {"python": {
            "paths": [str(ROOT)], "options": {
                "show_root_heading": True, "show_source": False, "heading_level": 2,
                "docstring_style": None, "members_order": "source",
                "filters": ["!^_"], "show_if_no_docstring": False}}}}}],
        "markdown_extensions": ["admonition", "attr_list", "md_in_html", "pymdownx.details",
                                "pymdownx.superfences", "tables", {"toc": {"permalink": True}}],
        "extra_css": ["style.css"],
        # Formulas in docstrings look like links that lead nowhere; missing pages are warnings.
        "validation": {"links": {"anchors": "warn", "unrecognized_links": "info"}},
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False)  # JSON is YAML


def sources() -> str:
    """What the pages name that is no page: a list of files, where a link to one leads."""
    files = sorted(
        {
            str(path)
            for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
            for path in named(page)
        }
    )
    lines = ["# Files of the repository\n", "Named by the guide, and found beside it.\n"]
    lines += [f"## {file} {{ #{spot(Path(file))} }}\n" for file in files]
    return "\n".join(lines)


def named(page: Path) -> list[Path]:
    """The files outside docs/ that a page links to."""
    links = re.findall(LINK, page.read_text(encoding="utf-8"))
    whole = [(page.parent / link).resolve() for link, _ in links]
    return [p.relative_to(ROOT) for p in whole if p.is_relative_to(ROOT) and (
        not p.is_relative_to(ROOT / "docs"))]  # fmt: skip


def write() -> None:
    """All sources, in results/site-source."""
    pages = SOURCE / "pages"
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("make", "*.json"))
    for page in (ROOT / "docs").glob("*.md"):
        (pages / page.name).write_text(outside(page), encoding="utf-8")
    (pages / "index.md").write_text(outside(ROOT / "README.md"), encoding="utf-8")
    judged = {}
    if REPORT.is_file():
        judged = {c["slug"]: c for c in json.loads(REPORT.read_text())["claims"]}
    works = bibliography(BIBLIOGRAPHY.read_text(encoding="utf-8"))
    of_statements = {f"statements/{name}": text for name, text in examples.pages()}
    made = {f"families/{name}.md": family_page(name, judged, works) for name in FAMILIES}
    api = reference()
    more = {
        "methods.md": examples.linked((pages / "methods.md").read_text(encoding="utf-8")),
        "constants.md": glossary(),
        "source.md": sources(),
        "style.css": STYLE,
        "audited.md": "# The audit\n\nThe matrix of today's packages is a page of its own: "
        "[audit/index.html](audit/index.html).\n",
    }
    for name, text in {**made, **api, **more, **of_statements}.items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(text, encoding="utf-8")
    (SOURCE / "mkdocs.yml").write_text(configuration(list(made), list(api)), encoding="utf-8")


if __name__ == "__main__":
    write()
    if "--build" in sys.argv:
        command = ("-m", "mkdocs", "build", "--clean", "-f", SOURCE / "mkdocs.yml")
        sys.exit(subprocess.run((sys.executable, *command), check=False).returncode)
