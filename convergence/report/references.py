"""The works that theorems come from, as a reader cites them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

SIGNS = {"le": "≤ ", "ge": "≥ ", "nabla": "∇", "ell": "ℓ", "infty": "∞ ", "beta": "β", "alpha": "α"}
BIBLIOGRAPHY = Path(__file__).parents[1] / "theorems/references.bib"


def bibliography(text: str) -> dict[str, dict[str, str]]:
    """Entries of a .bib file with one field a line."""
    works = {}
    for entry in re.split(r"^@\w+\{", text, flags=re.M)[1:]:
        key, rest = entry.split(",", 1)
        fields = re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", rest, re.M)
        works[key.strip()] = {name.lower(): plain(v) for name, v in fields}
    return works


def plain(tex: str) -> str:
    """A field of a .bib file without TeX's braces, accents and dollars."""
    accents = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "v": "\u030c"}
    found = re.sub(r"\{?\\ss\b *\}?", "ß", tex)
    found = re.sub(r"[{}$]", "", found)
    found = found.replace(r"\|", "‖").replace("^2", "²")
    found = re.sub(r"\\(['`\"^v])\s*(\w)", lambda m: m[2] + accents[m[1]], found)
    found = re.sub(r"\\([a-zA-Z]+) ?", lambda m: SIGNS.get(m[1], m[1]), found)
    return unicodedata.normalize("NFC", found)


def cite(source: str, works: Mapping[str, Mapping[str, str]]) -> str:
    """A source, 'key, locus', as authors, title, year and place."""
    key, _, locus = source.partition(", ")
    work = works.get(key)
    if work is None:
        return source
    people = [name.split(",")[0].strip() for name in work.get("author", "").split(" and ")]
    named = f"{people[0]} et al." if len(people) > 3 else ", ".join(filter(None, people))
    number = f"arXiv {work['eprint']}" if "eprint" in work else ""
    parts = (named, work.get("title"), work.get("year"), number, locus)
    return ". ".join(part.rstrip(".") for part in parts if part)
