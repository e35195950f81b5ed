"""A digest over everything that determines a record, the same in every process.

Leaves count byte by byte, static structure by names and values, functions by their code, and
classes by the source file that defines them with the neighbours it imports from. The package's own
files up to the runner enter as one hash; the judge and the floors above change no record.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import os
import re
import sys
import types
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np

from convergence.claims.settings import Settings
from convergence.errors import LIBRARIES as INSTALLED
from convergence.runner.experiment import Simulation
from convergence.runner.run import checkpoints, trajectory
from convergence.runner.spread import parts_of

SCHEMA = "convergence-record/2"
PACKAGE = Path(__file__).parent
ROOMS = ("problems", "noise", "parts", "oracles", "algorithms", "metrics", "theorems", "runner")
GROUND = (
    "shapes.py", "constants.py", "philox.py", "keys.py", "draws.py", "linalg.py", "precision.py",
    "compiling.py", "walker.py", "plain_keys.py", "plain_rules.py", "plain_rows.py", "work.py",
    "plain_walker.py", "plainly.py",
)  # fmt: skip
LIBRARIES = ("jax", "jaxlib", "numpy", "equinox", "optax", "jaxtyping")


STRANGER = b"source:"  # begins a token of code that is neither hashed as a whole nor installed


class Unstable(TypeError):
    """Raised for an object whose contents cannot be put into a digest; its record is not kept."""


def digest(what: Simulation, settings: Settings, single: bool = False) -> str:
    """32 hexadecimal digits over everything that determines the record of a simulation.

    A `single` run is made without a chunk, by another program, and is no start of a longer record.
    """
    hasher = hashlib.blake2b(digest_size=16)
    program = (1 if single else what.chunk, settings.hasty, jax.default_backend())
    where = (settings.seed, settings.rng, settings.dtype, what.T, *program)
    if (parts := parts_of(what.experiment)) > 1:
        where += (parts,)
    for token in (SCHEMA, source_hash(), repr(versions()), what.slug, repr(where)):
        hasher.update(token.encode() + b"\0")
    stranger = False
    for token in tokens((what.experiment, what.marks), ()):
        stranger |= token.startswith(STRANGER)
        hasher.update(token + b"\0")
    if stranger:
        for token in traced(what):
            hasher.update(token + b"\0")
    return hasher.hexdigest()


def traced(what: Simulation) -> Iterator[bytes]:
    """What is computed, as traced for runs side by side: equations and constants. Code from outside
    the package may hang on a data file or an environment variable, which no source shows."""
    arrays, rest = eqx.partition(what.experiment, eqx.is_array)
    marks = checkpoints(what.T) if what.marks is None else what.marks

    def runs(arrays: Any, marks: Any, keys: Any) -> Any:
        whole = eqx.combine(arrays, rest)
        return jax.vmap(lambda key: trajectory(whole, marks, key))(keys)

    keys = jax.random.split(jax.random.key(0), 2)
    closed = jax.make_jaxpr(runs)(arrays, np.asarray(marks, np.int32), keys)
    yield re.sub(r"0x[0-9a-f]+", "", str(closed.jaxpr)).encode()  # addresses of functions
    yield from constants(closed)


def constants(closed: Any) -> Iterator[bytes]:
    """What a traced program holds beside its equations: arrays of its own and of every program
    inside it, which printing leaves out, and functions of others that it calls on the host."""
    for constant in closed.consts:
        if not jnp.issubdtype(jnp.result_type(constant), jax.dtypes.prng_key):
            yield np.asarray(constant).tobytes()
    for equation in closed.jaxpr.eqns:
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                if isinstance(inner, jax.extend.core.ClosedJaxpr):
                    yield from constants(inner)
                elif isinstance(inner, jax.extend.core.Jaxpr):
                    yield from constants(jax.extend.core.ClosedJaxpr(inner, ()))
        yield from elsewhere(equation)


def elsewhere(equation: Any) -> Iterator[bytes]:
    """What an equation calls that is not traced. Nobody sees what a user's function reads when it
    runs on the host, nor what is in a kernel of machine code."""
    name = equation.primitive.name
    if name == "ffi_call":
        raise Unstable("its program calls a kernel of machine code, whose contents nobody sees")
    if "callback" not in name:
        return
    called = getattr(equation.params["callback"], "callback_func", equation.params["callback"])
    for token in tokens(called, ()):
        if token.startswith(STRANGER):
            raise Unstable("its program calls a function on the host, which may read anything")
        yield token


def tokens(value: Any, seen: tuple[int, ...]) -> Iterator[bytes]:
    """The contents of a value, the same in every process; raises `Unstable` if it has none."""
    if id(value) in seen:  # a function that refers to itself
        yield b"again"
        return
    seen = (*seen, id(value))
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{type(value).__name__}:{value!r}".encode()
    elif isinstance(value, np.ndarray | np.generic | jax.Array):
        host = np.asarray(value)
        if host.dtype == object:
            raise Unstable("an array of Python objects has no stable bytes")
        yield f"array:{host.dtype.str}:{host.shape}".encode()
        yield np.ascontiguousarray(host).tobytes()
    elif isinstance(value, type):
        yield from origin(value)
    elif isinstance(value, functools.partial):
        yield from tokens((value.func, value.args, value.keywords), seen)
    elif isinstance(value, types.MethodType):
        yield from tokens((value.__func__, value.__self__), seen)
    elif isinstance(value, types.FunctionType):
        yield from origin(value)
        yield from code(value.__code__)
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        yield from tokens((cells, value.__defaults__, value.__kwdefaults__), seen)
    elif isinstance(value, types.BuiltinFunctionType | np.dtype | types.ModuleType):
        yield repr(getattr(value, "__qualname__", None) or str(value)).encode()
    elif isinstance(value, dict):
        yield f"dict:{len(value)}".encode()
        for key in sorted(value, key=repr):
            yield from tokens((key, value[key]), seen)
    elif isinstance(value, set | frozenset):
        yield from tokens(sorted(value, key=repr), seen)
    elif isinstance(value, tuple | list):
        yield f"{type(value).__name__}:{len(value)}".encode()
        for item in value:
            yield from tokens(item, seen)
    elif dataclasses.is_dataclass(value):
        yield from origin(type(value))
        for field in dataclasses.fields(value):
            yield field.name.encode()
            yield from tokens(getattr(value, field.name, None), seen)
    elif hasattr(value, "__wrapped__"):  # jitted functions
        yield from tokens(value.__wrapped__, seen)
    elif type(value).__reduce__ is object.__reduce__ and hasattr(value, "__dict__"):
        yield from origin(type(value))
        yield from tokens(dict(vars(value)), seen)
    else:
        raise Unstable(f"a {type(value).__module__}.{type(value).__qualname__} has no digest")


def code(body: types.CodeType) -> Iterator[bytes]:
    """A function's instructions and constants, without file names and line numbers."""
    yield body.co_code + repr(body.co_names).encode()
    for constant in body.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code(constant)
        else:
            yield repr(sorted(constant) if isinstance(constant, frozenset) else constant).encode()


