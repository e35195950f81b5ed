"""What counts as an optimizer: classes of torch, factories of optax, classes of one's own."""

from __future__ import annotations

import fnmatch
import inspect
import sys
from types import ModuleType
from typing import Any

from convergence.audit.epoch_run import SOLVERS, is_solver
from convergence.audit.keras_run import is_keras

EMPTY = inspect.Parameter.empty
HANDED_ON = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def is_torch(value: Any) -> bool:
    """A class of torch's optimizers, if torch has been imported by anyone."""
    torch = sys.modules.get("torch")
    base = getattr(getattr(torch, "optim", None), "Optimizer", None)
    return (
        base is not None and isinstance(value, type) and issubclass(value, base)
        and value is not base
    )  # fmt: skip


def is_optax(value: Any) -> bool:
    """A function that makes an optimizer of a rate, or a class with init and update."""
    if isinstance(value, type):
        return callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))
    if not inspect.isfunction(value) or value.__name__.startswith("_"):
        return False
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return False
    if "GradientTransformation" not in str(signature.return_annotation):
        return False
    names = signature.parameters
    rated = "learning_rate" in names or "max_learning_rate" in names
    return rated and not value.__name__.startswith("scale_by")


def is_plain(value: Any) -> bool:
    """A class with a method `step` of two arguments."""
    step = getattr(value, "step", None) if isinstance(value, type) else None
    if not callable(step) or is_torch(value):
        return False
    needed = [p for p in inspect.signature(step).parameters.values() if p.default is EMPTY]
    return len(needed) == 3


def member(module: ModuleType, name: str) -> Any:
    """What a module calls by a name, and solvers that are run another way than it offers them."""
    return SOLVERS.get(module.__name__, {}).get(name) or getattr(module, name, None)


def names(module: ModuleType, pattern: str) -> list[str]:
    """The optimizers of a module that a glob matches, public and defined once."""
    found: dict[int, str] = {}
    own = str(getattr(module, "__file__", "")).endswith(".py") and "site-packages" not in str(
        getattr(module, "__file__", "")
    )
    for name in sorted({*dir(module), *SOLVERS.get(module.__name__, ())}):
        value = member(module, name)
        if name.startswith("_") or not fnmatch.fnmatchcase(name, pattern):
            continue
        factory = is_optax(value) and (own or not isinstance(value, type))
        plain = is_solver(value) if not own else is_plain(value) or is_solver(value)
        if is_torch(value) or is_keras(value) or factory or plain:
            if own and getattr(value, "__module__", "") != module.__name__:
                continue
            found.setdefault(id(value), name)
    return sorted(found.values())


def accepted(value: Any) -> dict[str, Any]:
    """The options of a class or function with their defaults; those of its base where a class
    hands on whatever it gets."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return {}
    if isinstance(value, type) and sum(p.kind in HANDED_ON for p in parameters) == 2:
        later = [base for base in value.__mro__[1:] if "__init__" in vars(base)]
        own = {p.name: p.default for p in parameters if p.kind not in HANDED_ON}
        return own | accepted(later[0]) if later and later[0] is not object else own
    return {
        p.name: EMPTY if type(p.default).__name__ == "_RequiredParameter" else p.default
        for p in parameters
        if p.kind not in HANDED_ON
    }
