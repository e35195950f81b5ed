"""The score of the campaign, room by room, and who survived: docs/mutants.md."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.campaign.sites import ROOMS, ROOT, Mutant, every

PAGE = ROOT / "docs/mutants.md"
EQUIVALENT = Path(__file__).parent / "equivalent.json"  # name → why nothing could see it
HEAD = """\
# Mutants

<!-- python -m tests.mutants --report -->

Besides the faults that were planted by hand, every place where one token can be changed is a
mutant: an operator for its neighbor, a dropped term or factor, a constant 5 % larger or 1 more, a
negated condition, two arguments in each other's place, a clock one step ahead, a key used twice.
{total} of them stand in {rooms} and in the bounds of theorems.

```text
python -m tests.mutants --all              hours; resumable, outcomes in results/mutants.jsonl
python -m tests.mutants --sample 200       drawn by today's date; so does TIER=full
python -m tests.mutants --room statistics  --all or --sample N beside it
```

A mutant is judged in a process of its own: by unit tests that name what is changed, by the cheapest
claims that are made of it, and by the other tests of the nearest files. What notices it has been
seen to pass the unchanged file. {judged} of them, drawn at random, were judged for this page.
`at first` are those that were killed when they were drawn; tests for most of the others came after,
and made them `killed`. The interval is that of the share of all mutants that were killed at first,
at 95 %. A bound that is larger than the true one refutes nothing, and a false one that is larger
still stays false: mutants of bounds die where a claim is tight, or where the formula that the
statement prints, read and evaluated at constants that nobody picked, is another number
(`tests/formulas`). Of `statistics/` every mutant had been judged by its unit tests on 2026-11-29:
of 2173 they killed 2070, 103 were equivalent, none was left (`--room statistics --all`); of those
added since, the ones in `eprocess.py` have been.

| room | mutants | judged | at first | killed | equivalent | score | interval |
|---|---|---|---|---|---|---|---|
"""


def outcomes(results: Path) -> dict[str, dict[str, Any]]:
    """The last outcome of each mutant by name."""
    if not results.exists():
        return {}
    rows = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    return {row["name"]: row for row in rows}


def firsts(results: Path) -> dict[str, bool]:
    """Whether each mutant was killed when it was first judged."""
    if not results.exists():
        return {}
    rows = map(json.loads, reversed(results.read_text(encoding="utf-8").splitlines()))
    return {row["name"]: bool(row["by"]) for row in rows}


def equivalents() -> dict[str, str]:
    """The mutants that are declared equivalent, each with its reason."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8"))


def interval(hits: int, tries: int) -> tuple[float, float]:
    """Clopper and Pearson's interval at 95 %."""
    from scipy import stats

    low = stats.beta.ppf(0.025, hits, tries - hits + 1) if hits else 0.0
    high = stats.beta.ppf(0.975, hits + 1, tries - hits) if hits < tries else 1.0
    return float(low), float(high)


def row(
    room: str,
    found: list[Mutant],
    known: dict[str, Any],
    same: dict[str, str],
    first: dict[str, bool],
) -> str:
    """One line of the table."""
    judged = [m for m in found if m.name in known and m.name not in same]
    killed, once = (sum(bool(of(m.name)) for m in judged) for of in (
        lambda name: known[name]["by"], first.__getitem__,
    ))  # fmt: skip
    equivalent = sum(m.name in same for m in found)
    counts = f"| {room} | {len(found)} | {len(judged)} | {once} | {killed} | {equivalent} |"
    if not judged:
        return f"{counts} – | – |\n"
    low, high = interval(once, len(judged))
    return f"{counts} {killed / len(judged):.0%} | {low:.0%}–{high:.0%} |\n"


def text(known: dict[str, Any], first: dict[str, bool]) -> str:
    """The page."""
    mutants, same = every(), equivalents()
    known = {m.name: known[m.name] for m in mutants if m.name in known}
    page = HEAD.format(
        total=len(mutants),
        rooms=", ".join(f"`{room}/`" for room in ROOMS),
        judged=len(known),
    )
    for room in (*ROOMS, "bounds"):
        page += row(room, [m for m in mutants if m.room == room], known, same, first)
    page += row("all", mutants, known, same, first)
    alive: dict[str, list[str]] = defaultdict(list)
    for m in mutants:
        if m.name in known and not known[m.name]["by"] and m.name not in same:
            before, after = (" ".join(code.split()) for code in (m.before, m.after))
            where = m.name.split("::")[1]
            alive[m.path].append(f"- `{where}`: `{before[:70]}` → `{after[:70]}`")
    page += "\n## Survivors\n"
    for path, lines in sorted(alive.items()):
        page += "\n" + f"{path}\n\n" + "\n".join(lines) + "\n"
    if same:
        page += "\n## Equivalent\n\n"
        page += "".join(f"- `{name}`: {why}\n" for name, why in sorted(same.items()))
    return page


def write(results: Path) -> None:
    """Write the page, and the score into the record that reports show."""
    from convergence.files import write_whole
    from convergence.report.page import MUTANTS

    known, same = outcomes(results), equivalents()
    PAGE.write_text(text(known, firsts(results)), encoding="utf-8")
    mutants = every()
    judged = [known[m.name] for m in mutants if m.name in known and m.name not in same]
    killed = sum(bool(row["by"]) for row in judged)
    record = json.loads(MUTANTS.read_text(encoding="utf-8"))
    record["campaign"] = {"mutants": len(mutants), "judged": len(judged), "killed": killed}
    text_of = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    write_whole(MUTANTS, text_of.encode())
