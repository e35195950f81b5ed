"""From what a user names, `module:Name`, `module:*` or `file.py:Name`, to subjects."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib.metadata
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from convergence.audit import epoch_run, optax_run, plain_run, torch_run
from convergence.audit.arguments import as_laws_ask, prepare
from convergence.audit.cells import CannotRun
from convergence.audit.families import FAMILIES, Family, by_name
from convergence.audit.functions import quadratic
from convergence.audit.keras_run import is_keras, prefer_jax, transformation
from convergence.audit.kinds import EMPTY, accepted, is_plain, is_torch, member, names
from convergence.audit.standins import BESIDE, imported
from convergence.audit.subject import LR, ROLES, Subject
from convergence.errors import InvalidInput, require

HOME = Path()  # where paths begin; a worker, which works elsewhere, keeps it
# Import names whose distribution on PyPI is called otherwise.
PIP = {
    "pytorch_optimizer": "pytorch-optimizer", "torch_optimizer": "torch-optimizer",
    "dog": "dog-optimizer", "lion_pytorch": "lion-pytorch", "optimi": "torch-optimi",
    "galore_torch": "galore-torch", "sklearn": "scikit-learn",
}  # fmt: skip


def split(target: str) -> tuple[str, str]:
    """Module and name of a target; the name is * where there is none."""
    module, colon, name = target.rpartition(":")
    if not colon:
        module, name = target, "*"
    require(module and name, repr(target), "MODULE:NAME or FILE.py:NAME", "try optax:adam")
    return module, name


def load(module: str) -> ModuleType:
    """The module, or `InvalidInput` with what to do."""
    if module.endswith(".py"):
        path = HOME / module
        require(path.is_file(), repr(module), "a file that exists", "check the path")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        found = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = found
        sys.path.insert(0, str(path.parent.resolve()))
        try:
            spec.loader.exec_module(found)
        except Exception as error:
            raise InvalidInput(
                f"{module} cannot be imported ({torch_run.one_line(error)}); mend the file first."
            ) from error
        return found
    prefer_jax()
    try:
        return imported(module)
    except ModuleNotFoundError as error:
        root = (error.name or module).split(".")[0]
        if root == module.split(".")[0] and importlib.util.find_spec(root) is not None:
            raise InvalidInput(
                f"There is no module {module!r}: {root} is installed but has no {error.name!r}; "
                "check the name."
            ) from error
        raise InvalidInput(
            f"{module!r} needs the module {root!r}, which is not installed; "
            f"pip install {PIP.get(root, root)}."
        ) from error
    except Exception as error:
        raise InvalidInput(
            f"{module!r} cannot be imported ({torch_run.one_line(error)}); mend its installation."
        ) from error


def version(module: str) -> str:
    """The version of the distribution that a module comes from, "" if it is a file."""
    root = module.split(".")[0]
    if module.endswith(".py"):
        return ""
    try:
        return importlib.metadata.version(PIP.get(root, root))
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(sys.modules.get(root), "__version__", ""))


def expand(target: str) -> list[str]:
    """Every `module:Name` that a target stands for."""
    module, pattern = split(target)
    loaded = load(module)
    if any(mark in pattern for mark in "*?["):
        found = names(loaded, pattern)
        require(found, repr(target), "a pattern that some optimizer matches", nearest(loaded, ""))
        return [f"{module}:{name}" for name in found]
    check(loaded, module, pattern)
    return [target if ":" in target else f"{module}:{pattern}"]


def nearest(module: ModuleType, name: str) -> str:
    """What to do about a name that is none."""
    known = names(module, "*")
    close = difflib.get_close_matches(name, known, 3, 0.5)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    return f"it has {', '.join(known[:6])}, …" if known else "it has no optimizers"


def check(module: ModuleType, where: str, name: str) -> None:
    """Refuse what is no optimizer."""
    value = member(module, name)
    require(value is not None, f"{name!r} of {where}", "a name that exists",
            nearest(module, name))  # fmt: skip
    made = hasattr(value, "init") and hasattr(value, "update")
    needed = "an optimizer: a class of torch.optim.Optimizer, a factory of optax, or a class with "
    require(
        is_torch(value) or is_plain(value) or made or callable(value),
        f"{where}:{name}, of type {type(value).__name__}",
        needed + "step(params, grads) or init and update",
        nearest(module, name),
    )


def subject(
    target: str, options: Mapping[str, Any], family: str | None = None, every: int = 1
) -> Subject:
    """The optimizer of a target, ready to be run; `CannotRun` if it is not."""
    module, name = split(target)
    loaded = load(module)
    check(loaded, module, name)
    value = member(loaded, name)
    package = module if not module.endswith(".py") else Path(module).name
    made = of(value, target, package, name, version(module), options, family)
    beside = BESIDE.get(module.split(".")[0])
    notes = (f"imported beside a stand-in for {beside}",) if beside else ()
    return dataclasses.replace(made, every=every, notes=made.notes + notes)


def of(
    value: Any,
    target: str,
    package: str = "",
    name: str = "",
    version: str = "",
    options: Mapping[str, Any] = {},
    family: str | None = None,
) -> Subject:
    """The subject of an object: a class, a factory, a transformation or an optimizer."""
    if isinstance(value, functools.partial):
        first = inspect.signature(value.func).bind_partial(*value.args).arguments
        value, options = value.func, {**first, **value.keywords, **options}
        name = value.__name__ if name in ("", "partial") else name
    name = name or getattr(value, "__name__", type(value).__name__)
    found = FAMILIES[family] if family is not None else by_name(f"{package}:{name}")
    if is_torch(value):
        return torch_subject(value, target, package, name, version, options, found)
    if is_torch(type(value)):
        group = value.param_groups[0]
        known = accepted(type(value))
        options = {k: v for k, v in group.items() if k in known and k != "params"} | {**options}
        return torch_subject(type(value), target, package, name, version, options, found)
    if hasattr(value, "init") and hasattr(value, "update") and not isinstance(value, type):
        require(
            not options,
            f"{', '.join(options)} for a finished transformation",
            "no option",
            "name the factory that makes it",
        )

        def held(**_: Any) -> Any:
            """A factory of a finished transformation."""
            return value

        return Subject(
            target, package, name, version, "optax", held, {}, found, optax_run.OptaxRun, options
        )
    require(
        callable(value),
        f"{target}, of type {type(value).__name__}",
        "an optimizer: a class of torch.optim.Optimizer, a factory of optax, or a class with "
        "step(params, grads) or init and update",
        "name another",
    )
    known = accepted(value)
    given = required(known, options, name)
    kind, runner, notes = "optax", optax_run.OptaxRun, ()
    if epoch_run.is_solver(value):
        kind, runner, notes = (
            "plain",
            epoch_run.EpochRun,
            ("an epoch over least squares is a step",),
        )
    elif is_plain(value):
        kind, runner = "plain", plain_run.PlainRun
    value = transformation(value) if is_keras(value) else value
    made = Subject(target, package, name, version, kind, value, known, found, runner, given, notes)
    made = prepare(as_laws_ask(made))
    try_out(made)
    return made


def torch_subject(
    value: Any, target: str, package: str, name: str, version: str, options: Any, family: Family
) -> Subject:
    """The subject of a class of torch's."""
    known = accepted(value)
    known = dict(list(known.items())[1:])  # without the parameters
    made = Subject(
        target, package, name, version, "torch", value, known, family,
        torch_run.runner("plain"), required(known, options, name),
    )  # fmt: skip
    made = prepare(as_laws_ask(made))
    style, matrices, wide = torch_run.rehearse(made)
    notes = () if style == "plain" else (STYLE[style],)
    notes += ("vectors are handed to it as columns",) if matrices else ()
    notes += (
        ()
        if wide == "float64"
        else ("it takes no float64, or rounds it to float32; asked in float32",)
    )
    return dataclasses.replace(
        made,
        runner=torch_run.runner(style),
        notes=made.notes + notes,
        matrices=matrices,
        wide=wide,
    )


