"""Audit released optimizers: what they ship against laws of optimizers, as it ships.

`audit("optax:adam", like="adam")` is a `Audit` of cells; `reports` makes each of them the report of
a claim, as `convergence.verify` returns it. Modules: `find` (targets), `families`,
`subject` and `*_run` (how an optimizer is run), `laws`, `references` and `same_path`, `pool` and
`worker` (a process for each), `page` and `compare`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.audit.claimed import reports as reports
    from convergence.audit.face import audit as audit

_FACE = {"audit": "convergence.audit.face", "reports": "convergence.audit.claimed"}


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_FACE[name]), name)