def origin(thing: Any) -> Iterator[bytes]:
    """The name of a class or function and the source files that define it, unless the package's
    hash already has them."""
    yield thing.__qualname__.encode()
    for kin in thing.__mro__ if isinstance(thing, type) else (thing,):
        if not _hashed(kin.__module__):
            yield from foreign(kin.__module__)


def _hashed(module: str) -> bool:
    """Whether `source_hash` or a version covers a module."""
    top, *rest = module.split(".")
    if top == "convergence":
        return bool(rest) and (rest[0] in ROOMS or f"{rest[0]}.py" in GROUND)
    return top in sys.stdlib_module_names or top in LIBRARIES


@functools.cache
def foreign(name: str) -> tuple[bytes, ...]:
    """Hashes of the source of a module and of the modules, not installed ones, that it uses; of an
    installed one the version."""
    path = getattr(sys.modules.get(name), "__file__", None) or ""
    if not os.path.exists(path):
        raise Unstable(f"the source of module {name!r} is in no file")
    top = name.partition(".")[0]
    if top != PACKAGE.name and _installed(Path(path)):
        version = getattr(sys.modules.get(top), "__version__", None)
        return (f"installed:{top} {version} {_hash(Path(path))}".encode(),)
    return tuple(sorted(_closure(name, set())))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _closure(name: str, seen: set[str]) -> set[bytes]:
    module = sys.modules.get(name)
    path = getattr(module, "__file__", None)
    if module is None or path is None or name in seen or not os.path.exists(path):
        return set()
    seen.add(name)
    found = {STRANGER + _hash(Path(path)).encode()}
    for item in vars(module).values():
        other = str(item.__name__ if inspect.ismodule(item) else getattr(item, "__module__", None))
        near = getattr(sys.modules.get(other), "__file__", None)
        if near and not _hashed(other) and not _installed(Path(near)):
            found |= _closure(other, seen)
    return found


def _installed(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in (PACKAGE, *INSTALLED))


@functools.cache
def source_hash() -> str:
    """A hash of the package's files that can change a record."""
    hasher = hashlib.sha256()
    files = [PACKAGE / name for name in GROUND]
    for room in ROOMS:
        files += sorted(f for f in (PACKAGE / room).rglob("*") if f.suffix in (".py", ".csv"))
    for path in files:
        if path.exists():
            hasher.update(str(path.relative_to(PACKAGE)).encode() + path.read_bytes())
    return hasher.hexdigest()


@functools.cache
def versions() -> dict[str, str]:
    """The versions of the package and of the libraries that compute."""
    found = {"python": sys.version.split()[0]}
    for name in ("convergence-lab", *LIBRARIES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
