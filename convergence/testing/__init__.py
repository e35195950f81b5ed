"""What a library that wants its methods judged needs in its own test run.

Plugin: claims under pytest. `assert_converges` and `transformation_laws`: an optimizer against a
theorem and against the laws that every one obeys. `laws`: the same for problems, noises, oracles
and algorithms. `strategies`: hypothesis draws of them (needs hypothesis). `falsify`: a search for
instances that violate a claim. Loaded when first asked for; importing this costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.testing.asserts import assert_converges as assert_converges
    from convergence.testing.transformations import transformation_laws as transformation_laws

_FACE = {
    "assert_converges": "convergence.testing.asserts",
    "transformation_laws": "convergence.testing.transformations",
}


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_FACE])