STYLE = {
    "closure": "run with a closure",
    "graph": "run with the graph of the gradient",
}


def required(known: Mapping[str, Any], options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The options with a rate where one is required; `InvalidInput` for an unknown one."""
    for option in options:
        require(
            not known or option in known,
            f"the option {option!r}",
            f"one that {name} accepts",
            "it accepts " + ", ".join(known) if known else "leave it out",
        )
    given = dict(options)
    for option in ROLES["rate"]:
        if option in known and known[option] in (EMPTY, None) and option not in given:
            given[option] = LR
    return given


def try_out(made: Subject) -> None:
    """Three steps; `CannotRun` with what is missing."""
    missing = [k for k, v in made.accepts.items() if v is EMPTY and k not in made.options]
    if missing:
        raise CannotRun(
            f"it asks for {', '.join(missing)}; give them with --set {missing[0]}=VALUE"
        )
    x0 = [np.ones(3), np.ones((4, 3))]
    try:
        found = [v.shape for v in made.path(quadratic([1.0, 1.0]), x0, 2).x[-1]]
        if found != [v.shape for v in x0]:
            raise CannotRun(f"parameters of shapes (3,) and (4, 3) come back as {found}")
    except CannotRun:
        raise
    except Exception as first:
        try:
            made.path(quadratic([1.0]), [np.ones(3)], 2)
        except Exception:
            told = torch_run.one_line(first)
            if made.kind == "optax" and "has no attribute 'init'" in told:
                told = ("it has neither step(params, grads), nor init(params) and update(grads, "
                        "state, params), nor epoch(X, y, w)")  # fmt: skip
            given = ", ".join(f"{k} = {v!r}" for k, v in made.options.items())
            under = f", under {given}" if given else ""
            raise CannotRun(torch_run.because(told) + under) from first
