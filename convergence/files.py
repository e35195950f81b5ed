"""Files that appear whole or not at all, names that stay in a folder, reads that do not hang."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import re
import stat
import threading
from pathlib import Path
from typing import Any, TypeGuard

from convergence.errors import NotWritten

LARGEST = 2**28  # bytes of a document in JSON


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`: a reader sees the old file or the new one, never a part.

    A device or pipe that stands there is written to, for another file must not take its place.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            with open(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "wb") as stream:
                stream.write(content)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, content)
    except OSError as error:
        raise NotWritten(path, error) from error


def _replace(path: Path, content: bytes) -> None:
    sweep_drafts(path.parent, path.name)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with open(draft, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def sweep_drafts(folder: Path, name: str | None = None) -> None:
    """Remove the drafts that killed writers left in a folder: of one file, or of all."""
    for draft in folder.glob(f".{'*' if name is None else glob.escape(name)}.*.tmp"):
        writer = draft.name.rsplit(".", 3)[1]
        if writer.isdigit() and not _alive(int(writer)):
            with contextlib.suppress(OSError):
                draft.unlink()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def read_regular(path: Path, largest: int) -> bytes | None:
    """The bytes of a regular file of at most `largest` bytes; None where there is no file.

    A pipe or a device would block or never end: OSError says what stands there instead.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{str(path)!r} is no regular file")
    if found.st_size > largest:
        raise OSError(f"{str(path)!r} has {found.st_size} bytes, more than {largest}")
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """What a file in JSON holds; OSError where it cannot be read, ValueError if it is none."""
    raw = read_regular(path, LARGEST)
    if raw is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether something is a list as JSON has it, or a tuple."""
    return isinstance(value, list | tuple)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether something read from JSON is an object."""
    return isinstance(value, dict)


def json_text(content: Any, ascii: bool = False) -> str:
    """JSON for people and programs, a key a line; a lone surrogate becomes its escape."""
    text = json.dumps(content, indent=1, ensure_ascii=ascii) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()


def write_json(path: Path, content: Any) -> None:
    """Write JSON to a file, whole or not at all."""
    write_whole(path, json_text(content).encode())


def name_for(slug: str) -> str:
    """A file name for a slug: another one for every slug, also where case does not count, and
    never one that leads out of a folder. No plain name has the ~ of a hashed one."""
    plain = re.sub(r"[^a-z0-9_-]", "_", slug.lower())[:60]
    if plain == slug and plain:
        return plain
    return f"{plain}~{hashlib.blake2b(slug.encode(), digest_size=16).hexdigest()}"
