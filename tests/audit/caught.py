"""What a row of faulty and right code has to show."""

from __future__ import annotations

from typing import Any

from convergence.audit import audit


def check(law: str, faulty: Any, right: Any, told: dict[str, Any]) -> None:
    """The law is broken by the one and kept by the other."""
    found = audit(faulty, laws=[law], **told)[law]
    assert str(found.outcome) == "breaks", found
    kept = audit(right, laws=[law], **told)[law]
    assert str(kept.outcome) == "keeps", kept
