"""What changed between two runs of one registry: verdicts, grades, slack, and who came and went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from convergence.report.looseness import slack_of

MOVED = 1.1  # a slack that changed by less is noise of the seeds


class Change(NamedTuple):
    """One claim: what of it changed, before and after; worse: a verdict is no longer expected."""

    slug: str
    what: str
    before: str
    after: str
    worse: bool


def changes(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> list[Change]:
    """The changes in the order of the later run, verdicts first; then what is new or gone."""
    old = {c["slug"]: c for c in earlier["claims"]}
    new = {c["slug"]: c for c in later["claims"]}
    verdicts, others = [], []
    for slug, claim in new.items():
        was = old.get(slug)
        if was is None:
            others.append(Change(slug, "new", "–", claim["verdict"], not expected(claim)))
            continue
        if was["verdict"] != claim["verdict"]:
            worse = expected(was) and not expected(claim)
            verdicts.append(Change(slug, "verdict", was["verdict"], claim["verdict"], worse))
        elif was["grade"] != claim["grade"]:
            others.append(Change(slug, "grade", str(was["grade"]), str(claim["grade"]), False))
        a, b = slack_of(was), slack_of(claim)
        if a is not None and b is not None and max(a / b, b / a) > MOVED:
            others.append(Change(slug, "slack", f"{a:.3g}", f"{b:.3g}", False))
    gone = [Change(s, "gone", c["verdict"], "–", False) for s, c in old.items() if s not in new]
    return verdicts + others + gone


def expected(claim: Mapping[str, Any]) -> bool:
    """Whether the verdict is the expected one."""
    return claim["verdict"] == claim["expect"]
