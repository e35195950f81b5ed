"""Stand-ins for modules that a package imports and its optimizers do not use.

timm imports torchvision, whose compiled part exists for few builds of torch. Where it is absent or
does not load, every name of it is an empty class, and the row says so.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

NEEDLESS = ("torchvision",)  # no optimizer is in it


class Anything(type):
    """A class with any attribute, each again one."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (), {})


class StandIn(ModuleType):
    """A module with any name in it."""

    __version__ = "0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = Anything(name, (), {})
        setattr(self, name, found)
        return found


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stand-in for one root and all that is below it."""

    def __init__(self, root: str):
        self.root = root

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname.split(".")[0] != self.root:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: it is empty."""


BESIDE: dict[str, str] = {}  # package → what it was imported beside a stand-in of


def imported(module: str) -> ModuleType:
    """A module, beside a stand-in where its import fails for something needless."""
    try:
        return importlib.import_module(module)
    except Exception as error:
        root, package = needless(error), module.split(".")[0]
        if not root or package == root:
            raise
        for name in [n for n in sys.modules if n.split(".")[0] in (root, package)]:
            del sys.modules[name]  # half loaded
        sys.meta_path.insert(0, Finder(root))
        BESIDE[package] = root
        return importlib.import_module(module)


def needless(error: BaseException) -> str:
    """The module whose absence an import error is about, if no optimizer needs it; else ""."""
    told = f"{getattr(error, 'name', '')} {error}"
    return next((r for r in NEEDLESS if r in told and r not in BESIDE.values()), "")
