"""What a library that wants its methods judged needs in its own test run.

Plugin: claims under pytest. `audit`: an optimizer against laws of optimizers. `assert_converges`
and `transformation_laws`: an optimizer against a theorem and against the laws that every one obeys.
`claim_about`: the claim that a theorem's bound holds for an optimizer.
`strategies`: hypothesis draws of problems and the like (needs hypothesis). Loaded when first asked
for; importing this costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.audit.face import audit as audit
    from convergence.testing.asserts import assert_converges as assert_converges
    from convergence.testing.asserts import claim_about as claim_about
    from convergence.testing.transformations import transformation_laws as transformation_laws

_FACE = {
    "audit": "convergence.audit.face",
    "assert_converges": "convergence.testing.asserts",
    "claim_about": "convergence.testing.asserts",
    "transformation_laws": "convergence.testing.transformations",
}


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_FACE])
