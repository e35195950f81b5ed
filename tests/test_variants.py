"""A variant of a theorem is that theorem with another bound or step."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import convergence.theorems
from convergence import Verdict
from convergence.registry import registry
from convergence.theorems.base import AbstractIdentity, AbstractTheorem, Kind

# What a statement says and how it is judged. Bound and step may change, and with them their
# hypotheses and what is certified of the method's runs; words always do.
SUBSTANCE = {"kind", "metric", "trivial", "quantity", "two_sided", "settled", "tolerance"}


def statements() -> list[type]:
    """Every class of theorems."""
    found: dict[type, None] = {}
    for module in pkgutil.walk_packages(convergence.theorems.__path__, "convergence.theorems."):
        for kind in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(kind) and issubclass(kind, AbstractTheorem | AbstractIdentity):
                found[kind] = None
    return list(found)


def concrete(kind: type) -> bool:
    return issubclass(kind, AbstractTheorem | AbstractIdentity) and not (
        kind.__name__.startswith("Abstract") or inspect.isabstract(kind)
    )


VARIANTS = [(v, base) for v in statements() for base in v.__bases__ if concrete(base)]


def surely(variant: type, base: type) -> bool:
    """The same inequality without its expectation."""
    own = vars(variant)
    return own.get("kind") is Kind.PATHWISE and "bound" not in own and base.kind is Kind.EXPECTATION


def test_a_variant_has_another_bound_or_step_and_nothing_else():
    assert len(VARIANTS) > 40
    wrong = []
    for variant, base in VARIANTS:
        changed = SUBSTANCE & set(vars(variant))
        if changed - ({"kind"} if surely(variant, base) else set()):
            wrong.append(f"{variant.__name__}({base.__name__}): {sorted(changed)}")
    assert not wrong, "\n".join(wrong)


def verdicts() -> dict[type, set[Verdict]]:
    """What the registry expects of each theorem."""
    found: dict[type, set[Verdict]] = {}
    for claim in registry():
        found.setdefault(type(claim.theorem), set()).add(claim.expect)
    return found


def test_no_true_statement_descends_from_a_false_one():
    expected = verdicts()
    false = {kind for kind, seen in expected.items() if Verdict.REFUTED in seen}
    true = {kind for kind, seen in expected.items() if seen == {Verdict.CONSISTENT}}
    wrong = [
        f"{kind.__name__}({base.__name__})"
        for kind in true
        for base in kind.__mro__[1:]
        if base in false
    ]
    assert len(false) > 40
    assert not wrong, "\n".join(wrong)
