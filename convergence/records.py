"""A record as one file: a first line, a checksum, then arrays and description under it.

The description (slug, T, seed, precision, digest, versions) travels with the arrays inside one
NumPy archive, so that no kill can part them, and no flipped bit of either goes unseen.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convergence.files import read_regular
from convergence.runner.record import Record

MAGIC = b"convergence-record/2\n"
LARGEST = 4 * 2**30  # bytes; a record of a few numbers a run is far smaller
ARRAYS = {"marks": "i", "values": "f", "finite": "b", "first_bad": "i"}


class Unsound(ValueError):
    """Raised for a file that is no record, or not the one that was asked for."""


def pack(record: Record, about: Mapping[str, Any]) -> bytes:
    """The content of a record's file."""
    buffer = io.BytesIO()
    text = json.dumps({**about, "T": record.T, "seeds": record.seeds}).encode()
    np.savez(
        buffer,
        about=np.frombuffer(text, np.uint8),
        **{name: getattr(record, name) for name in ARRAYS},
    )
    content = buffer.getvalue()
    return MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unpack(raw: bytes, asked: Mapping[str, Any]) -> Record:
    """The record of a file's content; `Unsound` unless it is whole and has what was `asked`."""
    return opened(raw, asked)[0]


def opened(raw: bytes, asked: Mapping[str, Any]) -> tuple[Record, dict[str, Any]]:
    """The record of a file's content, and what it says of itself."""
    start = len(MAGIC)
    checksum, content = raw[start : start + 64], raw[start + 65 :]
    if not raw.startswith(MAGIC):
        raise Unsound("it does not begin as a record does")
    if hashlib.sha256(content).hexdigest().encode() != checksum:
        raise Unsound("the checksum does not match")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) > len(content):
                raise Unsound("its arrays are packed, and may be of any size")
            about = json.loads(archive["about"].tobytes())
            arrays = {name: archive[name] for name in ARRAYS}
    except Unsound:
        raise
    except (ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise Unsound(f"its arrays cannot be read ({error})") from error
    if not isinstance(about, dict):
        raise Unsound("it does not say what it holds")
    for key, value in asked.items():
        if about.get(key) != value:
            raise Unsound(f"it has {key} = {about.get(key)!r} where {value!r} was asked for")
    for name, kind in ARRAYS.items():
        if arrays[name].dtype.kind != kind:
            raise Unsound(f"{name} has the type {arrays[name].dtype}")
    seeds, marks = about.get("seeds"), arrays["marks"]
    shape = (seeds, len(marks))
    if arrays["values"].shape[:2] != shape or arrays["finite"].shape != shape:
        raise Unsound("its arrays have other shapes than its description")
    if arrays["first_bad"].shape != (seeds,) or marks[-1] != about.get("T"):
        raise Unsound("its marks or first bad steps do not fit its description")
    return Record(about["T"], **arrays), about


def load(path: Path, asked: Mapping[str, Any]) -> Record | None:
    """The record of a file, or None where there is none; `Unsound` or OSError if it is no good."""
    raw = read_regular(path, LARGEST)
    return None if raw is None else unpack(raw, asked)
