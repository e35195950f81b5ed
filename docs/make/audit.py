"""Fills docs/audit.md and docs/audit/index.html: `python -m docs.make.audit [AUDIT.json …]`.

Documents of `audit --json` make the page, with what somebody found in the sources
(docs/audit/found.json). Without them the lists of laws and references are written, and what was
found is put anew into the page that stands.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from convergence.audit.asking import chosen
from convergence.audit.document import read
from convergence.audit.families import FAMILIES
from convergence.audit.page import build
from convergence.audit.references import ALL

ROOT = Path(__file__).parents[2]
PAGE, MATRIX = ROOT / "docs/audit.md", ROOT / "docs/audit/index.html"
DATA = '<script id="data" type="application/json">'
FOUND = ROOT / "docs/audit/found.json"


def first_sentence(text: str | None) -> str:
    """A docstring's first paragraph in one line, without the id."""
    paragraph = " ".join((text or "").split("\n\n")[0].split())
    return re.sub(r"^[A-Z]\d+[a-z]*\. ", "", paragraph).replace("|", "∣")


def laws() -> str:
    """The table of laws."""
    rows = ["| id | law | binds | statement |", "|---|---|---|---|"]
    for law in chosen(None):
        who = [f.name for f in FAMILIES.values() if law.id in f.promises]
        binds = "all" if law.everyone else ", ".join(who) or "nobody: asked of all"
        rows.append(f"| {law.id} | {law.title} | {binds} | {first_sentence(law.test.__doc__)} |")
    return "\n".join(rows)


def references() -> str:
    """The table of references."""
    rows = ["| name | recursion |", "|---|---|"]
    rows += [f"| `{name}` | {first_sentence(f.__doc__)} |" for name, f in ALL.items()]
    return "\n".join(rows)


def filled(text: str) -> str:
    """The page with its generated tables."""
    for name, table in (("references", references()), ("laws", laws())):
        pattern = rf"<!-- {name} -->\n.*?(?=\n(?:## |A finished)|\Z)"
        text = re.sub(
            pattern, lambda m, t=table, n=name: f"<!-- {n} -->\n\n{t}\n", text, flags=re.S
        )
    return text


def told(page: str, found: Mapping[str, Mapping[str, str]]) -> str:
    """A page with what was found in the sources in place of what it has; its script stays."""
    before, start, rest = page.partition(DATA)
    data, end, after = rest.partition("</script>")
    whole = json.loads(data)
    for row in whole["rows"]:
        row["found"] = found.get(row["target"], {})
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return before + start + text + end + after


def main() -> None:
    """Write both."""
    PAGE.write_text(filled(PAGE.read_text()))
    documents = [read(Path(name)) for name in sys.argv[1:]]
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    if documents:
        whole = {**documents[0], "rows": [row for d in documents for row in d["rows"]]}
        MATRIX.parent.mkdir(exist_ok=True)
        MATRIX.write_text(build(whole, found))
    elif MATRIX.exists():
        MATRIX.write_text(told(MATRIX.read_text(), found))


if __name__ == "__main__":
    main()
