"""Take a convergence theorem at its word: run the real algorithm and judge the bound.

A problem knows its constants, a noise its moments. A theorem sees only constants: it prescribes an
algorithm and bounds a metric. A claim joins the three, and `verify(claim)` returns a report whose
verdict is a value.

Floors, ground first. A room imports only from floors below its own; rooms on one line, whether
side by side or divided by `|`, do not see each other. The floor named `errors …` is the ground and
its rooms may use one another.

    errors shapes constants vocabulary philox keys draws linalg precision memory files workers tiers
    schemas compiling derivatives plain_rules plain_keys walker
    plain_rows work
    plain_walker
    plainly
    parts
    problems noise
    oracles
    algorithms | metrics
    theorems | runner | statistics
    moments laws proofs
    claims
    registry | digest records
    store
    search audit figures
    testing
    report cluster
    explore
    cli

Two walls besides: algorithms never import problems (an algorithm asks an oracle), and neither
statistics nor this face imports JAX. `tests/test_floors.py` reads this docstring and enforces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.claims.base import Claim as Claim
    from convergence.claims.base import verify as verify
    from convergence.claims.report import Report as Report
    from convergence.claims.settings import Session as Session
    from convergence.claims.settings import Settings as Settings
    from convergence.statistics import Verdict as Verdict

__version__ = "0.1.0"

_FACE = {
    "Claim": "convergence.claims.base",
    "Session": "convergence.claims.settings",
    "Settings": "convergence.claims.settings",
    "verify": "convergence.claims.base",
    "Report": "convergence.claims.report",
    "Verdict": "convergence.statistics",
}


def __getattr__(name: str) -> Any:
    """The public face, loaded when first asked for: `import convergence` costs nothing."""
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_FACE])
