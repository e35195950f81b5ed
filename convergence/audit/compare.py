"""Two audits, cell by cell: what changed from one version of a package to another.

Deterministic laws are compared exactly. Both audits of a stochastic law draw the same noise, so
that it is compared in pairs: what differs on every copy alike shows, though it lies within both
intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from convergence.audit.cells import ALPHA

# Amounts of equal code on one machine agree to the last digit; another processor rounds otherwise.
ROUNDING = 1e-6


def changes(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """A sentence for every difference, in the order of the new audit."""
    told = []
    before = {row["target"]: row for row in old["rows"]}
    after = {row["target"]: row for row in new["rows"]}
    stochastic = {law["id"] for law in new["laws"] if law["stochastic"]}
    for target, row in after.items():
        if target not in before:
            told.append(f"{target}: new")
            continue
        told += rows(target, row, before[target], stochastic)
    told += [f"{target}: gone" for target in before if target not in after]
    return told


def rows(
    target: str, new: Mapping[str, Any], old: Mapping[str, Any], stochastic: set[str]
) -> list[str]:
    """The differences of one optimizer."""
    name = target
    if new["version"] != old["version"]:
        name = f"{target} {old['version']} → {new['version']}"
    told = []
    if new["error"] != old["error"]:
        told.append(f"{name}: {said(old)}, now {said(new)}")
    before = {cell["law"]: cell for cell in old["cells"]}
    for cell in new["cells"]:
        law, was = cell["law"], before.get(cell["law"])
        if was is None:
            continue
        if cell["outcome"] != was["outcome"]:
            detail = f" ({cell['detail']})" if cell["detail"] else ""
            told.append(f"{name}: {law} {was['outcome']} → {cell['outcome']}{detail}")
        elif law in stochastic and (apart := paired(cell, was)):
            told.append(f"{name}: {law} {apart}")
        elif law not in stochastic and cell["step"] != was["step"]:
            told.append(f"{name}: {law} at step {was['step']} → {cell['step']}")
        elif law not in stochastic and not close(cell["amount"], was["amount"]):
            told.append(f"{name}: {law} amount {was['amount']} → {cell['amount']}")
    for key, value in new["measured"].items():
        if key in old["measured"] and not close(value, old["measured"][key]):
            told.append(f"{name}: {key} {old['measured'][key]} → {value}")
    return told


def paired(new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    """By how much two means differ in pairs; empty if the difference may be 0."""
    a, b = (np.asarray(cell.get("sample", ()), float) for cell in (new, old))
    if a.shape != b.shape or a.size < 2:
        return ""
    off = a - b
    half = float(stats.t.isf(ALPHA / 2, a.size - 1) * off.std(ddof=1)) / a.size**0.5
    middle = float(off.mean())
    if abs(middle) <= half + ROUNDING * float(np.abs(b).max()):
        return ""
    return f"moved by {middle:.3g}, within {half:.1g}, in {a.size} pairs"


def said(row: Mapping[str, Any]) -> str:
    """Whether an optimizer ran."""
    return f"cannot be run ({row['error']})" if row["error"] else "ran"


def close(a: Any, b: Any) -> bool:
    """Equal, or equal numbers up to rounding."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= ROUNDING * max(abs(a), abs(b), 1e-6)
    return a == b
